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
	buf     []byte
}

// outlet is where a stream's bytes go.
type outlet interface {
	io.Writer
	SetWriteDeadline(time.Time) error
	// Flush comes after each write.
	Flush() error
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
	if err := sw.out.SetWriteDeadline(time.Now().Add(sw.timeout)); err != nil {
		return err
	}
	if _, err := sw.out.Write(sw.buf); err != nil {
		return err
	}
	if cap(sw.buf) > keptBuffer {
		sw.buf = nil
	}
	sw.buf = sw.buf[:0]
	return sw.out.Flush()
}

// viaHTTP is net/http's way out.
type viaHTTP struct {
	http.ResponseWriter
	rc *http.ResponseController
}

// SetWriteDeadline implements outlet. A recorder of tests has none.
func (a viaHTTP) SetWriteDeadline(t time.Time) error {
	if err := a.rc.SetWriteDeadline(t); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// Flush implements outlet. The connection may serve another request after the stream: the
// time of a write must not run on.
func (a viaHTTP) Flush() error {
	if err := a.rc.Flush(); err != nil {
		return err
	}
	return a.SetWriteDeadline(time.Time{})
}

// bare is the way out of a stream that has left net/http.
type bare struct{ net.Conn }

// Flush implements outlet.
func (bare) Flush() error { return nil }
