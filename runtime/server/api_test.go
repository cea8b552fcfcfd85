package server

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

var update = flag.Bool("update", false, "write the golden files")

func TestAuthentication(t *testing.T) {
	token := "first"
	p := holding(t, "a", 7, func(o *Options) {
		o.Token = func() (string, error) {
			if token == "" {
				return "", errors.New("no file")
			}
			return token, nil
		}
	})
	for name, tc := range map[string]struct {
		now, header string
		want        int
	}{
		"right":             {"first", "Bearer first", 200},
		"the scheme's case": {"first", "bearer first", 200},
		"missing":           {"first", "", 401},
		"wrong":             {"first", "Bearer secret-guess", 401},
		"a part of it":      {"first", "Bearer firs", 401},
		"empty":             {"first", "Bearer ", 401},
		"another scheme":    {"first", "Basic first", 401},
		"rotated, the old":  {"second", "Bearer first", 401},
		"rotated, the new":  {"second", "Bearer second", 200},
		"unreadable":        {"", "Bearer first", 503},
	} {
		t.Run(name, func(t *testing.T) {
			token = tc.now
			for _, path := range []string{"/v1/link", "/v1/nothing"} {
				a := p.do("GET", path, "", header{"Authorization": tc.header})
				if tc.want == 200 && path == "/v1/nothing" {
					tc.want = 404
				}
				if a.StatusCode != tc.want {
					t.Errorf("%s: %d, want %d", path, a.StatusCode, tc.want)
				}
				if tc.want == 200 || tc.want == 404 {
					continue
				}
				if got := a.problem(t); got.Code != opencti.AuthenticationFailed || strings.Contains(string(a.body), "secret") {
					t.Errorf("%s", a.body)
				}
				if tc.want == 401 && a.Header.Get("WWW-Authenticate") == "" {
					t.Error("no WWW-Authenticate")
				}
			}
		})
	}
}

func TestOpenJoinTakeOverClose(t *testing.T) {
	p := holding(t, "a", 7)
	open := func(body string) (int, Opened) {
		a := p.do("POST", "/v1/sessions", body)
		var o Opened
		if a.StatusCode < 300 {
			a.into(t, &o)
		} else {
			a.problem(t)
		}
		return a.StatusCode, o
	}
	status, first := open(`{"agentId":"4001","dn":"1001"}`)
	if status != 201 || first.Joined || first.Session != "4001" || first.SessionToken == "" || first.Snapshot.DN != "1001" {
		t.Errorf("%d %+v", status, first)
	}
	if status, joined := open(`{"agentId":"4001"}`); status != 200 || !joined.Joined {
		t.Errorf("%d %+v", status, joined)
	}
	if status, _ := open(`{"agentId":"4002","dn":"1001"}`); status != 409 {
		t.Errorf("%d", status)
	}
	if status, taken := open(`{"agentId":"4002","dn":"1001","takeOver":true}`); status != 201 || taken.Session != "4002" {
		t.Errorf("%d %+v", status, taken)
	}
	if a := p.do("GET", "/v1/sessions/4001", ""); a.StatusCode != 404 {
		t.Errorf("the session that was taken over: %d", a.StatusCode)
	}
	var snap session.Snapshot
	p.do("GET", "/v1/sessions/4002", "").into(t, &snap)
	if snap.AgentID != "4002" || snap.Link != opencti.LinkUp {
		t.Errorf("%+v", snap)
	}
	if a := p.do("DELETE", "/v1/sessions/4002", ""); a.StatusCode != 204 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := p.do("DELETE", "/v1/sessions/4002", ""); a.StatusCode != 404 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestOpenWithLogin(t *testing.T) {
	for name, tc := range map[string]struct {
		state  opencti.EventName
		err    error
		status int
		asked  int
		left   int
	}{
		"logs in":              {opencti.LoggedOut, nil, 201, 1, 1},
		"is logged in already": {opencti.Available, nil, 201, 0, 1},
		"a wrong password":     {opencti.LoggedOut, opencti.Errorf(opencti.AuthenticationFailed, "wrong"), 403, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := holding(t, "a", 7)
			p.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: tc.state}})
			var asked []opencti.Request
			p.cti.OnPerform = func(_ context.Context, _ *linktest.Device, r opencti.Request) error {
				asked = append(asked, r)
				return tc.err
			}
			a := p.do("POST", "/v1/sessions", `{"agentId":"4001","login":{"password":"pw"}}`)
			if a.StatusCode != tc.status || len(asked) != tc.asked {
				t.Errorf("%d %s, asked %v", a.StatusCode, a.body, asked)
			}
			if tc.asked == 1 && asked[0].AgentPassword != "pw" {
				t.Errorf("%+v", asked[0])
			}
			if d := p.cti.Connection(1).Devices(); len(d) != tc.left {
				t.Errorf("open at the server: %v", d)
			}
		})
	}
}

