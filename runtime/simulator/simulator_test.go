package simulator

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a simulator until the test ends.
func start(tb testing.TB, s Settings) (sim *Simulator, csta, control string) {
	tb.Helper()
	sim, err := New(s, logr.Discard())
	if err != nil {
		tb.Fatal(err)
	}
	var listeners [2]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			tb.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- sim.Serve(ctx, listeners[0], listeners[1]) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			tb.Errorf("Serve: %v", err)
		}
	})
	return sim, listeners[0].Addr().String(), listeners[1].Addr().String()
}

func TestACallFromTheControlPortReachesAnApplication(t *testing.T) {
	_, csta, control := start(t, DefaultSettings())
	app := connect(t, csta)
	app.watch("1001")
	app.seat("4001", "1001")
	_ = app.socket.SetReadDeadline(time.Now().Add(10 * time.Second))
	for ready := false; !ready; {
		switch app.next().(type) {
		case nil:
			t.Fatal("the agent does not become ready")
		case *wire.AgentReadyEvent:
			ready = true
		}
	}
	// One connection: its goroutines would outlive the test.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Post("http://"+control+"/v1/calls", "application/json",
		strings.NewReader(`{"from":"+4930123456","queue":"support","data":{"customerId":"4711"}}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("status %s", answer.Status)
	}
	for {
		switch m := app.next().(type) {
		case nil:
			t.Fatal("the call is not offered")
		case *wire.DeliveredEvent:
			if m.Variables()["customerId"] != "4711" {
				t.Errorf("data %v", m.Variables())
			}
			return
		}
	}
}

func TestGeneratedCallersArrive(t *testing.T) {
	s := DefaultSettings()
	s.CallsPerMinute = 6000
	sim, _, _ := start(t, s)
	for end := time.Now().Add(10 * time.Second); len(sim.Switch.Calls()) < 3; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody calls")
		}
	}
}
