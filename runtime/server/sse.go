package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// keptBuffer is how much of a buffer a stream keeps for its next event: a Snapshot is
// large and comes seldom.
const keptBuffer = 2 << 10

// sseWriter writes server-sent events to one reader. What is added goes out with flush.
type sseWriter struct {
	out     outlet
	mayAct  func() error
	timeout time.Duration // of one write; a reader that is cut off comes back with its Last-Event-ID
	wrote   time.Time     // when it wrote last
	buf     []byte
}

// outlet is where a stream's bytes go.
type outlet interface {
	// expect comes before each write, which may take so long, or longer by half at most.
	expect(now time.Time, timeout time.Duration) error
	io.Writer
	// flush comes after each write.
	flush() error
}

// newSSE makes the writer and sends the headers.
func (s *Server) newSSE(w http.ResponseWriter) *sseWriter {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	sw := &sseWriter{out: viaHTTP{w, http.NewResponseController(w)}, mayAct: s.o.MayAct, timeout: s.o.WriteTimeout}
	// Readers come back spread over a second, not all at once.
	sw.buf = fmt.Appendf(sw.buf, "retry: %d\n\n", 500+rand.N(1000))
	return sw
}

// add adds an event; without an id the reader keeps that of the one before.
func (sw *sseWriter) add(id, event string, data []byte) {
	if id != "" {
		sw.buf = append(append(append(sw.buf, "id: "...), id...), '\n')
	}
	if data != nil {
		sw.buf = append(append(append(sw.buf, "event: "...), event...), "\ndata: "...)
		sw.buf = append(append(sw.buf, data...), '\n')
	}
	sw.buf = append(sw.buf, '\n')
}

// addJSON adds an event without an id.
func (sw *sseWriter) addJSON(event string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", event, err)
	}
	sw.add("", event, b)
	return nil
}

// keepAlive adds a comment.
func (sw *sseWriter) keepAlive() { sw.buf = append(sw.buf, ": keep-alive\n\n"...) }

// flush writes what was added, unless this pod may not speak for the slot any more.
func (sw *sseWriter) flush() error {
	if err := sw.mayAct(); err != nil {
		return err
	}
	sw.wrote = time.Now()
	if err := sw.out.expect(sw.wrote, sw.timeout); err != nil {
		return err
	}
	if _, err := sw.out.Write(sw.buf); err != nil {
		return err
	}
	if cap(sw.buf) > keptBuffer {
		sw.buf = nil
	}
	sw.buf = sw.buf[:0]
	return sw.out.flush()
}

// viaHTTP is net/http's way out.
type viaHTTP struct {
	http.ResponseWriter
	rc *http.ResponseController
}

func (v viaHTTP) expect(now time.Time, timeout time.Duration) error {
	return v.deadline(now.Add(timeout))
}

// deadline does nothing in a recorder of tests.
func (v viaHTTP) deadline(t time.Time) error {
	if err := v.rc.SetWriteDeadline(t); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// flush ends the time of the write, too: the connection may serve other requests.
func (v viaHTTP) flush() error {
	if err := v.rc.Flush(); err != nil {
		return err
	}
	return v.deadline(time.Time{})
}

// bare is the way out of a stream that has left net/http. A deadline costs a timer, so it
// is moved only when it comes near.
type bare struct {
	net.Conn
	due time.Time
}

func (b *bare) expect(now time.Time, timeout time.Duration) error {
	if b.due.Sub(now) >= timeout {
		return nil
	}
	b.due = now.Add(timeout + timeout/2)
	return b.SetWriteDeadline(b.due)
}

func (*bare) flush() error { return nil }
