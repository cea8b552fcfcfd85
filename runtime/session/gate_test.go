package session

import (
	"slices"
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
		"no digits":                {calls: several, request: opencti.Request{Activity: opencti.SendDTMF, CallID: "t1"}, code: opencti.InvalidRequest, says: "digits is missing"},
		"what are no digits":       {calls: several, request: opencti.Request{Activity: opencti.SendDTMF, CallID: "t1", Digits: "12e"}, code: opencti.InvalidRequest, says: "0 to 9, *, # and A to D"},
		"tones while it rings":     {calls: several, request: opencti.Request{Activity: opencti.SendDTMF, CallID: "r1", Digits: "1"}, code: opencti.InvalidState, says: "the call is Offering"},
		"no data":                  {calls: several, request: opencti.Request{Activity: opencti.AttachData, CallID: "t1"}, code: opencti.InvalidRequest, says: "variables is missing"},
		"no queue":                 {request: opencti.Request{Activity: opencti.GetStatistics}, code: opencti.InvalidRequest, says: "queue is missing"},
		"no party":                 {calls: several, request: opencti.Request{Activity: opencti.DropParty, CallID: "t1"}, code: opencti.InvalidRequest, says: "party is missing"},
		"a party of two":           {calls: several, request: opencti.Request{Activity: opencti.DropParty, CallID: "t1", Party: "555t1"}, code: opencti.InvalidState, says: "use HangUpCall"},
		"a blank destination":      {request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: " \t"}, code: opencti.InvalidRequest, says: "destinationNumber is missing"},
		"a destination of signs":   {request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "+-()"}, code: opencti.InvalidDestination, says: "no number or address"},
		"a destination with CR":    {request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "10\r02"}, code: opencti.InvalidDestination, says: "printable"},
		"not even text":            {request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "10\xff02"}, code: opencti.InvalidDestination, says: "printable"},
		"a long destination":       {request: opencti.Request{Activity: opencti.MakeCall, DestinationNumber: strings.Repeat("1", numberBound+1)}, code: opencti.InvalidDestination, says: "128 characters"},
		"transfer to nowhere":      {calls: several, request: opencti.Request{Activity: opencti.TransferInitiate, CallID: "t1"}, code: opencti.InvalidRequest, says: "destinationNumber is missing"},
		"consult what rings":       {calls: several, request: opencti.Request{Activity: opencti.ConferenceInitiate, CallID: "r1", DestinationNumber: "1"}, code: opencti.InvalidState, says: "the call is Offering"},
		"hand on what is held":     {calls: []opencti.Call{callIn("h", opencti.Held)}, request: opencti.Request{Activity: opencti.BlindTransfer, CallID: "h", DestinationNumber: "1"}, code: opencti.InvalidState, says: "the call is Held"},
		"decline what talks":       {calls: several, request: opencti.Request{Activity: opencti.DeclineCall, CallID: "t1"}, code: opencti.InvalidState, says: "the call is Established"},
		"nothing to decline":       {request: opencti.Request{Activity: opencti.DeclineCall}, code: opencti.NoAlertingCall, says: "no call is ringing"},
		"nothing to mute":          {request: opencti.Request{Activity: opencti.MuteCall}, code: opencti.NoActiveCall, says: "no active call"},
		"muted already":            {calls: []opencti.Call{{CallID: "m", State: opencti.Established, Muted: true}}, request: opencti.Request{Activity: opencti.MuteCall}, code: opencti.SameState, says: "so already"},
		"not muted":                {calls: []opencti.Call{callIn("m", opencti.Established)}, request: opencti.Request{Activity: opencti.UnmuteCall, CallID: "m"}, code: opencti.SameState, says: "so already"},
		"start what was made here": {calls: []opencti.Call{callIn("d", opencti.Delivered)}, request: opencti.Request{Activity: opencti.AcceptInteraction, CallID: "d"}, code: opencti.InvalidState, says: "offered here"},
		"start no call":            {request: opencti.Request{Activity: opencti.AcceptInteraction}, code: opencti.InvalidRequest, says: "callId is missing"},
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
		"tones for who is on hold": {[]opencti.Call{callIn("h", opencti.Held)}, opencti.Request{Activity: opencti.SendDTMF, CallID: "h", Digits: "0123456789*#ABCD"}, "h"},
		"decline what rings":       {[]opencti.Call{callIn("r", opencti.Offering)}, opencti.Request{Activity: opencti.DeclineCall}, "r"},
		"mute what talks":          {[]opencti.Call{callIn("t", opencti.Established), callIn("h", opencti.Held)}, opencti.Request{Activity: opencti.MuteCall}, "t"},
		"data for what rings":      {[]opencti.Call{callIn("r", opencti.Offering)}, opencti.Request{Activity: opencti.AttachData, CallID: "r", Variables: map[string]string{"a": "b"}}, "r"},
		"an address":               {nil, opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "sip:jörg@example.org;user=phone"}, ""},
		"a number as people write": {nil, opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "+49 (30) 1234-56"}, ""},
		"do not disturb":           {nil, opencti.Request{Activity: opencti.SetDoNotDisturb, Enabled: true}, ""},
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

