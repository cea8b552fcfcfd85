package csta_test

import (
	"context"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// wantFailed expects that a request which was accepted is told to have failed.
func wantFailed(t *testing.T, events sink, requestID string) {
	t.Helper()
	if e := events.next(t); e.Name != requestFailed || e.DN != "1001" || e.Fields["requestId"] != requestID {
		t.Errorf("event %+v, want that request %s failed", e, requestID)
	}
}

// A refusal that comes when nobody waits for it any more is told; that it was done, an event
// tells.
func TestLateAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string
		fails  bool
	}{
		"refused":                {`<CSTAErrorCode><stateIncompatibility>noActiveCall</stateIncompatibility></CSTAErrorCode>`, true},
		"done":                   {`<HoldCallResponse/>`, false},
		"answered with nonsense": {`<RetrieveCallResponse/>`, false},
	} {
		t.Run(name, func(t *testing.T) {
			p, events := newPeer(t, with(map[string]string{"HoldCall": ""})), make(sink, 8)
			_, device := p.subscribed(events)
			ctx, giveUp := context.WithCancel(t.Context())
			held := make(chan error, 1)
			go func() { held <- device.(opencti.CallControl).HoldCall(ctx, opencti.Request{ID: "r1", CallID: "7"}) }()
			request := p.expect("HoldCall")
			giveUp()
			wantCode(t, <-held, opencti.LinkDown, "HoldCall")
			p.send(request.id, tc.answer)
			if tc.fails {
				wantFailed(t, events, "r1")
			}
			p.send(request.id, tc.answer) // once more: it was an answer to nothing
			p.event(delivered("71", "8"))
			if e := events.next(t); e.Name != "Delivered" {
				t.Errorf("event %+v, want no other", e)
			}
		})
	}
}

// A request of nobody's, such as those of a snapshot, fails for nobody.
func TestLateAnswerOfASnapshot(t *testing.T) {
	p, events := newPeer(t, with(map[string]string{"SnapshotDevice": ""})), make(sink, 8)
	_, device := p.subscribed(events)
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := device.Snapshot(ctx)
		done <- err
	}()
	request := p.expect("SnapshotDevice")
	giveUp()
	wantCode(t, <-done, opencti.LinkDown, "SnapshotDevice")
	p.send(request.id, gone)
	p.event(delivered("71", "8"))
	if e := events.next(t); e.Name != "Delivered" {
		t.Errorf("event %+v, want no other", e)
	}
}

// What was accepted, and fails by an event.
func TestAcceptedAndThenFailed(t *testing.T) {
	completion := func(primary, secondary string) string {
		call := func(element, id string) string {
			return `<` + element + `><deviceID>1001</deviceID><connectionID><deviceID>1001</deviceID><callID>` + id +
				`</callID></connectionID><localConnectionState>hold</localConnectionState></` + element + `>`
		}
		xml := `<ServiceCompletionFailureEvent><monitorCrossRefID>71</monitorCrossRefID>` + call("primaryCall", primary)
		if secondary != "" {
			xml += call("secondaryCall", secondary)
		}
		return xml + `<cause>busy</cause></ServiceCompletionFailureEvent>`
	}
	failedEvent := func(state string) string {
		return told("Failed", "failedConnection", "1001", deviceNamed("failingDevice", "1001")+`<localConnectionInfo>`+state+`</localConnectionInfo><cause>busy</cause>`)
	}
	agentIs := agentTold("AgentNotReady", "")
	for _, tc := range []struct {
		name    string
		request opencti.Request
		before  string // an event before the request
		after   []string
		want    []string // the names of events after the request
	}{
		{name: "a consult", request: opencti.Request{Activity: opencti.TransferInitiate, CallID: "7", DestinationNumber: "1002"},
			after: []string{completion("7", "8")}, want: []string{requestFailed}},
		{name: "a transfer", request: opencti.Request{Activity: opencti.TransferCall, CallID: "8", HeldCallID: "7"},
			after: []string{completion("7", "8")}, want: []string{requestFailed}},
		{name: "a call that is made", request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1002"},
			after: []string{completion("5", "")}, want: []string{requestFailed}},
		{name: "somebody else's", request: opencti.Request{Activity: opencti.HoldCall, CallID: "7"}, after: []string{completion("9", "")}},
		{name: "a hold, and the call lives on", request: opencti.Request{Activity: opencti.HoldCall, CallID: "7"},
			after: []string{failedEvent("connected")}, want: []string{requestFailed}},
		{name: "a hold, and the call fails", request: opencti.Request{Activity: opencti.HoldCall, CallID: "7"},
			after: []string{failedEvent("fail")}, want: []string{"Failed"}},
		{name: "a hold that was done before", request: opencti.Request{Activity: opencti.HoldCall, CallID: "7"},
			after: []string{told("Held", "heldConnection", "1001", deviceNamed("holdingDevice", "1001")), failedEvent("connected")},
			want:  []string{"Held", "Failed"}},
		{name: "a number that is busy", request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1002"},
			after: []string{failedEvent("connected")}, want: []string{"Failed"}},
		{name: "an agent is left as he was", before: agentIs, request: opencti.Request{Activity: opencti.SetAgentReady},
			after: []string{agentIs}, want: []string{"AgentNotReady", requestFailed}},
		{name: "an agent is ready, and then not", before: agentIs, request: opencti.Request{Activity: opencti.SetAgentReady},
			after: []string{agentTold("AgentReady", ""), agentIs}, want: []string{"AgentReady", "AgentNotReady"}},
		{name: "an agent in a call", before: agentTold("AgentBusy", ""), request: opencti.Request{Activity: opencti.SetAgentNotReady},
			after: []string{agentTold("AgentBusy", `<pendingAgentState>agentNotReady</pendingAgentState>`)}, want: []string{"AgentBusy"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, events := newPeer(t, quiet()), make(sink, 16)
			_, device := p.subscribed(events)
			if tc.before != "" {
				p.event(tc.before)
				events.next(t)
			}
			tc.request.ID = "r1"
			if err := opencti.Perform(t.Context(), device, tc.request); err != nil {
				t.Fatal(err)
			}
			for _, xml := range tc.after {
				p.event(xml)
			}
			for _, want := range tc.want {
				if want == requestFailed {
					wantFailed(t, events, "r1")
				} else if e := events.next(t); e.Name != want {
					t.Errorf("event %+v, want %s", e, want)
				}
			}
			p.event(delivered("71", "99"))
			if e := events.next(t); e.Fields["callID"] != "99" {
				t.Errorf("one event more than expected: %+v", e)
			}
		})
	}
}

// A request that was refused at once does not fail once more.
func TestRefusedIsNotFailed(t *testing.T) {
	p, events := newPeer(t, with(map[string]string{"HoldCall": gone})), make(sink, 8)
	_, device := p.subscribed(events)
	wantCode(t, opencti.Perform(t.Context(), device, opencti.Request{Activity: opencti.HoldCall, ID: "r1", CallID: "7"}), opencti.NoSuchCall, "")
	p.event(told("Failed", "failedConnection", "1002", deviceNamed("failingDevice", "1002")+`<localConnectionInfo>connected</localConnectionInfo>`))
	if e := events.next(t); e.Name != "Failed" {
		t.Errorf("event %+v, want Failed", e)
	}
}
