//go:build asterisk

package e2e

import (
	"bufio"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/test/process"
)

// bare is the least that a client of the manager interface can do: it takes the events of calls,
// decodes them, and writes those that are measured to one stream. It knows no calls, no agents, no rules.
func bare(config map[string]string) http.Handler {
	conn, err := net.Dial("tcp", config["address"])
	must(err)
	in := ami.NewReader(conn)
	_, err = in.Greeting()
	must(err)
	login, err := ami.Marshal("Login", "1", ami.Header{Key: "Username", Value: config["username"]},
		ami.Header{Key: "Secret", Value: config["password"]}, ami.Header{Key: "Events", Value: "call,agent"})
	must(err)
	_, err = conn.Write(login)
	must(err)
	s := &bareStream{}
	go func() {
		for {
			m, err := in.Read()
			must(err)
			if event := m.Event(); event == gone || event == ringing && m.Get("ChannelState") == "5" {
				s.send(bareEvent{Event: event, UID: m.Get("Uniqueid"), Channel: m.Get("Channel"), Data: m.Variables("")})
			}
		}
	}()
	return s
}

type bareEvent struct {
	Event, UID, Channel string
	Data                map[string]string
}

type bareStream struct {
	mu sync.Mutex
	w  http.ResponseWriter
}

func (s *bareStream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.w = w
	_ = http.NewResponseController(w).Flush()
	s.mu.Unlock()
	<-r.Context().Done()
}

func (s *bareStream) send(e bareEvent) {
	b, err := json.Marshal(e)
	must(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w != nil {
		_, _ = s.w.Write(append(append([]byte("data: "), b...), "\n\n"...))
		_ = http.NewResponseController(s.w).Flush()
	}
}

// readBare notes when the events arrive.
func readBare(tb testing.TB, c *process.Process, seen func(mark, time.Time)) {
	tb.Helper()
	resp, err := http.Get(c.URL)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = resp.Body.Close() })
	go func() {
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			var e bareEvent
			if at := time.Now(); ok && json.Unmarshal([]byte(data), &e) == nil {
				seen(mark{e.Event, e.UID}, at)
			}
		}
	}()
}
