package session

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestGateRefuses(t *testing.T) {
	several := []opencti.Call{callIn("r1", opencti.Offering), callIn("r2", opencti.Offering), callIn("t1", opencti.Established), callIn("t2", opencti.Delivered)}
	for name, tc := range map[string]struct {
		state   opencti.EventName
		calls   []opencti.Call
		request opencti.Request
		code    opencti.ErrorCode
		says    string
	}{
		"no activity":              {request: opencti.Request{Activity: "Dance"}, code: opencti.InvalidRequest, says: `no activity "Dance"`},
		"another device":           {request: opencti.Request{Activity: opencti.MakeCall, DN: "1002", DestinationNumber: "1"}, code: opencti.InvalidRequest, says: "dn is not the device"},
		"another agent":            {request: opencti.Request{Activity: opencti.LoginAgent, AgentID: "4002"}, code: opencti.InvalidRequest, says: "agentId is not the agent"},
		"no destination":           {request: opencti.Request{Activity: opencti.MakeCall}, code: opencti.InvalidRequest, says: "destinationNumber is missing"},
		"logged in already":        {request: opencti.Request{Activity: opencti.LoginAgent}, code: opencti.AlreadyLoggedIn, says: "agent 4001"},
		"ready, not logged in":     {state: opencti.LoggedOut, request: opencti.Request{Activity: opencti.SetAgentReady}, code: opencti.NotLoggedIn, says: "LoginAgent first"},
		"not ready, not logged in": {state: opencti.LoggedOut, request: opencti.Request{Activity: opencti.SetAgentNotReady}, code: opencti.NotLoggedIn, says: "LoginAgent first"},
		"logout, not logged in":    {state: opencti.LoggedOut, request: opencti.Request{Activity: opencti.LogoutAgent}, code: opencti.NotLoggedIn, says: "LoginAgent first"},
		"a strange work mode":      {request: opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: "LUNCH"}, code: opencti.InvalidRequest, says: "AFTER_CALL_WORK"},
		"an unknown call":          {request: opencti.Request{Activity: opencti.HoldCall, CallID: "9"}, code: opencti.NoSuchCall, says: "callId names no call"},
		"hold which":               {calls: several, request: opencti.Request{Activity: opencti.HoldCall}, code: opencti.InvalidRequest, says: "callId is missing"},
		"heldCallId is not enough": {calls: several, request: opencti.Request{Activity: opencti.HoldCall, HeldCallID: "t1"}, code: opencti.InvalidRequest, says: "callId is missing"},
		"retrieve which":           {calls: several, request: opencti.Request{Activity: opencti.RetrieveCall, CallID: "-1"}, code: opencti.InvalidRequest, says: "callId is missing"},
		"nothing rings":            {calls: []opencti.Call{callIn("t", opencti.Established)}, request: opencti.Request{Activity: opencti.AnswerCall}, code: opencti.NoAlertingCall, says: "no call is ringing"},
		"nothing rings, by -1":     {request: opencti.Request{Activity: opencti.AnswerCall, CallID: "-1"}, code: opencti.NoAlertingCall, says: "no call is ringing"},
		"two calls ring":           {calls: several, request: opencti.Request{Activity: opencti.AnswerCall}, code: opencti.InvalidRequest, says: "set callId"},
		"answer what talks":        {calls: several, request: opencti.Request{Activity: opencti.AnswerCall, CallID: "t1"}, code: opencti.InvalidState, says: "the call is Established"},
		"nothing to hang up":       {request: opencti.Request{Activity: opencti.HangUpCall}, code: opencti.NoActiveCall, says: "no active call"},
		"hang up one of two":       {calls: several, request: opencti.Request{Activity: opencti.HangUpCall}, code: opencti.InvalidRequest, says: "set callId"},
		"never a held call": {calls: []opencti.Call{callIn("h", opencti.Held)},
			request: opencti.Request{Activity: opencti.HangUpCall}, code: opencti.NoActiveCall, says: "no active call"},
		"never a held call, by name": {calls: []opencti.Call{callIn("h", opencti.Held)},
			request: opencti.Request{Activity: opencti.HangUpCall, CallID: "h"}, code: opencti.InvalidState, says: "the call is Held"},
		"never a ringing call": {calls: []opencti.Call{callIn("r", opencti.Offering)},
			request: opencti.Request{Activity: opencti.HangUpCall}, code: opencti.NoActiveCall, says: "no active call"},
		"hold what is held": {calls: []opencti.Call{callIn("h", opencti.Held)},
			request: opencti.Request{Activity: opencti.HoldCall, CallID: "h"}, code: opencti.InvalidState, says: "the call is Held"},
		"retrieve what talks": {calls: several, request: opencti.Request{Activity: opencti.RetrieveCall, CallID: "t1"}, code: opencti.InvalidState, says: "RetrieveCall is not possible"},
	} {
		t.Run(name, func(t *testing.T) {
			snap := loggedIn(tc.calls...)
			if tc.state != "" {
				snap.Agent.State = tc.state
			}
			b := open(snap)
			e := b.perform(t, tc.request)
			if e.Code != tc.code || !strings.Contains(e.Message, tc.says) || e.Activity != tc.request.Activity {
				t.Errorf("got %s %q of %q; want %s with %q", e.Code, e.Message, e.Activity, tc.code, tc.says)
			}
			if asked := b.device.requests(); len(asked) > 0 {
				t.Errorf("it reached the CTI server: %v", asked)
			}
			if diff := cmp.Diff([]string{string(tc.request.Activity) + ":" + string(tc.code)}, b.counts.done); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGateRefusesWithoutAnAgent(t *testing.T) {
	b := open(opencti.DeviceSnapshot{}, func(o *Options) { o.AgentID = "" })
	if e := b.perform(t, opencti.Request{Activity: opencti.LoginAgent}); e.Code != opencti.InvalidRequest || !strings.Contains(e.Message, "no agent") {
		t.Errorf("%+v", e)
	}
}

func TestGateRefusesWhatTheClassDoesNotOffer(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Offering)), func(o *Options) { o.Class.Supported = []opencti.Activity{opencti.LoginAgent} })
	if e := b.perform(t, opencti.Request{Activity: opencti.AnswerCall}); e.Code != opencti.NotSupportedByClass {
		t.Errorf("%+v", e)
	}
	if c := b.Snapshot().Calls[0].Capabilities; len(c) > 0 {
		t.Errorf("the desktop is offered %v", c)
	}
}

