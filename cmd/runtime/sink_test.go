package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/sink"
)

// A link whose manifest names a sink: what happens at the switch is posted there.
func TestEventsGoToTheSink(t *testing.T) {
	events := make(chan map[string]any, 64)
	crm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		var e map[string]any
		if err == nil {
			err = json.Unmarshal(b, &e)
		}
		if err != nil || r.Header.Get("Authorization") != "Bearer of-the-crm" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		events <- e
		w.WriteHeader(http.StatusNoContent)
	}))
	defer crm.Close()
	f := newFloor(t, func(f *floor) {
		f.desktop = fmt.Sprintf("{eventSink: {url: %q, plainHTTP: Allowed, secretRef: {name: crm}}}", crm.URL+"/events")
		f.args = []string{"--sink-dir", filepath.Dir(write(t, "token", "of-the-crm\n"))}
	})
	f.arrive()
	f.perform("LoginAgent", `{"agentPassword":"secret"}`)
	deadline := time.After(15 * time.Second)
	for {
		select {
		case e := <-events:
			if e["agentId"] == "4001" && e["name"] == "LoggedIn" {
				return
			}
		case <-deadline:
			t.Fatal("the log-in was not posted")
		}
	}
}

// A sink for the tests of what the status says.
func sinkAtWork(t *testing.T, document func() (*v1alpha1.EventSink, <-chan struct{})) *eventSink {
	l := link.New(link.Options{Log: slog.New(slog.DiscardHandler)})
	e := newEventSink(t.TempDir(), true, func() error { return nil }, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); e.run(ctx, l, document) }()
	t.Cleanup(func() { stop(); <-ran })
	return e
}

func TestTheStatusTellsOfTheSink(t *testing.T) {
	for name, tc := range map[string]struct {
		sink *v1alpha1.EventSink
		want string // reason
		says string
	}{
		"none":           {nil, "", ""},
		"one":            {&v1alpha1.EventSink{URL: "https://crm.example.com/events"}, v1alpha1.ReasonDelivering, "takes the events"},
		"without TLS":    {&v1alpha1.EventSink{URL: "http://crm.example.com/events"}, v1alpha1.ReasonSinkInvalid, "plain HTTP must be allowed"},
		"without a host": {&v1alpha1.EventSink{URL: "https:///events"}, v1alpha1.ReasonSinkInvalid, "no host"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := sinkAtWork(t, func() (*v1alpha1.EventSink, <-chan struct{}) { return tc.sink, nil })
				synctest.Wait()
				got, _ := e.status()
				if (got == nil) != (tc.want == "") || got != nil && (got.reason != tc.want || !strings.Contains(got.message, tc.says)) {
					t.Errorf("the status is %+v, want %s", got, tc.want)
				}
			})
		})
	}
}

func TestEveryReasonOfASinkIsACondition(t *testing.T) {
	for _, r := range []sink.Reason{
		sink.Unreachable, sink.AddressRefused, sink.Untrusted, sink.TimedOut, sink.CredentialsUnreadable, sink.Unauthorized, sink.NotFound,
		sink.Unavailable, sink.EventRefused,
	} {
		if sinkReasons[r] == "" {
			t.Errorf("%s is no condition's reason", r)
		}
	}
}

// crm takes events, and counts how often each came.
type crm struct {
	*httptest.Server
	authorization string // what it wants

	mu   sync.Mutex
	took map[string]int
	news chan struct{} // full when it took one
}

func newCRM(t *testing.T) *crm {
	c := &crm{took: map[string]int{}, news: make(chan struct{}, 1)}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *crm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.authorization != "" && r.Header.Get("Authorization") != c.authorization {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	c.mu.Lock()
	c.took[r.Header.Get(sink.HeaderEventID)]++
	c.mu.Unlock()
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// await waits until it took an event.
func (c *crm) await(t *testing.T, id string) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		c.mu.Lock()
		took := c.took[id]
		c.mu.Unlock()
		if took > 0 {
			return
		}
		select {
		case <-c.news:
		case <-late:
			t.Fatalf("%s did not come", id)
		}
	}
}

// documents are the slot's, one after the other.
type documents struct {
	mu   sync.Mutex
	sink *v1alpha1.EventSink
	news chan struct{}
}

func named(to *crm) *documents {
	return &documents{news: make(chan struct{}), sink: &v1alpha1.EventSink{
		URL: to.URL, PlainHTTP: v1alpha1.PlainHTTPAllowed, SecretRef: &v1alpha1.LocalObjectReference{Name: "crm"},
	}}
}

func (d *documents) newest() (*v1alpha1.EventSink, <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sink, d.news
}

// another is a newer document that names the same sink.
func (d *documents) another() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sink = d.sink.DeepCopy()
	close(d.news)
	d.news = make(chan struct{})
}

// atSwitch is a link at work on a scripted server, with a session of agent 4001.
func atSwitch(t *testing.T) (*link.Link, *linktest.Driver) {
	server := linktest.New()
	l := link.New(link.Options{
		Epoch: 7, MayAct: func() error { return nil }, Drivers: server.Find, Observer: newMetrics(), Log: slog.New(slog.DiscardHandler),
		Mounted: func() (map[string]string, error) { return nil, nil },
	})
	err := l.Apply(link.Document{Generation: 1, Spec: v1alpha1.CTISlotSpec{
		Driver: linktest.Name, Config: map[string]string{"address": "a:1"}, Pools: []v1alpha1.SlotPool{{Name: "sales"}},
		Agents: []v1alpha1.SlotAgent{{Agent: v1alpha1.Agent{ID: "4001"}, Pool: "sales"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); l.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ran })
	if _, _, err := l.Open(t.Context(), link.Request{DN: "1001", AgentID: "4001"}); err != nil {
		t.Fatal(err)
	}
	return l, server
}

// deliverTo runs the event sink of a document until the test ends.
func deliverTo(t *testing.T, l *link.Link, e *eventSink, d *documents) {
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); e.run(ctx, l, d.newest) }()
	t.Cleanup(func() { stop(); <-ran })
}

// A document that changes something else leaves the sink at work: no event comes again.
func TestAnotherDocumentDeliversNothingAgain(t *testing.T) {
	to := newCRM(t)
	l, server := atSwitch(t)
	d := named(to)
	e := newEventSink(filepath.Dir(write(t, "token", "of-the-crm")), true, func() error { return nil }, slog.New(slog.DiscardHandler))
	deliverTo(t, l, e, d)
	to.await(t, "4001/7-1")
	for i := range 3 {
		d.another()
		server.Connection(1).Happen("1001", opencti.Offering, map[string]any{"callId": fmt.Sprint(i)})
		to.await(t, fmt.Sprintf("4001/7-%d", i+2))
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	for id, n := range to.took {
		if n > 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
}

// What is put into the Secret later is used: the status says that it is missing.
func TestASecretThatComesLater(t *testing.T) {
	to := newCRM(t)
	to.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte("jane:secret"))
	l, _ := atSwitch(t)
	dir := t.TempDir()
	d := named(to)
	e := newEventSink(dir, true, func() error { return nil }, slog.New(slog.DiscardHandler))
	e.reread = 10 * time.Millisecond
	deliverTo(t, l, e, d)
	for st, changed := e.status(); st == nil; st, changed = e.status() {
		<-changed
	}
	for name, value := range map[string]string{"username": "jane", "password": "secret"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	to.await(t, "4001/7-1")
}
