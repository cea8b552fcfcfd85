package csta

import (
	"context"
	"log/slog"
	"net"
	"sync"

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

	slots chan struct{} // one for each request of a service that may be outstanding
	pace  *rate.Limiter // of requests

	writing sync.Mutex
	frames  *wire.Writer

	mu       sync.Mutex
	err      error // why done was closed; nil after Close
	over     bool
	lastID   int
	pending  map[int]*exchange // our requests; the switch's own need no table
	given    map[int]givenUp   // requests whose late answers matter
	lacks    map[string]int    // how often a service was not there; lackingAfter: it is not asked for any more
	monitors map[string]*monitor
	byRef    map[string]*monitor
	queues   map[string]*queue // that somebody asks for

	order uint64 // of the last event; the reader's alone
}

func newConnection(socket net.Conn, config Config, env opencti.Environment) *connection {
	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &connection{
		config: config, socket: socket, sink: env.Sink, log: log, namespace: config.ProtocolVersion,
		done:  make(chan struct{}),
		slots: make(chan struct{}, max(1, config.OutstandingRequests-1)), pace: rate.NewLimiter(rate.Limit(config.RequestsPerSecond), 1),
		frames: wire.NewWriter(socket), complaints: rate.NewLimiter(1, 10),
		pending: map[int]*exchange{}, given: map[int]givenUp{}, lacks: map[string]int{},
		monitors: map[string]*monitor{}, byRef: map[string]*monitor{}, queues: map[string]*queue{},
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

// Close implements opencti.Connection. Monitors of queues are stopped one by one, as some
// switches keep them, and their licences, when the session ends.
func (c *connection) Close(ctx context.Context) error {
	select {
	case <-c.done:
	default:
		c.releaseQueues(ctx)
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

// lackingAfter is how often a service must not be answered to count as not there. Once may be
// an answer that was lost.
const lackingAfter = 2

// optional asks for what not every switch has: the answer is nil where it has not, and then it
// is not asked again.
func (c *connection) optional(ctx context.Context, m wire.Message, inOrder func(answer)) (wire.Message, error) {
	name := wire.Name(m)
	c.mu.Lock()
	lacks := c.lacks[name] >= lackingAfter
	c.mu.Unlock()
	if lacks {
		return nil, nil
	}
	a, err := c.request(ctx, m, inOrder)
	e := opencti.AsError(err)
	switch {
	case e == nil:
		c.lack(name, -lackingAfter)
		return a.message, nil
	case e.Code == opencti.LinkDown, e.Code == opencti.Overloaded, ctx.Err() != nil:
		return nil, err
	case isUnsupported(err):
		c.lack(name, lackingAfter)
	case e.Code == opencti.Timeout: // some do not even refuse
		c.lack(name, 1)
	}
	return nil, nil
}

func (c *connection) lack(name string, more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lacks[name] = max(0, c.lacks[name]+more)
}