func TestGateLetsPassAndCompletes(t *testing.T) {
	for name, tc := range map[string]struct {
		calls   []opencti.Call
		request opencti.Request
		callID  string
	}{
		"answer what rings":        {[]opencti.Call{callIn("r", opencti.Offering), callIn("h", opencti.Held)}, opencti.Request{Activity: opencti.AnswerCall}, "r"},
		"answer -1":                {[]opencti.Call{callIn("r", opencti.Offering)}, opencti.Request{Activity: opencti.AnswerCall, CallID: "-1"}, "r"},
		"answer one of two":        {[]opencti.Call{callIn("r", opencti.Offering), callIn("s", opencti.Offering)}, opencti.Request{Activity: opencti.AnswerCall, CallID: "s"}, "s"},
		"hang up what talks":       {[]opencti.Call{callIn("r", opencti.Offering), callIn("h", opencti.Held), callIn("t", opencti.Established)}, opencti.Request{Activity: opencti.HangUpCall}, "t"},
		"hang up a busy tone":      {[]opencti.Call{callIn("f", opencti.Failed)}, opencti.Request{Activity: opencti.HangUpCall, DN: dn}, "f"},
		"hang up what rings there": {[]opencti.Call{callIn("d", opencti.Delivered)}, opencti.Request{Activity: opencti.HangUpCall}, "d"},
		"hang up while waiting":    {[]opencti.Call{callIn("q", opencti.Queued)}, opencti.Request{Activity: opencti.HangUpCall}, "q"},
		"hang up the dial tone":    {[]opencti.Call{callIn("i", opencti.Initiated)}, opencti.Request{Activity: opencti.HangUpCall}, "i"},
		"hold":                     {[]opencti.Call{callIn("t", opencti.Established)}, opencti.Request{Activity: opencti.HoldCall, CallID: "t"}, "t"},
		"retrieve":                 {[]opencti.Call{callIn("h", opencti.Held)}, opencti.Request{Activity: opencti.RetrieveCall, CallID: "h"}, "h"},
		"make":                     {nil, opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1002"}, ""},
		"one more queue":           {nil, opencti.Request{Activity: opencti.LoginAgent, Queue: "5000"}, ""},
		"wrap-up":                  {nil, opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: opencti.AfterCallWorkMode}, ""},
		"with the agent's name":    {nil, opencti.Request{Activity: opencti.SetAgentNotReady, AgentID: agentID}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(loggedIn(tc.calls...))
			if e := b.perform(t, tc.request); e.Code != "" {
				t.Fatal(e)
			}
			want := tc.request
			want.DN, want.AgentID, want.CallID = dn, agentID, tc.callID
			got := b.device.requests()[0]
			if got.ID == "" {
				t.Error("the request has no id")
			}
			want.ID = got.ID
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