// A party is named by its id or its number; the CTI server gets the id.
func TestDropParty(t *testing.T) {
	conference := callIn("7", opencti.Established)
	conference.Parties = []opencti.Party{{ID: "a", DN: dn}, {ID: "b", DN: "555", Role: opencti.RoleCustomer}, {ID: "c", DN: "1002"}}
	for party, want := range map[string]string{"c": "c", "1002": "c", "555": "b", "b": "b", dn: "", "a": "", "1003": ""} {
		b := open(loggedIn(conference))
		e := b.perform(t, opencti.Request{Activity: opencti.DropParty, CallID: "7", Party: party})
		if want == "" {
			if e.Code != opencti.InvalidRequest || len(b.device.requests()) > 0 {
				t.Errorf("%s: %+v", party, e)
			}
			continue
		}
		if e.Code != "" || b.device.requests()[0].Party != want {
			t.Errorf("%s: %+v, %v", party, e, b.device.requests())
		}
	}
}

// What the mode forbids never reaches the CTI server, whatever else is wrong with it.
func TestGateByMode(t *testing.T) {
	login := []opencti.Activity{opencti.LoginAgent, opencti.LogoutAgent}
	for _, mode := range opencti.TelephonyModes() {
		for _, needsLogin := range []bool{false, true} {
			b := open(loggedIn(callIn("7", opencti.Offering)), func(o *Options) { o.Policy.Mode, o.Class.LoginInSimpleMode = mode, needsLogin })
			for _, spec := range opencti.Specs() {
				a := spec.Activity
				permitted := slices.Contains(spec.Modes, mode) || needsLogin && slices.Contains(login, a)
				e := b.perform(t, opencti.Request{Activity: a, CallID: "nowhere", DN: "wrong"})
				if refused := e.Code == opencti.NotPermittedInMode; refused == permitted {
					t.Errorf("%s in %s: %s", a, mode, e.Code)
				}
				if !permitted && !strings.Contains(e.Message, string(mode)) {
					t.Errorf("the message does not name the mode: %s", e.Message)
				}
			}
			if n := len(b.device.requests()); n > 0 {
				t.Errorf("%s: %d requests reached the CTI server", mode, n)
			}
		}
	}
}

// Where a call has left the switch's sight, it may be talked on.
func TestNetworkReached(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Delivered, "7", with{"networkReached": true})
	told := b.told()[0].Call
	if told.State != opencti.Delivered || !told.NetworkReached || !slices.Contains(told.Capabilities, opencti.TransferInitiate) {
		t.Errorf("%+v", told)
	}
	b.happen(opencti.Established, "7")
	if told := b.told()[0].Call; told.NetworkReached {
		t.Errorf("it was answered after all: %+v", told)
	}
}

func TestGetStatistics(t *testing.T) {
	b := open(loggedIn(), func(o *Options) { o.Policy.Mode = opencti.Simple })
	a, err := b.Perform(t.Context(), opencti.Request{Activity: opencti.GetStatistics, Queue: "5000", ID: "mine"}, "key")
	if err != nil || a.RequestID != "mine" || a.Statistics == nil || a.Statistics.CallsWaiting != 3 {
		t.Errorf("%+v, %v", a, err)
	}
	if e := b.perform(t, opencti.Request{Activity: opencti.GetStatistics, Queue: "5009"}); e.Code != opencti.InvalidQueue {
		t.Errorf("%+v", e)
	}
	b.Lost()
	if e := b.perform(t, opencti.Request{Activity: opencti.GetStatistics, Queue: "5000"}); e.Code != opencti.LinkDown {
		t.Errorf("%+v", e)
	}
}

// A CTI server that knows no agents says nothing of them: that is so since the session opened.
func TestAnAgentWhomNobodyKnows(t *testing.T) {
	b := open(opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Unknown}})
	if snap := b.Snapshot(); snap.Agent.State != opencti.Unknown || !snap.Agent.Since.Equal(snap.OpenedAt) {
		t.Errorf("%s since %v, opened %v", snap.Agent.State, snap.Agent.Since, snap.OpenedAt)
	}
}

func TestResync(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Established)))
	b.truth = loggedIn()
	if e := b.perform(t, opencti.Request{Activity: opencti.Resync, ID: "mine"}); e.Code != "" {
		t.Fatal(e)
	}
	told := b.wantTold(t, "Released 7 Released ended", "Snapshot")
	if told[1].CausedBy != "mine" {
		t.Errorf("the snapshot is caused by %q", told[1].CausedBy)
	}
	b.Lost()
	if e := b.perform(t, opencti.Request{Activity: opencti.Resync}); e.Code != opencti.LinkDown {
		t.Errorf("%+v", e)
	}
}
