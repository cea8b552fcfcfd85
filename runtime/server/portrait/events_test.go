package portrait

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

func event(name opencti.EventName, id string, change ...func(*session.Event)) *session.Event {
	t, _ := opencti.TypeOf(name)
	e := &session.Event{ID: "7-3", Type: t, Name: name, At: time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC), DN: "1001", AgentID: "4001"}
	if id != "" {
		e.Call = &opencti.Call{
			CallID: id, InteractionID: "i1", State: name, CallType: opencti.Inbound, ANI: "0301234567", DNIS: "4000",
			OtherDNs: []string{"0301234567"}, Queue: "support", Variables: map[string]string{"customerId": "4711", "a": "<&> ü"},
			Parties:      []opencti.Party{{ID: "p1", DN: "0301234567", State: opencti.Established, Role: opencti.RoleCustomer}},
			Capabilities: []opencti.Activity{opencti.AnswerCall, opencti.SendDTMF}, Since: e0,
		}
	}
	for _, c := range change {
		c(e)
	}
	return e
}

var e0 = time.Date(2026, 1, 1, 8, 59, 0, 0, time.UTC)

func offered(by opencti.OfferedBy) func(*session.Event) {
	return func(e *session.Event) { e.Call.OfferedBy = by }
}

func ended(e *session.Event) { e.Ended = true }

func was(ids ...string) func(*session.Event) {
	return func(e *session.Event) { e.PreviousCallIDs = ids }
}

// Every event, its golden, valid. The key is the client's name of it.
func TestEveryEvent(t *testing.T) {
	all := map[string]*session.Event{
		incomingCall: event(opencti.Offering, "c1", offered(opencti.ByQueue), func(e *session.Event) {
			e.Call.Treatment = &opencti.Treatment{
				Rule: "gold", ScreenPop: &opencti.ScreenPop{URL: "https://crm.example/?a=1&b=2"}, Answer: opencti.AnswerAfterDelay, DelaySeconds: 3,
			}
		}),
		incomingConsult:       event(opencti.Offering, "c1", offered(opencti.ByConsult)),
		incomingBlindTransfer: event(opencti.Offering, "c1", offered(opencti.ByBlindTransfer)),
		establishCall: event(opencti.Established, "c1", offered(opencti.ByQueue), func(e *session.Event) {
			e.Call.Muted, e.Call.NetworkReached, e.Call.StartedAt, e.Call.AnsweredAt = true, true, e0, &e0
			e.Capabilities = map[string][]opencti.Activity{"c2": {opencti.UnmuteCall}, "c0": {}}
		}),
		callAbandoned:    event(opencti.Abandoned, "c1", ended),
		callReleased:     event(opencti.Released, "c1", ended),
		callHeld:         event(opencti.Held, "c1"),
		callRetrieved:    event(opencti.Retrieved, "c1"),
		callStateChanged: event(opencti.Transferred, "c2", was("c1"), func(e *session.Event) { e.Role, e.CausedBy = opencti.Remaining, "r-1" }),
		callDataChanged:  event(opencti.CallInfo, "c1"),
		agentStateChanged: event(opencti.Unavailable, "", func(e *session.Event) {
			e.Agent = &opencti.AgentState{
				State: opencti.Unavailable, ReasonCode: "2", PendingState: opencti.AfterCallWork, PendingReasonCode: "3", NativeState: "AUX",
				Queues: []opencti.QueueState{{Name: "support"}, {Name: "sales", State: opencti.Available}}, Cause: opencti.CauseSupervisor,
				WrapUpEndsAt: &e0, Since: e0,
			}
			e.Activities = []opencti.Activity{opencti.SetAgentReady, opencti.LogoutAgent}
		}),
		linkStateChanged: event(opencti.LinkLost, ""),
		requestFailed: event(opencti.RequestFailed, "", func(e *session.Event) {
			e.CausedBy = "r-1"
			e.Failed = &session.Failure{RequestID: "r-1", Activity: opencti.MakeCall, Error: session.FailureError{Code: opencti.DestinationBusy, Message: "busy"}}
		}),
		stateNow: event(opencti.SnapshotEvent, "", func(e *session.Event) {
			e.Snapshot = &session.Snapshot{
				DN: "1001", AgentID: "4001", Mode: opencti.Full, Link: opencti.LinkUp, Agent: opencti.AgentState{State: opencti.Available, Since: e0},
				Calls: []*opencti.Call{event(opencti.Held, "c1").Call}, Activities: []opencti.Activity{opencti.MakeCall, opencti.SetAgentNotReady},
				Pool: "sales", OpenedAt: e0, ReasonCodes: session.ReasonCodes{
					Unavailable: []session.Reason{{Code: "1", Label: "Lunch"}}, Logout: []session.Reason{{Code: "9"}}, Required: []string{"Unavailable", "Logout"},
				},
			}
		}),
	}
	for _, known := range events {
		t.Run(known.name, func(t *testing.T) {
			e, ok := all[known.name]
			if !ok {
				t.Fatal("no event")
			}
			told := narrator{true, map[string]progress{}}.tell(e)
			if len(told) != 1 || told[0].name != known.name {
				t.Fatalf("%+v", told)
			}
			document := Write(&Answer{Request: "GETEVENTS", Events: &Events{told}, Last: e.ID}, names.Names{}, UTF8)
			golden(t, filepath.Join("testdata", known.name+".event.xml"), document)
			valid(t, document)
			if plain := (narrator{false, map[string]progress{}}).tell(e); (len(plain) == 0) != known.extra {
				t.Errorf("to a client that did not ask for more: %+v", plain)
			}
		})
	}
}

