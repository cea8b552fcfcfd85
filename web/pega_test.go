package web_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/pega"
	"github.com/ctilink/ctilink-operator/web"
)

// An agent's day, in Pega's words.
func TestPegaDay(t *testing.T) {
	c := newCentre(t)
	p := newPage(t, c)
	p.fails("OPENCTI_AGENT_NOT_LOGGED_IN", "holdCall", "a")
	p.succeeds("login", "4001", "pw", nil, "", map[string]any{"workstation": "pc-12"})
	if snap := p.events("Snapshot"); snap["pyAgentState"] != "Logout" || snap["pyLinkState"] != "CONNECTED" || snap["pyDeviceState"] != "OPENED" {
		t.Errorf("%v", snap)
	}
	if r, _ := c.lastAsked(); r.Activity != opencti.LoginAgent || r.AgentPassword != "pw" || r.DN != "1001" {
		t.Errorf("%+v", r)
	}
	c.happen(opencti.LoggedIn, "")
	p.events("Login", "Snapshot")
	p.succeeds("agentNotReady", "4001", "ACW", "1", "", nil)
	if r, _ := c.lastAsked(); r.Activity != opencti.SetAgentNotReady || r.WorkMode != opencti.AfterCallWorkMode || r.ReasonCode != "1" {
		t.Errorf("%+v", r)
	}
	c.happen(opencti.AfterCallWork, "")
	if e := p.events("NotReady"); e["pyWorkMode"] != "ACW" {
		t.Errorf("%v", e)
	}
	p.succeeds("agentReady", "4001", "MODE_AUTO_IN", nil)
	c.happen(opencti.Available, "")
	p.events("Ready")
	c.happen(opencti.Offering, "a")
	p.events("Alerting a")
	if e := p.events("CallInfo a"); !cmp.Equal(e["pyCallVariables"], map[string]any{"customerId": "4711"}) {
		t.Errorf("%v", e)
	}
	p.succeeds("answerCall")
	c.happen(opencti.Established, "a")
	p.events("Established a")
	p.succeeds("hangUpCall", "a", map[string]any{})
	c.happen(opencti.Released, "a")
	p.events("Disconnected a")
	p.succeeds("logout", "4001", "9", nil)
	if r, _ := c.lastAsked(); r.Activity != opencti.LogoutAgent || r.ReasonCode != "9" {
		t.Errorf("%+v", r)
	}
	if snap := p.events("Snapshot"); snap["pyAgentState"] != "Logout" || snap["pyDeviceState"] != "CLOSED" {
		t.Errorf("%v", snap)
	}
	p.fails("OPENCTI_AGENT_NOT_LOGGED_IN", "logout", "4001", "9", nil)
}

