// Package linktest is a scripted driver, and the CTI server behind it, for tests of
// what is above drivers: link, server and the runtime program.
package linktest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Name is the driver's.
const Name = "scripted"

// Config is the driver's configuration.
type Config struct {
	Address  string `cti:"address,required" type:"hostPort" doc:"Anything."`
	Password string `cti:"password,secret" doc:"Anything."`
}

// Driver is the driver and its server. Set the hooks before it is used; each may be
// nil. It is safe for concurrent use.
type Driver struct {
	// OnConnect, OnOpen and OnSubscribe may wait, or fail.
	OnConnect   func(ctx context.Context, config Config) error
	OnOpen      func(ctx context.Context, e opencti.Endpoint) error
	OnSubscribe func(ctx context.Context, e opencti.Endpoint) error
	// OnSnapshot comes when the server has answered and nobody knows it yet.
	OnSnapshot func(e opencti.Endpoint)
	// OnClose comes before a device is let go; an error keeps it.
	OnClose func(ctx context.Context) error
	// OnPerform answers requests; without it all are accepted.
	OnPerform func(ctx context.Context, d *Device, r opencti.Request) error

	// OnStatistics answers for a queue; without it queues are empty.
	OnStatistics func(ctx context.Context, queue string) (opencti.QueueStatistics, error)
	// Roams: log-ins are of no device.
	Roams bool
	// Poll is how often agents' states are asked for; zero: never.
	Poll time.Duration

	mu        sync.Mutex
	conns     []*Connection
	snapshots map[string]opencti.DeviceSnapshot // by DN
	order     uint64
	connected chan struct{} // closed at the next connection
}

// New makes a server without calls, where every agent is logged out.
func New() *Driver {
	return &Driver{snapshots: map[string]opencti.DeviceSnapshot{}, connected: make(chan struct{})}
}

// Find is a registry with this driver alone.
func (d *Driver) Find(name string) (opencti.Driver, bool) { return d, name == Name }

// Describe implements opencti.Driver.
func (d *Driver) Describe() opencti.Description {
	return opencti.Description{
		Name: Name, Summary: "Scripted.", Config: func() any { return new(Config) },
		Device: (*Device)(nil), Connection: (*Connection)(nil), Handover: opencti.Overlap, Rules: rules(),
		LoginRoams: d.Roams,
	}
}

// rules let a raw event have the name of the event that it is.
func rules() opencti.RuleSet {
	set := opencti.RuleSet{CallID: "event.callId", Populate: map[opencti.EventType]map[string]string{}}
	for _, n := range []opencti.EventName{
		opencti.Offering, opencti.Initiated, opencti.Delivered, opencti.Established, opencti.Held, opencti.Retrieved, opencti.Abandoned,
		opencti.Queued, opencti.Failed, opencti.Transferred, opencti.Conferenced, opencti.PartyInfo, opencti.SnapshotEvent,
		opencti.Released, opencti.Diverted, opencti.CallInfo, opencti.LoggedIn, opencti.Available, opencti.Busy, opencti.AfterCallWork,
		opencti.Unavailable, opencti.LoggedOut,
	} {
		set.Identify = append(set.Identify, opencti.Rule{Name: string(n), On: string(n), Then: n})
	}
	for _, t := range []opencti.EventType{
		opencti.TypeCallState, opencti.TypeCallInfo, opencti.TypePartyInfo, opencti.TypeAgentState, opencti.TypeSnapshot,
	} {
		set.Populate[t] = map[string]string{}
		for _, f := range opencti.PopulateFields(t) {
			set.Populate[t][f] = "event." + f
		}
	}
	return set
}

// Connect implements opencti.Driver.
func (d *Driver) Connect(ctx context.Context, env opencti.Environment) (opencti.Connection, error) {
	if d.OnConnect != nil {
		if err := d.OnConnect(ctx, *env.Config.(*Config)); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &Connection{driver: d, sink: env.Sink, done: make(chan struct{})}
	d.conns = append(d.conns, c)
	close(d.connected)
	d.connected = make(chan struct{})
	return c, nil
}

// Connection gives the n-th connection that was made, from 1, and waits for it.
func (d *Driver) Connection(n int) *Connection {
	for {
		d.mu.Lock()
		conns, more := d.conns, d.connected
		d.mu.Unlock()
		if len(conns) >= n {
			return conns[n-1]
		}
		<-more
	}
}

// Connections says how many connections were made.
func (d *Driver) Connections() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

// Set says what the server will tell of a device.
func (d *Driver) Set(dn string, snap opencti.DeviceSnapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.snapshots[dn] = snap
}

func (d *Driver) snapshot(dn string) opencti.DeviceSnapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	snap := d.snapshots[dn]
	if snap.Agent.State == "" {
		snap.Agent.State = opencti.LoggedOut
	}
	snap.Order = d.order
	return snap
}

// Connection is one connection to the server.
type Connection struct {
	driver *Driver
	sink   opencti.Sink

	mu      sync.Mutex
	sending sync.Mutex // events go one after the other
	done    chan struct{}
	err     error
	devices []*Device // open, in the order of their opening
}

// Break loses the connection.
func (c *Connection) Break(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.done:
	default:
		c.err = err
		close(c.done)
	}
}

// Open implements opencti.Connection.
func (c *Connection) Open(ctx context.Context, e opencti.Endpoint) (opencti.Device, error) {
	if on := c.driver.OnOpen; on != nil {
		if err := on(ctx, e); err != nil {
			return nil, err
		}
	}
	if err := c.alive(); err != nil {
		return nil, err
	}
	d := &Device{Endpoint: e, conn: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.devices = append(c.devices, d)
	return d, nil
}

func (c *Connection) alive() error {
	select {
	case <-c.done:
		return opencti.Errorf(opencti.LinkDown, "the connection is lost")
	default:
		return nil
	}
}

// Devices lists the devices that are open, by number.
func (c *Connection) Devices() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []string{}
	for _, d := range c.devices {
		out = append(out, d.DN)
	}
	slices.Sort(out)
	return out
}

// Done implements opencti.Connection.
func (c *Connection) Done() <-chan struct{} { return c.done }

// Err implements opencti.Connection.
func (c *Connection) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close implements opencti.Connection.
func (c *Connection) Close(context.Context) error {
	c.Break(nil)
	return nil
}

// Happen sends a raw event of a device to the sink.
func (c *Connection) Happen(dn string, name opencti.EventName, fields map[string]any) {
	c.sending.Lock()
	defer c.sending.Unlock()
	if c.alive() != nil {
		return
	}
	c.driver.mu.Lock()
	c.driver.order++
	order := c.driver.order
	c.driver.mu.Unlock()
	if fields == nil {
		fields = map[string]any{}
	}
	c.sink.HandleRaw(opencti.RawEvent{Name: string(name), DN: dn, Fields: fields, Order: order, Received: time.Now()})
}

// Lose says that events of a device were lost; of all when dn is empty.
func (c *Connection) Lose(dn string) {
	c.sending.Lock()
	defer c.sending.Unlock()
	c.sink.EventsLost(dn, opencti.Errorf(opencti.Rejected, "lost"))
}

// HappenToAgent sends a raw event that names no device.
func (c *Connection) HappenToAgent(agentID string, name opencti.EventName) {
	c.sending.Lock()
	defer c.sending.Unlock()
	c.sink.HandleRaw(opencti.RawEvent{Name: string(name), AgentID: agentID, Fields: map[string]any{}, Received: time.Now()})
}
