package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// world drives a session as a CTI server, its desktops and its pool may, and checks after
// each step that the session is legal and that every desktop is right.
type world struct {
	*bench
	connected bool
	follower  desktop // reads on from the first event
	resumer   desktop // comes back now and then, with its Last-Event-ID
	lastID    string  // of a request
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
	reasonCodes = rapid.SampledFrom([]string{"", "1", "2"})
	queueNames  = rapid.SampledFrom([]string{"", "5000", "5001"})
	someData    = rapid.SampledFrom([]map[string]string{nil, {"k": "a"}, {"k": "b"}, {"m": "c"}})
	// fieldsOfCalls are what a raw event of a call may tell besides its id.
	fieldsOfCalls = rapid.SampledFrom([]with{
		nil, nil, {"newCallId": "1"}, {"newCallId": "2", "role": "remaining"}, {"newCallId": "3"}, {"role": "transferring"},
		{"variables": map[string]string{"k": "x"}}, {"muted": true}, {"muted": false}, {"networkReached": true},
		{"callType": "CONSULT"}, {"callType": "INBOUND"}, {"interactionId": "g1"}, {"interactionId": "g2", "offeredBy": "Consult"},
		{"parties": []map[string]string{{"id": "p1", "dn": dn}, {"id": "p2", "dn": "555"}, {"id": "p3", "dn": "1002"}}},
		{"parties": []map[string]string{{"id": "p1", "dn": dn}, {"id": "p2", "dn": "555"}}},
	})
	policies = []Policy{
		{}, {Mode: opencti.SimpleWithAgentState}, {Mode: opencti.Simple},
		{Treatments: treatments(opencti.TreatmentRule{Name: "at once", Answer: opencti.AnswerOnOffer, AttachData: map[string]string{"pop": "'yes'"}})},
		{Treatments: treatments(opencti.TreatmentRule{Name: "soon", When: "call.callType == 'INBOUND'", Answer: opencti.AnswerAfterDelay, DelaySeconds: 2})},
		{Mode: opencti.Simple, Treatments: treatments(opencti.TreatmentRule{Name: "claimed", Answer: opencti.AnswerOnInteraction})},
		{Queues: []string{"5000", "5001"}, Unavailable: []Reason{{"1", "Lunch"}}, UnavailableRequired: true},
	}
)

func treatments(list ...opencti.TreatmentRule) *rules.Treatments {
	t, err := rules.CompileTreatments(list)
	if err != nil {
		panic(err)
	}
	return t
}

func (w *world) CallEvent(t *rapid.T) {
	w.happen(callEvents.Draw(t, "event"), callIDs.Draw(t, "callId"), fieldsOfCalls.Draw(t, "fields"))
}

func (w *world) AgentEvent(t *rapid.T) {
	more := with{"reasonCode": reasonCodes.Draw(t, "reason"), "agentId": rapid.SampledFrom([]string{agentID, "4002"}).Draw(t, "agentId")}
	if q := queueNames.Draw(t, "queue"); q != "" {
		more["queues"] = []map[string]string{{"name": q, "state": "Available"}}
	}
	if rapid.Bool().Draw(t, "pending") {
		more["pendingState"] = "Unavailable"
	}
	w.happen(agentEvents.Draw(t, "event"), "", more)
}

func (w *world) DeviceEvent(t *rapid.T) {
	w.happen(opencti.SnapshotEvent, "", with{"doNotDisturb": rapid.Bool().Draw(t, "doNotDisturb")})
}

func (w *world) Request(t *rapid.T) {
	ids := rapid.SampledFrom([]string{"", "-1", "1", "2", "3"})
	r := opencti.Request{
		Activity: opencti.Activity(rapid.SampledFrom(opencti.Specs()).Draw(t, "activity").Activity), DestinationNumber: "1002",
		CallID: ids.Draw(t, "callId"), HeldCallID: ids.Draw(t, "heldCallId"), Digits: "1#", Variables: someData.Draw(t, "variables"),
		Party: "1002", Queue: queueNames.Draw(t, "queue"), ReasonCode: reasonCodes.Draw(t, "reason"), Enabled: rapid.Bool().Draw(t, "enabled"),
	}
	refuses := rapid.Bool().Draw(t, "refuses")
	w.device.do = func(context.Context, opencti.Request) error {
		if refuses {
			return errors.New("refused")
		}
		return nil
	}
	before := len(w.device.requests())
	a, err := w.Perform(context.Background(), r, "")
	w.lastID = a.RequestID
	if _, typed := err.(*opencti.Error); err != nil && !typed {
		t.Fatalf("the error is a %T", err)
	}
	asked := w.device.requests()[before:]
	spec, _ := opencti.SpecOf(r.Activity)
	switch {
	case !w.connected && (len(asked) > 0 || err == nil && !spec.BySession()):
		t.Fatal("a request reached a CTI server that is lost")
	case !slices.Contains(spec.Modes, w.Snapshot().Mode) && (err == nil || len(asked) > 0):
		t.Fatalf("%s is possible in the mode %s", r.Activity, w.Snapshot().Mode)
	}
}

