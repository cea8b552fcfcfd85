package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
)

func always() error { return nil }

// centre is a runtime with a scripted CTI server; its front may be changed on the way.
type centre struct {
	t     *testing.T
	cti   *linktest.Driver
	srv   *httptest.Server
	front atomic.Pointer[http.Handler]
	api   http.Handler
	conns connections
	sink  opencti.Sink // that of the connection

	mu    sync.Mutex
	asked []opencti.Request
	deny  error
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	c := &centre{t: t, cti: linktest.New()}
	c.cti.OnPerform = c.perform
	log := slog.New(slog.DiscardHandler)
	l := link.New(link.Options{
		Epoch: 7, MayAct: always, Drivers: func(string) (opencti.Driver, bool) { return tapped{c.cti, c}, true }, Log: log,
		Mounted: func() (map[string]string, error) { return nil, nil },
	})
	err := l.Apply(link.Document{Generation: 1, Spec: v1alpha1.CTISlotSpec{
		LinkName: "main", Class: "test", Driver: linktest.Name, Config: map[string]string{"address": "a:1"},
		Pools: []v1alpha1.SlotPool{{Name: "sales"}, {Name: "callers", PoolPolicy: v1alpha1.PoolPolicy{TelephonyMode: v1alpha1.ModeSimple}}},
		Agents: []v1alpha1.SlotAgent{
			{Agent: v1alpha1.Agent{ID: "4001", DNs: []string{"1001"}}, Pool: "sales"},
			{Agent: v1alpha1.Agent{ID: "4003", DNs: []string{"1003"}}, Pool: "callers"},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); l.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ran })
	c.cti.Connection(1)
	api := server.New(server.Options{
		Link: "main", Routing: server.Standalone{Link: l}, Token: func() (string, error) { return "t0ken", nil },
		SessionKey: []byte("key"), MayAct: always, Log: log,
	})
	c.api = api.Desktop()
	c.front.Store(&c.api)
	c.srv = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*c.front.Load()).ServeHTTP(w, r) }))
	c.srv.Config.ConnState = c.conns.see
	c.srv.Start()
	t.Cleanup(func() { api.CloseStreams(); c.srv.CloseClientConnections(); c.srv.Close() })
	return c
}

// connections are those of the desktops, event streams too.
type connections struct{ all sync.Map }

func (c *connections) see(conn net.Conn, state http.ConnState) {
	if state == http.StateNew {
		c.all.Store(conn, true)
	}
}

// cut loses all connections.
func (c *connections) cut() {
	c.all.Range(func(conn, _ any) bool {
		_ = conn.(net.Conn).Close()
		c.all.Delete(conn)
		return true
	})
}

// tapped is the driver, whose sink the test may use as well.
type tapped struct {
	*linktest.Driver
	c *centre
}

// Connect implements opencti.Driver.
func (d tapped) Connect(ctx context.Context, env opencti.Environment) (opencti.Connection, error) {
	d.c.sink = env.Sink
	return d.Driver.Connect(ctx, env)
}

func (c *centre) perform(_ context.Context, _ *linktest.Device, r opencti.Request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r)
	return c.deny
}

func (c *centre) set(deny error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deny = deny
}

// lastAsked is the last request that the CTI server got, and how many there were.
func (c *centre) lastAsked() (opencti.Request, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) == 0 {
		return opencti.Request{}, 0
	}
	return c.asked[len(c.asked)-1], len(c.asked)
}

func (c *centre) happen(name opencti.EventName, callID string) {
	c.cti.Connection(1).Happen("1001", name, map[string]any{
		"callId": callID, "callType": "INBOUND", "ani": "4930123456", "variables": map[string]string{"customerId": "4711"},
	})
}

func (c *centre) agent(state opencti.EventName, calls ...opencti.Call) {
	c.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: state}, Calls: calls})
}

// front replaces the API until the next call of it; nil brings it back.
func (c *centre) through(h http.Handler) {
	if h == nil {
		h = c.api
	}
	c.front.Store(&h)
}

// page is Node with the script in it.
type page struct {
	t     *testing.T
	in    io.WriteCloser
	lines chan told
}

// told is what a page tells.
type told struct {
	Fn      string
	Success bool
	Failure *struct{ ErrCode, ErrMessage string }
	Event   map[string]any
}

func newPage(t *testing.T, c *centre) *page {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on this machine; apt-get install nodejs runs these tests")
	}
	cmd := exec.Command(node, "testdata/pega_desktop.mjs")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &page{t, in, make(chan told, 100)}
	go func() {
		defer close(p.lines)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			var what told
			if err := json.Unmarshal(lines.Bytes(), &what); err != nil {
				t.Errorf("the page says %s: %v", lines.Bytes(), err)
			}
			p.lines <- what
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // its streams never end by themselves
		for range p.lines {
		}
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("node: %s", stderr.String())
		}
	})
	p.call("configure", map[string]any{
		"url": c.srv.URL, "token": "t0ken", "times": map[string]int{"lost": 100, "longestWait": 200, "firstRetry": 10},
	})
	return p
}

func (p *page) call(fn string, args ...any) {
	p.t.Helper()
	if args == nil {
		args = []any{}
	}
	b, err := json.Marshal(map[string]any{"fn": fn, "args": args})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.in.Write(append(b, '\n')); err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) next() told {
	p.t.Helper()
	select {
	case what, ok := <-p.lines:
		if !ok {
			p.t.Fatal("the page is gone")
		}
		return what
	case <-time.After(30 * time.Second):
		p.t.Fatal("the page says nothing")
	}
	return told{}
}

func (p *page) succeeds(fn string, args ...any) {
	p.t.Helper()
	p.call(fn, args...)
	if got := p.next(); got.Fn != fn || !got.Success {
		p.t.Fatalf("%s: %+v %+v", fn, got, got.Failure)
	}
}

func (p *page) fails(errCode, fn string, args ...any) {
	p.t.Helper()
	p.call(fn, args...)
	p.failed(errCode, fn)
}

func (p *page) failed(errCode, fn string) {
	p.t.Helper()
	got := p.next()
	if got.Fn != fn || got.Failure == nil || got.Failure.ErrCode != errCode || got.Failure.ErrMessage == "" {
		p.t.Fatalf("%s: %+v %+v, want %s", fn, got, got.Failure, errCode)
	}
}

// events reads events and gives the last; each is wanted as "pyEventName pyCallId".
func (p *page) events(want ...string) (last map[string]any) {
	p.t.Helper()
	for _, w := range want {
		got := p.next()
		name, _ := got.Event["pyEventName"].(string)
		if id, ok := got.Event["pyCallId"].(string); ok {
			name += " " + id
		}
		if name != w {
			p.t.Fatalf("event %q, want %q: %+v", name, w, got)
		}
		last = got.Event
	}
	return last
}

// login logs agent 4001 in, who is then known to be unavailable.
func login(t *testing.T, c *centre) *page {
	t.Helper()
	p := newPage(t, c)
	c.agent(opencti.Unavailable)
	p.succeeds("login", "4001", "pw", "1001", "", nil)
	p.events("Snapshot")
	return p
}