// What a client is told of a call's life.
func TestCallsAsAClientHearsOfThem(t *testing.T) {
	snapshot := func(calls ...*opencti.Call) *session.Event {
		return event(opencti.SnapshotEvent, "", func(e *session.Event) { e.Snapshot = &session.Snapshot{Calls: calls} })
	}
	rings, talks := event(opencti.Offering, "c1", offered(opencti.ByDirect)), event(opencti.Established, "c1", offered(opencti.ByDirect))
	dialled := event(opencti.Established, "c9")
	for name, tc := range map[string]struct {
		happens []*session.Event
		plain   []string
		extra   []string
	}{
		"answered, held, retrieved, over": {
			[]*session.Event{rings, talks, event(opencti.Held, "c1"), event(opencti.Retrieved, "c1"), event(opencti.Released, "c1", ended)},
			[]string{"INCOMINGCALL c1", "ESTABLISHCALL c1"},
			[]string{"INCOMINGCALL c1", "ESTABLISHCALL c1", "CALLHELD c1", "CALLRETRIEVED c1", "CALLRELEASED c1"},
		},
		"rings elsewhere": {
			[]*session.Event{rings, event(opencti.Diverted, "c1", ended)},
			[]string{"INCOMINGCALL c1", "CALLABANDONED c1"}, []string{"INCOMINGCALL c1", "CALLRELEASED c1"},
		},
		"a dialled call": {
			[]*session.Event{event(opencti.Initiated, "c9"), event(opencti.Delivered, "c9"), dialled, event(opencti.Released, "c9", ended)},
			nil, []string{"CALLSTATECHANGED c9", "CALLSTATECHANGED c9", "CALLSTATECHANGED c9", "CALLRELEASED c9"},
		},
		"a consult whose transfer is completed while it rings": {
			[]*session.Event{
				event(opencti.Offering, "c1", offered(opencti.ByConsult)), event(opencti.Offering, "c2", offered(opencti.ByTransfer), was("c1")),
				event(opencti.Established, "c2", offered(opencti.ByTransfer)),
			},
			[]string{"INCOMINGCONSULT c1", "INCOMINGCALL c2", "ESTABLISHCALL c2"},
			[]string{"INCOMINGCONSULT c1", "INCOMINGCALL c2", "ESTABLISHCALL c2"},
		},
		"handed on": {
			[]*session.Event{rings, talks, event(opencti.Transferred, "c1", ended)},
			[]string{"INCOMINGCALL c1", "ESTABLISHCALL c1"}, []string{"INCOMINGCALL c1", "ESTABLISHCALL c1", "CALLRELEASED c1"},
		},
		"a snapshot tells what is not known, and that alone": {
			[]*session.Event{rings, snapshot(rings.Call, event(opencti.Offering, "c2", offered(opencti.ByBlindTransfer)).Call, dialled.Call), snapshot(talks.Call)},
			[]string{"INCOMINGCALL c1", "INCOMINGBLINDTRANSFER c2", "ESTABLISHCALL c1", "CALLABANDONED c2"},
			[]string{"INCOMINGCALL c1", "STATENOW", "INCOMINGBLINDTRANSFER c2", "STATENOW", "ESTABLISHCALL c1", "CALLABANDONED c2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for extra, want := range map[bool][]string{false: tc.plain, true: tc.extra} {
				n := narrator{extra, map[string]progress{}}
				var got []string
				for _, e := range tc.happens {
					for _, told := range n.tell(e) {
						got = append(got, told.name+callOf(told))
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("extra %v: -want +got:\n%s", extra, diff)
				}
			}
		})
	}
}

func callOf(told node) string {
	for _, part := range told.children {
		if part.name == "CALL" {
			return " " + part.children[0].text
		}
	}
	return ""
}
