package server

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// loggingOut lets the CTI server log agents out.
func loggingOut(p *pod) {
	p.cti.OnPerform = func(_ context.Context, d *linktest.Device, r opencti.Request) error {
		if r.Activity == opencti.LogoutAgent {
			d.Happen(opencti.LoggedOut, nil)
		}
		return nil
	}
}

// wantTaken looks that a desktop is told of a take-over, whatever it asks for.
func (p *pod) wantTaken(t *testing.T, opened Opened) {
	t.Helper()
	path := "/v1/sessions/" + opened.Session
	for _, r := range []struct{ method, path, body string }{
		{"GET", path, ""}, {"GET", path + "/events", ""}, {"POST", path + "/activities/Resync", "{}"}, {"DELETE", path, ""},
	} {
		a := p.do(r.method, r.path, r.body, sessionHeader(opened))
		if a.StatusCode != http.StatusGone || a.problem(t).Code != opencti.SessionTakenOver {
			t.Errorf("%s %s: %d %s", r.method, r.path, a.StatusCode, a.body)
		}
	}
}

// A desktop whose agent has moved to another device, or whose device has gone to another
// agent, is told so, and does not get that session for its own.
func TestTheOldDeskIsToldOfATakeOver(t *testing.T) {
	for name, by := range map[string]string{
		"the agent moves":              `{"agentId":"4002","dn":"1006","takeOver":true}`,
		"a colleague takes the device": `{"agentId":"4001","takeOver":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			p := holding(t, "a", 7)
			p.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}})
			loggingOut(p)
			old := p.openAs(`{"agentId":"4002","dn":"1001"}`)
			moved := p.openAs(by)
			p.wantTaken(t, old)
			if a := p.do("GET", "/v1/sessions/"+moved.Session, "", sessionHeader(moved)); a.StatusCode != http.StatusOK {
				t.Errorf("the new desk: %d %s", a.StatusCode, a.body)
			}
			// Its own end does not give the session back to the old desk.
			p.do("DELETE", "/v1/sessions/"+moved.Session, "", sessionHeader(moved))
			a := p.do("GET", "/v1/sessions/4002", "", sessionHeader(old))
			if a.StatusCode != http.StatusGone && a.StatusCode != http.StatusNotFound {
				t.Errorf("the old desk after the new one: %d %s", a.StatusCode, a.body)
			}
			// Who opens it anew has it.
			again := p.openAs(`{"agentId":"4002","dn":"1001"}`)
			if a := p.do("GET", "/v1/sessions/4002", "", sessionHeader(again)); a.StatusCode != http.StatusOK {
				t.Errorf("opened anew: %d %s", a.StatusCode, a.body)
			}
		})
	}
}

// Where both pods were lost, the tokens are all that is left; the session is where it came
// back first.
func TestATakeOverThatOnlyTokensKnowOf(t *testing.T) {
	before := holding(t, "a", 7)
	old := before.openAs(`{"agentId":"4002","dn":"1001"}`)
	moved := before.openAs(`{"agentId":"4002","dn":"1006","takeOver":true}`)
	p := holding(t, "b", 8)
	if a := p.do("GET", "/v1/sessions/4002", "", sessionHeader(moved)); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	p.wantTaken(t, old)
}

// rest is all that a stream still says.
func (s *sse) rest() string {
	s.t.Helper()
	b, err := io.ReadAll(s.lines)
	if err != nil {
		s.t.Error(err)
	}
	return string(b)
}

func TestAStreamEndsWithTheTakeOver(t *testing.T) {
	for format, logout := range map[string]string{formatJSON: "LoggedOut", formatPegaServer: `"Logout"`, formatPegaDesktop: `"Logout"`} {
		t.Run(format, func(t *testing.T) {
			p := holding(t, "a", 7)
			p.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}})
			loggingOut(p)
			old := p.openAs(`{"agentId":"4002","dn":"1001"}`)
			in := p.streamOf("/v1/sessions/4002/events?format="+format, sessionHeader(old))
			p.openAs(`{"agentId":"4002","dn":"1006","takeOver":true}`)
			said := in.rest()
			out, end := strings.Index(said, logout), strings.Index(said, "event: End\ndata: {")
			if out < 0 || end < out || !strings.Contains(said[end:], `"code":"SessionTakenOver"`) || !strings.HasSuffix(said, "}\n\n") {
				t.Errorf("the stream said:\n%s", said)
			}
		})
	}
}

// A stream that ends for another reason does not say that it has ended for good.
func TestAStreamThatMayComeBack(t *testing.T) {
	p := holding(t, "a", 7)
	opened := p.open()
	in := p.stream("4001", sessionHeader(opened))
	p.routing.link.CloseReaders()
	if said := in.rest(); strings.Contains(said, "event: End") {
		t.Errorf("the stream said:\n%s", said)
	}
}

// Where the CTI server refuses the log-out of a take-over, the old desk goes on.
func TestATakeOverThatIsRefused(t *testing.T) {
	p := holding(t, "a", 7)
	p.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Busy}})
	p.cti.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error {
		return opencti.Errorf(opencti.InvalidState, "the agent is on a call")
	}
	old := p.openAs(`{"agentId":"4002","dn":"1001"}`)
	a := p.do("POST", "/v1/sessions", `{"agentId":"4002","dn":"1006","takeOver":true}`)
	if got := a.problem(t); a.StatusCode != http.StatusConflict || got.Code != opencti.InvalidState || !strings.Contains(got.Message, "cannot be logged out at device **01") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := p.do("GET", "/v1/sessions/4002", "", sessionHeader(old)); a.StatusCode != http.StatusOK {
		t.Errorf("the old desk: %d %s", a.StatusCode, a.body)
	}
}

// An agent who is logged in at another telephone, where there is no session, is not here.
func TestALoginElsewhereIsNoLoginHere(t *testing.T) {
	p := holding(t, "a", 7)
	p.cti.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error {
		return opencti.Errorf(opencti.AlreadyLoggedIn, "at another telephone")
	}
	a := p.do("POST", "/v1/sessions", `{"agentId":"4001","login":{"password":"pw"}}`)
	if got := a.problem(t); a.StatusCode != http.StatusConflict || got.Code != opencti.AlreadyLoggedIn {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
