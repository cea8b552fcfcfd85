package control

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/simulator/behaviour"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

var started = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// badDay notes which faults were asked for, and remembers three requests.
type badDay struct {
	Dropped int
	Silent  time.Duration
	Refuse  bool
	Full    bool
}

func (b *badDay) DropConnections() int    { b.Dropped++; return 7 }
func (b *badDay) Silence(d time.Duration) { b.Silent = d }
func (b *badDay) RefuseLogin(refuse bool) { b.Refuse = refuse }
func (b *badDay) NoLicences(none bool)    { b.Full = none }

func (b *badDay) Connections() int { return 1 }
func (b *badDay) Sessions() int    { return 2 }
func (b *badDay) Monitors() int    { return 3 }

func (b *badDay) Started() time.Time { return started }

func (b *badDay) Requests(after uint64) []cstaserver.Request {
	all := []cstaserver.Request{{Number: 1, Name: "MonitorStart"}, {Number: 2, Name: "AnswerCall"}, {Number: 3, Name: "HoldCall"}}
	return all[min(after, 3):]
}

type port struct {
	t      *testing.T
	model  *switchmodel.Switch
	faults *badDay
	http.Handler
}

func open(t *testing.T) *port {
	t.Helper()
	model, err := switchmodel.New(switchmodel.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	faults := &badDay{}
	return &port{t, model, faults, handler(t, model, faults)}
}

// handler serves a switch to which nobody can connect.
func handler(t *testing.T, model *switchmodel.Switch, faults *badDay) http.Handler {
	t.Helper()
	server := cstaserver.New(cstaserver.DefaultConfig(), model, logr.Discard())
	director := behaviour.NewDirector(behaviour.Stage{Model: model, Server: server})
	t.Cleanup(director.Close)
	return Handler(model, faults, director, logr.Discard())
}

// ask sends a request, checks the status, and decodes the answer.
func (p *port) ask(method, path, body string, want int, into any) http.Header {
	p.t.Helper()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	if w.Code != want {
		p.t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, w.Code, w.Body, want)
	}
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Header()
}

func TestACallFromOutside(t *testing.T) {
	p := open(t)
	var call switchmodel.Call
	header := p.ask("POST", "/v1/calls", `{"from":"+4930123","queue":"support","data":{"customerId":"4711"},"patience":60}`, http.StatusCreated, &call)
	if header.Get("Location") != "/v1/calls/"+string(call.ID) {
		t.Errorf("location %q", header.Get("Location"))
	}
	if call.Calling != "+4930123" || call.Queue != "support" || call.Data["customerId"] != "4711" {
		t.Errorf("call: %+v", call)
	}

	var calls struct{ Calls []switchmodel.Call }
	p.ask("GET", "/v1/calls", "", http.StatusOK, &calls)
	var queues struct{ Queues []switchmodel.Queue }
	p.ask("GET", "/v1/queues", "", http.StatusOK, &queues)
	if len(calls.Calls) != 1 || len(queues.Queues) != 1 || queues.Queues[0].Waiting != 1 {
		t.Errorf("calls %+v, queues %+v", calls, queues)
	}

	p.ask("POST", "/v1/calls/"+string(call.ID)+"/hangup", "", http.StatusNoContent, nil)
	p.ask("GET", "/v1/calls/"+string(call.ID), "", http.StatusNotFound, nil)
}

func TestATelephoneDials(t *testing.T) {
	p := open(t)
	var call switchmodel.Call
	p.ask("POST", "/v1/calls", `{"from":"1001","to":"1002"}`, http.StatusCreated, &call)
	if call.StateAt("1001") != switchmodel.Connected || call.StateAt("1002") != switchmodel.Alerting || call.FromOutside {
		t.Errorf("call: %+v", call)
	}
}

func TestAgents(t *testing.T) {
	p := open(t)
	if _, err := p.model.SetAgentState(switchmodel.AgentRequest{Device: "1001", Agent: "4001", Password: "secret", State: switchmodel.LoggedOn}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Agents []struct{ AgentID, Device, State string }
	}
	p.ask("GET", "/v1/agents", "", http.StatusOK, &got)
	if diff := cmp.Diff([]struct{ AgentID, Device, State string }{{"4001", "1001", "notReady"}}, got.Agents); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
}

func TestFaults(t *testing.T) {
	p := open(t)
	var got struct{ DroppedConnections int }
	p.ask("POST", "/v1/faults", `{"dropConnections":true,"silence":1.5,"refuseLogin":true,"noLicences":true}`, http.StatusOK, &got)
	want := badDay{Dropped: 1, Silent: 1500 * time.Millisecond, Refuse: true, Full: true}
	if diff := cmp.Diff(want, *p.faults); diff != "" || got.DroppedConnections != 7 {
		t.Errorf("dropped %d; faults (-want +got):\n%s", got.DroppedConnections, diff)
	}
	p.ask("POST", "/v1/faults", `{"refuseLogin":false}`, http.StatusOK, nil)
	if p.faults.Refuse || p.faults.Dropped != 1 {
		t.Errorf("faults: %+v", p.faults)
	}
}

func TestRequests(t *testing.T) {
	p := open(t)
	type answer struct {
		Started  time.Time
		Requests []cstaserver.Request
	}
	for path, want := range map[string]int{"/v1/requests": 3, "/v1/requests?after=2": 1, "/v1/requests?after=3": 0} {
		var got answer
		p.ask("GET", path, "", http.StatusOK, &got)
		if len(got.Requests) != want || !got.Started.Equal(started) {
			t.Errorf("%s: %+v, want %d requests since %v", path, got, want, started)
		}
	}
	var bad problem
	p.ask("GET", "/v1/requests?after=x", "", http.StatusBadRequest, &bad)
	if bad.Field != "after" {
		t.Errorf("got %+v, want field after", bad)
	}
}

func TestWhatApplicationsHave(t *testing.T) {
	p := open(t)
	var got map[string]int
	p.ask("GET", "/v1/applications", "", http.StatusOK, &got)
	if diff := cmp.Diff(map[string]int{"connections": 1, "sessions": 2, "monitors": 3}, got); diff != "" {
		t.Errorf("applications (-want +got):\n%s", diff)
	}
}
