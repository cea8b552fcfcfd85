package session

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// world drives a session as a CTI server and its desktops may, and checks after each
// step that the session is legal and that every desktop is right.
type world struct {
	*bench
	connected bool
	follower  desktop // reads on from the first event
	resumer   desktop // comes back now and then, with its Last-Event-ID
}

var (
	callIDs    = rapid.SampledFrom([]string{"1", "2", "3"})
	callEvents = rapid.SampledFrom([]opencti.EventName{
		opencti.Offering, opencti.Initiated, opencti.Delivered, opencti.Queued, opencti.Established, opencti.Held, opencti.Retrieved,
		opencti.Conferenced, opencti.Transferred, opencti.Diverted, opencti.Failed, opencti.Abandoned, opencti.Released,
		opencti.PartyInfo, opencti.CallInfo, "Cleared", "Strange",
	})
	callStates = rapid.SampledFrom([]opencti.EventName{
		opencti.Offering, opencti.Initiated, opencti.Delivered, opencti.Queued, opencti.Established, opencti.Held, opencti.Failed,
	})
	agentEvents = rapid.SampledFrom([]opencti.EventName{
		opencti.LoggedIn, opencti.Available, opencti.Busy, opencti.AfterCallWork, opencti.Unavailable, opencti.LoggedOut,
	})
)

func (w *world) CallEvent(t *rapid.T) {
	more := with{}
	if rapid.Bool().Draw(t, "renames") {
		more["newCallId"] = callIDs.Draw(t, "newCallId")
	}
	if rapid.Bool().Draw(t, "data") {
		more["variables"] = map[string]string{"k": rapid.SampledFrom([]string{"a", "b"}).Draw(t, "value")}
	}
	w.happen(callEvents.Draw(t, "event"), callIDs.Draw(t, "callId"), more)
}

func (w *world) AgentEvent(t *rapid.T) {
	w.happen(agentEvents.Draw(t, "event"), "", with{
		"reasonCode": rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "reason"),
		"agentId":    rapid.SampledFrom([]string{agentID, "4002"}).Draw(t, "agentId"),
	})
}

func (w *world) Request(t *rapid.T) {
	r := opencti.Request{
		Activity: rapid.SampledFrom(opencti.Specs()).Draw(t, "activity").Activity, DestinationNumber: "1002",
		CallID: rapid.SampledFrom([]string{"", "-1", "1", "2", "3"}).Draw(t, "callId"),
	}
	refuses := rapid.Bool().Draw(t, "refuses")
	w.device.do = func(context.Context, opencti.Request) error {
		if refuses {
			return errors.New("refused")
		}
		return nil
	}
	asked := len(w.device.requests())
	_, err := w.Perform(context.Background(), r, "")
	if _, typed := err.(*opencti.Error); err != nil && !typed {
		t.Fatalf("the error is a %T", err)
	}
	if !w.connected && (err == nil || len(w.device.requests()) > asked) {
		t.Fatal("a request reached a CTI server that is lost")
	}
}

func (w *world) Lost(*rapid.T) {
	w.bench.Lost()
	w.connected = false
}

func (w *world) Resync(t *rapid.T) {
	if w.connected {
		w.Lost(t)
	}
	w.BeginSync()
	for range rapid.IntRange(0, 3).Draw(t, "held") {
		w.CallEvent(t)
	}
	snap := opencti.DeviceSnapshot{Agent: opencti.AgentState{State: agentEvents.Draw(t, "agent")}}
	for _, id := range rapid.SliceOfNDistinct(callIDs, 0, 3, rapid.ID[string]).Draw(t, "calls") {
		snap.Calls = append(snap.Calls, callIn(id, callStates.Draw(t, "state")))
	}
	snap.Order = rapid.SampledFrom([]uint64{0, w.order, w.order - min(w.order, 1)}).Draw(t, "order")
	w.EndSync(w.device, snap)
	w.connected = true
}

func (w *world) Wait(t *rapid.T) {
	time.Sleep(rapid.SampledFrom([]time.Duration{time.Second, tombLife, causeLife}).Draw(t, "for"))
}

func (w *world) ComeBack(t *rapid.T) { w.follow(t, &w.resumer) }

// follow does what the server does for a reader: what it missed, or a Snapshot.
func (w *world) follow(t *rapid.T, d *desktop) {
	for {
		if !d.started || !w.Events.Holds(d.last) {
			e, _ := w.FreshSnapshot()
			data, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			w.apply(t, d, data, true)
		}
		if d.last == w.Events.Last() {
			return
		}
		entries, ok, err := w.Events.After(context.Background(), d.last.Sequence)
		if err != nil || !ok {
			t.Fatalf("Holds promised what After does not give: %v, %v", ok, err)
		}
		for _, e := range entries {
			w.apply(t, d, e.JSON, false)
		}
	}
}

