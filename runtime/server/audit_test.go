package server

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// lines is a log that tests read.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// audited gives the audit lines, and empties the log.
func (l *lines) audited(t *testing.T) (out []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.b.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		if m["msg"] == "Request" {
			out = append(out, m)
		}
	}
	l.b.Reset()
	return out
}

func withLog(l *lines) func(*Options) {
	return func(o *Options) { o.Log = slog.New(slog.NewJSONHandler(l, nil)) }
}

func TestAudit(t *testing.T) {
	var log lines
	p := holding(t, "a", 7, withLog(&log))
	p.cti.OnPerform = func(_ context.Context, _ *linktest.Device, r opencti.Request) error {
		if r.Activity == opencti.MakeCall {
			return opencti.Errorf(opencti.InvalidDestination, "no")
		}
		return nil
	}
	p.open()
	log.audited(t)
	type line struct {
		Who, Agent, Device, Operation, Code, RequestID string
		Status                                         int
	}
	for name, tc := range map[string]struct {
		method, path, body string
		token              string
		want               line
	}{
		"an activity": {"POST", "/v1/sessions/4001/activities/SetAgentReady", `{"requestId":"r-1"}`, desktopToken,
			line{"desktop", "4001", "**01", "SetAgentReady", "NotLoggedIn", "r-1", 409}},
		"one that is refused": {"POST", "/v1/sessions/4001/activities/MakeCall", `{"requestId":"r-2","destinationNumber":"4930123456"}`, desktopToken,
			line{"desktop", "4001", "**01", "MakeCall", "InvalidDestination", "r-2", 400}},
		"one that is not right": {"POST", "/v1/sessions/4001/activities/HoldCall", `{}`, desktopToken,
			line{"desktop", "", "", "HoldCall", "InvalidRequest", "", 400}},
		"a snapshot":          {"GET", "/v1/sessions/4001", "", desktopToken, line{"desktop", "4001", "**01", "GET /v1/sessions/*", "", "", 200}},
		"a session not there": {"GET", "/v1/sessions/4930129999", "", desktopToken, line{"desktop", "", "", "GET /v1/sessions/*", "InvalidRequest", "", 404}},
		"opening":             {"POST", "/v1/sessions", `{"dn":"4930123456"}`, desktopToken, line{"desktop", "", "******56", "POST /v1/sessions", "", "", 201}},
		"opening is refused":  {"POST", "/v1/sessions", `{"agentId":"4009","dn":"4930123456"}`, desktopToken, line{"desktop", "4009", "******56", "POST /v1/sessions", "Forbidden", "", 403}},
		"a wrong token":       {"GET", "/v1/link", "", "guess", line{"", "", "", "GET /v1/link", "AuthenticationFailed", "", 401}},
		"a wrong path":        {"GET", "/v1/4930123456", "", desktopToken, line{"desktop", "", "", "GET unknown", "InvalidRequest", "", 404}},
		"a wrong activity":    {"POST", "/v1/sessions/4001/activities/4930123456", "", desktopToken, line{"desktop", "", "", "POST unknown", "InvalidRequest", "", 404}},
		"posted events":       {"POST", "/v1/events", `[]`, ingestToken, line{"ingest", "", "", "POST /v1/events", "", "", 200}},
	} {
		t.Run(name, func(t *testing.T) {
			a := p.do(tc.method, tc.path, tc.body, header{"Authorization": "Bearer " + tc.token})
			if h := a.Header.Get(headerCode); h != "" {
				t.Errorf("the answer tells %s: %s", headerCode, h)
			}
			got := log.audited(t)
			if len(got) != 1 {
				t.Fatalf("%d lines: %v", len(got), got)
			}
			text := func(key string) string { s, _ := got[0][key].(string); return s }
			status, _ := got[0]["status"].(float64)
			l := line{text("who"), text("agent"), text("device"), text("operation"), text("code"), text("requestId"), int(status)}
			if diff := cmp.Diff(tc.want, l); diff != "" {
				t.Error(diff)
			}
			if text("client") != "127.0.0.1" || got[0]["took"] == nil {
				t.Errorf("%v", got[0])
			}
		})
	}
	p.do("GET", "/docs", "")
	if got := log.audited(t); len(got) != 0 {
		t.Errorf("a page is audited: %v", got)
	}
}

// A stream has its line when it begins.
func TestAuditOfAStream(t *testing.T) {
	var log lines
	p := holding(t, "a", 7, withLog(&log))
	p.open()
	log.audited(t)
	p.stream("4001").want(opencti.SnapshotEvent)
	got := log.audited(t)
	if len(got) != 1 || got[0]["operation"] != "GET /v1/sessions/*/events" || got[0]["agent"] != "4001" || got[0]["status"] != 200.0 {
		t.Errorf("%v", got)
	}
}

// The holder writes the line of a request that is passed on, and knows from where it came.
func TestAuditOfARequestThatIsPassedOn(t *testing.T) {
	var atHolder, atStandby lines
	holder := holding(t, "a", 7, withLog(&atHolder))
	standby := newPod(t, "b", withLog(&atStandby))
	standby.routing.set(nil, holder.asHolder())
	standby.open()
	standby.do("GET", "/v1/link", "", header{"Authorization": "Bearer guess"})
	if got := atHolder.audited(t); len(got) != 1 || got[0]["client"] != "127.0.0.1" || got[0]["agent"] != "4001" {
		t.Errorf("at the holder %v", got)
	}
	if got := atStandby.audited(t); len(got) != 1 || got[0]["status"] != 401.0 {
		t.Errorf("at the standby %v", got)
	}
}

// A flood of refusals does not flood the log.
func TestAuditOfAFlood(t *testing.T) {
	var log lines
	p := holding(t, "a", 7, withLog(&log))
	for range 50 {
		if a := p.do("GET", "/v1/link", "", header{"Authorization": "Bearer guess"}); a.StatusCode != http.StatusUnauthorized {
			t.Fatalf("%d", a.StatusCode)
		}
	}
	got := log.audited(t)
	if len(got) < 10 || len(got) > 40 || int64(50-len(got)) < p.auditLog.unlogged.Load() {
		t.Errorf("%d lines, %d unlogged", len(got), p.auditLog.unlogged.Load())
	}
}
