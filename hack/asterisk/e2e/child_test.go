//go:build asterisk

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/test/desktop"
	"github.com/ctilink/ctilink-operator/test/process"
)

// A child process is what is measured: this program again, in a role.
const (
	roleVariable   = "CTILINK_E2E_ROLE"
	configVariable = "CTILINK_E2E_CONFIG" // of the class, as JSON
	agentsVariable = "CTILINK_E2E_AGENTS"

	token = "token"
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	var config map[string]string
	must(json.Unmarshal([]byte(os.Getenv(configVariable)), &config))
	handler := map[string]func(map[string]string) http.Handler{"pod": pod, "bare": bare}[role](config)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Println(l.Addr())
	must(http.Serve(l, handler)) //nolint:gosec // a test's own process
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// pod is the product: the same link, sessions and server as in a pod, without TLS.
func pod(config map[string]string) http.Handler {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	always := func() error { return nil }
	l := link.New(link.Options{
		Epoch: time.Now().UnixMilli(), MayAct: always, Log: log,
		Drivers: func(string) (opencti.Driver, bool) { return asterisk.Driver{}, true },
		Mounted: func() (map[string]string, error) { return nil, nil },
	})
	n, err := strconv.Atoi(os.Getenv(agentsVariable))
	must(err)
	spec := v1alpha1.CTISlotSpec{LinkName: "e2e", Class: "asterisk", Driver: "asterisk", Config: config, Pools: []v1alpha1.SlotPool{{Name: "all", PoolPolicy: policy}}}
	for i := range n {
		spec.Agents = append(spec.Agents, v1alpha1.SlotAgent{Agent: v1alpha1.Agent{ID: agentID(i), DNs: []string{number(i)}}, Pool: "all"})
	}
	must(l.Apply(link.Document{Generation: 1, Spec: spec}))
	go l.Run(context.Background())
	return server.New(server.Options{
		Link: "e2e", Version: "e2e", Routing: server.Standalone{Link: l}, SessionKey: []byte("key"), MayAct: always, Log: slog.New(slog.DiscardHandler),
		Token: func() (string, error) { return token, nil },
	}).Desktop()
}

var policy = v1alpha1.PoolPolicy{ReasonCodes: v1alpha1.ReasonCodes{Unavailable: []v1alpha1.ReasonCode{{Code: "1", Label: "Lunch"}, {Code: "2", Label: "Training"}}}}

func agentID(i int) string { return strconv.Itoa(4001 + i) }
func number(i int) string  { return strconv.Itoa(1001 + i) }

// start starts this program in a role.
func start(tb testing.TB, role string, config map[string]string, agents int) *process.Process {
	tb.Helper()
	b, err := json.Marshal(config)
	if err != nil {
		tb.Fatal(err)
	}
	return process.Start(tb, roleVariable+"="+role, configVariable+"="+string(b), fmt.Sprintf("%s=%d", agentsVariable, agents))
}

// linkOf is how desktops reach a pod.
func linkOf(tb testing.TB, pod *process.Process) desktop.Link {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	tb.Cleanup(transport.CloseIdleConnections)
	return desktop.Link{URL: pod.URL, Token: token, HTTP: &http.Client{Transport: transport}}
}
