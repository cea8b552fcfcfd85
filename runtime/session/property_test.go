package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
		Activity: rapid.SampledFrom(opencti.Specs()).Draw(t, "activity").Activity, DestinationNumber: "1002",
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
	w.Adopt(w.class, policies[rapid.IntRange(0, len(policies)-1).Draw(t, "policy")], compiled())
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
					defer w.Close()
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
