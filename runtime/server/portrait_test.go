package server

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
	"github.com/ctilink/ctilink-operator/runtime/slots"
)

// portraitDo sends a document to the front.
func (p *pod) portraitDo(document string, headers ...header) answer {
	p.t.Helper()
	return p.do("POST", "/portrait", document, append([]header{{"Content-Type": "text/xml"}}, headers...)...)
}

// element gives an element's text, and checks that the answer is one of the front's.
func (a answer) element(t testing.TB, name string) string {
	t.Helper()
	if kind := a.Header.Get("Content-Type"); kind != "text/xml; charset=UTF-8" || !bytes.Contains(a.body, []byte("<RESPONSE>")) {
		t.Errorf("%d %s: %s", a.StatusCode, kind, a.body)
	}
	m := regexp.MustCompile("<" + name + ">([^<]*)</").FindSubmatch(a.body)
	if m == nil {
		return ""
	}
	return string(m[1])
}

func (p *pod) portraitClient() string {
	p.t.Helper()
	a := p.portraitDo("<CTICLIENTINITIALIZE><AGENTID>4001</AGENTID></CTICLIENTINITIALIZE>")
	id := a.element(p.t, "CLIENTID")
	if a.StatusCode != http.StatusOK || id == "" {
		p.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return id
}

func ofClient(name, client, more string) string {
	return "<" + name + "><CLIENTID>" + client + "</CLIENTID>" + more + "</" + name + ">"
}

func TestPortraitThroughTheStandby(t *testing.T) {
	holder, standby := pair(t)
	c := standby.portraitClient()
	holder.happen(opencti.Offering, "c1")
	a := standby.portraitDo(ofClient("GETEVENTS", c, "<WAIT>20</WAIT>"))
	if a.element(t, "CALLID") != "c1" || !bytes.Contains(a.body, []byte("<INCOMINGCALL>")) {
		t.Errorf("%s", a.body)
	}
	if a := standby.portraitDo(ofClient("ACCEPTCALL", c, "")); a.element(t, "STATUS") != "OK" {
		t.Errorf("%s", a.body)
	}
}

// A pod that has never heard of the client rebuilds its session from the client's id, unless
// a desktop has closed it.
func TestPortraitClientsReconnectAnywhere(t *testing.T) {
	former := holding(t, "a", 7)
	c := former.portraitClient()
	p := holding(t, "b", 8)
	if a := p.portraitDo(ofClient("GETEVENTS", c, "")); a.element(t, "SENDFIRST") != "CTICLIENTRECONNECT" {
		t.Errorf("%s", a.body)
	}
	if a := p.portraitDo(ofClient("CTICLIENTRECONNECT", c, "")); a.element(t, "STATUS") != "OK" || a.element(t, "DN") != "1001" {
		t.Errorf("%s", a.body)
	}
	if a := p.portraitDo(ofClient("GETEVENTS", c, "")); a.element(t, "STATUS") != "OK" {
		t.Errorf("%s", a.body)
	}
	if a := p.do("DELETE", "/v1/sessions/4001", ""); a.StatusCode != http.StatusNoContent {
		t.Fatalf("%d", a.StatusCode)
	}
	forged := c[:len(c)-1] + "!"
	for name, tc := range map[string]struct{ id, code string }{"closed": {c, "InvalidState"}, "forged": {forged, "Forbidden"}} {
		a := p.portraitDo(ofClient("CTICLIENTRECONNECT", "p"+strings.Repeat("A", 26)+tc.id[27:], ""))
		if a.element(t, "CODE") != tc.code || a.element(t, "SENDFIRST") != "CTICLIENTINITIALIZE" {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	if a := p.portraitDo(ofClient("CTICLIENTUNINITIALIZE", c, "")); a.element(t, "STATUS") != "OK" {
		t.Errorf("%s", a.body)
	}
}

func TestPortraitAuthentication(t *testing.T) {
	const document = "<CTICLIENTINITIALIZE><AGENTID>4001</AGENTID></CTICLIENTINITIALIZE>"
	for name, tc := range map[string]struct {
		inPath   bool
		path     string
		header   string
		status   int
		wantCode string
	}{
		"the header":                       {false, "/portrait", "Bearer " + desktopToken, 200, ""},
		"no token":                         {false, "/portrait", "", 401, "AuthenticationFailed"},
		"a wrong token":                    {false, "/portrait", "Bearer x", 401, "AuthenticationFailed"},
		"in the path, not allowed":         {false, "/portrait/" + desktopToken, "", 403, "Forbidden"},
		"in the path, allowed":             {true, "/portrait/" + desktopToken, "", 200, ""},
		"in the path, allowed, but wrong":  {true, "/portrait/x", "Bearer " + desktopToken, 401, "AuthenticationFailed"},
		"allowed in the path, none at all": {true, "/portrait", "", 401, "AuthenticationFailed"},
	} {
		t.Run(name, func(t *testing.T) {
			var log lines
			holder := holding(t, "a", 7, withLog(&log))
			p := newPod(t, "b", withLog(&log), func(o *Options) {
				o.Portrait = func() PortraitOptions { return PortraitOptions{TokenInPath: tc.inPath} }
			})
			p.routing.set(nil, holder.asHolder())
			a := p.do("POST", tc.path, document, header{"Authorization": tc.header, "Content-Type": "text/xml"})
			if a.StatusCode != tc.status || a.element(t, "CODE") != tc.wantCode {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
			if got := log.text(); strings.Contains(got, desktopToken) {
				t.Errorf("the log has the token: %s", got)
			}
		})
	}
}

// Whatever goes wrong, the client can read it.
func TestPortraitProblemsAreInXML(t *testing.T) {
	_, standby := pair(t)
	standby.routing.set(nil, slots.Holder{Identity: "a", Address: "127.0.0.1:1"}) // not to be reached
	for name, tc := range map[string]struct {
		document, kind string
		status         int
		element        string
	}{
		"a document type": {`<!DOCTYPE x><MAKECALL/>`, "text/xml", 400, ""},
		"unknown":         {`<MAKECALL><COLOUR/></MAKECALL>`, "text/xml", 400, "COLOUR"},
		"too large":       {"<MAKECALL>" + strings.Repeat(" ", bodyBound) + "</MAKECALL>", "text/xml", 413, ""},
		"empty":           {"", "text/xml", 400, ""},
		"another kind":    {"{}", "application/json", 415, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := standby.portraitDo(tc.document, header{"Content-Type": tc.kind})
			if a.StatusCode != tc.status || a.element(t, "CODE") != "InvalidRequest" || a.element(t, "ELEMENT") != tc.element ||
				a.element(t, "SEVERITY") != "Fail" || a.element(t, "RETRYABLE") != "false" || a.element(t, "MESSAGE") == "" {
				t.Errorf("%d %s", a.StatusCode, a.body)
			}
		})
	}
	was := holderWait
	holderWait = 0
	defer func() { holderWait = was }()
	a := standby.portraitDo("<CTICLIENTINITIALIZE><AGENTID>4001</AGENTID></CTICLIENTINITIALIZE>")
	if a.StatusCode != 503 || a.element(t, "CODE") != "LinkDown" || a.element(t, "RETRYABLE") != "true" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := standby.do("GET", "/portrait", ""); a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "POST" {
		t.Errorf("%d", a.StatusCode)
	}
}

// The allowance is that of the client's session, so that all may share a proxy's address.
func TestPortraitRates(t *testing.T) {
	p := holding(t, "a", 7, func(o *Options) {
		o.Limits = Limits{SessionRate: 0.001, SessionBurst: 3, AddressRate: 0.001, AddressBurst: 2}
	})
	c := p.portraitClient()
	for range 3 {
		if a := p.portraitDo(ofClient("GETEVENTS", c, "")); a.element(t, "STATUS") != "OK" {
			t.Fatalf("%s", a.body)
		}
	}
	if a := p.portraitDo(ofClient("GETEVENTS", c, "")); a.StatusCode != 429 || a.element(t, "CODE") != "Overloaded" || a.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := p.portraitDo("<nonsense/>"); a.StatusCode != 400 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := p.portraitDo("<nonsense/>"); a.StatusCode != 429 {
		t.Errorf("nonsense has no allowance of its own: %d %s", a.StatusCode, a.body)
	}
}

func TestPortraitIsAudited(t *testing.T) {
	var log lines
	p := holding(t, "a", 7, withLog(&log))
	c := p.portraitClient()
	log.audited(t)
	p.portraitDo(ofClient("ACCEPTCALL", c, "<REQUESTID>r-1</REQUESTID>"))
	got := log.audited(t)
	if len(got) != 1 {
		t.Fatalf("%d lines", len(got))
	}
	for key, want := range map[string]any{
		"who": "desktop", "agent": "4001", "device": "**01", "operation": "ACCEPTCALL", "status": 200.0, "code": "NoAlertingCall", "requestId": "r-1",
	} {
		if got[0][key] != want {
			t.Errorf("%s is %v, want %v", key, got[0][key], want)
		}
	}
}

// Clients poll by themselves all day: that is nobody's request. It is told when it is refused.
func TestPortraitPollsAreNotAudited(t *testing.T) {
	var log lines
	p := holding(t, "a", 7, withLog(&log))
	c := p.portraitClient()
	log.audited(t)
	if a := p.portraitDo(ofClient("GETEVENTS", c, "")); a.element(t, "STATUS") != "OK" {
		t.Fatalf("%s", a.body)
	}
	if got := log.audited(t); len(got) != 0 {
		t.Errorf("%v", got)
	}
	for name, tc := range map[string]struct {
		document, token, operation, code string
	}{
		"acknowledges what never was": {ofClient("GETEVENTS", c, "<ACK>7-99</ACK>"), desktopToken, "GETEVENTS", "InvalidRequest"},
		"is nobody's":                 {ofClient("GETEVENTS", "x", ""), desktopToken, "GETEVENTS", "InvalidRequest"},
		"has no right":                {ofClient("GETEVENTS", c, ""), "guess", "POST /portrait", "AuthenticationFailed"},
	} {
		p.portraitDo(tc.document, header{"Authorization": "Bearer " + tc.token})
		if got := log.audited(t); len(got) != 1 || got[0]["operation"] != tc.operation || got[0]["code"] != tc.code {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A session that was opened with the JSON API is read through the front; its token opens no
// other, and no door that it does not open there.
func TestPortraitJoinsTheSessionOfAToken(t *testing.T) {
	p := holding(t, "a", 7)
	token := p.open().SessionToken
	join := func(more string) answer {
		return p.portraitDo("<CTICLIENTINITIALIZE><SESSIONTOKEN>" + token + "</SESSIONTOKEN>" + more + "</CTICLIENTINITIALIZE>")
	}
	c := join("").element(t, "CLIENTID")
	p.happen(opencti.Offering, "c1")
	if a := p.portraitDo(ofClient("GETEVENTS", c, "<WAIT>20</WAIT>")); a.element(t, "CALLID") != "c1" {
		t.Errorf("%s", a.body)
	}
	if a := join("<AGENTID>4001</AGENTID>"); a.element(t, "CODE") != "InvalidRequest" || a.element(t, "ELEMENT") != "AGENTID" {
		t.Errorf("%s", a.body)
	}
	if a := p.do("DELETE", "/v1/sessions/4001", ""); a.StatusCode != http.StatusNoContent {
		t.Fatalf("%d", a.StatusCode)
	}
	if a := join(""); a.element(t, "CODE") != "InvalidState" || a.element(t, "SENDFIRST") != "CTICLIENTINITIALIZE" {
		t.Errorf("a closed session came back: %s", a.body)
	}
	token += "x"
	if a := join(""); a.element(t, "CODE") != "Forbidden" {
		t.Errorf("%s", a.body)
	}
}

// Where old clients have names of their own, others may speak the front's; a standby passes
// that on.
func TestPortraitStandardNames(t *testing.T) {
	theirs, err := names.New(map[string]string{"CTICLIENTINITIALIZE": "Hello"})
	if err != nil {
		t.Fatal(err)
	}
	renamed := func(o *Options) {
		o.Portrait = func() PortraitOptions { return PortraitOptions{Settings: portrait.Settings{Names: theirs}} }
	}
	holder, standby := holding(t, "a", 7, renamed), newPod(t, "b", renamed)
	standby.routing.set(nil, holder.asHolder())
	for path, status := range map[string]int{"/portrait": 400, "/portrait?names=standard": 200, "/portrait?names=other": 400} {
		for name, p := range map[string]*pod{"holder": holder, "standby": standby} {
			a := p.do("POST", path, "<CTICLIENTINITIALIZE><AGENTID>4001</AGENTID></CTICLIENTINITIALIZE>", header{"Content-Type": "text/xml"})
			if a.StatusCode != status {
				t.Errorf("%s of the %s: %d %s", path, name, a.StatusCode, a.body)
			}
		}
	}
}

// text is all of the log.
func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestPortraitFromPagesOfOtherOrigins(t *testing.T) {
	p := holding(t, "a", 7, func(o *Options) { o.AllowedOrigins = []string{"https://crm.example"} })
	a := p.do("OPTIONS", "/portrait", "", header{"Origin": "https://crm.example", "Access-Control-Request-Method": "POST"})
	if a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Origin") != "https://crm.example" ||
		!strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), "Content-Type") {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	if a := p.do("OPTIONS", "/portrait", "", header{"Origin": "https://evil.example"}); a.StatusCode != 403 {
		t.Errorf("%d", a.StatusCode)
	}
	told := p.portraitDo("<x/>", header{"Origin": "https://crm.example"})
	if told.Header.Get("Access-Control-Allow-Origin") != "https://crm.example" {
		t.Errorf("%v", told.Header)
	}
}
