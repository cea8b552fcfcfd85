package asterisk

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// connection is one session at the manager interface. One goroutine reads; another, the loop,
// takes what was read, and whatever else changes the mirror, one after the other, and gives
// events to the sink.
type connection struct {
	config Config
	socket net.Conn
	sink   opencti.Sink
	log    *slog.Logger

	complaints *rate.Limiter // of the log
	pace       *rate.Limiter // of requests
	slots      chan struct{} // one for each request that may be outstanding

	running  sync.WaitGroup
	done     chan struct{}
	incoming chan arrived
	tasks    chan func()

	writing sync.Mutex

	mu           sync.Mutex
	err          error // why done was closed; nil after Close
	over         bool
	closing      bool // Asterisk was told, and will close the connection
	lastID       int
	pending      map[string]*exchange
	mirror       *mirror.Mirror
	users        map[string]int // how many sessions watch a number
	serial       uint64         // of the last event
	synced       time.Time      // when the mirror was last known to be right
	instructions []*instruction // to telephones
	calling      map[string]caller

	syncing sync.Mutex // one at a time asks for everything
}

// arrived is a message with its moment.
type arrived struct {
	message ami.Message
	err     error // why no more will come
	at      time.Time
}

// exchange is a request of ours that waits for its answer: a response, and with it a list.
type exchange struct {
	wantsList bool
	onSend    func(id string) // runs with the connection locked, before anything is sent
	items     []ami.Message
	answer    chan ami.Message
}

// itemsBound is how long a list may be.
const itemsBound = 1 << 16

func newConnection(socket net.Conn, config Config, naming mirror.Naming, env opencti.Environment) *connection {
	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	pace := rate.NewLimiter(rate.Inf, 0)
	if config.RequestsPerSecond > 0 {
		pace = rate.NewLimiter(rate.Limit(config.RequestsPerSecond), max(1, config.RequestsPerSecond/4))
	}
	return &connection{
		config: config, socket: socket, sink: env.Sink, log: log,
		complaints: rate.NewLimiter(1, 10), pace: pace, slots: make(chan struct{}, max(1, config.OutstandingRequests)),
		done: make(chan struct{}), incoming: make(chan arrived, 256), tasks: make(chan func(), 16),
		pending: map[string]*exchange{}, mirror: mirror.New(naming), users: map[string]int{}, calling: map[string]caller{},
	}
}

// Open implements opencti.Connection. It asks nothing: whether Asterisk knows the telephone
// shows when it is subscribed to.
func (c *connection) Open(_ context.Context, e opencti.Endpoint) (opencti.Device, error) {
	if e.DN == "" {
		return nil, opencti.Errorf(opencti.UnknownDevice, "dn is empty; name the agent's telephone")
	}
	if !isName(e.DN) {
		return nil, opencti.Errorf(opencti.UnknownDevice, "dn may have letters, digits and any of . _ + * # -")
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
		c.mu.Lock()
		c.closing = true
		c.mu.Unlock()
		if _, err := c.request(ctx, "Logoff"); err != nil {
			c.log.Debug("Session ended without an answer", "error", err)
		}
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

// lost is what waits for an answer on a connection that is gone.
func (c *connection) lost() error {
	if err := opencti.AsError(c.Err()); err != nil {
		return err
	}
	return opencti.Errorf(opencti.LinkDown, "the connection to Asterisk was closed")
}

// request sends an action and returns its positive response.
func (c *connection) request(ctx context.Context, action string, headers ...ami.Header) (ami.Message, error) {
	m, _, err := c.exchange(ctx, &exchange{}, action, headers...)
	return m, err
}

// list sends an action that is answered by a list, and returns its items.
func (c *connection) list(ctx context.Context, action string, headers ...ami.Header) ([]ami.Message, error) {
	_, items, err := c.exchange(ctx, &exchange{wantsList: true}, action, headers...)
	return items, err
}

func (c *connection) exchange(ctx context.Context, x *exchange, action string, headers ...ami.Header) (ami.Message, []ami.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.ResponseTimeout)
	defer cancel()
	release, err := c.admit(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	x.answer = make(chan ami.Message, 1)
	id := c.expect(x)
	defer c.forget(id)
	if err := c.send(action, id, headers); err != nil {
		return nil, nil, err
	}
	answered := func(m ami.Message) (ami.Message, []ami.Message, error) {
		if m.Get("Response") == "Error" {
			return nil, nil, refusal(action, m.Get("Message"))
		}
		return m, x.items, nil
	}
	select {
	case m := <-x.answer:
		return answered(m)
	case <-c.done:
		select {
		case m := <-x.answer: // the last one, before it closed
			return answered(m)
		default:
			return nil, nil, c.lost()
		}
	case <-ctx.Done():
		return nil, nil, opencti.AsError(ctx.Err()).WithDetail(action)
	}
}

// admit waits for the turn of a request.
func (c *connection) admit(ctx context.Context) (release func(), err error) {
	select {
	case c.slots <- struct{}{}:
	case <-c.done:
		return nil, c.lost()
	case <-ctx.Done():
		return nil, opencti.Errorf(opencti.Overloaded, "too many requests wait for Asterisk")
	}
	if err := c.pace.Wait(ctx); err != nil {
		<-c.slots
		return nil, opencti.Errorf(opencti.Overloaded, "too many requests wait for Asterisk").WithDetail("requestsPerSecond")
	}
	return func() { <-c.slots }, nil
}

func (c *connection) expect(x *exchange) (id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	id = "ctilink-" + strconv.Itoa(c.lastID)
	c.pending[id] = x
	if x.onSend != nil {
		x.onSend(id)
	}
	return id
}

func (c *connection) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}

func (c *connection) send(action, id string, headers []ami.Header) error {
	text, err := ami.Marshal(action, id, headers...)
	if err != nil {
		return opencti.Errorf(opencti.InvalidRequest, "Asterisk cannot take this request: %v", err)
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	// A peer that does not read must not hold up everybody.
	_ = c.socket.SetWriteDeadline(time.Now().Add(c.config.ResponseTimeout))
	if _, err := c.socket.Write(text); err != nil {
		c.fail(opencti.Errorf(opencti.LinkDown, "the connection to Asterisk broke").WithDetail(err.Error()))
		return c.lost()
	}
	return nil
}

// read is the reading goroutine.
func (c *connection) read(messages *ami.Reader) {
	for {
		m, err := messages.Read()
		select {
		case c.incoming <- arrived{m, err, time.Now()}: // the end, too, has its place in the order
		case <-c.done:
			return
		}
		if err != nil {
			return
		}
	}
}

func (c *connection) readError(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return opencti.Errorf(opencti.LinkDown, "Asterisk closed the connection")
	}
	return opencti.Errorf(opencti.LinkDown, "the connection to Asterisk broke").WithDetail(err.Error())
}

// complain logs what Asterisk does wrong, but not without end.
func (c *connection) complain(message string, args ...any) {
	if c.complaints.Allow() {
		c.log.Warn(message, args...)
	}
}

func newReader(r io.Reader) *ami.Reader { return ami.NewReader(bufio.NewReaderSize(r, 64<<10)) }
