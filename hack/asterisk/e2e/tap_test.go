//go:build asterisk

package e2e

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// tap stands before the manager interface and notes when an event of a channel passes by: before
// the first of its bytes leaves.
type tap struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  []net.Conn
	at     map[mark]time.Time
}

// mark is an event of a channel that both who is measured and the tap see.
type mark struct{ event, uid string }

const (
	ringing = "Newstate"
	gone    = "Hangup"
)

func newTap(tb testing.TB, target string) *tap {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	t := &tap{listener: l, target: target, at: map[mark]time.Time{}}
	t.running.Go(t.accept)
	tb.Cleanup(func() {
		_ = l.Close()
		t.mu.Lock()
		t.closed = true
		for _, c := range t.conns {
			_ = c.Close()
		}
		t.mu.Unlock()
		t.running.Wait()
	})
	return t
}

func (t *tap) address() string { return t.listener.Addr().String() }

func (t *tap) accept() {
	for {
		client, err := t.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.DialTimeout("tcp", t.target, 5*time.Second)
		if err != nil {
			_ = client.Close()
			continue
		}
		t.mu.Lock()
		t.conns = append(t.conns, client, server)
		if t.closed {
			_, _ = client.Close(), server.Close()
		}
		t.mu.Unlock()
		t.running.Go(func() { defer server.Close(); _, _ = io.Copy(server, client) })
		t.running.Go(func() { defer client.Close(); t.pass(server, client) })
	}
}

// pass forwards messages whole.
func (t *tap) pass(from io.Reader, to io.Writer) {
	lines := bufio.NewReaderSize(from, 64<<10)
	var message []byte
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return
		}
		greeting := message == nil
		message = append(message, line...)
		if len(line) > 2 && !greeting {
			continue
		}
		t.note(message)
		if _, err := to.Write(message); err != nil {
			return
		}
		message = message[:0]
	}
}

func (t *tap) note(message []byte) {
	m := mark{event: value(message, "Event"), uid: value(message, "Uniqueid")}
	if m.event != gone && (m.event != ringing || value(message, "ChannelState") != "5") {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at[m] = time.Now()
}

func value(message []byte, key string) string {
	_, after, ok := bytes.Cut(message, []byte(key+": "))
	if !ok {
		return ""
	}
	line, _, _ := bytes.Cut(after, []byte("\r\n"))
	return string(line)
}

// took is how long after the tap somebody saw what it noted.
func (t *tap) took(m mark, seen time.Time) (time.Duration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	passed, ok := t.at[m]
	return seen.Sub(passed), ok
}
