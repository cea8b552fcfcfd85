package session

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestCausedBy(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Offering), callIn("8", opencti.Offering)))
	answer := opencti.Request{Activity: opencti.AnswerCall, CallID: "7", ID: "mine"}
	// The event is faster than the response.
	b.device.do = func(context.Context, opencti.Request) error {
		b.happen(opencti.Established, "8")
		b.happen(opencti.Established, "7")
		return nil
	}
	b.perform(t, answer)
	told := b.wantTold(t, "Established 8 Established", "Established 7 Established")
	if told[0].CausedBy != "" || told[1].CausedBy != "mine" {
		t.Errorf("causedBy: %q, %q", told[0].CausedBy, told[1].CausedBy)
	}
	b.happen(opencti.Held, "7")
	b.happen(opencti.Retrieved, "7")
	for _, e := range b.told() {
		if e.CausedBy != "" {
			t.Errorf("%s is caused by %q, once more", e.Name, e.CausedBy)
		}
	}
}

func TestCausedByComesAfterTheResponse(t *testing.T) {
	for activity, event := range map[opencti.Activity]opencti.EventName{
		opencti.SetAgentReady: opencti.Available, opencti.SetAgentNotReady: opencti.Unavailable,
		opencti.LogoutAgent: opencti.LoggedOut, opencti.MakeCall: opencti.Initiated,
	} {
		t.Run(string(activity), func(t *testing.T) {
			b := open(opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.AfterCallWork}})
			b.perform(t, opencti.Request{Activity: activity, ID: "mine", DestinationNumber: "1"})
			callID := ""
			if event == opencti.Initiated {
				callID = "7"
			}
			b.happen(event, callID)
			if e := b.told()[0]; e.Name != event || e.CausedBy != "mine" {
				t.Errorf("%s is caused by %q", e.Name, e.CausedBy)
			}
		})
	}
}

func TestWhatDoesNotCause(t *testing.T) {
	for name, after := range map[string]func(*bench){
		"a request that failed": func(b *bench) {
			b.device.do = func(context.Context, opencti.Request) error { return errors.New("no") }
		},
		"a request of long ago":     func(*bench) { time.Sleep(causeLife + 1) },
		"a request before the loss": func(b *bench) { b.Lost(); b.sync(loggedIn()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(loggedIn())
				ready := opencti.Request{Activity: opencti.SetAgentNotReady, ID: "mine"}
				if strings.Contains(name, "failed") {
					after(b)
					b.perform(t, ready)
				} else {
					b.perform(t, ready)
					after(b)
				}
				b.happen(opencti.Unavailable, "")
				told := b.told()
				if e := told[len(told)-1]; e.Name != opencti.Unavailable || e.CausedBy != "" {
					t.Errorf("%s is caused by %q", e.Name, e.CausedBy)
				}
			})
		})
	}
}

// step is a raw event of a call, or of the agent when the call is empty.
type step struct {
	event opencti.EventName
	call  string
	more  with
}

