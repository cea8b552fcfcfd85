package session

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func (b *bench) wantTold(t *testing.T, want ...string) []Event {
	t.Helper()
	got := b.told()
	if diff := cmp.Diff(want, lines(got)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	return got
}

func (b *bench) wantDropped(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, b.counts.dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	b.counts.dropped = nil
}

// The other devices are those of the parties, whoever came or went, unless a rule names them.
func TestTheOtherDevices(t *testing.T) {
	party := func(number string) map[string]string { return map[string]string{"id": number, "dn": number} }
	of := func(more with) []string {
		b := open(loggedIn(callIn("7", opencti.Established)))
		defer b.Close()
		b.happen(opencti.PartyInfo, "7", with{"parties": []map[string]string{party(dn), party("1002"), party("555")}})
		b.happen(opencti.PartyInfo, "7", more)
		told := b.wantTold(t, "PartyInfo 7 Established", "PartyInfo 7 Established")
		return told[1].Call.OtherDNs
	}
	for name, tc := range map[string]struct {
		more with
		want []string
	}{
		"one went":                   {with{"parties": []map[string]string{party("555"), party(dn), {"id": "?"}}}, []string{"555"}},
		"all went":                   {with{"parties": []map[string]string{party(dn)}}, nil},
		"a rule names them":          {with{"parties": []map[string]string{party(dn)}, "otherDns": []string{"*1"}}, []string{"*1"}},
		"no word of the parties":     {with{"ani": "1"}, []string{"1002", "555"}},
		"a rule names them, no more": {with{"otherDns": []string{"*1"}}, []string{"*1"}},
	} {
		if diff := cmp.Diff(tc.want, of(tc.more)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestACallFromOfferToEnd(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Offering, "7", with{"ani": "555", "dnis": "800", "queue": "5000", "callType": "INBOUND", "offeredBy": "Queue",
		"variables": map[string]string{"customer": "42"}, "otherDns": []string{"555"},
		"parties": []map[string]string{{"id": "1", "dn": "555", "state": "Established", "role": "Customer"}}})
	b.happen(opencti.Established, "7")
	b.happen(opencti.CallInfo, "7", with{"variables": map[string]string{"priority": "high"}})
	b.happen(opencti.Held, "7")
	b.happen(opencti.Retrieved, "7")
	b.happen(opencti.Released, "7", with{"cause": "normalClearing"})
	told := b.wantTold(t, "Offering 7 Offering", "Established 7 Established", "CallInfo 7 Established", "Held 7 Held",
		"Retrieved 7 Established", "Released 7 Released ended")

	first := told[0]
	want := opencti.Call{
		CallID: "7", InteractionID: "7", State: opencti.Offering, CallType: opencti.Inbound, ANI: "555", DNIS: "800", Queue: "5000",
		OfferedBy: opencti.ByQueue, Variables: map[string]string{"customer": "42"}, OtherDNs: []string{"555"},
		Parties:      []opencti.Party{{ID: "1", DN: "555", State: opencti.Established, Role: opencti.RoleCustomer}},
		Capabilities: []opencti.Activity{opencti.AcceptInteraction, opencti.AnswerCall, opencti.AttachData, opencti.DeclineCall}, Since: first.Call.Since, StartedAt: first.Call.StartedAt,
	}
	if diff := cmp.Diff(want, *first.Call); diff != "" {
		t.Error(diff)
	}
	if first.Type != opencti.TypeCallState || first.DN != dn || first.AgentID != agentID || first.At.IsZero() {
		t.Errorf("the event does not say whose it is: %+v", first)
	}
	if diff := cmp.Diff(map[string]string{"customer": "42", "priority": "high"}, told[2].Call.Variables); diff != "" {
		t.Error(diff)
	}
	if last := told[5]; last.Cause != "normalClearing" || len(last.Call.Capabilities) != 0 || last.Call.AnsweredAt == nil {
		t.Errorf("the end of the call: %+v, %+v", last, last.Call)
	}
	if len(b.Snapshot().Calls) != 0 {
		t.Error("the call is over, the snapshot has it")
	}
}

func TestStepsOfHandleEvent(t *testing.T) {
	for name, tc := range map[string]struct {
		event   opencti.EventName
		callID  string
		fields  with
		told    []string
		dropped []string
	}{
		"2 no rule names it":           {event: "Strange", callID: "7", dropped: []string{"IdentifyEvent"}},
		"2 a rule that fails":          {event: "Bad", callID: "7", fields: with{"number": 1}, dropped: []string{"IdentifyEvent"}},
		"2 rules see the call's state": {event: "Cleared", callID: "rings", told: []string{"Abandoned rings Abandoned ended"}},
		"2 rules see other states":     {event: "Cleared", callID: "talks", told: []string{"Released talks Released ended"}},
		"2 rules see unknown calls":    {event: "Cleared", callID: "9", dropped: []string{"IdentifyEvent"}},
		"3 the class's filter":         {event: opencti.Offering, callID: "9", fields: with{"unwanted": true}, dropped: []string{"FilterEvent"}},
		"3 a filter that fails":        {event: opencti.Offering, callID: "9", fields: with{"filterFails": "x"}, dropped: []string{"FilterEvent"}},
		"5 a transform that fails":     {event: opencti.Offering, callID: "9", fields: with{"convertFails": 1}, dropped: []string{"ConvertEvent"}},
		"5 an event that says nothing": {event: opencti.Held, callID: "", dropped: []string{"ConvertEvent"}},
		"5 nothing changes":            {event: opencti.Established, callID: "talks", dropped: []string{"ConvertEvent"}},
		"6 it is told":                 {event: opencti.Held, callID: "talks", told: []string{"Held talks Held"}},
		"7 after login a snapshot":     {event: opencti.LoggedIn, told: []string{"LoggedIn", "Snapshot"}},
		"7 after logout a snapshot":    {event: opencti.LoggedOut, told: []string{"LoggedOut", "Snapshot"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(loggedIn(callIn("rings", opencti.Offering), callIn("talks", opencti.Established)))
			b.happen(tc.event, tc.callID, tc.fields)
			b.wantTold(t, tc.told...)
			b.wantDropped(t, tc.dropped...)
			// Whatever happened, the session goes on.
			b.happen(opencti.Offering, "next")
			b.wantTold(t, "Offering next Offering")
		})
	}
}

func TestHiddenEventsStillChangeTheState(t *testing.T) {
	hidden := []opencti.EventType{opencti.TypeCallInfo, opencti.TypeAgentState, opencti.TypeLinkState}
	b := open(loggedIn(callIn("7", opencti.Established)), func(o *Options) { o.Hidden = hidden })
	b.happen(opencti.CallInfo, "7", with{"variables": map[string]string{"a": "b"}})
	b.happen(opencti.Unavailable, "", with{"reasonCode": "2"})
	b.Lost()
	b.wantTold(t)
	b.wantDropped(t, "FilterEventsOnDeviceCapabilities", "FilterEventsOnDeviceCapabilities")
	snap := b.Snapshot()
	if snap.Calls[0].Variables["a"] != "b" || snap.Agent.ReasonCode != "2" || snap.Link != opencti.LinkLost {
		t.Errorf("the snapshot does not know what the desktop cannot show: %+v", snap)
	}
}

func TestEventsOfACall(t *testing.T) {
	at := func(e opencti.EventName, id string, f ...with) step {
		s := step{event: e, call: id}
		if len(f) > 0 {
			s.more = f[0]
		}
		return s
	}
	for name, tc := range map[string]struct {
		calls []opencti.Call
		steps []step
		want  []string
	}{
		"doubled events are told once": {
			steps: []step{at(opencti.Offering, "7"), at(opencti.Offering, "7"), at(opencti.Established, "7"), at(opencti.Established, "7"),
				at(opencti.Released, "7"), at(opencti.Released, "7")},
			want: []string{"Offering 7 Offering", "Established 7 Established", "Released 7 Released ended"},
		},
		"every ending ends once, whichever comes second": {
			calls: []opencti.Call{callIn("7", opencti.Offering)},
			steps: []step{at(opencti.Diverted, "7"), at(opencti.Abandoned, "7"), at(opencti.Released, "7")},
			want:  []string{"Diverted 7 Diverted ended"},
		},
		"a late event does not bring an ended call back": {
			calls: []opencti.Call{callIn("7", opencti.Established)},
			steps: []step{at(opencti.Released, "7"), at(opencti.Held, "7"), at(opencti.CallInfo, "7", with{"ani": "1"}), at(opencti.PartyInfo, "7", with{"ani": "2"})},
			want:  []string{"Released 7 Released ended"},
		},
		"a callId that is used again is a new call": {
			calls: []opencti.Call{callIn("7", opencti.Established)},
			steps: []step{at(opencti.Released, "7"), at(opencti.Offering, "7", with{"ani": "999"}), at(opencti.Abandoned, "7")},
			want:  []string{"Released 7 Released ended", "Offering 7 Offering", "Abandoned 7 Abandoned ended"},
		},
		"an offer told again when the caller has given up": {
			steps: []step{at(opencti.Offering, "7", with{"interactionId": "g1"}), at(opencti.Abandoned, "7"), at(opencti.Offering, "7", with{"interactionId": "g1"}),
				at(opencti.Offering, "7", with{"interactionId": "g2"})},
			want: []string{"Offering 7 Offering", "Abandoned 7 Abandoned ended", "Offering 7 Offering"},
		},
		"a call that nobody answered comes back": {
			steps: []step{at(opencti.Offering, "7", with{"interactionId": "g1"}), at(opencti.Diverted, "7"), at(opencti.Offering, "7", with{"interactionId": "g1"})},
			want:  []string{"Offering 7 Offering", "Diverted 7 Diverted ended", "Offering 7 Offering"},
		},
		"the end comes before the beginning": {
			steps: []step{at(opencti.Released, "7"), at(opencti.Offering, "7"), at(opencti.Established, "7")},
		},
		"the answer comes before the offer": {
			steps: []step{at(opencti.Established, "7"), at(opencti.Offering, "7", with{"ani": "555"}), at(opencti.Held, "7")},
			want:  []string{"Established 7 Established", "Offering 7 Established", "Held 7 Held"},
		},
		"a transfer that was missed": {
			steps: []step{at(opencti.Transferred, "7", with{"newCallId": "8"}), at(opencti.Transferred, "7", with{"newCallId": "8"}), at(opencti.Released, "8")},
			want:  []string{"Transferred 8 Established", "Released 8 Released ended"},
		},
		"a busy tone does not end the call": {
			steps: []step{at(opencti.Initiated, "7"), at(opencti.Failed, "7", with{"cause": "busy"}), at(opencti.Released, "7")},
			want:  []string{"Initiated 7 Initiated", "Failed 7 Failed", "Released 7 Released ended"},
		},
		"who talks does not dial any more": {
			calls: []opencti.Call{callIn("7", opencti.Established), callIn("8", opencti.Held)},
			steps: []step{at(opencti.Delivered, "7"), at(opencti.Initiated, "8"), at(opencti.Queued, "7", with{"queue": "5000"})},
			want:  []string{"Queued 7 Established"},
		},
		"a held call rings again": {
			calls: []opencti.Call{callIn("7", opencti.Held)},
			steps: []step{at(opencti.Offering, "7"), at(opencti.Established, "7")},
			want:  []string{"Offering 7 Offering", "Established 7 Established"},
		},
		"a missed beginning": {
			steps: []step{at(opencti.Established, "7"), at(opencti.Released, "8"), at(opencti.PartyInfo, "8"), at(opencti.CallInfo, "8")},
			want:  []string{"Established 7 Established"},
		},
		"a transferred call has a new id and one end": {
			calls: []opencti.Call{callIn("7", opencti.Held)},
			steps: []step{at(opencti.Transferred, "7", with{"newCallId": "9"}), at(opencti.Transferred, "7", with{"newCallId": "9"}),
				at(opencti.Released, "7"), at(opencti.Released, "9")},
			want: []string{"Transferred 9 Held", "Released 9 Released ended"},
		},
		"two calls become one": {
			calls: []opencti.Call{callIn("7", opencti.Held), callIn("8", opencti.Established)},
			steps: []step{at(opencti.Conferenced, "7", with{"newCallId": "8"}), at(opencti.Released, "8")},
			want:  []string{"Conferenced 8 Established", "Released 8 Released ended"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(loggedIn(tc.calls...))
			for _, s := range tc.steps {
				b.happen(s.event, s.call, s.more)
			}
			for _, e := range b.wantTold(t, tc.want...) {
				if e.Ended != e.Name.Ends() {
					t.Errorf("%s: ended is %v", e.Name, e.Ended)
				}
			}
		})
	}
}

func TestARenamedCallKeepsWhatWasKnown(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Held)))
	started := b.Snapshot().Calls[0].StartedAt
	b.happen(opencti.Transferred, "7", with{"newCallId": "9"})
	e := b.wantTold(t, "Transferred 9 Held")[0]
	if diff := cmp.Diff([]string{"7"}, e.PreviousCallIDs); diff != "" {
		t.Error(diff)
	}
	if e.Call.InteractionID != "7" || e.Call.ANI != "5557" || !e.Call.StartedAt.Equal(started) {
		t.Errorf("the interaction is another: %+v", e.Call)
	}
}

func TestTombstonesDoNotLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(loggedIn(callIn("7", opencti.Established)))
		b.happen(opencti.Released, "7")
		time.Sleep(tombLife)
		b.happen(opencti.Held, "7")
		b.wantTold(t, "Released 7 Released ended")
		time.Sleep(time.Nanosecond)
		b.happen(opencti.Held, "7") // its beginning was missed
		b.wantTold(t, "Held 7 Held")
		if len(b.state.tombs) != 0 {
			t.Errorf("tombstones pile up: %v", b.state.tombs)
		}
	})
}

func TestAgentStates(t *testing.T) {
	for name, tc := range map[string]struct {
		event   opencti.EventName
		fields  with
		want    []string
		sameAge bool
	}{
		"another state":             {opencti.Available, nil, []string{"Available"}, false},
		"the same again":            {opencti.Unavailable, with{"reasonCode": "1"}, nil, true},
		"another reason":            {opencti.Unavailable, with{"reasonCode": "2"}, []string{"Unavailable"}, false},
		"a pending state":           {opencti.Unavailable, with{"reasonCode": "1", "pendingState": "Available"}, []string{"Unavailable"}, true},
		"other queues":              {opencti.Unavailable, with{"reasonCode": "1", "queues": []map[string]string{{"name": "5000"}}}, []string{"Unavailable"}, true},
		"this agent, by name":       {opencti.Available, with{"agentId": agentID}, []string{"Available"}, false},
		"another agent at the desk": {opencti.Available, with{"agentId": "4002"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Unavailable, ReasonCode: "1"}})
				before := b.Agent().Since
				time.Sleep(time.Second)
				b.happen(tc.event, "", tc.fields)
				b.wantTold(t, tc.want...)
				if same := b.Agent().Since.Equal(before); same != tc.sameAge {
					t.Errorf("since %v, was %v", b.Agent().Since, before)
				}
			})
		})
	}
}

func TestQueuesOfAnAgentStayUntilLogout(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Available, "", with{"queues": []map[string]string{{"name": "5000", "state": "Available"}}})
	b.happen(opencti.Busy, "")
	if diff := cmp.Diff([]opencti.QueueState{{Name: "5000", State: opencti.Available}}, b.Agent().Queues); diff != "" {
		t.Error(diff)
	}
	b.happen(opencti.LoggedOut, "")
	if q := b.Agent().Queues; q != nil {
		t.Errorf("logged out, in %v", q)
	}
}
