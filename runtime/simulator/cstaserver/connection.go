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

// connection is one client: a goroutine reads, another does its requests one by
// one, a third writes.
type connection struct {
	server *Server
	number uint64
	// entrance is the address by which it came: 0 is the primary's.
	entrance int
	peer     string
	socket   net.Conn
	log      logr.Logger
	out      *outbox
	done     chan struct{}
	closed   sync.Once
	slow     sync.Once

	arrivals    chan arrival
	outstanding atomic.Int64
	forgotten   atomic.Bool // by the switch, while the socket is open

	session   *session // of the working goroutine
	namespace atomic.Value

	asking sync.Mutex
	asked  int // the invoke id of the switch's last request
}

// arrival is a request, or what was none, on its way from the reading goroutine to
// the working one.
type arrival struct {
	invokeID int
	request  wire.Message
	err      error
}

// backlog is how many requests are read ahead.
const backlog = 256

func newConnection(s *Server, socket net.Conn, number uint64, entrance int) *connection {
	return &connection{
		server:   s,
		number:   number,
		entrance: entrance,
		arrivals: make(chan arrival, backlog),
		peer:     host(socket.RemoteAddr()),
		socket:   socket,
		log:      s.log.WithValues("peer", socket.RemoteAddr().String()),
		out:      newOutbox(s.cfg.MaxOutput),
		done:     make(chan struct{}),
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

// ask sends a request of the switch; what the application answers does not matter.
func (c *connection) ask(request wire.Message) {
	c.asking.Lock()
	c.asked = c.asked%wire.MaxInvokeID + 1
	id := c.asked
	c.asking.Unlock()
	if !c.out.put(outgoing{id, request}) {
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
	defer close(c.arrivals)
	defer c.close()
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
		if !c.forgotten.Load() {
			c.arrive(invokeID, body)
		}
	}
}

// arrive passes a request on to be done, unless it is refused at the door.
// Answers of the client are taken as read.
func (c *connection) arrive(invokeID int, body []byte) {
	request, err := wire.Unmarshal(body)
	if err == nil && request.Kind() != wire.Request {
		return
	}
	if err == nil {
		c.server.journal.add(Request{Connection: c.number, Peer: c.peer, Name: wire.Name(request)})
		admitted, refusal := c.server.admits(Arrival{Request: request, Connection: c.number, Outstanding: int(c.outstanding.Load())})
		if !admitted {
			if refusal != nil && !c.out.push(outgoing{invokeID, refusal}) {
				c.overflow()
			}
			return
		}
	}
	c.outstanding.Add(1)
	select {
	case c.arrivals <- arrival{invokeID, request, err}:
	case <-c.done:
	}
}

// work does the requests one by one, also those that came before the end.
func (c *connection) work() {
	defer c.leave()
	for a := range c.arrivals {
		if a.err != nil {
			c.log.Info("Refused a message", "reason", a.err.Error())
			c.answer(outgoing{a.invokeID, refusal(errGeneric)})
		} else {
			c.handle(a.invokeID, a.request)
		}
		c.outstanding.Add(-1)
	}
}

// leave gives the session back.
func (c *connection) leave() {
	if c.session != nil {
		c.session.detach(c)
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

// handle answers one request.
func (c *connection) handle(invokeID int, request wire.Message) {
	c.out.hold()
	answer := c.doThrough(c.server.requestHooks.list(), &Turn{Request: request, c: c, invokeID: invokeID})
	if answer != nil {
		c.log.V(1).Info("Answered", "request", wire.Name(request), "answer", wire.Name(answer))
	}
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
		err = frames.WriteFrame(item.invokeID, c.server.rewrite(item, body))
		if err != nil && !errors.Is(err, wire.ErrTooLarge) {
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