func TestCloseWithLogout(t *testing.T) {
	p := holding(t, "a", 7)
	p.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}})
	var asked []opencti.Request
	refuse := error(opencti.Errorf(opencti.InvalidState, "busy"))
	p.cti.OnPerform = func(_ context.Context, _ *linktest.Device, r opencti.Request) error {
		asked = append(asked, r)
		return refuse
	}
	p.open()
	if a := p.do("DELETE", "/v1/sessions/4001?logout=true&reasonCode=3", ""); a.StatusCode != 409 || len(asked) != 1 || asked[0].ReasonCode != "3" {
		t.Errorf("%d %s %v", a.StatusCode, a.body, asked)
	}
	if a := p.do("GET", "/v1/sessions/4001", ""); a.StatusCode != 200 {
		t.Error("a log-out that is refused closes nothing")
	}
	refuse = nil
	if a := p.do("DELETE", "/v1/sessions/4001?logout=true", ""); a.StatusCode != 204 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := p.do("DELETE", "/v1/sessions/4001?logout=maybe", ""); a.StatusCode != 400 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// Tokens that are wrong: TestSessionTokensThatAreWrong.
// A session that one desktop closed does not come back because another still has its
// token, or because a stream connects again by itself.
func TestAClosedSessionStaysClosed(t *testing.T) {
	p := holding(t, "a", 7)
	opened := p.open()
	if a := p.do("DELETE", "/v1/sessions/4001", "", sessionHeader(opened)); a.StatusCode != http.StatusNoContent {
		t.Fatalf("DELETE gave %d", a.StatusCode)
	}
	for _, path := range []string{"/v1/sessions/4001", "/v1/sessions/4001/events"} {
		a := p.do("GET", path, "", sessionHeader(opened))
		if a.StatusCode != http.StatusNotFound || !strings.Contains(string(a.body), "was closed") {
			t.Errorf("GET %s gave %d %s, want 404 that it was closed", path, a.StatusCode, a.body)
		}
	}
	if again := p.open(); again.Joined {
		t.Error("the session was there")
	}
}

func TestRestoreFromTheSessionToken(t *testing.T) {
	opened := holding(t, "a", 7).open()
	p := holding(t, "b", 8)
	if a := p.do("GET", "/v1/sessions/4001", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("without its token: %d %s", a.StatusCode, a.body)
	}
	a := p.do("GET", "/v1/sessions/4001", "", sessionHeader(opened))
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	var snap session.Snapshot
	a.into(t, &snap)
	if snap.DN != "1001" || snap.Link != opencti.LinkUp || !strings.HasPrefix(snap.LastEvent, "8-") {
		t.Errorf("%+v", snap)
	}
}

func TestOpenAPI(t *testing.T) {
	p := newPod(t, "a")
	a := p.do("GET", "/openapi.json", "", header{"Authorization": ""})
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ OperationID string }
	}
	a.into(t, &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %q", doc.OpenAPI)
	}
	operations := map[string]bool{}
	for _, item := range doc.Paths {
		for _, op := range item {
			operations[op.OperationID] = true
		}
	}
	want := []string{
		"getLink", "openSession", "getSession", "closeSession", "streamEvents", "getStatistics", "streamStatistics", "streamPool", "postEvents",
	}
	for _, s := range opencti.Specs() {
		want = append(want, string(s.Activity))
	}
	for _, id := range want {
		if !operations[id] {
			t.Errorf("no operation %s", id)
		}
	}
	if len(operations) != len(want) {
		t.Errorf("%d operations, want %d", len(operations), len(want))
	}
	golden(t, "testdata/openapi.json", a.body)
	if y := p.do("GET", "/openapi.yaml", ""); y.StatusCode != 200 || !strings.Contains(string(y.body), "openapi: 3.1") {
		t.Errorf("%d %.80s", y.StatusCode, y.body)
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(got, &v); err != nil {
		t.Fatal(err)
	}
	pretty, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	pretty = append(pretty, '\n')
	if *update {
		if err := os.WriteFile(file, pretty, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(pretty)); diff != "" {
		t.Errorf("the API changed; run go test ./runtime/server -update if it should (-golden +now):\n%s", diff)
	}
}

func TestDocsPage(t *testing.T) {
	p := newPod(t, "a")
	a := p.do("GET", "/docs", "", header{"Authorization": ""})
	page := string(a.body)
	for path, item := range p.api.OpenAPI().Paths {
		if !strings.Contains(page, path) {
			t.Errorf("the page does not have %s", path)
		}
		if item.Post != nil && !strings.Contains(page, "-X POST $CTI"+inPaths.Replace(path)) {
			t.Errorf("no line to paste for POST %s", path)
		}
	}
	for _, bad := range []string{"<script", "javascript:", "src=", `href="http`, "<link", " onclick", " onload", "url(", "@import", "<iframe"} {
		if i := strings.Index(strings.ToLower(page), bad); i >= 0 {
			t.Errorf("the page has %q: …%.80s", bad, page[i:])
		}
	}
	if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script-src") {
		t.Errorf("policy %q", csp)
	}
	home, err := p.request(t.Context(), "GET", "/", "")
	if err != nil {
		t.Fatal(err)
	}
	defer home.Body.Close()
	if home.Request.URL.Path != "/docs" {
		t.Errorf("/ leads to %s", home.Request.URL.Path)
	}
}

func TestFileSecret(t *testing.T) {
	file := t.TempDir() + "/token"
	read := FileSecret(file)
	if _, err := read(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	for content, want := range map[string]string{"a\n": "a", "b": "b", " c \r\n": "c"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := read(); err != nil || got != want {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := os.WriteFile(file, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := read(); err == nil {
		t.Errorf("an empty secret is %q: everybody may come in", got)
	}
}
