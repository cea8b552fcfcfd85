package session

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// consulting is a desk with a first call on hold and a consult about it that began with
// an activity; what it caused is not told any more.
func consulting(t *testing.T, began opencti.Activity, options ...func(*Options)) *bench {
	t.Helper()
	first := callIn("first", opencti.Established)
	first.InteractionID, first.Variables = "g1", map[string]string{"customer": "42", "topic": "invoice"}
	b := open(loggedIn(first), options...)
	r := opencti.Request{Activity: began, CallID: "first", DestinationNumber: "1002", Variables: map[string]string{"topic": "refund"}}
	if e := b.perform(t, r); e.Code != "" {
		t.Fatal(e)
	}
	b.happen(opencti.Held, "first")
	b.happen(opencti.Initiated, "consult", with{"interactionId": "g2", "variables": map[string]string{"topic": "refund"}})
	b.happen(opencti.Delivered, "consult")
	b.happen(opencti.Established, "consult")
	b.told()
	return b
}

func callsIn(states string) []opencti.Call {
	var out []opencti.Call
	for i, s := range strings.Fields(states) {
		out = append(out, callIn(fmt.Sprint(i+1), opencti.EventName(s)))
	}
	return out
}

// The two calls of an activity are a set: their states say which is which.
func TestThePairIsASet(t *testing.T) {
	for name, tc := range map[string]struct {
		states  string // of the calls 1, 2 …
		named   opencti.Request
		code    opencti.ErrorCode
		says    string
		active  string
		held    string
		another opencti.Activity // instead of TransferCall
	}{
		"nothing named":                   {states: "Held Established", active: "2", held: "1"},
		"callId is the active one":        {states: "Held Established", named: opencti.Request{CallID: "2"}, active: "2", held: "1"},
		"callId is the held one":          {states: "Held Established", named: opencti.Request{CallID: "1"}, active: "2", held: "1"},
		"both, as the guide has it":       {states: "Held Established", named: opencti.Request{CallID: "1", ConsultCallID: "2"}, active: "2", held: "1"},
		"both, the other way round":       {states: "Held Established", named: opencti.Request{CallID: "2", HeldCallID: "1"}, active: "2", held: "1"},
		"the names are wrong":             {states: "Held Established", named: opencti.Request{CallID: "1", HeldCallID: "2"}, active: "2", held: "1"},
		"the same twice":                  {states: "Held Established", named: opencti.Request{CallID: "1", ConsultCallID: "1", HeldCallID: "-1"}, active: "2", held: "1"},
		"it rings there":                  {states: "Held Delivered", active: "2", held: "1"},
		"it waits in a queue":             {states: "Queued Held", active: "1", held: "2"},
		"two on hold, both named":         {states: "Held Held Established", named: opencti.Request{CallID: "3", HeldCallID: "2"}, active: "3", held: "2"},
		"two on hold, none named":         {states: "Held Held Established", code: opencti.InvalidRequest, says: "callId and heldCallId"},
		"two on hold, the active named":   {states: "Held Held Established", named: opencti.Request{CallID: "3"}, code: opencti.InvalidRequest, says: "several calls"},
		"two on hold, one of them named":  {states: "Held Held Established", named: opencti.Request{CallID: "1"}, active: "3", held: "1"},
		"both on hold":                    {states: "Held Held", named: opencti.Request{CallID: "1", HeldCallID: "2"}, code: opencti.NoActiveCall, says: "both are"},
		"both on hold, none named":        {states: "Held Held", code: opencti.NoActiveCall, says: "not on hold"},
		"none on hold":                    {states: "Established Delivered", named: opencti.Request{CallID: "1", HeldCallID: "2"}, code: opencti.NoHeldCall, says: "Established and Delivered"},
		"none on hold, none named":        {states: "Established", code: opencti.NoHeldCall, says: "no call is on hold"},
		"only one on hold":                {states: "Held", code: opencti.NoActiveCall, says: "not on hold"},
		"only one on hold, named":         {states: "Held", named: opencti.Request{CallID: "1"}, code: opencti.NoActiveCall, says: "not on hold"},
		"no call at all":                  {code: opencti.NoHeldCall},
		"it has reached nobody":           {states: "Held Initiated", code: opencti.NoActiveCall, says: "has reached somebody"},
		"it has reached nobody, by name":  {states: "Held Initiated", named: opencti.Request{CallID: "2"}, code: opencti.InvalidState, says: "the call is Initiated"},
		"the number was busy":             {states: "Held Failed", named: opencti.Request{CallID: "1", HeldCallID: "2"}, code: opencti.InvalidState, says: "Failed"},
		"a call that is not here":         {states: "Held Established", named: opencti.Request{CallID: "1", ConsultCallID: "9"}, code: opencti.NoSuchCall, says: "consultCallId names no call"},
		"three named":                     {states: "Held Established Held", named: opencti.Request{CallID: "1", HeldCallID: "2", ConsultCallID: "3"}, code: opencti.InvalidRequest, says: "three calls"},
		"alternate needs who talks":       {states: "Held Delivered", another: opencti.AlternateCall, code: opencti.NoActiveCall},
		"alternate":                       {states: "Held Established", another: opencti.AlternateCall, active: "2", held: "1"},
		"cancel what dials":               {states: "Held Initiated", another: opencti.CancelTransfer, active: "2", held: "1"},
		"cancel a busy tone":              {states: "Held Failed", another: opencti.CancelConference, active: "2", held: "1"},
		"cancel without a consult to end": {states: "Held", another: opencti.CancelTransfer, code: opencti.NoActiveCall},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(loggedIn(callsIn(tc.states)...))
			r := tc.named
			r.Activity = opencti.TransferCall
			if tc.another != "" {
				r.Activity = tc.another
			}
			e := b.perform(t, r)
			if e.Code != tc.code || !strings.Contains(e.Message, tc.says) {
				t.Fatalf("%s %q; want %s with %q", e.Code, e.Message, tc.code, tc.says)
			}
			if tc.code != "" {
				if asked := b.device.requests(); len(asked) > 0 {
					t.Errorf("it reached the CTI server: %v", asked)
				}
				return
			}
			if got := b.device.requests()[0]; got.CallID != tc.active || got.HeldCallID != tc.held {
				t.Errorf("callId %q, heldCallId %q; want %q, %q", got.CallID, got.HeldCallID, tc.active, tc.held)
			}
		})
	}
}

