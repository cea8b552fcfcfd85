package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// activityCases hold a request for each activity with everything that it takes, and what the
// CTI server is asked; nil where it is not asked.
var activityCases = map[opencti.Activity]struct {
	agent opencti.EventName // before; Unavailable when empty
	body  string
	asked *opencti.Request
}{
	opencti.LoginAgent: {opencti.LoggedOut, `{"agentId":"4001","agentPassword":"pw","queue":"east","workMode":"x"}`,
		&opencti.Request{AgentPassword: "pw", Queue: "east", WorkMode: "x"}},
	opencti.LogoutAgent:   {"", `{"agentId":"4001","reasonCode":"1"}`, &opencti.Request{ReasonCode: "1"}},
	opencti.SetAgentReady: {"", ``, &opencti.Request{}},
	opencti.SetAgentNotReady: {opencti.Available, `{"workMode":"AFTER_CALL_WORK","reasonCode":"1"}`,
		&opencti.Request{WorkMode: "AFTER_CALL_WORK", ReasonCode: "1"}},
	opencti.AcceptInteraction:  {"", `{"callId":"r"}`, nil},
	opencti.AnswerCall:         {"", `{"callId":"-1"}`, &opencti.Request{CallID: "r"}},
	opencti.HoldCall:           {"", `{"callId":"t","heldCallId":"x","dn":"1001"}`, &opencti.Request{CallID: "t", HeldCallID: "x"}},
	opencti.RetrieveCall:       {"", `{"callId":"h"}`, &opencti.Request{CallID: "h"}},
	opencti.MakeCall:           {"", `{"destinationNumber":"1002","variables":{"a":"b"},"options":{"o":"p"}}`, &opencti.Request{DestinationNumber: "1002", Variables: map[string]string{"a": "b"}, Options: map[string]string{"o": "p"}}},
	opencti.HangUpCall:         {"", `{}`, &opencti.Request{CallID: "t"}},
	opencti.SendDTMF:           {"", `{"callId":"t","digits":"42#"}`, &opencti.Request{CallID: "t", Digits: "42#"}},
	opencti.TransferInitiate:   {"", `{"callId":"t","destinationNumber":"1002"}`, &opencti.Request{CallID: "t", DestinationNumber: "1002"}},
	opencti.TransferCall:       {"", `{"callId":"h","consultCallId":"t"}`, &opencti.Request{CallID: "t", HeldCallID: "h", ConsultCallID: "t"}},
	opencti.CancelTransfer:     {"", `{"callId":"t","heldCallId":"h"}`, &opencti.Request{CallID: "t", HeldCallID: "h", ConsultCallID: "t"}},
	opencti.BlindTransfer:      {"", `{"callId":"t","destinationNumber":"1002"}`, &opencti.Request{CallID: "t", DestinationNumber: "1002"}},
	opencti.ConferenceInitiate: {"", `{"callId":"t","destinationNumber":"1002"}`, &opencti.Request{CallID: "t", DestinationNumber: "1002"}},
	opencti.ConferenceCall:     {"", `{"heldCallId":"h","callId":"t"}`, &opencti.Request{CallID: "t", HeldCallID: "h", ConsultCallID: "t"}},
	opencti.CancelConference:   {"", `{"callId":"t","heldCallId":"h"}`, &opencti.Request{CallID: "t", HeldCallID: "h", ConsultCallID: "t"}},
	opencti.DropParty:          {"", `{"callId":"t","party":"1005"}`, &opencti.Request{CallID: "t", Party: "p2"}},
	opencti.Resync:             {"", ``, nil},
	opencti.AttachData:         {"", `{"callId":"t","variables":{"a":"b"}}`, &opencti.Request{CallID: "t", Variables: map[string]string{"a": "b"}}},
	opencti.AlternateCall:      {"", `{"callId":"t","heldCallId":"h"}`, &opencti.Request{CallID: "t", HeldCallID: "h", ConsultCallID: "t"}},
	opencti.DeclineCall:        {"", `{"callId":"r"}`, &opencti.Request{CallID: "r"}},
	opencti.MuteCall:           {"", `{"callId":"t"}`, &opencti.Request{CallID: "t"}},
	opencti.UnmuteCall:         {"", `{"callId":"t"}`, &opencti.Request{CallID: "t"}},
	opencti.SetDoNotDisturb:    {"", `{"enabled":true}`, &opencti.Request{Enabled: true}},
	opencti.GetStatistics:      {"", `{"queue":"east"}`, nil},
}