func (w *world) apply(t *rapid.T, d *desktop, data []byte, fresh bool) {
	if err := d.apply(data, fresh); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
}

// Check is rapid's name for the invariants.
func (w *world) Check(t *rapid.T) {
	w.legal(t)
	w.follow(t, &w.follower)
	var truth desktop
	w.follow(t, &truth)
	if diff := cmp.Diff(truth.view(), w.follower.view()); diff != "" {
		t.Fatalf("a desktop that followed the stream shows something else (-fresh +followed):\n%s", diff)
	}
}

func (w *world) legal(t *rapid.T) {
	for id, c := range w.state.calls {
		_, isState := byState[c.State]
		_, buried := w.state.tombs[id]
		switch {
		case c.CallID != id || c.InteractionID == "" || c.CallType == "":
			t.Fatalf("call %s lacks something: %+v", id, c)
		case !isState:
			t.Fatalf("call %s is %s", id, c.State)
		case buried:
			t.Fatalf("call %s lives and has ended", id)
		case c.State == opencti.Established && c.AnsweredAt == nil:
			t.Fatalf("call %s talks and was never answered", id)
		case c.Since.Before(c.StartedAt) || c.StartedAt.IsZero():
			t.Fatalf("call %s has the times %v, %v", id, c.StartedAt, c.Since)
		}
	}
	if kind, ok := opencti.TypeOf(w.state.agent.State); !ok || kind != opencti.TypeAgentState || w.state.agent.Since.IsZero() {
		t.Fatalf("agent: %+v", w.state.agent)
	}
	if w.connected == (w.Snapshot().Link == opencti.LinkLost) {
		t.Fatalf("the snapshot says %s", w.Snapshot().Link)
	}
}

// actions gives rapid's actions; a method that is none is left out.
func (w *world) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"CallEvent": w.CallEvent, "CallEvent2": w.CallEvent, "AgentEvent": w.AgentEvent, "Request": w.Request,
		"Lost": w.Lost, "Resync": w.Resync, "Wait": w.Wait, "ComeBack": w.ComeBack, "": w.Check,
	}
}

func newWorld() *world {
	w := &world{bench: newBench(), connected: true}
	w.sync(loggedIn())
	return w
}

// timeless hides the test's deadline, which is of another clock than the bubble's.
type timeless struct{ rapid.TB }

// Any sequence of events, requests, losses and resyncs leaves a legal state, and
// desktops that are right.
func TestAnySequenceIsLegal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(timeless{t}, func(t *rapid.T) {
			w := newWorld()
			t.Repeat(w.actions())
			w.follow(t, &w.resumer)
			if diff := cmp.Diff(w.follower.view(), w.resumer.view()); diff != "" {
				t.Fatalf("a desktop that came back shows something else:\n%s", diff)
			}
		})
	})
}

// The model is believed only if it finds seeded faults.
func TestTheModelFindsFaults(t *testing.T) {
	type stream [][]byte
	record := func() (*bench, stream) {
		b := newBench()
		b.sync(loggedIn())
		b.happen(opencti.Offering, "7")
		b.happen(opencti.Established, "7")
		b.happen(opencti.Unavailable, "")
		b.happen(opencti.Released, "7")
		entries, _, _ := b.Events.After(t.Context(), 0)
		var out stream
		for _, e := range entries {
			out = append(out, e.JSON)
		}
		return b, out
	}
	play := func(s stream) error {
		var d desktop
		for _, data := range s {
			if err := d.apply(data, false); err != nil {
				return err
			}
		}
		return nil
	}
	// renumbered hides the fault from the count of events.
	renumbered := func(s stream) stream {
		out := make(stream, len(s))
		for i, data := range s {
			var e map[string]any
			if err := json.Unmarshal(data, &e); err != nil {
				t.Fatal(err)
			}
			e["id"] = EventID{epoch, uint64(i + 1)}.String()
			out[i], _ = json.Marshal(e)
		}
		return out
	}
	for name, tc := range map[string]struct {
		fault func(stream) stream
		want  string
	}{
		"nothing":                     {func(s stream) stream { return s }, ""},
		"an event dropped":            {func(s stream) stream { return slices.Delete(s, 2, 3) }, "comes after"},
		"an event doubled":            {func(s stream) stream { return slices.Insert(s, 2, s[2]) }, "comes after"},
		"out of order":                {func(s stream) stream { s[1], s[2] = s[2], s[1]; return s }, "comes after"},
		"no snapshot first":           {func(s stream) stream { return s[1:] }, "starts with"},
		"an end doubled, with number": {func(s stream) stream { return renumbered(append(s, s[4])) }, "is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			_, s := record()
			err := play(tc.fault(s))
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the model says %v; want %q", err, tc.want)
			}
		})
	}
}
