package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr/funcr"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/runtime/simulator"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// Marked values of the day. None may appear anywhere but in the requests and events of the
// desktop itself.
const (
	markedCTIPassword   = "MARK-cti-password"
	markedAgentPassword = "MARK-agent-password"
	markedWrong         = "MARK-wrong-password"
	markedToken         = "MARK-desktop-token"
	markedGuess         = "MARK-guessed-token"
	markedData          = "MARK-call-data"
	markedCaller        = "+4922155598769431"
	markedCallee        = "+4930987612349527"
	markedDevice        = "735146829301461"
	markedOther         = "735146829301468"
)

// numbers may appear as their last two digits alone. They are so long that no figure of the
// metrics looks like a part of them by chance.
var numbers = []string{markedCaller, markedCallee, markedDevice, markedOther}

// told collects what a day tells to others than the agent's desktop.
type told struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *told) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *told) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// stderr sends what the process logs into a file until the test ends.
func stderr(t *testing.T) (read func() string) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = file
	t.Cleanup(func() { os.Stderr = before; _ = file.Close() })
	return func() string {
		b, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

func markedFloor(f *floor) {
	f.token, f.dn, f.logLevel = markedToken, markedDevice, "debug"
	f.settings.Application.Password, f.settings.AgentPassword = markedCTIPassword, markedAgentPassword
	f.settings.Extensions = []switchmodel.Range{{First: markedDevice, Last: "735146829301469"}}
	f.settings.AnswerDelay = simulator.Duration(1)
}

// A day at debug level: nothing that was marked is in the log, the metrics, the pages or
// the errors.
func TestADayTellsNoSecrets(t *testing.T) {
	log := stderr(t)
	var sim, others told
	f := newFloor(t, markedFloor, func(f *floor) {
		f.simLog = funcr.New(func(prefix, args string) { fmt.Fprintln(&sim, prefix, args) }, funcr.Options{Verbosity: 9})
	})
	token := f.markedDay(&others)
	for _, page := range []string{f.url + "/docs", f.url + "/openapi.json", f.metrics + "/metrics", f.metrics + "/readyz", f.metrics + "/nothing"} {
		f.fetch(&others, page)
	}
	if !strings.Contains(others.String(), "ctilink_events_total") {
		t.Fatal("there are no metrics")
	}
	if text := log(); !strings.Contains(text, "A stream ended") || !strings.Contains(text, "Lost the CTI server") || !strings.Contains(text, `"level":"debug"`) {
		t.Fatalf("the log is not that of the day:\n%s", text)
	}
	for name, text := range map[string]string{"the log": log(), "pages and errors": others.String(), "ctisim's log": sim.String()} {
		for _, secret := range []string{"MARK-", token, strings.Split(token, ".")[1]} {
			wantAbsent(t, name, text, secret)
		}
		if name == "ctisim's log" {
			continue // its numbers are made up
		}
		for _, number := range numbers {
			wantAbsent(t, name, text, number[:len(number)-2])
			wantAbsent(t, name, text, number[len(number)-8:])
		}
	}
}

func wantAbsent(t *testing.T, name, text, secret string) {
	t.Helper()
	if i := strings.Index(text, secret); i >= 0 {
		t.Errorf("%s holds %q: …%.300s", name, secret, text[max(0, i-200):])
	}
}

// markedDay is a day with all that can go wrong in it. It returns the session token.
func (f *floor) markedDay(errors io.Writer) string {
	f.t.Helper()
	f.refused(errors, "POST", "/v1/sessions", fmt.Sprintf(`{"agentId":"4001","login":{"password":%q}}`, markedWrong), http.StatusForbidden)
	var opened server.Opened
	f.do("POST", "/v1/sessions", fmt.Sprintf(`{"agentId":"4001","login":{"password":%q}}`, markedAgentPassword), http.StatusCreated, &opened)
	f.do("POST", "/v1/sessions", fmt.Sprintf(`{"dn":%q}`, markedOther), http.StatusCreated, nil)
	f.listen("4001")
	f.perform(opencti.SetAgentReady, "{}")
	f.until(opencti.Available)
	f.badRequests(errors)

	call := switchmodel.InboundCall{From: markedCaller, To: "5000", Data: map[string]string{"MARK-key": markedData}}
	if _, err := f.sim.Switch.Inbound(call); err != nil {
		f.t.Fatal(err)
	}
	if offer := f.until(opencti.Offering); offer.Call.Variables["MARK-key"] != markedData || offer.Call.ANI != markedCaller {
		f.t.Fatalf("the call is not the marked one: %+v", offer.Call)
	}
	f.perform(opencti.AnswerCall, "{}")
	f.until(opencti.Established)
	f.sim.Server.DropConnections()
	f.until(opencti.LinkUp)
	f.until(opencti.SnapshotEvent)
	f.perform(opencti.HangUpCall, "{}")
	f.until(opencti.Released)
	f.perform(opencti.MakeCall, fmt.Sprintf(`{"destinationNumber":%q,"variables":{"MARK-key":%q}}`, markedCallee, markedData))
	f.until(opencti.Established)
	f.streamsEnd()

	f.sim.Server.RefuseLogin(true) // the password is wrong now
	f.sim.Server.DropConnections()
	f.refused(errors, "POST", "/v1/sessions/4001/activities/HangUpCall", "{}", http.StatusServiceUnavailable)
	return opened.SessionToken
}

// badRequests are requests with marked values in the wrong place.
func (f *floor) badRequests(errors io.Writer) {
	f.t.Helper()
	const activities = "/v1/sessions/4001/activities/"
	for _, r := range []struct {
		path, body string
		status     int
	}{
		{"/v1/sessions", fmt.Sprintf(`{"agentId":"4001","dn":%q}`, markedOther), http.StatusForbidden},
		{"/v1/sessions", fmt.Sprintf(`{"dn":%q}`, markedCallee), http.StatusNotFound},
		{"/v1/sessions", fmt.Sprintf(`{"agentId":[%q]}`, markedCaller), http.StatusBadRequest},
		{"/v1/sessions", fmt.Sprintf(`{"agentId":"4001","login":{"password":%q`, markedAgentPassword), http.StatusBadRequest},
		{activities + "MakeCall", fmt.Sprintf(`{"destinationNumber":%q,"destinationNumber":%q}`, markedCallee, markedCaller), http.StatusBadRequest},
		{activities + "MakeCall", fmt.Sprintf(`{"destinationNumber":%q,"variables":{"a":[%q]}}`, markedCallee, markedData), http.StatusBadRequest},
		{activities + "MakeCall", fmt.Sprintf(`{"destinationNumber":%q}`, markedDevice), http.StatusBadRequest}, // itself
		{activities + "AnswerCall", fmt.Sprintf(`{"callId":%q}`, markedCaller), http.StatusNotFound},
		{activities + "LoginAgent", fmt.Sprintf(`{"agentPassword":%q,"dn":%q}`, markedAgentPassword, markedOther), 0},
		{activities + "LoginAgent", fmt.Sprintf(`{"agentPassword":"%s\u0000"}`, markedAgentPassword), http.StatusBadRequest},
	} {
		f.refused(errors, "POST", r.path, r.body, r.status)
	}
	for name, value := range map[string]string{
		"Authorization": "Bearer " + markedGuess, server.HeaderSession: markedGuess + ".x", "Last-Event-ID": markedCaller, "Idempotency-Key": strings.Repeat(markedData, 20),
	} {
		r, err := http.NewRequestWithContext(f.t.Context(), "GET", f.url+"/v1/sessions/4001/events", nil)
		if err != nil {
			f.t.Fatal(err)
		}
		if name == server.HeaderSession {
			r.URL.Path = "/v1/sessions/4002"
		}
		if name == "Idempotency-Key" {
			r.Method, r.URL.Path = "POST", activities+"SetAgentReady"
		}
		r.Header.Set("Authorization", "Bearer "+f.token)
		r.Header.Set(name, value)
		f.collect(errors, r)
	}
}

// refused sends a request that must be refused, and keeps the answer; status 0 is any.
func (f *floor) refused(errors io.Writer, method, path, body string, status int) {
	f.t.Helper()
	var resp *http.Response
	eventually(f.t, "the link is up, and refuses", func() bool {
		resp = f.request(method, path, body)
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			f.t.Fatal(err)
		}
		fmt.Fprintf(errors, "%s %d %s\n", path, resp.StatusCode, b)
		return resp.StatusCode >= 400 && (resp.StatusCode != http.StatusServiceUnavailable || status == http.StatusServiceUnavailable)
	})
	if status != 0 && resp.StatusCode != status {
		f.t.Errorf("%s %s: %d, want %d", method, path, resp.StatusCode, status)
	}
}

func (f *floor) collect(into io.Writer, r *http.Request) {
	f.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 400 && r.Header.Get("Authorization") != "" {
		f.t.Errorf("%s: %d", r.URL.Path, resp.StatusCode)
		return
	}
	_ = resp.Header.Write(into)
	if _, err := io.Copy(into, resp.Body); err != nil {
		f.t.Fatal(err)
	}
}

func (f *floor) fetch(into io.Writer, url string) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), "GET", url, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	f.collect(into, r)
}

// streamsEnd opens and closes the stream of each session, and one of a device alone.
func (f *floor) streamsEnd() {
	f.t.Helper()
	for _, session := range []string{"4001", markedOther} {
		resp := f.request("GET", "/v1/sessions/"+session+"/events", "")
		_ = resp.Body.Close()
	}
	f.do("DELETE", "/v1/sessions/"+markedOther, "", http.StatusNoContent, nil)
}
