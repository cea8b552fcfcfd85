package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/runtime/session"
	"github.com/ctilink/ctilink-operator/runtime/simulator"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

const manifestsFor = `apiVersion: ctilink.io/v1alpha1
kind: CTILink
metadata: {name: main}
spec:
  implementationClass: simulator
  config: {address: %q, responseTimeout: 2s}
  configFrom:
  - secretRef: {name: cti}
---
apiVersion: v1
kind: Secret
metadata: {name: cti}
stringData: {password: %q}
---
apiVersion: ctilink.io/v1alpha1
kind: AgentPool
metadata: {name: sales}
spec:
  linkRef: {name: main}
  agents:
  - {id: "4001", dns: [%q]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: passed-over}
`

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFlagsAndManifestsThatAreWrong(t *testing.T) {
	link := "apiVersion: ctilink.io/v1alpha1\nkind: CTILink\nmetadata: {name: a}\nspec: {implementationClass: simulator}\n"
	const pool = "---\napiVersion: ctilink.io/v1alpha1\nkind: AgentPool\nmetadata: {name: p}\nspec: {linkRef: {name: a}, agents: [{id: x}]}\n"
	const secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
	dir := func(content string) string { return filepath.Dir(write(t, "a.yaml", content)) }
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"nothing":              {nil, "set --slot"},
		"both":                 {[]string{"--slot", "a", "--manifests", "b"}, "not both"},
		"an argument":          {[]string{"slot"}, "slot"},
		"a log level":          {[]string{"--log-level", "loud"}, "--log-level must be"},
		"no such directory":    {[]string{"--manifests", filepath.Join(t.TempDir(), "none")}, "no .yaml files"},
		"an empty one":         {[]string{"--manifests", t.TempDir()}, "no .yaml files"},
		"no YAML":              {[]string{"--manifests", dir("{a: [")}, "a.yaml"},
		"an unknown field":     {[]string{"--manifests", dir(link + "---\napiVersion: ctilink.io/v1alpha1\nkind: AgentPool\nmetadata: {name: p}\nspec: {linkRef: {name: a}, agent: []}\n")}, "agent"},
		"a field twice":        {[]string{"--manifests", dir(link + "kind: CTILink\n")}, "kind"},
		"a wrong type":         {[]string{"--manifests", dir(strings.Replace(link, "simulator", "[simulator]", 1))}, "implementationClass"},
		"a pool twice":         {[]string{"--manifests", dir(link + pool + pool)}, "AgentPool p stands there twice"},
		"a secret twice":       {[]string{"--manifests", dir(link + secret + secret)}, "Secret s stands there twice"},
		"too many agents":      {[]string{"--manifests", dir(link + strings.Replace(pool, "agents: [{id: x}]", `agentRanges: [{first: "0", last: "9"}, {first: "000000000", last: "999999999"}]`, 1))}, "AgentPool p"},
		"a NUL":                {[]string{"--manifests", dir("a: \x00\n")}, "a.yaml"},
		"UTF-16":               {[]string{"--manifests", dir("\xff\xfea\x00:\x00")}, "a.yaml"},
		"deep":                 {[]string{"--manifests", dir(strings.Repeat("[", 20000))}, "a.yaml"},
		"aliases of aliases":   {[]string{"--manifests", dir(laughs)}, "a.yaml"},
		"a mistyped kind":      {[]string{"--manifests", dir(link + strings.Replace(pool, "AgentPool", "AgentPol", 1))}, `no kind "AgentPol" is registered for version "ctilink.io/v1alpha1"`},
		"a secret in clear":    {[]string{"--manifests", dir(link + secret + "data: {password: secret!}\n")}, "what stands under data of a Secret must be base64"},
		"no such secret":       {[]string{"--manifests", dir(strings.Replace(link, "simulator", "simulator, configFrom: [{secretRef: {name: t}}]", 1) + secret)}, `spec.configFrom[0].secretRef: there is no Secret "t"`},
		"no such config map":   {[]string{"--manifests", dir(strings.Replace(link, "simulator", "simulator, configFrom: [{configMapRef: {name: t}}]", 1))}, `spec.configFrom[0].configMapRef: there is no ConfigMap "t"`},
		"another link's pool":  {[]string{"--manifests", dir(link + strings.Replace(pool, "linkRef: {name: a}", "linkRef: {name: b}", 1))}, `AgentPool p: spec.linkRef.name is "b"`},
		"no link":              {[]string{"--manifests", dir("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n")}, "exactly one CTILink, not 0"},
		"two links":            {[]string{"--manifests", dir(link + "---\n" + strings.Replace(link, "name: a", "name: b", 1))}, "exactly one CTILink, not 2"},
		"an unknown class":     {[]string{"--manifests", dir(strings.Replace(link, "simulator", "other", 1))}, "other"},
		"plain HTTP for all":   {[]string{"--manifests", dir(link), "--plain-http"}, "loopback"},
		"no desktop token":     {[]string{"--manifests", dir(link), "--plain-http", "--desktop-address", "127.0.0.1:0", "--desktop-token-file", "/none"}, "--desktop-token-file"},
		"in a pod, outside it": {[]string{"--slot", "a"}, "API server"},
	} {
		t.Run(name, func(t *testing.T) {
			c := command()
			c.SetArgs(tc.args)
			ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
			defer stop()
			if err := c.ExecuteContext(ctx); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want %q", err, tc.says)
			}
		})
	}
}

