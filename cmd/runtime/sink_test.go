package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
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
