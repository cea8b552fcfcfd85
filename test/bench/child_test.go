package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/memory"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
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
	mux.HandleFunc("/memory", resident)
	mux.HandleFunc("/processor", processor)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
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

// resident tells what of the process is resident once the garbage is gone, in bytes.
func resident(w http.ResponseWriter, _ *http.Request) {
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, pages*os.Getpagesize())
}

// processor tells the time that the process has worked, in nanoseconds.
func processor(w http.ResponseWriter, _ *http.Request) {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, used.Utime.Nano()+used.Stime.Nano())
}

// pod is the product: the same link, sessions and server as in a pod, without TLS.
func pod(http.Handler) http.Handler {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	always := func() error { return nil }
	l := link.New(link.Options{
		Epoch: time.Now().UnixMilli(), MayAct: always, Drivers: adapters.Find, Observer: quiet{}, Log: log,
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

// quiet counts nothing.
type quiet struct{}

func (quiet) EventHandled(opencti.EventName, time.Duration)                   {}
func (quiet) EventDropped(string)                                             {}
func (quiet) ActivityDone(opencti.Activity, opencti.ErrorCode, time.Duration) {}
func (quiet) ConnectionChanged(bool)                                          {}
func (quiet) Resynced(int, time.Duration)                                     {}

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
type child struct {
	url string
}

func start(tb testing.TB, role string, switchAddress string, agents int) *child {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, addressVariable+"="+switchAddress, fmt.Sprintf("%s=%d", agentsVariable, agents))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return &child{"http://" + strings.TrimSpace(line)}
}

// resident asks for the process's memory in bytes.
func (c *child) resident(tb testing.TB) int { return c.ask(tb, "/memory") }

// worked asks how long the process has worked.
func (c *child) worked(tb testing.TB) time.Duration { return time.Duration(c.ask(tb, "/processor")) }

func (c *child) ask(tb testing.TB, what string) int {
	tb.Helper()
	resp, err := http.Get(c.url + what)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	var n int
	if err := json.NewDecoder(resp.Body).Decode(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}
