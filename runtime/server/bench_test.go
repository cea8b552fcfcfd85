package server

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
	"github.com/ctilink/ctilink-operator/runtime/slots"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	desktopToken = "t0ken-of-desktops"
	ingestToken  = "t0ken-of-connectors"
)

func always() error { return nil }

// newLink makes a link at work with agents 4001 (at 1001) and 4002, and 4003 (at 1003) in a
// pool of the Simple mode.
func newLink(t testing.TB, epoch int64) (*link.Link, *linktest.Driver) {
	t.Helper()
	cti := linktest.New()
	l := link.New(link.Options{
		Epoch: epoch, MayAct: always, Drivers: cti.Find, Log: slog.New(slog.DiscardHandler),
		Mounted: func() (map[string]string, error) { return nil, nil },
	})
	if err := l.Apply(slotDocument(1)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); l.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ran })
	cti.Connection(1)
	for st, changed := l.Status(); st.Connection != v1alpha1.ConnectionConnected; st, changed = l.Status() {
		<-changed // the link knows of its connection a moment after the server
	}
	return l, cti
}

// slotDocument is the slot's; agent 4002 works for more queues, too.
func slotDocument(generation int64, more ...string) link.Document {
	return link.Document{Generation: generation, Spec: v1alpha1.CTISlotSpec{
		LinkName: "main", Class: "test", Driver: linktest.Name, Config: map[string]string{"address": "a:1"},
		Pools: []v1alpha1.SlotPool{{Name: "sales"}, {Name: "callers", PoolPolicy: v1alpha1.PoolPolicy{TelephonyMode: v1alpha1.ModeSimple}}},
		Agents: []v1alpha1.SlotAgent{
			{Agent: v1alpha1.Agent{ID: "4001", DNs: []string{"1001"}}, Pool: "sales"},
			{Agent: v1alpha1.Agent{ID: "4002", Queues: append([]string{"east", "west"}, more...)}, Pool: "sales"},
			{Agent: v1alpha1.Agent{ID: "4003", DNs: []string{"1003"}, Queues: []string{"north"}}, Pool: "callers"},
		},
	}}
}

// routing is what a pod knows of the slot's holder.
type routing struct {
	identity string

	mu      sync.Mutex
	link    *link.Link
	holder  slots.Holder
	looked  chan struct{}
	refresh func() // what a look finds
	looks   int
}

func (r *routing) Local() (*link.Link, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.link, r.link != nil
}

func (r *routing) Holder() (slots.Holder, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holder, r.looked
}

func (r *routing) Identity() string { return r.identity }

func (r *routing) Refresh(context.Context) error {
	r.mu.Lock()
	do := r.refresh
	r.looks++
	r.mu.Unlock()
	if do != nil {
		do()
	}
	return nil
}

func (r *routing) set(l *link.Link, h slots.Holder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.link, r.holder = l, h
	close(r.looked)
	r.looked = make(chan struct{})
}

// pod is one pod's server with its two ports.
type pod struct {
	*Server
	t       testing.TB
	routing *routing
	url     string
	client  *http.Client
	peer    *httptest.Server
	cti     *linktest.Driver
}

// newPod makes a pod that holds nothing. Its certificate is that of tests.
func newPod(t testing.TB, name string, change ...func(*Options)) *pod {
	t.Helper()
	p := &pod{t: t, client: http.DefaultClient, routing: &routing{identity: name, looked: make(chan struct{})}}
	o := Options{
		Link: "main", Version: "test", Routing: p.routing, Token: func() (string, error) { return desktopToken, nil },
		SessionKey: []byte("key of the link"), MayAct: always, Log: slog.New(slog.DiscardHandler), KeepAlive: time.Minute,
		IngestToken: func() (string, error) { return ingestToken, nil },
		Limits:      Limits{SessionRate: -1, AddressRate: -1, IngestRate: -1, Streams: -1},
	}
	for _, c := range change {
		c(&o)
	}
	var serving http.Handler
	p.peer = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serving.ServeHTTP(w, r) }))
	if o.Peers == nil {
		o.Peers = p.peer.Client().Transport // all of httptest's servers have one certificate
	}
	p.Server = New(o)
	serving = p.Peer()
	desktop := httptest.NewServer(p.Desktop())
	p.url = desktop.URL
	t.Cleanup(func() {
		p.CloseStreams()
		desktop.CloseClientConnections()
		p.peer.CloseClientConnections()
		desktop.Close()
		p.peer.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return p
}

// overHTTP2 makes what follows use HTTP/2.
func (p *pod) overHTTP2() {
	desktop := httptest.NewUnstartedServer(p.Desktop())
	desktop.EnableHTTP2 = true
	desktop.StartTLS()
	p.t.Cleanup(desktop.Close)
	p.url, p.client = desktop.URL, desktop.Client()
}

// holding makes a pod that holds the slot.
func holding(t testing.TB, name string, epoch int64, change ...func(*Options)) *pod {
	p := newPod(t, name, change...)
	p.hold(epoch)
	return p
}

func (p *pod) hold(epoch int64) {
	l, cti := newLink(p.t, epoch)
	p.cti = cti
	p.routing.set(l, slots.Holder{})
}

func (p *pod) asHolder() slots.Holder {
	return slots.Holder{Identity: p.routing.identity, Pod: p.routing.identity, Address: p.peer.Listener.Addr().String()}
}

// answer is what a desktop gets.
type answer struct {
	*http.Response
	body []byte
}

func (a answer) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
}