// FailsLater: the CTI server takes its word back.
func (w *world) FailsLater(*rapid.T) {
	w.RequestFailed(w.lastID, opencti.Errorf(opencti.DestinationBusy, "busy after all"))
}

func (w *world) Poll(t *rapid.T) {
	w.ReconcileAgent(opencti.AgentState{State: agentEvents.Draw(t, "agent"), ReasonCode: reasonCodes.Draw(t, "reason")}, time.Now())
}

func (w *world) AdoptPolicy(t *rapid.T) {
	w.Adopt(policies[rapid.IntRange(0, len(policies)-1).Draw(t, "policy")], compiled())
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
	snap := opencti.DeviceSnapshot{Agent: opencti.AgentState{State: agentEvents.Draw(t, "agent")}, DoNotDisturb: rapid.Bool().Draw(t, "disturb")}
	for _, id := range rapid.SliceOfNDistinct(callIDs, 0, 3, rapid.ID[string]).Draw(t, "calls") {
		c := callIn(id, callStates.Draw(t, "state"))
		c.ANI = rapid.SampledFrom([]string{"", "555", "556"}).Draw(t, "ani")
		snap.Calls = append(snap.Calls, c)
	}
	snap.Order = rapid.SampledFrom([]uint64{0, w.order, w.order - min(w.order, 1)}).Draw(t, "order")
	w.truth = snap
	w.gone.Store(false)
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
	synctest.Wait() // treatments and doubts are at rest
	for name, holds := range invariants {
		if err := holds(w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	w.follow(t, &w.follower)
	var truth desktop
	w.follow(t, &truth)
	if diff := cmp.Diff(truth.shown(), w.follower.shown()); diff != "" {
		t.Fatalf("a desktop that followed the stream shows something else (-fresh +followed):\n%s", diff)
	}
}

// actions gives rapid's actions; a method that is none is left out.
func (w *world) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"CallEvent": w.CallEvent, "CallEvent2": w.CallEvent, "CallEvent3": w.CallEvent, "AgentEvent": w.AgentEvent, "DeviceEvent": w.DeviceEvent,
		"Request": w.Request, "Request2": w.Request, "FailsLater": w.FailsLater, "Poll": w.Poll, "AdoptPolicy": w.AdoptPolicy,
		"Lost": w.Lost, "Resync": w.Resync, "Wait": w.Wait, "ComeBack": w.ComeBack, "": w.Check,
	}
}

func newWorld(p Policy) *world {
	w := &world{bench: newBench(func(o *Options) { o.Policy = p }), connected: true}
	w.sync(loggedIn())
	return w
}

// timeless hides the test's deadline, which is of another clock than the bubble's.
type timeless struct{ rapid.TB }

// Any sequence of events, requests, policies, losses and resyncs leaves a legal state,
// and desktops that are right in each telephony mode.
func TestAnySequenceIsLegal(t *testing.T) {
	for i, p := range policies {
		t.Run(fmt.Sprint(i, p.Mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rapid.Check(timeless{t}, func(t *rapid.T) {
					w := newWorld(p)
					defer w.Session.Close()
					t.Repeat(w.actions())
					w.follow(t, &w.resumer)
					if diff := cmp.Diff(w.follower.shown(), w.resumer.shown()); diff != "" {
						t.Fatalf("a desktop that came back shows something else:\n%s", diff)
					}
				})
			})
		})
	}
}

// moment is an event of a stream, and what a desktop must show after it.
type moment struct {
	event Event
	after view
}

