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
// HTTP/2 many streams share a connection, and nothing can leave.

// detachable prepares the answer's headers for that: its body ends with the connection.
func detachable(w http.ResponseWriter, r *http.Request) bool {
	if r.ProtoMajor != 1 || r.Header.Get(headerHolder) != "" { // pods share connections
		return false
	}
	w.Header().Set("Transfer-Encoding", "identity")
	return true
}

// detach takes the connection; false where there is none to take. The headers are sent.
func (sw *sseWriter) detach() bool {
	conn, _, err := sw.rc.Hijack()
	if err != nil {
		return false
	}
	sw.to(conn, conn.SetWriteDeadline, func() error { return nil })
	sw.conn = conn
	return true
}

// detached are the connections that net/http does not know any more.
type detached struct{ conns sync.Map }

// CloseStreams ends the streams that net/http would not end when the port closes.
func (s *Server) CloseStreams() {
	s.detached.conns.Range(func(conn, _ any) bool {
		_ = conn.(net.Conn).Close()
		return true
	})
}

// untilGone gives a context that ends when the reader has gone, and what to call at the
// stream's end. A reader has nothing to say: whatever comes ends the stream.
func (d *detached) untilGone(conn net.Conn) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	d.conns.Store(conn, true)
	go func() {
		var one [1]byte
		_, _ = conn.Read(one[:])
		cancel()
	}()
	return ctx, func() {
		cancel()
		d.conns.Delete(conn)
		_ = conn.Close()
	}
}