// laughs is a small document that aliases make very large.
var laughs = func() string {
	s := "a0: &a0 [" + strings.Repeat("x,", 30) + "x]\n"
	for i := range 9 {
		s += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 30), i)
	}
	return s
}()

// floor is a contact centre's floor: ctisim, the runtime, and agent 4001's desktop.
type floor struct {
	t       *testing.T
	sim     *simulator.Simulator
	at      string // ctisim's address
	stopSim func()
	url     string
	metrics string
	events  *bufio.Reader

	settings simulator.Settings // of ctisim
	simLog   logr.Logger
	token    string
	dn       string // of agent 4001; empty: 4001 and 4002 sit anywhere
	logLevel string
	args     []string // of the program, besides the usual ones
	desktop  string   // spec.desktop of the link
}

func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func settings() simulator.Settings {
	s := simulator.DefaultSettings()
	s.WrapUpTime = simulator.Duration(time.Minute)
	return s
}

func (f *floor) startSim() {
	f.t.Helper()
	sim, err := simulator.New(f.settings, f.simLog)
	if err != nil {
		f.t.Fatal(err)
	}
	ln, err := net.Listen("tcp", f.at)
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sim.Serve(ctx, ln, nil) }()
	f.sim = sim
	f.stopSim = func() {
		stop()
		if err := <-ended; err != nil {
			f.t.Error(err)
		}
		ended <- nil
	}
}

// newFloor starts ctisim and the runtime, standalone, in this process.
func newFloor(t *testing.T, change ...func(*floor)) *floor {
	f := &floor{t: t, at: free(t), settings: settings(), simLog: logr.Discard(), token: "t", dn: "1001", logLevel: "error"}
	for _, c := range change {
		c(f)
	}
	f.startSim()
	t.Cleanup(func() { f.stopSim() })
	desktops, metrics := free(t), free(t)
	f.url, f.metrics = "http://"+desktops, "http://"+metrics
	manifests := fmt.Sprintf(manifestsFor, f.at, f.settings.Application.Password, f.dn)
	manifests = strings.Replace(manifests, `- {id: "4001", dns: [""]}`, `- {id: "4001"}`+"\n  "+`- {id: "4002"}`, 1)
	if f.desktop != "" {
		manifests = strings.Replace(manifests, "  configFrom:", "  desktop: "+f.desktop+"\n  configFrom:", 1)
	}
	dir := filepath.Dir(write(t, "floor.yaml", manifests))
	c := command()
	c.SetArgs(append([]string{
		"--manifests", dir, "--plain-http", "--desktop-address", desktops, "--metrics-address", metrics, "--log-level", f.logLevel,
		"--desktop-token-file", write(t, "token", f.token+"\n"), "--session-key-file", filepath.Join(dir, "none"),
	}, f.args...))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.ExecuteContext(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the runtime says: %v", err)
		}
	})
	return f
}

// eventually waits for what other goroutines bring about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func (f *floor) request(method, path, body string) *http.Response {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+f.token)
	var resp *http.Response
	eventually(f.t, "the runtime listens", func() bool {
		resp, err = http.DefaultClient.Do(r)
		return err == nil
	})
	f.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func (f *floor) do(method, path, body string, want int, into any) {
	f.t.Helper()
	resp := f.request(method, path, body)
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		f.t.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, b, err)
	}
	if into != nil {
		if err := json.Unmarshal(b, into); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *floor) perform(a opencti.Activity, body string) string {
	f.t.Helper()
	var accepted server.Accepted
	f.do("POST", "/v1/sessions/4001/activities/"+string(a), body, http.StatusAccepted, &accepted)
	return accepted.RequestID
}