// Every function of the page asks for its activity, with its properties.
func TestPegaFunctions(t *testing.T) {
	established := opencti.Call{CallID: "t", State: opencti.Established, Parties: []opencti.Party{{ID: "p", DN: "1005"}, {ID: "q", DN: "1001"}, {ID: "r", DN: "1006"}}}
	held := opencti.Call{CallID: "h", State: opencti.Held}
	ringing := opencti.Call{CallID: "r", State: opencti.Offering}
	variables := map[string]any{"variables": map[string]string{"a": "b"}}
	for fn, tc := range map[string]struct {
		calls []opencti.Call
		args  []any
		want  opencti.Request
	}{
		"answerCall":         {[]opencti.Call{ringing}, []any{"r", nil}, opencti.Request{Activity: opencti.AnswerCall, CallID: "r"}},
		"holdCall":           {[]opencti.Call{established}, []any{"t"}, opencti.Request{Activity: opencti.HoldCall, CallID: "t"}},
		"retrieveCall":       {[]opencti.Call{held}, []any{"h", map[string]any{}}, opencti.Request{Activity: opencti.RetrieveCall, CallID: "h"}},
		"makeCall":           {nil, []any{"1002", variables}, opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1002", Variables: map[string]string{"a": "b"}}},
		"hangUpCall":         {[]opencti.Call{established}, nil, opencti.Request{Activity: opencti.HangUpCall, CallID: "t"}},
		"sendDTMF":           {[]opencti.Call{established}, []any{"t", 42}, opencti.Request{Activity: opencti.SendDTMF, CallID: "t", Digits: "42"}},
		"conferenceInitiate": {[]opencti.Call{established}, []any{"t", "1002", nil}, opencti.Request{Activity: opencti.ConferenceInitiate, CallID: "t", DestinationNumber: "1002"}},
		"consultationCall":   {[]opencti.Call{established}, []any{"t", "1002"}, opencti.Request{Activity: opencti.ConferenceInitiate, CallID: "t", DestinationNumber: "1002"}},
		"conferenceComplete": {[]opencti.Call{established, held}, []any{"h", "t"}, opencti.Request{Activity: opencti.ConferenceCall, CallID: "t", HeldCallID: "h", ConsultCallID: "t"}},
		"dropParty":          {[]opencti.Call{established}, []any{"t", "1005"}, opencti.Request{Activity: opencti.DropParty, CallID: "t", Party: "p"}},
		"transferInitiate":   {[]opencti.Call{established}, []any{"t", "1002"}, opencti.Request{Activity: opencti.TransferInitiate, CallID: "t", DestinationNumber: "1002"}},
		"transferComplete":   {[]opencti.Call{established, held}, nil, opencti.Request{Activity: opencti.TransferCall, CallID: "t", HeldCallID: "h", ConsultCallID: "t"}},
		"blindTransfer":      {[]opencti.Call{established}, []any{"t", "1002"}, opencti.Request{Activity: opencti.BlindTransfer, CallID: "t", DestinationNumber: "1002"}},
	} {
		t.Run(fn, func(t *testing.T) {
			c := newCentre(t)
			c.agent(opencti.Unavailable, tc.calls...)
			p := newPage(t, c)
			p.succeeds("login", "4001", "pw", "1001", "", nil)
			p.call(fn, tc.args...)
			for got := p.next(); !got.Success; got = p.next() {
				if got.Failure != nil {
					t.Fatalf("%+v", got.Failure)
				}
			}
			r, _ := c.lastAsked()
			tc.want.ID, tc.want.DN, tc.want.AgentID, tc.want.Lineage = r.ID, "1001", "4001", r.Lineage
			if len(tc.want.Variables) == 0 {
				r.Variables = nil
			}
			if diff := cmp.Diff(tc.want, r); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPegaErrors(t *testing.T) {
	c := newCentre(t)
	p := login(t, c)
	for errCode, deny := range map[string]error{
		"OPENCTI_DEST_BUSY":              opencti.Errorf(opencti.DestinationBusy, "busy"),
		"OPENCTI_CF_INVALID_DESTINATION": opencti.Errorf(opencti.InvalidDestination, "no such number"),
		"OPENCTI_HTTP_ERROR_504":         context.DeadlineExceeded,
	} {
		c.set(deny)
		p.fails(errCode, "makeCall", "1002")
	}
	c.set(nil)
	p.fails("OPENCTI_CF_INVALID_OBJECT_STATE", "answerCall", "-1")
	p.fails("OPENCTI_CF_GENERIC_OPERATION", "makeCall")
	for status, errCode := range map[int]string{404: "OPENCTI_HTTP_ERROR_404", 502: "OPENCTI_HTTP_ERROR_502", 418: "OPENCTI_CF_GENERIC_OPERATION"} {
		c.through(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		p.fails(errCode, "makeCall", "1002")
	}
	c.through(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	p.fails("OPENCTI_HTTP_ERROR_503", "makeCall", "1002")
	other := newPage(t, newCentre(t))
	other.call("configure", map[string]any{"token": "wrong"})
	other.fails("OPENCTI_HTTP_ERROR_401", "login", "4001", "pw", "1001", "", nil)
}

// What was accepted and failed after all comes to the same failure callback.
func TestPegaFailsLater(t *testing.T) {
	c := newCentre(t)
	p := login(t, c)
	p.succeeds("makeCall", "1002")
	r, _ := c.lastAsked()
	c.sink.RequestFailed("1001", r.ID, opencti.Errorf(opencti.DestinationBusy, "busy"))
	p.failed("OPENCTI_DEST_BUSY", "makeCall")
}

// A request whose answer is lost is sent again, and done once.
func TestPegaAnswerLost(t *testing.T) {
	c := newCentre(t)
	p := login(t, c)
	_, before := c.lastAsked()
	var requests atomic.Int32
	c.through(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			c.api.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		c.api.ServeHTTP(w, r)
	}))
	p.succeeds("makeCall", "1002")
	if _, n := c.lastAsked(); n != before+1 || requests.Load() != 2 {
		t.Errorf("%d requests, the CTI server got %d", requests.Load(), n-before)
	}
}

// A stream that breaks goes on where it was: nothing is missing, nothing comes twice.
func TestPegaStreamResumes(t *testing.T) {
	c := newCentre(t)
	p := login(t, c)
	c.happen(opencti.Offering, "a")
	p.events("Alerting a", "CallInfo a")
	c.conns.cut()
	c.happen(opencti.Established, "a")
	c.happen(opencti.Offering, "b")
	p.events("Established a", "Alerting b", "CallInfo b")
	c.happen(opencti.Offering, "breaks") // the page throws; the stream goes on
	p.events("Alerting breaks", "CallInfo breaks")
	c.happen(opencti.Released, "a")
	p.events("Disconnected a")
}

// Who was away for long gets a Snapshot: what ended meanwhile is Disconnected, and what
// still rings does not ring again.
func TestPegaComesBack(t *testing.T) {
	c := newCentre(t)
	p := login(t, c)
	for _, id := range []string{"a", "b"} {
		c.happen(opencti.Offering, id)
		p.events("Alerting "+id, "CallInfo "+id)
	}
	c.through(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	c.conns.cut()
	if snap := p.events("Snapshot"); snap["pyLinkState"] != "DISCONNECTED" {
		t.Errorf("%v", snap)
	}
	c.happen(opencti.Abandoned, "a")
	c.through(nil)
	if snap := p.events("Snapshot"); snap["pyLinkState"] != "CONNECTED" {
		t.Errorf("%v", snap)
	}
	p.events("Disconnected a", "CallInfo b")
	c.happen(opencti.Established, "b")
	p.events("Established b")
}

// A session whose token does not do any more is opened again.
func TestPegaOpensAgain(t *testing.T) {
	c := newCentre(t)
	p := login(t, c)
	var opened atomic.Bool
	c.through(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/sessions" {
			opened.Store(true)
		}
		if !opened.Load() {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		c.api.ServeHTTP(w, r)
	}))
	c.conns.cut()
	for e := p.events("Snapshot"); e["pyLinkState"] != "CONNECTED"; e = p.events("Snapshot") { // it may say that it is lost
	}
	c.happen(opencti.Offering, "a")
	p.events("Alerting a")
}

// A session that somebody closed stays closed.
func TestPegaIsClosedElsewhere(t *testing.T) {
	c := newCentre(t)
	p := login(t, c)
	r, err := http.NewRequestWithContext(t.Context(), "DELETE", c.srv.URL+"/v1/sessions/4001", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer t0ken")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if e := p.events("Snapshot"); e["pyDeviceState"] != "CLOSED" || e["pyLinkState"] != "CONNECTED" {
		t.Errorf("%v", e)
	}
	p.fails("OPENCTI_AGENT_NOT_LOGGED_IN", "answerCall")
}

// In a pool of the Simple mode login watches the device.
func TestPegaInTheSimpleMode(t *testing.T) {
	c := newCentre(t)
	p := newPage(t, c)
	p.succeeds("login", "4003", "pw", "1003", "", nil)
	p.events("Snapshot")
	if r, n := c.lastAsked(); n != 0 {
		t.Errorf("%+v", r)
	}
	p.fails("OPENCTI_HTTP_ERROR_405", "makeCall", "1002")
	p.succeeds("logout", "4003", "", nil)
	p.events("Snapshot")
}

// The page's table of errors is the server's.
func TestPegaErrorTable(t *testing.T) {
	got, want := map[string]string{}, map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^    ([A-Za-z]+): "(OPENCTI_[A-Z0-9_]+)",$`).FindAllStringSubmatch(string(web.PegaDesktopAPI), -1) {
		got[m[1]] = m[2]
	}
	for _, c := range pega.Codes() {
		want[string(c.Error)] = c.ErrCode
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pega.Codes and pega_cti_desktopAPI.js (-server +page):\n%s", diff)
	}
}

// The page has the published functions.
func TestPegaHasTheFunctions(t *testing.T) {
	b, err := exec.Command("node", "-e", `import("./pega_cti_desktopAPI.js").then(() => console.log(Object.keys(globalThis.pega_cti_desktopAPI).join("\n")))`).Output()
	if err != nil {
		t.Skipf("no node on this machine: %v", err)
	}
	want := []string{
		"agentNotReady", "agentReady", "answerCall", "blindTransfer", "conferenceComplete", "conferenceInitiate", "configure", "consultationCall",
		"dropParty", "hangUpCall", "holdCall", "login", "logout", "makeCall", "retrieveCall", "sendDTMF", "transferComplete", "transferInitiate",
	}
	got := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		got[strings.TrimSpace(line)] = true
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Error(diff)
	}
}
