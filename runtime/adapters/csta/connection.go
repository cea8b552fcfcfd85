package csta

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// connection is one application session. One goroutine reads: it hands answers to those
// who wait, answers the switch's own requests and gives events to the sink.
type connection struct {
	config Config
	socket net.Conn
	sink   opencti.Sink
	log    *slog.Logger

	complaints *rate.Limiter // of the log

	// Set before anybody else sends.
	sessionID string
	namespace string // of the edition that the switch agreed to

	running sync.WaitGroup
	done    chan struct{}

	slots chan struct{} // one for each request that may be outstanding

	writing sync.Mutex
	frames  *wire.Writer

	mu       sync.Mutex
	err      error // why done was closed; nil after Close
	over     bool
	lastID   int
	pending  map[int]*exchange // our requests; the switch's own need no table
	given    map[int]bool      // ids of MonitorStarts that were given up
	monitors map[string]*monitor
	byRef    map[string]*monitor

	order uint64 // of the last event; the reader's alone
}

// exchange is a request of ours that waits for its answer.
type exchange struct {
	// inOrder, if set, runs in the reader between the events before and after the answer.
	inOrder func(answer)
	answer  chan answer
}

// answer is the message and the order of the last event before it.
type answer struct {
	message wire.Message
	order   uint64
}

func newConnection(socket net.Conn, config Config, env opencti.Environment) *connection {
	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &connection{
		config: config, socket: socket, sink: env.Sink, log: log, namespace: config.ProtocolVersion,
		done:   make(chan struct{}),
		slots:  make(chan struct{}, max(1, config.OutstandingRequests)),
		frames: wire.NewWriter(socket), complaints: rate.NewLimiter(1, 10),
		pending: map[int]*exchange{}, given: map[int]bool{}, monitors: map[string]*monitor{}, byRef: map[string]*monitor{},
	}
	c.running.Go(c.read)
	return c
}

// Open implements opencti.Connection. It asks nothing: whether the switch knows the device
// shows when it is subscribed to.
func (c *connection) Open(_ context.Context, e opencti.Endpoint) (opencti.Device, error) {
	if e.DN == "" {
		return nil, opencti.Errorf(opencti.UnknownDevice, "dn is empty; name the agent's telephone")
	}
	return &device{c: c, dn: e.DN, agentID: e.AgentID}, nil
}

// Done implements opencti.Connection.
func (c *connection) Done() <-chan struct{} { return c.done }

// Err implements opencti.Connection.
func (c *connection) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close implements opencti.Connection.
func (c *connection) Close(ctx context.Context) error {
	select {
	case <-c.done:
	default:
		c.stopSession(ctx)
	}
	c.fail(nil)
	c.running.Wait()
	return nil
}

// fail gives the connection up. The first reason stands.
func (c *connection) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.over, c.err = true, err
	close(c.done)
	_ = c.socket.Close()
}

// request sends a request of a service and returns its positive answer.
func (c *connection) request(ctx context.Context, m wire.Message, inOrder func(answer)) (answer, error) {
	a, err := c.exchange(ctx, m, inOrder)
	if err != nil {
		return answer{}, err
	}
	if refused, ok := a.message.(*wire.CSTAErrorCode); ok {
		return answer{}, serviceError(refused)
	}
	if wire.Name(a.message) != wire.Name(m)+"Response" {
		return answer{}, unexpected(m, a.message)
	}
	return a, nil
}

// exchange sends a request and returns whatever answers it.
func (c *connection) exchange(ctx context.Context, m wire.Message, inOrder func(answer)) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.ResponseTimeout)
	defer cancel()
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-c.done:
		return answer{}, c.lost()
	case <-ctx.Done():
		return answer{}, opencti.Errorf(opencti.Overloaded, "too many requests wait for the switch")
	}
	x := &exchange{inOrder: inOrder, answer: make(chan answer, 1)}
	id, err := c.expect(x)
	if err != nil {
		return answer{}, err
	}
	defer c.forget(id)
	if err := c.send(id, m); err != nil {
		return answer{}, err
	}
	select {
	case a := <-x.answer:
		return a, nil
	case <-c.done:
		return answer{}, c.lost()
	case <-ctx.Done():
		c.giveUp(id, m)
		return answer{}, opencti.AsError(ctx.Err()).WithDetail(wire.Name(m))
	}
}

// giveUp remembers a MonitorStart whose answer may still come.
func (c *connection) giveUp(id int, m wire.Message) {
	if _, ok := m.(*wire.MonitorStart); !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending[id] != nil { // else the answer has just come
		c.given[id] = true
	}
}

// lost is what waits for an answer on a connection that is gone.
func (c *connection) lost() error {
	if err := opencti.AsError(c.Err()); err != nil {
		return err
	}
	return opencti.Errorf(opencti.LinkDown, "the connection to the switch was closed")
}

// expect takes a free invoke id. There always is one: slots are fewer than ids.
func (c *connection) expect(x *exchange) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) >= wire.MaxInvokeID {
		return 0, opencti.Errorf(opencti.Overloaded, "too many requests wait for the switch")
	}
	for {
		c.lastID = c.lastID%wire.MaxInvokeID + 1
		if c.pending[c.lastID] == nil {
			c.pending[c.lastID] = x
			delete(c.given, c.lastID)
			return c.lastID, nil
		}
	}
}