func TestTooManyCallsAreNoPair(t *testing.T) {
	b := open(loggedIn(callsIn("Established" + strings.Repeat(" Held", pairsBound))...))
	if e := b.perform(t, opencti.Request{Activity: opencti.TransferCall, CallID: "1", HeldCallID: "2"}); e.Code != opencti.InvalidState {
		t.Errorf("%+v", e)
	}
}

// A consult is known from the request that began it, so nothing needs to be named while
// another call is on hold as well.
func TestTheConsultIsKnown(t *testing.T) {
	b := consulting(t, opencti.TransferInitiate)
	b.happen(opencti.Offering, "other")
	b.happen(opencti.Established, "other")
	b.happen(opencti.Held, "other")
	if e := b.perform(t, opencti.Request{Activity: opencti.ConferenceCall}); e.Code != "" {
		t.Fatal(e)
	}
	got := b.device.requests()[1]
	want := opencti.Request{
		Activity: opencti.ConferenceCall, ID: got.ID, DN: dn, AgentID: agentID,
		CallID: "consult", HeldCallID: "first", ConsultCallID: "consult",
		Variables: map[string]string{"customer": "42", "topic": "refund"}, // the consult's win
		Lineage:   opencti.Lineage{InteractionID: "g1", CallType: opencti.Inbound},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAConsultIsGiven(t *testing.T) {
	for _, a := range []opencti.Activity{opencti.TransferInitiate, opencti.ConferenceInitiate, opencti.BlindTransfer} {
		first := callIn("7", opencti.Established)
		first.InteractionID, first.OriginalCallType, first.CallType = "g1", opencti.Inbound, opencti.Consult
		first.Variables = map[string]string{"customer": "42", "topic": "invoice"}
		b := open(loggedIn(first))
		b.perform(t, opencti.Request{Activity: a, CallID: "7", DestinationNumber: " 1002 ", Variables: map[string]string{"topic": "refund"}})
		got := b.device.requests()[0]
		want := opencti.Request{
			Activity: a, ID: got.ID, DN: dn, AgentID: agentID, CallID: "7", DestinationNumber: "1002",
			Variables: map[string]string{"customer": "42", "topic": "refund"},
			Lineage:   opencti.Lineage{InteractionID: "g1", CallType: opencti.Inbound},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]string{"customer": "42", "topic": "invoice"}, b.Snapshot().Calls[0].Variables); diff != "" {
			t.Errorf("asking alone changed the call: %s", diff)
		}
	}
}

func TestThePurposeOfAConsult(t *testing.T) {
	bound := func(o *Options) { o.Class.PurposeBound = true }
	for name, tc := range map[string]struct {
		options []func(*Options)
		ask     opencti.Activity
		code    opencti.ErrorCode
	}{
		"neutral":                         {nil, opencti.ConferenceCall, ""},
		"bound, as it began":              {[]func(*Options){bound}, opencti.TransferCall, ""},
		"bound, cancelled as it began":    {[]func(*Options){bound}, opencti.CancelTransfer, ""},
		"bound, and something else":       {[]func(*Options){bound}, opencti.ConferenceCall, opencti.InvalidState},
		"bound, cancelled as another one": {[]func(*Options){bound}, opencti.CancelConference, opencti.InvalidState},
	} {
		t.Run(name, func(t *testing.T) {
			b := consulting(t, opencti.TransferInitiate, tc.options...)
			if e := b.perform(t, opencti.Request{Activity: tc.ask}); e.Code != tc.code {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A class that is bound to the purpose knows it also when the consult is over.
func TestThePurposeOfAConsultThatIsOver(t *testing.T) {
	b := consulting(t, opencti.TransferInitiate, func(o *Options) { o.Class.PurposeBound = true })
	b.happen(opencti.Released, "consult")
	for a, want := range map[opencti.Activity]opencti.ErrorCode{opencti.CancelConference: opencti.InvalidState, opencti.CancelTransfer: ""} {
		if e := b.perform(t, opencti.Request{Activity: a}); e.Code != want {
			t.Errorf("%s: %+v", a, e)
		}
	}
}

func TestCancellingAConsult(t *testing.T) {
	t.Run("it ends, the first call is retrieved", func(t *testing.T) {
		b := consulting(t, opencti.TransferInitiate)
		b.perform(t, opencti.Request{Activity: opencti.CancelConference})
		if got := b.device.requests()[1]; got.CallID != "consult" || got.HeldCallID != "first" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("the consulted party is gone: retrieve only", func(t *testing.T) {
		b := consulting(t, opencti.TransferInitiate)
		b.happen(opencti.Released, "consult")
		e := b.told()[0]
		if diff := cmp.Diff([]opencti.Activity{opencti.RetrieveCall, opencti.SendDTMF, opencti.CancelTransfer, opencti.CancelConference, opencti.AttachData}, e.Capabilities["first"]); diff != "" {
			t.Error(diff)
		}
		for _, r := range []opencti.Request{{}, {CallID: "first"}, {HeldCallID: "first"}} {
			r.Activity = opencti.CancelTransfer
			if e := b.perform(t, r); e.Code != "" {
				t.Fatal(e)
			}
			asked := b.device.requests()
			if got := asked[len(asked)-1]; got.CallID != "" || got.HeldCallID != "first" {
				t.Errorf("%+v", got)
			}
		}
		b.happen(opencti.Retrieved, "first")
		if c := b.told()[0].Call.Capabilities; strings.Contains(fmt.Sprint(c), "Cancel") {
			t.Errorf("nothing is left to cancel: %v", c)
		}
	})
	t.Run("after the calls were alternated", func(t *testing.T) {
		b := consulting(t, opencti.TransferInitiate)
		b.happen(opencti.Held, "consult")
		b.happen(opencti.Retrieved, "first")
		if e := b.perform(t, opencti.Request{Activity: opencti.CancelTransfer}); e.Code != opencti.InvalidState || !strings.Contains(e.Message, "AlternateCall") {
			t.Errorf("the customer would be hung up: %+v", e)
		}
		if e := b.perform(t, opencti.Request{Activity: opencti.TransferCall}); e.Code != "" {
			t.Error(e)
		}
	})
}
