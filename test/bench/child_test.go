package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/memory"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/test/process"
)

// A child process is what is measured: it has one core to itself.
const (
	roleVariable    = "CTILINK_BENCH_ROLE"
	addressVariable = "CTILINK_BENCH_ADDRESS"
	agentsVariable  = "CTILINK_BENCH_AGENTS"

	token = "token"
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := pin(0); err != nil {
		fail(err)
	}
	go memory.Tune(context.Background()) // as in the product; for the relay, too
	serve := map[string]func(http.Handler) http.Handler{"pod": pod, "relay": relay}[role]
	mux := http.NewServeMux()
	mux.HandleFunc("POST /collect", func(http.ResponseWriter, *http.Request) { debug.FreeOSMemory() })
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile) // for who wants to know where the time goes
	mux.Handle("/", serve(mux))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	fmt.Println(l.Addr())
	fail(http.Serve(l, mux)) //nolint:gosec // a benchmark's own process
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// pin leaves this process one core; where the machine has no more, all share it.
func pin(core int) error {
	runtime.GOMAXPROCS(1)
	if runtime.NumCPU() == 1 {
		return nil
	}
	var set unix.CPUSet
	set.Set(core)
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &set); err != nil {
			return err
		}
	}
	return nil
}

// pod is the product: the same link, sessions and server as in a pod, without TLS.
func pod(http.Handler) http.Handler {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	always := func() error { return nil }
	l := link.New(link.Options{
		Epoch: time.Now().UnixMilli(), MayAct: always, Drivers: adapters.Find, Log: log,
		Mounted: func() (map[string]string, error) { return nil, nil },
	})
	n, err := strconv.Atoi(os.Getenv(agentsVariable))
	if err != nil {
		fail(err)
	}
	spec := v1alpha1.CTISlotSpec{LinkName: "bench", Class: "csta", Driver: "csta",
		Config: map[string]string{"address": os.Getenv(addressVariable), "outstandingRequests": "64"},
		Pools:  []v1alpha1.SlotPool{{Name: "all"}}}
	for i := range n {
		spec.Agents = append(spec.Agents, v1alpha1.SlotAgent{Agent: v1alpha1.Agent{ID: agentID(i), DNs: []string{number(i)}}, Pool: "all"})
	}
	if err := l.Apply(link.Document{Generation: 1, Spec: spec}); err != nil {
		fail(err)
	}
	go l.Run(context.Background())
	return server.New(server.Options{
		Link: "bench", Version: "bench", Routing: server.Standalone{Link: l}, SessionKey: []byte("key"), MayAct: always, Log: log,
		Token: func() (string, error) { return token, nil },
	}).Desktop()
}

func agentID(i int) string { return strconv.Itoa(400000 + i) }
func number(i int) string  { return strconv.Itoa(100000 + i) }

// relay is the least that could do it: it decodes each event, encodes it as JSON and
// flushes it to the stream of its device. It knows no state, no rules and no log.
func relay(http.Handler) http.Handler {
	streams := newRelayStreams()
	conn, err := net.Dial("tcp", os.Getenv(addressVariable))
	if err != nil {
		fail(err)
	}
	go func() {
		in := wire.NewReader(conn)
		for {
			_, body, err := in.ReadFrame()
			if err != nil {
				fail(err)
			}
			m, err := wire.Unmarshal(body)
			if err != nil {
				fail(err)
			}
			streams.send(wire.MonitorOf(m), m)
		}
	}()
	return streams
}

// child is a process that is measured.
type child struct{ *process.Process }

func start(tb testing.TB, role string, switchAddress string, agents int) *child {
	tb.Helper()
	return &child{process.Start(tb, roleVariable+"="+role, addressVariable+"="+switchAddress, fmt.Sprintf("%s=%d", agentsVariable, agents))}
}

// inUse is the process's memory in bytes once the garbage is gone.
func (c *child) inUse(tb testing.TB) int {
	tb.Helper()
	resp, err := http.Post(c.URL+"/collect", "", nil)
	if err != nil {
		tb.Fatal(err)
	}
	_ = resp.Body.Close()
	return c.Resident(tb)
}
