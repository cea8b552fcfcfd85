package session

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// agentIn is a desk whose agent is so.
func agentIn(a opencti.AgentState, options ...func(*Options)) *bench {
	return open(opencti.DeviceSnapshot{Agent: a}, options...)
}

func codes(p *Policy) {
	p.Unavailable = []Reason{{"1", "Lunch"}, {"2", ""}}
	p.Logout = []Reason{{"9", "End of shift"}}
}

func TestReasonCodes(t *testing.T) {
	required := func(p *Policy) { codes(p); p.UnavailableRequired, p.LogoutRequired = true, true }
	whichever := func(p *Policy) { p.UnavailableRequired = true }
	wrapUp := opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: opencti.AfterCallWorkMode}
	reason := func(a opencti.Activity, code string) opencti.Request {
		return opencti.Request{Activity: a, ReasonCode: code}
	}
	for name, tc := range map[string]struct {
		policy  func(*Policy)
		request opencti.Request
		code    opencti.ErrorCode
		says    string
	}{
		"none listed, any is good":      {func(*Policy) {}, reason(opencti.SetAgentNotReady, "77"), "", ""},
		"one of the list":               {codes, reason(opencti.SetAgentNotReady, "2"), "", ""},
		"none given, none required":     {codes, reason(opencti.SetAgentNotReady, ""), "", ""},
		"not in the list":               {codes, reason(opencti.SetAgentNotReady, "9"), opencti.InvalidReasonCode, "1 (Lunch), 2"},
		"of the other list":             {codes, reason(opencti.LogoutAgent, "1"), opencti.InvalidReasonCode, "9 (End of shift)"},
		"logout with one of the list":   {codes, reason(opencti.LogoutAgent, "9"), "", ""},
		"required":                      {required, reason(opencti.SetAgentNotReady, ""), opencti.ReasonCodeRequired, "1 (Lunch), 2"},
		"required at logout":            {required, reason(opencti.LogoutAgent, ""), opencti.ReasonCodeRequired, "9 (End of shift)"},
		"required, whichever":           {whichever, reason(opencti.SetAgentNotReady, ""), opencti.ReasonCodeRequired, "needs a reasonCode"},
		"after-call work needs none":    {required, wrapUp, "", ""},
		"ready needs none, takes any":   {required, reason(opencti.SetAgentReady, "77"), "", ""},
		"required, and of another list": {required, reason(opencti.LogoutAgent, "2"), opencti.InvalidReasonCode, "for LogoutAgent"},
	} {
		t.Run(name, func(t *testing.T) {
			b := agentIn(opencti.AgentState{State: opencti.LoggedIn}, func(o *Options) { tc.policy(&o.Policy) })
			e := b.perform(t, tc.request)
			if e.Code != tc.code || !strings.Contains(e.Message, tc.says) {
				t.Errorf("%s %q", e.Code, e.Message)
			}
		})
	}
}

func TestACodeOfTheSwitchIsShown(t *testing.T) {
	b := agentIn(opencti.AgentState{State: opencti.Available}, func(o *Options) { codes(&o.Policy) })
	b.happen(opencti.Unavailable, "", with{"reasonCode": "1007"})
	if a := b.told()[0].Agent; a.ReasonCode != "1007" {
		t.Errorf("%+v", a)
	}
}

func TestWhatIsSoAlready(t *testing.T) {
	busy := func(pending opencti.EventName, reason string) opencti.AgentState {
		return opencti.AgentState{State: opencti.Busy, PendingState: pending, PendingReasonCode: reason}
	}
	in := func(s opencti.EventName, q string, of opencti.EventName) opencti.AgentState {
		return opencti.AgentState{State: s, Queues: []opencti.QueueState{{Name: q, State: of}}}
	}
	ready, wrapUp := opencti.Request{Activity: opencti.SetAgentReady}, opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: opencti.AfterCallWorkMode}
	notReady := func(code string) opencti.Request {
		return opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: code}
	}
	readyIn := func(q string) opencti.Request { return opencti.Request{Activity: opencti.SetAgentReady, Queue: q} }
	for name, tc := range map[string]struct {
		agent   opencti.AgentState
		request opencti.Request
		code    opencti.ErrorCode
	}{
		"available":                       {opencti.AgentState{State: opencti.Available}, ready, opencti.SameState},
		"available in another work mode":  {opencti.AgentState{State: opencti.Available}, opencti.Request{Activity: opencti.SetAgentReady, WorkMode: "MANUAL_IN"}, ""},
		"available, soon not":             {opencti.AgentState{State: opencti.Available, PendingState: opencti.Unavailable}, ready, ""},
		"busy, then available":            {busy(opencti.Available, ""), ready, opencti.SameState},
		"busy, then not available":        {busy(opencti.Unavailable, "1"), ready, ""},
		"busy, then not, for this reason": {busy(opencti.Unavailable, "1"), notReady("1"), opencti.SameState},
		"busy, then not, for another":     {busy(opencti.Unavailable, "1"), notReady("2"), ""},
		"unavailable, the same reason":    {opencti.AgentState{State: opencti.Unavailable, ReasonCode: "1"}, notReady("1"), opencti.SameState},
		"unavailable, another reason":     {opencti.AgentState{State: opencti.Unavailable, ReasonCode: "1"}, notReady("2"), ""},
		"in after-call work":              {opencti.AgentState{State: opencti.AfterCallWork}, wrapUp, opencti.SameState},
		"after-call work when busy":       {busy("", ""), wrapUp, ""},
		"after-call work when busy again": {busy(opencti.AfterCallWork, ""), wrapUp, opencti.SameState},
		"available in the queue":          {in(opencti.Unavailable, "5000", opencti.Available), readyIn("5000"), opencti.SameState},
		"unavailable in the queue":        {in(opencti.Available, "5000", opencti.Unavailable), readyIn("5000"), ""},
		"not in the queue":                {in(opencti.Available, "5000", opencti.Available), readyIn("5001"), opencti.NotLoggedIn},
		"queues are not told":             {opencti.AgentState{State: opencti.Unavailable}, readyIn("5001"), ""},
		"nobody knows the state":          {opencti.AgentState{State: opencti.Unknown}, ready, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if e := agentIn(tc.agent).perform(t, tc.request); e.Code != tc.code {
				t.Errorf("%+v", e)
			}
		})
	}
}