// arrive opens the session and its stream.
func (f *floor) arrive() {
	f.t.Helper()
	f.do("POST", "/v1/sessions", `{"agentId":"4001"}`, http.StatusCreated, nil)
	f.listen("4001")
}

// listen opens a session's stream.
func (f *floor) listen(session string) {
	f.t.Helper()
	f.events = bufio.NewReader(f.request("GET", "/v1/sessions/"+session+"/events", "").Body)
	f.until(opencti.SnapshotEvent)
}

// until reads events up to the one with that name.
func (f *floor) until(name opencti.EventName) session.Event {
	f.t.Helper()
	for {
		line, err := f.events.ReadString('\n')
		if err != nil {
			f.t.Fatalf("waiting for %s: %v", name, err)
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var e session.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			f.t.Fatal(err)
		}
		if e.Name == name {
			return e
		}
	}
}

func (f *floor) inbound() {
	f.t.Helper()
	_, err := f.sim.Switch.Inbound(switchmodel.InboundCall{From: "5550100", To: "5000", Data: map[string]string{"customer": "42"}})
	if err != nil {
		f.t.Fatal(err)
	}
}

// available brings the agent to where calls can come.
func (f *floor) available() {
	f.t.Helper()
	f.perform(opencti.LoginAgent, fmt.Sprintf(`{"agentPassword":%q}`, f.settings.AgentPassword))
	f.until(opencti.LoggedIn)
	f.perform(opencti.SetAgentReady, "{}")
	f.until(opencti.Available)
}

func TestADayOfAnAgent(t *testing.T) {
	f := newFloor(t)
	f.arrive()
	f.available()
	f.inbound()
	offer := f.until(opencti.Offering)
	if offer.Call.Variables["customer"] != "42" || offer.Call.ANI != "5550100" || offer.Call.OfferedBy != opencti.ByQueue {
		t.Errorf("%+v", offer.Call)
	}
	id := fmt.Sprintf(`{"callId":%q}`, offer.Call.CallID)
	for _, step := range []struct {
		activity opencti.Activity
		body     string
		event    opencti.EventName
	}{
		{opencti.AnswerCall, "{}", opencti.Established}, {opencti.HoldCall, id, opencti.Held},
		{opencti.RetrieveCall, id, opencti.Retrieved}, {opencti.HangUpCall, "{}", opencti.Released},
	} {
		request := f.perform(step.activity, step.body)
		if e := f.until(step.event); e.CausedBy != request || e.Call.Variables["customer"] != "42" {
			t.Errorf("%s: %+v of %+v", step.activity, e, e.Call)
		}
	}
	f.until(opencti.AfterCallWork)
	f.perform(opencti.SetAgentNotReady, `{"reasonCode":"1"}`)
	f.until(opencti.Unavailable)
	f.perform(opencti.LogoutAgent, "{}")
	f.until(opencti.LoggedOut)
	if snap := f.until(opencti.SnapshotEvent).Snapshot; snap.Agent.State != opencti.LoggedOut || len(snap.Calls) > 0 {
		t.Errorf("%+v", snap)
	}
	f.do("DELETE", "/v1/sessions/4001", "", http.StatusNoContent, nil)
}

func TestTheLinkIsLostInMidCall(t *testing.T) {
	f := newFloor(t)
	f.arrive()
	f.available()
	f.inbound()
	f.until(opencti.Offering)
	f.perform(opencti.AnswerCall, "{}")
	f.until(opencti.Established)

	f.sim.Server.DropConnections() // the switch and its calls go on
	f.until(opencti.LinkLost)
	f.until(opencti.LinkUp)
	if snap := f.until(opencti.SnapshotEvent).Snapshot; len(snap.Calls) != 1 || snap.Calls[0].State != opencti.Established ||
		snap.Calls[0].Variables["customer"] != "42" || snap.Agent.State != opencti.Busy {
		t.Errorf("%+v, calls %+v", snap, snap.Calls)
	}

	f.stopSim() // the switch itself is gone, and its calls
	f.until(opencti.LinkLost)
	f.do("POST", "/v1/sessions/4001/activities/HangUpCall", "{}", http.StatusServiceUnavailable, nil)
	f.startSim()
	if e := f.until(opencti.Released); !e.Ended || e.Cause != "LostInResync" {
		t.Errorf("%+v", e)
	}
	f.until(opencti.LinkUp)
	if snap := f.until(opencti.SnapshotEvent).Snapshot; len(snap.Calls) > 0 || snap.Link != opencti.LinkUp || snap.Agent.State != opencti.LoggedOut {
		t.Errorf("%+v", snap)
	}
}
