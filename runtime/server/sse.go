package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// writeTimeout bounds one write to a desktop that does not read. It then comes back
// with its Last-Event-ID.
var writeTimeout = 10 * time.Second

// sseWriter writes server-sent events to one reader. What is added goes out with flush.
type sseWriter struct {
	w      http.ResponseWriter
	rc     *http.ResponseController
	mayAct func() error
	buf    []byte
}

func (s *Server) newSSE(w http.ResponseWriter) *sseWriter {
	return &sseWriter{w: w, rc: http.NewResponseController(w), mayAct: s.o.MayAct}
}

// begin sends the headers.
func (sw *sseWriter) begin() {
	h := sw.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	sw.w.WriteHeader(http.StatusOK)
	// Readers come back spread over a second, not all at once.
	sw.buf = fmt.Appendf(sw.buf, "retry: %d\n\n", 500+rand.N(1000))
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
	if err := sw.rc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := sw.w.Write(sw.buf); err != nil {
		return err
	}
	sw.buf = sw.buf[:0]
	if err := sw.rc.Flush(); err != nil {
		return err
	}
	// The connection may serve another request after the stream.
	if err := sw.rc.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