func (c *connection) forget(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}

func (c *connection) send(id int, m wire.Message) error {
	body, err := wire.Marshal(m, c.namespace)
	if err != nil {
		return opencti.Errorf(opencti.InvalidRequest, "the request is too large for the switch").WithDetail(err.Error())
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	// A peer that does not read must not hold up everybody.
	_ = c.socket.SetWriteDeadline(time.Now().Add(c.config.ResponseTimeout))
	if err := c.frames.WriteFrame(id, body); err != nil {
		c.fail(opencti.Errorf(opencti.LinkDown, "the connection to the switch broke").WithDetail(err.Error()))
		return c.lost()
	}
	return nil
}

// read is the reading goroutine.
func (c *connection) read() {
	frames := wire.NewReader(bufio.NewReaderSize(c.socket, 64<<10))
	for {
		id, body, err := frames.ReadFrame()
		if err != nil {
			c.fail(readError(err))
			return
		}
		m, err := wire.Unmarshal(body)
		if err != nil {
			c.complain("Dropping a message that cannot be read", "error", err)
			c.sink.EventsLost("", err) // it may have been an event of any device
			continue
		}
		switch m.Kind() {
		case wire.Response:
			c.receiveAnswer(id, m)
		case wire.Request:
			c.receiveRequest(id, m)
		case wire.Event:
			c.receiveEvent(m)
		}
	}
}

// complain logs what the switch does wrong, but not without end: what it sends in a
// second would fill a disk.
func (c *connection) complain(message string, args ...any) {
	if c.complaints.Allow() {
		c.log.Warn(message, args...)
	}
}

func readError(err error) error {
	if errors.Is(err, io.EOF) {
		return opencti.Errorf(opencti.LinkDown, "the switch closed the connection")
	}
	return opencti.Errorf(opencti.LinkDown, "the connection to the switch broke").WithDetail(err.Error())
}

func (c *connection) receiveAnswer(id int, m wire.Message) {
	c.mu.Lock()
	x, given := c.pending[id], c.given[id]
	delete(c.pending, id)
	delete(c.given, id)
	c.mu.Unlock()
	if x == nil {
		c.receiveLate(m, given)
		return
	}
	a := answer{m, c.order}
	if x.inOrder != nil {
		x.inOrder(a)
	}
	x.answer <- a
}

// receiveLate takes an answer that nobody waits for any more. A monitor would stay at the
// switch, with its licence, for as long as the session lives. Answers to what was never
// asked stop nothing: a switch could make us stop monitors that are in use, or start
// goroutines without end.
func (c *connection) receiveLate(m wire.Message, given bool) {
	c.complain("Answer came too late", "message", wire.Name(m))
	if r, ok := m.(*wire.MonitorStartResponse); ok && given {
		c.running.Go(func() { _ = c.stopMonitor(context.Background(), r.MonitorCrossRefID) })
	}
}

// receiveRequest answers what the switch asks of us.
func (c *connection) receiveRequest(id int, m wire.Message) {
	switch r := m.(type) {
	case *wire.SystemStatus:
		_ = c.send(id, &wire.SystemStatusResponse{})
		c.systemStatus(r.Status)
	case *wire.MonitorStop:
		_ = c.send(id, &wire.MonitorStopResponse{})
		c.monitorStopped(r.MonitorCrossRefID)
	default:
		_ = c.send(id, &wire.CSTAErrorCode{Operation: "serviceNotSupported"})
	}
}

func (c *connection) systemStatus(status wire.SystemStatusValue) {
	switch status {
	case wire.SystemMessagesLost:
		c.sink.EventsLost("", opencti.Errorf(opencti.Rejected, "the switch lost messages").WithDetail(string(wire.SystemMessagesLost)))
	case wire.SystemDisabled:
		c.fail(opencti.Errorf(opencti.LinkDown, "the switch is out of service").WithDetail(string(wire.SystemDisabled)))
	default:
		c.log.Info("Switch told its status", "status", peerText(string(status)))
	}
}

func (c *connection) monitorStopped(ref string) {
	c.mu.Lock()
	m := c.byRef[ref]
	c.mu.Unlock()
	if m != nil {
		m.forget()
		c.sink.EventsLost(m.dn, opencti.Errorf(opencti.Rejected, "the switch stopped telling events of the device").WithDetail("MonitorStop"))
	}
}

func (c *connection) receiveEvent(m wire.Message) {
	if t, ok := m.(*wire.ApplicationSessionTerminated); ok {
		if id := strings.TrimSpace(t.SessionID); id != "" && id != strings.TrimSpace(c.sessionID) {
			c.complain("The switch ended a session that is not ours")
			return
		}
		c.fail(opencti.Errorf(opencti.LinkDown, "the switch ended the session").WithDetail(peerText(t.Reason.Defined + t.Reason.Server)))
		return
	}
	c.mu.Lock()
	mon := c.byRef[wire.MonitorOf(m)]
	c.mu.Unlock()
	if mon == nil {
		// Before the answer to MonitorStart, or after MonitorStop: the snapshot that
		// follows the former contains it, nobody wants the latter.
		return
	}
	received := time.Now()
	for _, raw := range mon.rawEvents(m) {
		c.order++
		raw.Order, raw.Received = c.order, received
		c.sink.HandleRaw(raw)
	}
}
