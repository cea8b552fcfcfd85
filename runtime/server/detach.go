package server

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// What net/http keeps for a handler, its buffers and a stack as deep as the way to it, is
// more than an event stream itself. A stream over HTTP/1 therefore leaves it once its
// headers are sent: it goes on with the bare connection and two small goroutines. With
// HTTP/2 many streams share a connection, and nothing can leave; nor can what another pod
// passes on.

// mayLeave says whether a stream can leave, and prepares its headers for that: the body
// ends with the connection.
func mayLeave(w http.ResponseWriter, r *http.Request) bool {
	if r.ProtoMajor != 1 || r.Header.Get(headerHolder) != "" {
		return false
	}
	w.Header().Set("Transfer-Encoding", "identity")
	return true
}

// departed are the streams that have left.
type departed struct {
	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
	wg     sync.WaitGroup
}

// leave takes the connection and goes on with the stream on it, until the reader goes or
// CloseStreams. False where there is none to take.
func (s *Server) leave(w http.ResponseWriter, sw *sseWriter, run func(context.Context)) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return false
	}
	sw.out = &bare{Conn: conn}
	ctx, cancel := context.WithCancel(context.Background())
	gone := func() {
		// A reader has nothing to say: whatever comes ends the stream.
		var one [1]byte
		_, _ = conn.Read(one[:])
		cancel()
	}
	stream := func() {
		defer s.departed.remove(conn)
		defer s.surviveStream()
		defer cancel()
		run(ctx)
	}
	if !s.departed.add(conn, gone, stream) {
		_ = conn.Close()
		cancel()
		run(ctx)
	}
	return true
}

// add starts what works on a connection, unless all is over.
func (d *departed) add(conn net.Conn, work ...func()) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	if d.conns == nil {
		d.conns = map[net.Conn]bool{}
	}
	d.conns[conn] = true
	for _, w := range work {
		d.wg.Go(w)
	}
	return true
}

// remove closes a connection. Nobody waits for that: TLS says goodbye to who does not read
// for seconds.
func (d *departed) remove(conn net.Conn) {
	d.mu.Lock()
	delete(d.conns, conn)
	d.mu.Unlock()
	_ = conn.Close()
}

// CloseStreams ends the event streams that http.Server does not know any more, and waits
// until they have. A port that closes calls it.
func (s *Server) CloseStreams() {
	d := &s.departed
	d.mu.Lock()
	d.closed = true
	for conn := range d.conns {
		d.wg.Go(func() { _ = conn.Close() })
	}
	d.mu.Unlock()
	d.wg.Wait()
}
