package mirror

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
)

// States of a channel (channelstate.h).
const (
	down    = 0
	dialing = 3
	ring    = 4 // the telephone calls
	ringing = 5
	up      = 6
)

// Channel is one of Asterisk's channels.
type Channel struct {
	UID, Name string
	// Linked is the global id: the UID of the oldest channel that this one has to do with.
	Linked string

	serial    int // order of appearance
	dn        string
	external  bool
	state     int
	caller    string // its own number
	context   string
	extension string
	dialled   string // what it called, when it called
	variables map[string]variable

	bridge *bridge
	dialer *Channel   // who calls it, until they are connected
	dials  []*Channel // whom it calls, until they answer or do not

	called      bool      // somebody called it
	originated  bool      // Originate did
	sounding    bool      // it rings, or says that its far end does
	unheard     bool      // it is on its way, and nothing more will be told
	queue       string    // that calls it
	waits       string    // the queue in which it waits
	failed      string    // why its last dial came to nothing
	ended       string    // how the call to it ended
	answer      *Channel  // who answered its last dial
	moving      bool      // it was sent elsewhere, and is on its way
	connected   bool      // it has been in a bridge
	unheld      time.Time // when it last took from hold who is with it
	holding     bool      // it has put who is with it on hold
	refused     bool      // its telephone turned the call away
	elsewhere   bool      // its call was answered by another
	leaving     bool      // it is being hung up
	gone        bool
	handedOn    bool // sent elsewhere out of a call
	transferred bool // it has sent its call elsewhere

	calls     []*Call // of a leg
	serials   int     // how many it has had
	stays     bool    // it is connected all day
	offeredTo string  // the number of the member that the queue calls by it
	carries   bool    // it brings a call to such a leg
	met       []*Call // in which it is or was the other party
	atHold    bool    // it is parked where the dialplan says
	unparked  int     // when it was last taken from hold
	parked    *Call   // the call whose other party waits here
}

type variable struct {
	value string
	set   int // when, in the order of events
}

// bridge is where channels are connected.
type bridge struct {
	id, name   string
	conference bool
	entered    time.Time // when somebody last did
	holding    bool      // who is in it hears music, not the others
	members    []*Channel
}

func (b *bridge) has(c *Channel) bool { return b != nil && slices.Contains(b.members, c) }

// update takes what a message says of a channel, by the prefix of its headers.
func (m *Mirror) update(c *Channel, msg ami.Message, prefix string) {
	// Some events say what was before: a channel's state only goes on.
	if state, err := strconv.Atoi(msg.Get(prefix + "ChannelState")); err == nil && state <= up && state > c.state {
		c.state = state
	}
	if name := msg.Get(prefix + "Channel"); name != c.Name && name != "" {
		m.rename(c, name)
	}
	if linked := msg.Get(prefix + "Linkedid"); linked != "" {
		c.Linked = linked
	}
	c.caller = known(msg.Get(prefix + "CallerIDNum"))
	c.context, c.extension = msg.Get(prefix+"Context"), msg.Get(prefix+"Exten")
	for name, value := range msg.Variables(prefix) {
		m.set(c, name, value)
	}
}

// set takes a variable over, if it is one that matters.
func (m *Mirror) set(c *Channel, name, value string) {
	if c.variables[name].value != value {
		m.assign(c, name, value)
	}
}

// assign does so also with a variable that is set to what it was: that somebody is sent to wait
// again is told by nothing else.
func (m *Mirror) assign(c *Channel, name, value string) {
	if !m.matters(name) {
		return
	}
	if c.variables == nil {
		c.variables = map[string]variable{}
	}
	c.variables[name] = variable{value, m.now}
}

func (c *Channel) variable(name string) string { return c.variables[name].value }

// known is empty for what Asterisk does not know.
func known(number string) string {
	if number == "<unknown>" {
		return ""
	}
	return number
}

// half gives the other half of a Local channel.
func (m *Mirror) half(c *Channel) *Channel {
	if name, ok := strings.CutSuffix(c.Name, ";1"); ok {
		return m.byName[name+";2"]
	}
	if name, ok := strings.CutSuffix(c.Name, ";2"); ok {
		return m.byName[name+";1"]
	}
	return nil
}

// neighbours are the channels to which this one leads directly.
func (m *Mirror) neighbours(c *Channel) []*Channel {
	var out []*Channel
	if c.bridge != nil {
		if !c.bridge.holding {
			for _, other := range c.bridge.members {
				if other != c && !other.transferred && !nobody(other.Name) {
					out = append(out, other)
				}
			}
		}
	} else {
		if c.dialer != nil && !c.dialer.gone {
			out = append(out, c.dialer)
		}
		out = append(out, c.dials...)
	}
	return out
}

// far gives the telephones and trunks at the other side of a channel, through Local channels.
func (m *Mirror) far(c *Channel) []*Channel {
	var out []*Channel
	seen := map[*Channel]bool{c: true}
	var follow func(*Channel)
	follow = func(from *Channel) {
		for _, next := range m.neighbours(from) {
			if seen[next] {
				continue
			}
			seen[next] = true
			if !local(next.Name) {
				out = append(out, next)
				continue
			}
			if half := m.half(next); half != nil && !seen[half] {
				seen[half] = true
				follow(half)
			}
		}
	}
	follow(c)
	return out
}

// origin gives who calls a leg at the other end of all Local channels, the queue that passed
// the call on, and the channel that called it directly.
func (m *Mirror) origin(leg *Channel) (caller *Channel, queue string) {
	at := leg
	for range 16 { // as many Local channels in a row as nobody has
		if at.queue != "" && queue == "" {
			queue = at.queue
		}
		if at.dialer == nil && at != leg {
			if others := m.far(at); len(others) > 0 {
				return others[0], queue // a transfer was completed while it rang
			}
		}
		if at.dialer == nil {
			return nil, queue
		}
		if !local(at.dialer.Name) {
			return at.dialer, queue
		}
		half := m.half(at.dialer)
		if half == nil {
			return nil, queue
		}
		at = half
	}
	return nil, queue
}

// waitsIn gives the queue in which a channel waits, itself or beyond Local channels.
func (m *Mirror) waitsIn(c *Channel) string {
	for range 16 {
		if c.waits != "" {
			return c.waits
		}
		next := c.dials
		if c.bridge != nil {
			next = m.neighbours(c)
		}
		i := slices.IndexFunc(next, func(n *Channel) bool { return local(n.Name) })
		if i < 0 {
			return ""
		}
		if c = m.half(next[i]); c == nil {
			return ""
		}
	}
	return ""
}

// reach gives every channel that a change of this one may concern.
func (m *Mirror) reach(c *Channel, into map[*Channel]bool) {
	if c == nil || into[c] {
		return
	}
	into[c] = true
	if c.bridge != nil {
		for _, other := range c.bridge.members {
			m.reach(other, into)
		}
	}
	m.reach(c.dialer, into)
	for _, d := range c.dials {
		m.reach(d, into)
	}
	m.reach(m.half(c), into)
	for _, call := range c.met {
		m.reach(call.leg, into)
	}
	for _, call := range c.calls {
		m.reach(call.carrier, into)
		for _, p := range call.parked {
			m.reach(p, into)
		}
	}
	if c.carries {
		for _, leg := range m.legs[c.offeredTo] {
			m.reach(leg, into)
		}
	}
}
