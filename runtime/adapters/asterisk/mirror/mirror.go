package mirror

import (
	"maps"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
)

// Bounds of what is remembered. Beyond them Asterisk went mad.
const (
	channelsBound = 1 << 16
	bridgesBound  = 1 << 16
	membersBound  = 1 << 16
)

// Mirror is everything that is known. The zero value is not usable; see New.
type Mirror struct {
	Naming
	channels map[string]*Channel // by UID
	byName   map[string]*Channel
	legs     map[string][]*Channel // by number
	bridges  map[string]*bridge
	members  map[string]map[string]*member // by number, then queue
	agents   map[string]Agent              // as last told, by number
	wrapping map[string]time.Time          // until when, by number
	disturb  map[string]bool
	expected map[string]string // numbers, by the UIDs of channels to come

	now    int // counts the messages
	serial int
	clock  time.Time
	skew   time.Duration // Asterisk's clock minus ours

	changes []Change
	touched map[*Channel]bool
	alone   map[*Channel]time.Time // legs that something is waited for, since when
}

// New makes an empty mirror.
func New(n Naming) *Mirror {
	return &Mirror{Naming: n, channels: map[string]*Channel{}, byName: map[string]*Channel{}, legs: map[string][]*Channel{}, bridges: map[string]*bridge{},
		members: map[string]map[string]*member{}, agents: map[string]Agent{}, wrapping: map[string]time.Time{}, disturb: map[string]bool{}, expected: map[string]string{},
		alone: map[*Channel]time.Time{}}
}

// Apply takes an event and returns what it changes for telephones and agents, in order.
func (m *Mirror) Apply(msg ami.Message, at time.Time) []Change {
	handle, ok := handlers[msg.Event()]
	if !ok {
		return nil
	}
	m.begin(at)
	m.measure(msg)
	handle(m, msg)
	return m.end()
}

func (m *Mirror) begin(at time.Time) {
	m.now++
	m.clock = at
	m.changes, m.touched = nil, map[*Channel]bool{}
}

// touch says that the calls around a channel must be looked at: before a change, for those
// that it leads to now, and after it.
func (m *Mirror) touch(c *Channel) { m.reach(c, m.touched) }

// end derives the calls that may have changed, in the order in which the legs appeared.
func (m *Mirror) end() []Change {
	now := map[*Channel]bool{}
	for c := range m.touched {
		m.reach(c, now)
	}
	legs := make([]*Channel, 0, len(now))
	for c := range now {
		if c.dn != "" {
			legs = append(legs, c)
		}
	}
	slices.SortFunc(legs, func(a, b *Channel) int { return a.serial - b.serial })
	for _, leg := range legs {
		m.settle(leg)
	}
	for _, leg := range legs {
		m.settleAgent(leg.dn)
	}
	return m.changes
}

func (m *Mirror) add(c *Channel) {
	if len(m.channels) >= channelsBound {
		return
	}
	m.serial++
	c.serial = m.serial
	c.dialled = m.expected[c.UID]
	delete(m.expected, c.UID)
	m.channels[c.UID] = c
	m.name(c, c.Name)
}

// name makes a channel known by its name.
func (m *Mirror) name(c *Channel, name string) {
	c.Name, c.dn, c.external = name, m.dn(name), m.external(name)
	m.byName[name] = c
	if c.dn != "" {
		m.legs[c.dn] = append(m.legs[c.dn], c)
	}
}

func (m *Mirror) unname(c *Channel) {
	if m.byName[c.Name] == c {
		delete(m.byName, c.Name)
	}
	if c.dn == "" {
		return
	}
	m.legs[c.dn] = slices.DeleteFunc(m.legs[c.dn], func(other *Channel) bool { return other == c })
	if len(m.legs[c.dn]) == 0 {
		delete(m.legs, c.dn)
	}
}

// rename follows a masquerade: the channel is another's now.
func (m *Mirror) rename(c *Channel, name string) {
	m.unname(c)
	was := c.dn
	m.name(c, name)
	if c.dn != was {
		for _, call := range slices.Clone(c.calls) {
			m.endCall(call, Normal)
		}
	}
}

func (m *Mirror) remove(c *Channel) {
	c.gone = true
	m.leave(c)
	delete(m.channels, c.UID)
	delete(m.alone, c)
	m.unname(c)
	if c.dialer != nil {
		m.undial(c.dialer, c)
	}
}

// undial ends a dial.
func (m *Mirror) undial(from, to *Channel) {
	from.dials = slices.DeleteFunc(from.dials, func(d *Channel) bool { return d == to })
}

// enter puts a channel into a bridge.
func (m *Mirror) enter(c *Channel, b *bridge) {
	if c.bridge == b {
		return
	}
	m.leave(c)
	c.bridge = b
	b.members = append(b.members, c)
}

func (m *Mirror) leave(c *Channel) {
	if b := c.bridge; b != nil {
		b.members = slices.DeleteFunc(b.members, func(other *Channel) bool { return other == c })
		c.bridge = nil
	}
}

// Tick does what time does, and returns what changed.
func (m *Mirror) Tick(at time.Time) []Change {
	m.begin(at)
	for c := range m.alone {
		if !m.waitsUntil(c).After(at) {
			m.touch(c)
		}
	}
	m.end()
	for _, dn := range slices.Sorted(maps.Keys(m.wrapping)) {
		m.settleAgent(dn)
	}
	return m.changes
}

// waitsUntil says when a leg is looked at again.
func (m *Mirror) waitsUntil(leg *Channel) time.Time {
	switch {
	case leg.bridge != nil && leg.bridge.conference:
		return leg.bridge.entered.Add(gathering)
	case leg.bridge != nil:
		return leg.unheld.Add(afterthought)
	}
	return m.alone[leg].Add(loneliness)
}

// Next says when Tick is due; zero: not before something has happened.
func (m *Mirror) Next() time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for c := range m.alone {
		if due := m.waitsUntil(c); due.After(m.clock) {
			sooner(due)
		}
	}
	for _, until := range m.wrapping {
		sooner(until)
	}
	return next
}

// Events lists the events that are looked at.
func Events() []string { return slices.Sorted(maps.Keys(handlers)) }