// problem reads the problem document, and checks that it is one.
func (a answer) problem(t testing.TB) Problem {
	t.Helper()
	var p Problem
	a.into(t, &p)
	if a.Header.Get("Content-Type") != "application/problem+json" || p.Code == "" || p.Message == "" || p.Status != a.StatusCode || p.Severity != "Fail" ||
		p.Type != problemType+string(p.Code) || p.Title != http.StatusText(p.Status) {
		t.Errorf("%d %s is no problem document: %s", a.StatusCode, a.Header.Get("Content-Type"), a.body)
	}
	return p
}

func logTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type header map[string]string

// request makes a request as a desktop does.
func (p *pod) request(ctx context.Context, method, path, body string, headers ...header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.Header.Set("Authorization", "Bearer "+desktopToken)
	for _, h := range headers {
		for k, v := range h {
			r.Header.Set(k, v)
		}
	}
	return p.client.Do(r)
}

func (p *pod) do(method, path, body string, headers ...header) answer {
	p.t.Helper()
	resp, err := p.request(p.t.Context(), method, path, body, headers...)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{resp, b}
}

// open opens the session of agent 4001.
func (p *pod) open() Opened {
	p.t.Helper()
	return p.openAs(`{"agentId":"4001"}`)
}

func (p *pod) openAs(body string) Opened {
	p.t.Helper()
	a := p.do("POST", "/v1/sessions", body)
	if a.StatusCode != http.StatusCreated && a.StatusCode != http.StatusOK {
		p.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	var o Opened
	a.into(p.t, &o)
	return o
}

// sse is an event stream as a desktop reads it.
type sse struct {
	t      testing.TB
	resume string
	lines  *bufio.Reader
	close  func()
}

// stream opens an event stream of a session.
func (p *pod) stream(sessionID string, headers ...header) *sse {
	p.t.Helper()
	return p.streamOf("/v1/sessions/"+sessionID+"/events", headers...)
}

// streamOf opens any stream.
func (p *pod) streamOf(path string, headers ...header) *sse {
	p.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	resp, err := p.request(ctx, "GET", path, "", headers...)
	if err != nil {
		stop()
		p.t.Fatal(err)
	}
	s := &sse{p.t, resp.Header.Get(HeaderResume), bufio.NewReader(resp.Body), func() { stop(); resp.Body.Close() }}
	p.t.Cleanup(s.close)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		p.t.Fatalf("no stream: %d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return s
}

// block reads up to the next empty line.
func (s *sse) block() (map[string]string, error) {
	out := map[string]string{}
	for {
		l, err := s.lines.ReadString('\n')
		if err != nil {
			return out, err
		}
		l = strings.TrimSuffix(l, "\n")
		if l == "" {
			return out, nil
		}
		k, v, _ := strings.Cut(l, ": ")
		out[k] = v
	}
}

// data gives the next block with data: its event field, its id and the data.
func (s *sse) data() (event, id, data string) {
	s.t.Helper()
	for {
		b, err := s.block()
		if err != nil {
			s.t.Fatalf("the stream ended: %v", err)
		}
		if b["data"] != "" {
			return b["event"], b["id"], b["data"]
		}
	}
}

// next gives the next event.
func (s *sse) next() session.Event {
	s.t.Helper()
	for {
		b, err := s.block()
		if err != nil {
			s.t.Fatalf("the stream ended: %v", err)
		}
		if b["data"] == "" {
			continue
		}
		var e session.Event
		if err := json.Unmarshal([]byte(b["data"]), &e); err != nil {
			s.t.Fatal(err)
		}
		if b["id"] != e.ID || b["event"] != string(e.Type) {
			s.t.Errorf("id %q, event %q around %s", b["id"], b["event"], b["data"])
		}
		return e
	}
}

// want reads as many events and checks their names.
func (s *sse) want(names ...opencti.EventName) (last session.Event) {
	s.t.Helper()
	for i, n := range names {
		if last = s.next(); last.Name != n {
			s.t.Fatalf("event %d is %s, want %s", i, last.Name, n)
		}
	}
	return last
}

// ends waits for the end of the stream.
func (s *sse) ends() {
	s.t.Helper()
	for {
		if _, err := s.block(); err != nil {
			return
		}
	}
}

func (p *pod) happen(name opencti.EventName, callID string) {
	p.cti.Connection(1).Happen("1001", name, map[string]any{"callId": callID})
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func resume(e session.Event) header { return header{"Last-Event-ID": e.ID} }

func sessionHeader(o Opened) header { return header{HeaderSession: o.SessionToken} }

func mustSession(t *testing.T, p *pod) *session.Session {
	t.Helper()
	s, ok := p.routing.link.Session("4001")
	if !ok {
		t.Fatal("no session")
	}
	return s
}
