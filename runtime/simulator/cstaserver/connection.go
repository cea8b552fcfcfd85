package cstaserver

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// connection is one client: a goroutine reads and does its requests one by
// one, another writes.
type connection struct {
	server *Server
	number uint64
	peer   string
	socket net.Conn
	log    logr.Logger
	out    *outbox
	done   chan struct{}
	closed sync.Once
	slow   sync.Once

	session   *session // of the reading goroutine
	namespace atomic.Value
}

func newConnection(s *Server, socket net.Conn, number uint64) *connection {
	return &connection{
		server: s,
		number: number,
		peer:   host(socket.RemoteAddr()),
		socket: socket,
		log:    s.log.WithValues("peer", socket.RemoteAddr().String()),
		out:    newOutbox(s.cfg.MaxOutput),
		done:   make(chan struct{}),
	}
}

// close ends the connection and forgets all that it had; more than once is fine.
func (c *connection) close() {
	c.closed.Do(func() {
		close(c.done)
		_ = c.socket.Close()
		c.server.forget(c)
	})
}

// send hands over an event. It may be called under the switch's mutex and must
// not block.
func (c *connection) send(message wire.Message) {
	if !c.out.put(outgoing{wire.EventInvokeID, message}) {
		c.overflow()
	}
}

// overflow cuts off a client that does not read, beside whoever noticed.
func (c *connection) overflow() {
	c.slow.Do(func() {
		c.log.Info("Closed a connection that does not read what it asked for", "waiting", c.server.cfg.MaxOutput)
		go c.close()
	})
}

func (c *connection) read() {
	defer c.close()
	defer c.endSession()
	c.log.Info("Connected")
	frames := wire.NewReader(bufio.NewReader(c.socket))
	c.expectLogin()
	for {
		invokeID, body, err := frames.ReadFrame()
		if err != nil {
			c.logEnd(err)
			return
		}
		c.server.faults.await(c.done)
		c.handle(invokeID, body)
	}
}

// expectLogin gives a connection without a session some time to get one.
func (c *connection) expectLogin() {
	_ = c.socket.SetReadDeadline(time.Now().Add(c.server.cfg.LoginTimeout))
}

func (c *connection) logEnd(err error) {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		c.log.Info("Disconnected")
	default:
		c.log.Info("Disconnected", "reason", err.Error())
	}
}

// handle answers one request. A message that cannot be understood is answered
// too, since its frame was whole; answers of the client are taken as read.
func (c *connection) handle(invokeID int, body []byte) {
	request, err := wire.Unmarshal(body)
	if err != nil {
		c.log.Info("Refused a message", "reason", err.Error())
		c.answer(outgoing{invokeID, refusal(errGeneric)})
		return
	}
	if request.Kind() != wire.Request {
		return
	}
	c.server.journal.add(Request{Connection: c.number, Peer: c.peer, Name: wire.Name(request)})
	c.out.hold()
	answer := c.do(request)
	c.log.V(1).Info("Answered", "request", wire.Name(request), "answer", wire.Name(answer))
	c.answer(outgoing{invokeID, answer})
}

func (c *connection) answer(item outgoing) {
	if !c.out.release(item) {
		c.overflow()
	}
}

func (c *connection) write() {
	defer c.close()
	buffer := bufio.NewWriterSize(deadlineWriter{c.socket, c.server.cfg.WriteTimeout}, 64<<10)
	frames := wire.NewWriter(buffer)
	for {
		select {
		case <-c.done:
			return
		case <-c.out.ready:
		}
		c.server.faults.await(c.done)
		items, finished := c.out.take()
		if err := c.writeAll(frames, items); err != nil {
			c.log.Info("Could not write", "reason", err.Error())
			return
		}
		if err := buffer.Flush(); err != nil || finished {
			return
		}
	}
}

func (c *connection) writeAll(frames *wire.Writer, items []outgoing) error {
	for _, item := range items {
		namespace, _ := c.namespace.Load().(string)
		body, err := wire.Marshal(item.message, namespace)
		if errors.Is(err, wire.ErrTooLarge) {
			c.log.Error(err, "Left out a message") // call data can be that large
			continue
		}
		if err != nil {
			return fmt.Errorf("encode %s: %w", wire.Name(item.message), err)
		}
		if err := frames.WriteFrame(item.invokeID, body); err != nil {
			return err
		}
	}
	return nil
}

// deadlineWriter gives every write the same time.
type deadlineWriter struct {
	net.Conn
	timeout time.Duration
}

func (w deadlineWriter) Write(p []byte) (int, error) {
	if err := w.SetWriteDeadline(time.Now().Add(w.timeout)); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}