// What each activity causes, and what it does not.
func TestWhatActivitiesCause(t *testing.T) {
	first := opencti.Call{CallID: "1", State: opencti.Held}
	talks := opencti.Call{CallID: "2", State: opencti.Established}
	queues := func(names ...string) with {
		var out []map[string]string
		for _, n := range names {
			out = append(out, map[string]string{"name": n, "state": "Unavailable"})
		}
		return with{"queues": out}
	}
	for name, tc := range map[string]struct {
		agent   opencti.AgentState
		calls   []opencti.Call
		request opencti.Request
		steps   []step
		caused  []bool // by event that is told; Snapshots are left out
	}{
		"login": {agent: opencti.AgentState{State: opencti.LoggedOut}, request: opencti.Request{Activity: opencti.LoginAgent},
			steps: []step{{opencti.LoggedIn, "", nil}, {opencti.Unavailable, "", nil}}, caused: []bool{true, false}},
		"login to a queue more": {agent: opencti.AgentState{State: opencti.Unavailable, Queues: []opencti.QueueState{{Name: "5000"}}},
			request: opencti.Request{Activity: opencti.LoginAgent, Queue: "5001"},
			steps:   []step{{opencti.Unavailable, "", with{"reasonCode": "3"}}, {opencti.Unavailable, "", queues("5000", "5001")}}, caused: []bool{false, true}},
		"logout": {request: opencti.Request{Activity: opencti.LogoutAgent}, steps: []step{{opencti.LoggedOut, "", nil}}, caused: []bool{true}},
		"logout from a queue": {agent: opencti.AgentState{State: opencti.Unavailable, Queues: []opencti.QueueState{{Name: "5000"}, {Name: "5001"}}},
			request: opencti.Request{Activity: opencti.LogoutAgent, Queue: "5001"},
			steps:   []step{{opencti.Unavailable, "", queues("5000")}}, caused: []bool{true}},
		"not ready when busy": {agent: opencti.AgentState{State: opencti.Busy}, request: opencti.Request{Activity: opencti.SetAgentNotReady},
			steps: []step{{opencti.Busy, "", with{"pendingState": "Unavailable"}}, {opencti.Unavailable, "", nil}}, caused: []bool{true, false}},
		"ready in a queue": {agent: opencti.AgentState{State: opencti.Unavailable, Queues: []opencti.QueueState{{Name: "5000"}}},
			request: opencti.Request{Activity: opencti.SetAgentReady, Queue: "5000"},
			steps:   []step{{opencti.Unavailable, "", with{"queues": []map[string]string{{"name": "5000", "state": "Available"}}}}}, caused: []bool{true}},
		"decline": {calls: []opencti.Call{callIn("r", opencti.Offering)}, request: opencti.Request{Activity: opencti.DeclineCall},
			steps: []step{{opencti.Diverted, "r", nil}}, caused: []bool{true}},
		"hang up": {calls: []opencti.Call{talks, first}, request: opencti.Request{Activity: opencti.HangUpCall},
			steps: []step{{opencti.Released, "1", nil}, {opencti.Released, "2", nil}}, caused: []bool{false, true}},
		"make": {calls: []opencti.Call{first}, request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1"},
			steps: []step{{opencti.CallInfo, "1", with{"ani": "9"}}, {opencti.Offering, "r", nil}, {opencti.Established, "r", nil}, {opencti.Initiated, "3", nil}, {opencti.Delivered, "3", nil}},
			// Another call that rings and is answered meanwhile is not its doing.
			caused: []bool{false, false, false, true, false}},
		"make, and it is busy": {request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1"},
			steps: []step{{opencti.Failed, "3", nil}}, caused: []bool{true}},
		"consult": {calls: []opencti.Call{talks}, request: opencti.Request{Activity: opencti.TransferInitiate, CallID: "2", DestinationNumber: "1"},
			steps: []step{{opencti.Offering, "r", nil}, {opencti.Held, "2", nil}, {opencti.Initiated, "3", nil}, {opencti.Delivered, "3", nil}}, caused: []bool{false, true, true, false}},
		"consult, told in another order": {calls: []opencti.Call{talks}, request: opencti.Request{Activity: opencti.ConferenceInitiate, CallID: "2", DestinationNumber: "1"},
			steps: []step{{opencti.Initiated, "3", nil}, {opencti.Held, "2", nil}}, caused: []bool{true, true}},
		"transfer": {calls: []opencti.Call{first, talks}, request: opencti.Request{Activity: opencti.TransferCall},
			steps: []step{{opencti.Transferred, "2", transferring}, {opencti.Released, "1", nil}}, caused: []bool{true, true}},
		"cancel": {calls: []opencti.Call{first, talks}, request: opencti.Request{Activity: opencti.CancelTransfer},
			steps: []step{{opencti.Released, "2", nil}, {opencti.Retrieved, "1", nil}}, caused: []bool{true, true}},
		"blind transfer": {calls: []opencti.Call{talks}, request: opencti.Request{Activity: opencti.BlindTransfer, CallID: "2", DestinationNumber: "1"},
			steps: []step{{opencti.Transferred, "2", transferring}}, caused: []bool{true}},
		"alternate": {calls: []opencti.Call{first, talks}, request: opencti.Request{Activity: opencti.AlternateCall},
			steps: []step{{opencti.Held, "2", nil}, {opencti.Retrieved, "1", nil}, {opencti.Held, "1", nil}}, caused: []bool{true, true, false}},
		"attach": {calls: []opencti.Call{talks}, request: opencti.Request{Activity: opencti.AttachData, CallID: "2", Variables: map[string]string{"a": "b"}},
			steps: []step{{opencti.CallInfo, "2", with{"variables": map[string]string{"a": "b"}}}}, caused: []bool{true}},
		"mute": {calls: []opencti.Call{talks}, request: opencti.Request{Activity: opencti.MuteCall},
			steps: []step{{opencti.CallInfo, "2", with{"muted": true}}}, caused: []bool{true}},
		"drop a party": {calls: []opencti.Call{{CallID: "2", State: opencti.Established, Parties: []opencti.Party{{ID: "a"}, {ID: "b"}, {ID: "c"}}}},
			request: opencti.Request{Activity: opencti.DropParty, CallID: "2", Party: "b"},
			steps:   []step{{opencti.PartyInfo, "2", with{"parties": []map[string]string{{"id": "a"}, {"id": "c"}}}}}, caused: []bool{true}},
		"the call has another id by then": {calls: []opencti.Call{talks}, request: opencti.Request{Activity: opencti.HangUpCall},
			steps: []step{{opencti.Transferred, "2", with{"newCallId": "5"}}, {opencti.Released, "5", nil}}, caused: []bool{false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.agent.State == "" {
				tc.agent.State = opencti.Available
			}
			b := open(opencti.DeviceSnapshot{Agent: tc.agent, Calls: tc.calls})
			tc.request.ID = "mine"
			if e := b.perform(t, tc.request); e.Code != "" {
				t.Fatal(e)
			}
			for _, s := range tc.steps {
				b.happen(s.event, s.call, s.more)
			}
			var got []bool
			for _, e := range b.told() {
				if e.Type != opencti.TypeSnapshot {
					got = append(got, e.CausedBy == "mine")
				}
			}
			if diff := cmp.Diff(tc.caused, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDoNotDisturb(t *testing.T) {
	b := open(loggedIn())
	b.perform(t, opencti.Request{Activity: opencti.SetDoNotDisturb, Enabled: true, ID: "mine"})
	b.happen(opencti.SnapshotEvent, "", with{"doNotDisturb": true})
	b.happen(opencti.SnapshotEvent, "", with{"doNotDisturb": true})
	e := b.wantTold(t, "Snapshot")[0]
	if !e.Snapshot.DoNotDisturb || e.CausedBy != "mine" {
		t.Errorf("%+v", e)
	}
	b.happen(opencti.SnapshotEvent, "")
	b.wantTold(t)
	b.wantDropped(t, "ConvertEvent", "ConvertEvent")
}

// RequestFailed comes for a request of this session, once, for a while.
func TestRequestFailed(t *testing.T) {
	busy := opencti.Errorf(opencti.DestinationBusy, "busy after all").WithDetail("33")
	make := opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1", ID: "mine"}
	for name, tc := range map[string]struct {
		before func(*testing.T, *bench)
		id     string
		told   bool
	}{
		"of another session":    {func(t *testing.T, b *bench) { b.perform(t, make) }, "other", false},
		"after it was accepted": {func(t *testing.T, b *bench) { b.perform(t, make) }, "mine", true},
		"after something came":  {func(t *testing.T, b *bench) { b.perform(t, make); b.happen(opencti.Initiated, "7"); b.told() }, "mine", true},
		"long after": {func(t *testing.T, b *bench) {
			b.perform(t, make)
			b.happen(opencti.Initiated, "7")
			b.told()
			time.Sleep(causeLife + time.Second)
			b.perform(t, opencti.Request{Activity: opencti.SetAgentNotReady})
		}, "mine", false},
		"for the second time":      {func(t *testing.T, b *bench) { b.perform(t, make); b.RequestFailed("mine", busy); b.told() }, "mine", false},
		"of a request without one": {func(t *testing.T, b *bench) {}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(loggedIn())
				defer b.Close()
				tc.before(t, b)
				b.RequestFailed(tc.id, busy)
				told := b.told()
				if !tc.told {
					if len(told) > 0 {
						t.Errorf("told %v", lines(told))
					}
					return
				}
				want := &Failure{"mine", opencti.MakeCall, FailureError{opencti.DestinationBusy, "busy after all", true, "33"}}
				if len(told) != 1 || told[0].Type != opencti.TypeRequestFailed || told[0].CausedBy != "mine" || !cmp.Equal(told[0].Failed, want) {
					t.Fatalf("%+v", told)
				}
			})
		})
	}
}

func TestRequestFailedOfALoginToSeveralQueues(t *testing.T) {
	b := agentIn(opencti.AgentState{State: opencti.LoggedOut}, func(o *Options) { o.Policy.Queues = []string{"5000", "5001"} })
	b.perform(t, opencti.Request{Activity: opencti.LoginAgent, ID: "mine"})
	b.RequestFailed("mine", errors.New("no"))
	b.RequestFailed("mine", nil)
	if told := b.wantTold(t, "RequestFailed"); told[0].Failed.Error.Code != opencti.Rejected {
		t.Errorf("%+v", told[0].Failed)
	}
}

// The CTI server accepted, and nothing came of it.
func TestNothingComesOfARequest(t *testing.T) {
	talks, rings := callIn("t", opencti.Established), callIn("r", opencti.Offering)
	talks.Variables = map[string]string{"a": "b"}
	for name, tc := range map[string]struct {
		agent   opencti.AgentState
		request opencti.Request
		then    []step
		quiet   bool
	}{
		"answer":                      {request: opencti.Request{Activity: opencti.AnswerCall}},
		"answer, and it is answered":  {request: opencti.Request{Activity: opencti.AnswerCall}, then: []step{{opencti.Established, "r", nil}}, quiet: true},
		"answer, and another is":      {request: opencti.Request{Activity: opencti.AnswerCall}, then: []step{{opencti.Held, "t", nil}}},
		"make":                        {request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1"}},
		"not ready":                   {request: opencti.Request{Activity: opencti.SetAgentNotReady}},
		"not ready, told twice":       {request: opencti.Request{Activity: opencti.SetAgentNotReady}, then: []step{{opencti.Unavailable, "", nil}}, quiet: true},
		"not ready, when busy":        {agent: opencti.AgentState{State: opencti.Busy}, request: opencti.Request{Activity: opencti.SetAgentNotReady}, quiet: true},
		"another reason":              {agent: opencti.AgentState{State: opencti.Unavailable}, request: opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "2"}, quiet: true},
		"nobody knows the state":      {agent: opencti.AgentState{State: opencti.Unknown}, request: opencti.Request{Activity: opencti.SetAgentReady}, quiet: true},
		"a queue, which is not told":  {agent: opencti.AgentState{State: opencti.Available}, request: opencti.Request{Activity: opencti.LoginAgent, Queue: "5001"}, quiet: true},
		"tones":                       {request: opencti.Request{Activity: opencti.SendDTMF, CallID: "t", Digits: "1"}, quiet: true},
		"data":                        {request: opencti.Request{Activity: opencti.AttachData, CallID: "t", Variables: map[string]string{"a": "c"}}},
		"data that is there":          {request: opencti.Request{Activity: opencti.AttachData, CallID: "t", Variables: map[string]string{"a": "b"}}, quiet: true},
		"do not disturb":              {request: opencti.Request{Activity: opencti.SetDoNotDisturb, Enabled: true}},
		"do not disturb, as it is":    {request: opencti.Request{Activity: opencti.SetDoNotDisturb}, quiet: true},
		"resync":                      {request: opencti.Request{Activity: opencti.Resync}, quiet: true},
		"hold, which came before":     {request: opencti.Request{Activity: opencti.HoldCall, CallID: "t"}, then: []step{{opencti.Held, "t", nil}}, quiet: true},
		"hang up, and it changes ids": {request: opencti.Request{Activity: opencti.HangUpCall}, then: []step{{opencti.Conferenced, "t", with{"newCallId": "n"}}, {opencti.Released, "n", nil}}, quiet: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tc.agent.State == "" {
					tc.agent.State = opencti.Available
				}
				b := open(opencti.DeviceSnapshot{Agent: tc.agent, Calls: []opencti.Call{talks, rings}})
				defer b.Close()
				tc.request.ID = "mine"
				if e := b.perform(t, tc.request); e.Code != "" {
					t.Fatal(e)
				}
				for _, s := range tc.then {
					b.happen(s.event, s.call, s.more)
				}
				time.Sleep(defaultPatience - time.Second)
				b.told()
				time.Sleep(2 * time.Second)
				told := b.told()
				if tc.quiet {
					if len(told) > 0 {
						t.Errorf("told %v", lines(told))
					}
					return
				}
				if len(told) != 1 || told[0].Failed == nil || told[0].Failed.RequestID != "mine" || told[0].Failed.Error.Code != opencti.Timeout {
					t.Fatalf("%+v", told)
				}
				// It is over: what comes now is not its doing.
				b.happen(opencti.Established, "r")
				for _, e := range b.told() {
					if e.CausedBy != "" {
						t.Errorf("%s is caused by %q", e.Name, e.CausedBy)
					}
				}
			})
		})
	}
}

// The event may be faster than the answer: then there is nothing to wait for.
func TestPatienceWithWhatCameBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(loggedIn(callIn("t", opencti.Established)), func(o *Options) { o.Patience = time.Second })
		defer b.Close()
		b.device.do = func(context.Context, opencti.Request) error { b.happen(opencti.Held, "t"); return nil }
		b.perform(t, opencti.Request{Activity: opencti.HoldCall, CallID: "t"})
		time.Sleep(time.Minute)
		b.wantTold(t, "Held t Held")
	})
}

func TestALossEndsThePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(loggedIn())
		b.perform(t, opencti.Request{Activity: opencti.SetAgentNotReady})
		b.Lost()
		time.Sleep(time.Minute)
		b.wantTold(t, "LinkDown")
	})
}

func TestRequestsThatAreRememberedAreBounded(t *testing.T) {
	b := open(loggedIn(callIn("t", opencti.Established)))
	for range 2 * underwayBound {
		b.perform(t, opencti.Request{Activity: opencti.SendDTMF, CallID: "t", Digits: "1"})
	}
	if n := len(b.underway); n != underwayBound {
		t.Errorf("%d are remembered", n)
	}
}
