package opencti

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// base is the least that a device must be.
type base struct{}

func (*base) Subscribe(context.Context) error                  { return nil }
func (*base) Snapshot(context.Context) (DeviceSnapshot, error) { return DeviceSnapshot{}, nil }
func (*base) Detach(context.Context) error                     { return nil }
func (*base) Close(context.Context) error                      { return nil }

// agents adds agent state; what it did is in asked.
type agents struct {
	base
	asked []string
}

func (a *agents) did(name string, r Request) error {
	a.asked = append(a.asked, name+" "+r.AgentID)
	return nil
}
func (a *agents) LoginAgent(_ context.Context, r Request) error    { return a.did("LoginAgent", r) }
func (a *agents) LogoutAgent(_ context.Context, r Request) error   { return a.did("LogoutAgent", r) }
func (a *agents) SetAgentReady(_ context.Context, r Request) error { return a.did("SetAgentReady", r) }
func (a *agents) SetAgentNotReady(_ context.Context, r Request) error {
	return a.did("SetAgentNotReady", r)
}

// calls adds all that a device can do with calls.
type calls struct {
	agents
}

func (c *calls) SendDTMF(_ context.Context, r Request) error { return c.did("SendDTMF", r) }
func (c *calls) TransferInitiate(_ context.Context, r Request) error {
	return c.did("TransferInitiate", r)
}
func (c *calls) TransferCall(_ context.Context, r Request) error   { return c.did("TransferCall", r) }
func (c *calls) CancelTransfer(_ context.Context, r Request) error { return c.did("CancelTransfer", r) }
func (c *calls) BlindTransfer(_ context.Context, r Request) error  { return c.did("BlindTransfer", r) }
func (c *calls) ConferenceInitiate(_ context.Context, r Request) error {
	return c.did("ConferenceInitiate", r)
}
func (c *calls) ConferenceCall(_ context.Context, r Request) error { return c.did("ConferenceCall", r) }
func (c *calls) CancelConference(_ context.Context, r Request) error {
	return c.did("CancelConference", r)
}
func (c *calls) DropParty(_ context.Context, r Request) error     { return c.did("DropParty", r) }
func (c *calls) AttachData(_ context.Context, r Request) error    { return c.did("AttachData", r) }
func (c *calls) AlternateCall(_ context.Context, r Request) error { return c.did("AlternateCall", r) }
func (c *calls) DeclineCall(_ context.Context, r Request) error   { return c.did("DeclineCall", r) }
func (c *calls) MuteCall(_ context.Context, r Request) error      { return c.did("MuteCall", r) }
func (c *calls) UnmuteCall(_ context.Context, r Request) error    { return c.did("UnmuteCall", r) }
func (c *calls) SetDoNotDisturb(_ context.Context, r Request) error {
	return c.did("SetDoNotDisturb", r)
}

// queues is a connection that knows its queues.
type queues struct{ Connection }

func (*queues) QueueStatistics(context.Context, string) (QueueStatistics, error) {
	return QueueStatistics{}, nil
}

func (c *calls) AnswerCall(_ context.Context, r Request) error   { return c.did("AnswerCall", r) }
func (c *calls) HoldCall(_ context.Context, r Request) error     { return c.did("HoldCall", r) }
func (c *calls) RetrieveCall(_ context.Context, r Request) error { return c.did("RetrieveCall", r) }
func (c *calls) MakeCall(_ context.Context, r Request) error     { return c.did("MakeCall", r) }
func (c *calls) HangUpCall(_ context.Context, r Request) error   { return c.did("HangUpCall", r) }

func all() []Activity {
	var out []Activity
	for _, s := range Specs() {
		out = append(out, s.Activity)
	}
	return out
}