// recorded is a stream with calls, a consult, a conference, the agent and data in it.
func recorded(t *testing.T, p Policy) []moment {
	b := newBench(func(o *Options) { o.Policy = p })
	defer b.Close()
	var out []moment
	note := func() {
		for _, e := range b.told() {
			var fresh desktop
			snap := Event{ID: e.ID, Type: opencti.TypeSnapshot, Name: opencti.SnapshotEvent, Snapshot: b.Snapshot()}
			snap.Snapshot.LastEvent = e.ID
			data, err := json.Marshal(snap)
			if err != nil {
				t.Fatal(err)
			}
			if err := fresh.apply(data, true); err != nil {
				t.Fatal(err)
			}
			out = append(out, moment{e, fresh.shown()})
		}
	}
	b.sync(loggedIn())
	note()
	for _, step := range []struct {
		event opencti.EventName
		call  string
		more  with
	}{
		{opencti.Offering, "7", with{"callType": "INBOUND", "variables": map[string]string{"a": "b"}}},
		{opencti.CallInfo, "7", with{"variables": map[string]string{"a": "c"}}},
		{opencti.Established, "7", nil}, {opencti.Busy, "", nil}, {opencti.Held, "7", nil},
		{opencti.Initiated, "8", with{"callType": "CONSULT"}}, {opencti.Delivered, "8", nil}, {opencti.Established, "8", nil},
		{opencti.Conferenced, "8", with{"newCallId": "9"}}, {opencti.Conferenced, "7", with{"newCallId": "9"}},
		{opencti.Unavailable, "", with{"reasonCode": "1"}}, {opencti.Released, "9", nil},
		{opencti.Offering, "10", nil}, {opencti.Transferred, "10", with{"newCallId": "11"}}, {opencti.Abandoned, "11", nil},
	} {
		b.happen(step.event, step.call, step.more)
		note()
	}
	return out
}

// play gives a desktop the events, numbered anew so that no count tells of a fault. told
// says which of them a session tells instead of the n-th.
func play(t *testing.T, stream []moment, told func(n int) []int) error {
	var d desktop
	count := uint64(0)
	for n, m := range stream {
		for _, i := range told(n) {
			count++
			if err := d.apply(numbered(t, stream[i].event, count), false); err != nil {
				return err
			}
		}
		if diff := cmp.Diff(m.after, d.shown()); diff != "" {
			return fmt.Errorf("after %s it shows something else: %s", line(m.event), diff)
		}
	}
	return nil
}

func numbered(t *testing.T, e Event, n uint64) []byte {
	e.ID = EventID{epoch, n}.String()
	if e.Snapshot != nil {
		s := *e.Snapshot
		s.LastEvent, e.Snapshot = e.ID, &s
	}
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The model is believed only if it finds seeded faults: an event that a broken session
// drops, doubles or tells too late.
func TestTheModelFindsFaults(t *testing.T) {
	faults := map[string]func(n, at int) []int{
		"drops": func(n, at int) []int {
			if n == at {
				return nil
			}
			return []int{n}
		},
		"doubles": func(n, at int) []int {
			if n == at {
				return []int{n, n}
			}
			return []int{n}
		},
		"is late with": func(n, at int) []int {
			switch n {
			case at:
				return []int{at + 1}
			case at + 1:
				return []int{at}
			}
			return []int{n}
		},
	}
	for _, mode := range opencti.TelephonyModes() {
		stream := recorded(t, Policy{Mode: mode})
		if err := play(t, stream, func(n int) []int { return []int{n} }); err != nil {
			t.Fatalf("%s, without a fault: %v", mode, err)
		}
		if len(stream) < 6 {
			t.Fatalf("%s: there are %d events", mode, len(stream))
		}
		for name, fault := range faults {
			for at := range len(stream) - 1 {
				if stream[at].event.Type == opencti.TypeSnapshot && name == "doubles" {
					continue // it says the same again, which is no fault
				}
				if err := play(t, stream, func(n int) []int { return fault(n, at) }); err == nil {
					t.Errorf("%s: nobody sees that the session %s %s", mode, name, line(stream[at].event))
				}
			}
		}
	}
}

// A reader sees at once that a number is missing, or comes twice.
func TestTheModelCounts(t *testing.T) {
	b := newBench()
	b.sync(loggedIn())
	b.happen(opencti.Offering, "7")
	b.happen(opencti.Established, "7")
	entries, _, _ := b.Events.After(t.Context(), 0)
	for name, tc := range map[string]struct {
		order []int
		want  string
	}{
		"an event dropped":  {[]int{0, 2}, "comes after"},
		"an event doubled":  {[]int{0, 1, 1}, "comes after"},
		"out of order":      {[]int{0, 2, 1}, "comes after"},
		"no snapshot first": {[]int{1, 2}, "starts with"},
	} {
		t.Run(name, func(t *testing.T) {
			var d desktop
			var err error
			for _, i := range tc.order {
				err = errors.Join(err, d.apply(entries[i].JSON, false))
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the model says %v; want %q", err, tc.want)
			}
		})
	}
}