func TestEveryActivity(t *testing.T) {
	for _, spec := range opencti.Specs() {
		t.Run(string(spec.Activity), func(t *testing.T) {
			tc, ok := activityCases[spec.Activity]
			if !ok {
				t.Fatal("no case")
			}
			if tc.agent == "" {
				tc.agent = opencti.Unavailable
			}
			p := holding(t, "a", 7)
			talks := []opencti.Party{{ID: "p1", DN: "1001"}, {ID: "p2", DN: "1005"}, {ID: "p3", DN: "1006"}}
			p.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: tc.agent}, Calls: []opencti.Call{
				{CallID: "r", State: opencti.Offering}, {CallID: "h", State: opencti.Held},
				{CallID: "t", State: opencti.Established, Parties: talks, Muted: spec.Activity == opencti.UnmuteCall},
			}})
			asked := make(chan opencti.Request, 1)
			p.cti.OnPerform = func(_ context.Context, _ *linktest.Device, r opencti.Request) error { asked <- r; return nil }
			q := p.withQueues()
			q.set("east", 5)
			p.open()
			a := p.do("POST", "/v1/sessions/4001/activities/"+string(spec.Activity), tc.body)
			if a.StatusCode != statusOfSuccess(spec.Activity) {
				t.Fatalf("%d %s", a.StatusCode, a.body)
			}
			var got Accepted
			a.into(t, &got)
			if got.RequestID == "" || got.Activity != spec.Activity || !got.Accepted {
				t.Errorf("%+v", got)
			}
			if (spec.Activity == opencti.GetStatistics) != (got.Statistics != nil && got.Statistics.CallsWaiting == 5) {
				t.Errorf("%+v", got.Statistics)
			}
			if tc.asked == nil {
				if len(asked) != 0 {
					t.Errorf("the CTI server was asked: %+v", <-asked)
				}
				return
			}
			r, want := <-asked, *tc.asked
			want.Activity, want.ID, want.DN, want.AgentID = spec.Activity, got.RequestID, "1001", "4001"
			r.Lineage = opencti.Lineage{} // the session's business
			if diff := cmp.Diff(want, r, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The examples of the documentation are right, and say what is needed.
func TestExamples(t *testing.T) {
	p := newPod(t, "a")
	for _, spec := range opencti.Specs() {
		body, err := json.Marshal(exampleOf(spec))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.decode(schemaOf(spec), body); err != nil {
			t.Errorf("%s: %s: %v", spec.Activity, body, err)
		}
		for _, mode := range spec.Modes {
			if !strings.Contains(describe(spec), string(mode)) {
				t.Errorf("%s: %s", spec.Activity, describe(spec))
			}
		}
	}
}

// Nobody knows whether it was done: the problem holds the state, to see for oneself.
func TestAnOutcomeThatIsUnknown(t *testing.T) {
	p := holding(t, "a", 7)
	p.cti.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error {
		return opencti.Errorf(opencti.OutcomeUnknown, "who knows")
	}
	p.open()
	p.happen(opencti.Offering, "c1")
	a := p.do("POST", "/v1/sessions/4001/activities/AnswerCall", `{"callId":"c1"}`)
	got := a.problem(t)
	if a.StatusCode != http.StatusConflict || got.Code != opencti.OutcomeUnknown || got.Activity != opencti.AnswerCall {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if got.Snapshot == nil || len(got.Snapshot.Calls) != 1 || got.Snapshot.Calls[0].State != opencti.Offering || got.Snapshot.LastEvent != "7-2" {
		t.Errorf("%s", a.body)
	}
}

func TestEveryPropertyIsKnownToTheAPI(t *testing.T) {
	for _, s := range opencti.Specs() {
		for _, p := range append(append([]opencti.Property{}, s.Required...), s.Optional...) {
			if d, ok := properties[p]; !ok || d.doc == "" || d.field == nil {
				t.Errorf("%s: the API does not know %s", s.Activity, p)
			}
		}
	}
}

func TestRefusalsOfActivities(t *testing.T) {
	for name, tc := range map[string]struct {
		err       error
		status    int
		code      opencti.ErrorCode
		detail    string
		retryable bool
	}{
		"the state":        {opencti.Errorf(opencti.InvalidState, "no").WithDetail("42: wrong state"), 409, opencti.InvalidState, "42: wrong state", false},
		"the destination":  {opencti.Errorf(opencti.InvalidDestination, "no"), 400, opencti.InvalidDestination, "", false},
		"the line":         {opencti.Errorf(opencti.DestinationBusy, "busy"), 409, opencti.DestinationBusy, "", true},
		"the link":         {opencti.Errorf(opencti.LinkDown, "lost"), 503, opencti.LinkDown, "", true},
		"the time":         {context.DeadlineExceeded, 504, opencti.Timeout, "", true},
		"something else":   {errors.New("code 7"), 409, opencti.Rejected, "code 7", false},
		"the mode":         {opencti.Errorf(opencti.NotPermittedInMode, "no"), 403, opencti.NotPermittedInMode, "", false},
		"no reason":        {opencti.Errorf(opencti.ReasonCodeRequired, "no"), 400, opencti.ReasonCodeRequired, "", false},
		"the conference":   {opencti.Errorf(opencti.ConferenceFull, "no"), 409, opencti.ConferenceFull, "", false},
		"too much to do":   {opencti.Errorf(opencti.Overloaded, "no"), 503, opencti.Overloaded, "", true},
		"the unknown call": {opencti.Errorf(opencti.NoSuchCall, "no"), 404, opencti.NoSuchCall, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := holding(t, "a", 7)
			p.cti.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error { return tc.err }
			p.open()
			a := p.do("POST", "/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1"}`)
			got := a.problem(t)
			if a.StatusCode != tc.status || got.Code != tc.code || got.Detail != tc.detail || got.Retryable != tc.retryable || got.Activity != opencti.MakeCall {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
			if (a.Header.Get("Retry-After") != "") != (tc.status == 503) {
				t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
			}
		})
	}
}

func TestIdempotencyKey(t *testing.T) {
	p := holding(t, "a", 7)
	acted := 0
	p.cti.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error { acted++; return nil }
	p.open()
	call := func(body string) answer {
		return p.do("POST", "/v1/sessions/4001/activities/MakeCall", body, header{"Idempotency-Key": "k"})
	}
	first, second := call(`{"destinationNumber":"1"}`), call(`{"destinationNumber":"1"}`)
	if acted != 1 || first.StatusCode != 202 || string(first.body) != string(second.body) {
		t.Errorf("acted %d times: %s %s", acted, first.body, second.body)
	}
	if other := call(`{"destinationNumber":"2"}`); other.StatusCode != 409 || other.problem(t).Code != opencti.IdempotencyConflict {
		t.Errorf("%s", other.body)
	}
}