func asked(b *bench) []string {
	var out []string
	for _, r := range b.device.requests() {
		out = append(out, string(r.Activity)+" "+r.Queue)
	}
	return out
}

func TestQueuesOfThePool(t *testing.T) {
	in := func(queues ...string) opencti.AgentState {
		a := opencti.AgentState{State: opencti.Unavailable}
		for _, q := range queues {
			a.Queues = append(a.Queues, opencti.QueueState{Name: q})
		}
		return a
	}
	out := opencti.AgentState{State: opencti.LoggedOut}
	login := func(q string) opencti.Request { return opencti.Request{Activity: opencti.LoginAgent, Queue: q} }
	logout := func(q string) opencti.Request { return opencti.Request{Activity: opencti.LogoutAgent, Queue: q} }
	for name, tc := range map[string]struct {
		agent   opencti.AgentState
		pool    []string
		request opencti.Request
		code    opencti.ErrorCode
		want    []string
	}{
		"to all":                         {out, []string{"5000", "5001"}, login(""), "", []string{"LoginAgent 5000", "LoginAgent 5001"}},
		"to those where it is not yet":   {in("5000"), []string{"5000", "5001", "5002"}, login(""), "", []string{"LoginAgent 5001", "LoginAgent 5002"}},
		"in all already":                 {in("5000", "5001"), []string{"5000", "5001"}, login(""), opencti.AlreadyLoggedIn, nil},
		"logged in, queues are not told": {in(), []string{"5000"}, login(""), opencti.AlreadyLoggedIn, nil},
		"the pool names none":            {out, nil, login(""), "", []string{"LoginAgent "}},
		"to one of the pool's":           {in("5000"), []string{"5000", "5001"}, login("5001"), "", []string{"LoginAgent 5001"}},
		"to one where it is":             {in("5000"), []string{"5000"}, login("5000"), opencti.AlreadyLoggedIn, nil},
		"to another":                     {out, []string{"5000"}, login("5009"), opencti.InvalidQueue, nil},
		"to any":                         {out, nil, login("5009"), "", []string{"LoginAgent 5009"}},
		"out of one":                     {in("5000", "5001"), []string{"5000", "5001"}, logout("5000"), "", []string{"LogoutAgent 5000"}},
		"out of one where it is not":     {in("5000"), []string{"5000", "5001"}, logout("5001"), opencti.NotLoggedIn, nil},
		"out of another":                 {in("5000"), []string{"5000"}, logout("5009"), opencti.InvalidQueue, nil},
		"out of all":                     {in("5000"), []string{"5000"}, logout(""), "", []string{"LogoutAgent "}},
		"ready in another":               {in("5000"), []string{"5000"}, opencti.Request{Activity: opencti.SetAgentReady, Queue: "5009"}, opencti.InvalidQueue, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := agentIn(tc.agent, func(o *Options) { o.Policy.Queues = tc.pool })
			e := b.perform(t, tc.request)
			if e.Code != tc.code {
				t.Errorf("%+v", e)
			}
			if diff := cmp.Diff(tc.want, asked(b)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A login to several queues goes on where one fails, and says which.
func TestALoginToSeveralQueues(t *testing.T) {
	refuse := map[string]*opencti.Error{
		"5000": opencti.Errorf(opencti.AlreadyLoggedIn, "in already"),
		"5001": opencti.Errorf(opencti.InvalidQueue, "no such queue").WithDetail("17"),
		"5003": opencti.Errorf(opencti.Rejected, "no skill"),
	}
	logIn := func(t *testing.T, queues ...string) (*bench, opencti.Error) {
		b := agentIn(opencti.AgentState{State: opencti.LoggedOut}, func(o *Options) { o.Policy.Queues = queues })
		b.device.do = func(_ context.Context, r opencti.Request) error {
			if e := refuse[r.Queue]; e != nil {
				return e
			}
			return nil
		}
		return b, b.perform(t, opencti.Request{Activity: opencti.LoginAgent, AgentPassword: "secret"})
	}
	if _, e := logIn(t, "5000", "5002"); e.Code != "" {
		t.Errorf("where it is already: %+v", e)
	}
	b, e := logIn(t, "5000", "5001", "5002", "5003")
	if e.Code != opencti.InvalidQueue || e.Message != "queue 5001: no such queue; queue 5003: no skill" || e.Detail != "17" || e.Activity != opencti.LoginAgent {
		t.Errorf("%+v", e)
	}
	if n := len(b.device.requests()); n != 4 {
		t.Errorf("%d queues were asked for", n)
	}
	refuse["5001"] = opencti.Errorf(opencti.Timeout, "no answer")
	if b, e := logIn(t, "5000", "5001", "5002"); e.Code != opencti.Timeout || len(b.device.requests()) != 2 {
		t.Errorf("a CTI server that does not answer is asked on and on: %+v", e)
	}
}