func TestActivitiesOf(t *testing.T) {
	own := []Activity{AcceptInteraction, Resync} // a session does them itself
	agentActivities := []Activity{LoginAgent, LogoutAgent, SetAgentReady, SetAgentNotReady, AcceptInteraction, Resync}
	for name, tc := range map[string]struct {
		device     Device
		connection Connection
		want       []Activity
	}{
		"a prototype that only listens":      {(*base)(nil), nil, own},
		"a prototype with agent state":       {(*agents)(nil), nil, agentActivities},
		"prototypes with all":                {(*calls)(nil), (*queues)(nil), all()},
		"a living device":                    {&agents{}, nil, agentActivities},
		"an interface hides what is beneath": {struct{ Device }{&calls{}}, nil, own},
		"a connection that knows its queues": {(*base)(nil), (*queues)(nil), append(own[:2:2], GetStatistics)},
	} {
		t.Run(name, func(t *testing.T) {
			got := Description{Device: tc.device, Connection: tc.connection}.Activities()
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestActivitiesWithout(t *testing.T) {
	// A session does Resync itself, whatever a driver says.
	about := Description{Device: (*agents)(nil), Without: []Activity{SetAgentReady, SetAgentNotReady, Resync}}
	want := []Activity{LoginAgent, LogoutAgent, AcceptInteraction, Resync}
	if diff := cmp.Diff(want, about.Activities()); diff != "" {
		t.Error(diff)
	}
}

func TestPerformCallsTheMethodOfTheSameName(t *testing.T) {
	for _, s := range Specs() {
		a := s.Activity
		if s.BySession() || a == GetStatistics {
			continue // not a device's
		}
		t.Run(string(a), func(t *testing.T) {
			d := &calls{}
			if err := Perform(t.Context(), d, Request{Activity: a, AgentID: "4001"}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{string(a) + " 4001"}, d.asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPerformRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		activity Activity
		want     ErrorCode
	}{
		"what the device lacks":  {AnswerCall, NotSupportedByClass},
		"what is no activity":    {"Dance", InvalidRequest},
		"a name of another case": {"answerCall", InvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			err := Perform(t.Context(), &agents{}, Request{Activity: tc.activity})
			if got := AsError(err); got == nil || got.Code != tc.want {
				t.Errorf("Perform = %v; want %s", err, tc.want)
			}
		})
	}
}

func TestSpecsAreComplete(t *testing.T) {
	seen := map[Activity]bool{}
	for _, s := range Specs() {
		if seen[s.Activity] {
			t.Errorf("%s stands there twice", s.Activity)
		}
		seen[s.Activity] = true
		if s.Description == "" {
			t.Errorf("%s has no description", s.Activity)
		}
		if found, ok := SpecOf(s.Activity); !ok || found.Description != s.Description {
			t.Errorf("SpecOf(%s) does not find it", s.Activity)
		}
		properties := slices.Concat(s.Required, s.Optional)
		slices.Sort(properties)
		if len(slices.Compact(properties)) != len(s.Required)+len(s.Optional) {
			t.Errorf("%s names a property twice", s.Activity)
		}
	}
}

func TestSpecsCannotBeChangedFromOutside(t *testing.T) {
	Specs()[0].Activity = "Other"
	if Specs()[0].Activity != LoginAgent {
		t.Error("a caller changed the table")
	}
}

func TestAsError(t *testing.T) {
	own := Errorf(InvalidState, "the call is %s", Held)
	for name, tc := range map[string]struct {
		err  error
		want *Error
	}{
		"none":          {nil, nil},
		"its own":       {own, own},
		"wrapped":       {fmt.Errorf("hold: %w", own), own},
		"too late":      {fmt.Errorf("hold: %w", context.DeadlineExceeded), &Error{Code: Timeout, Message: "the CTI server did not answer in time"}},
		"cut off":       {context.Canceled, &Error{Code: LinkDown, Message: "the request was cut off"}},
		"anything else": {errors.New("code 42"), &Error{Code: Rejected, Message: "the request failed", Detail: "code 42"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, AsError(tc.err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrorTexts(t *testing.T) {
	e := Errorf(DestinationBusy, "%s is busy", "that number")
	detailed := e.WithDetail("cause 17")
	if e.Error() != "DestinationBusy: that number is busy" || detailed.Error() != "DestinationBusy: that number is busy (cause 17)" {
		t.Errorf("%q, %q", e, detailed)
	}
	if !e.Retryable() || Errorf(InvalidState, "x").Retryable() {
		t.Error("a busy destination may be tried again, an invalid state may not")
	}
}

func TestMask(t *testing.T) {
	for number, want := range map[string]string{
		"": "", "1": "*", "12": "**", "123": "*23", "1001": "**01", "+4930123456789": "******89",
	} {
		if got := Mask(number); got != want {
			t.Errorf("Mask(%q) = %q, want %q", number, got, want)
		}
	}
}

func TestEveryEventHasAType(t *testing.T) {
	byType := map[EventType][]EventName{
		TypeCallState: {Offering, Initiated, Delivered, Queued, Established, Held, Retrieved, Conferenced, Transferred,
			Diverted, Failed, Abandoned, Released},
		TypeAgentState:    {LoggedIn, Available, Busy, AfterCallWork, Unavailable, LoggedOut, Unknown},
		TypePartyInfo:     {PartyInfo},
		TypeCallInfo:      {CallInfo},
		TypeLinkState:     {LinkUp, LinkLost},
		TypeRequestFailed: {RequestFailed},
		TypeSnapshot:      {SnapshotEvent},
	}
	total := 0
	for want, names := range byType {
		for _, n := range names {
			total++
			if got, ok := TypeOf(n); !ok || got != want {
				t.Errorf("TypeOf(%s) = %q, %v; want %q", n, got, ok, want)
			}
		}
	}
	if total != len(eventTypes) {
		t.Errorf("the closed set has %d events, %d were looked at", len(eventTypes), total)
	}
	if _, ok := TypeOf("Ringing"); ok {
		t.Error("a name outside the set has a type")
	}
}

func TestEndingEvents(t *testing.T) {
	var ends []EventName
	for n := range eventTypes {
		if n.Ends() {
			ends = append(ends, n)
		}
	}
	slices.Sort(ends)
	if diff := cmp.Diff([]EventName{Abandoned, Diverted, Released}, ends); diff != "" {
		t.Error(diff)
	}
}

func TestPopulateFieldsAreOfEventsThatRulesMake(t *testing.T) {
	for _, n := range []EventType{TypeCallState, TypeCallInfo, TypePartyInfo} {
		if !reflect.DeepEqual(PopulateFields(n), callFields) {
			t.Errorf("%s: %v", n, PopulateFields(n))
		}
	}
	for _, n := range []EventType{TypeLinkState, TypeRequestFailed} {
		if len(PopulateFields(n)) > 0 {
			t.Errorf("a rule may write %s", n)
		}
	}
}

func TestUnknownAgentIsNotLoggedIn(t *testing.T) {
	for state, want := range map[EventName]bool{Unknown: false, LoggedOut: false, LoggedIn: true, Busy: true, Unavailable: true} {
		if got := (AgentState{State: state}).LoggedIn(); got != want {
			t.Errorf("%s: %v", state, got)
		}
	}
}
