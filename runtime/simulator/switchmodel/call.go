package switchmodel

import (
	"slices"
	"strings"
	"time"
)

// DeviceID is a number: of an extension, a queue or an outside party.
type DeviceID string

// MarshalLog hides all but the last two digits from logs.
func (d DeviceID) MarshalLog() any {
	hidden := max(0, len(d)-2)
	return strings.Repeat("*", hidden) + string(d[hidden:])
}

// CallID identifies a call while it lives.
type CallID string

// ConnectionID is a device's part in a call.
type ConnectionID struct {
	Call   CallID
	Device DeviceID
}

// ConnectionState is CSTA's local connection state (ECMA-269 §6.1.5).
type ConnectionState string

// The connection states that this switch knows.
const (
	Null      ConnectionState = "null"
	Initiated ConnectionState = "initiated"
	Alerting  ConnectionState = "alerting"
	Connected ConnectionState = "connected"
	Hold      ConnectionState = "hold"
	QueuedAt  ConnectionState = "queued"
	Fail      ConnectionState = "fail"
)

type call struct {
	id      CallID
	order   uint32
	linkage string // the id that survives what changes the call id
	calling DeviceID
	called  DeviceID // as dialled
	// Which ends are beyond the trunk.
	fromOutside, toOutside bool
	// lastRedirection is the queue that handed the call on.
	lastRedirection DeviceID
	data            map[string]string
	started         time.Time
	connections     []*connection

	queue    *queue    // the queue that distributes it
	queuedAt time.Time // kept when the call comes back from an unanswered phone

	caller   Caller
	givingUp *alarm // the caller's patience or talk time
}

type connection struct {
	call    *call
	device  DeviceID
	phone   *extension // nil: a queue or an outside party
	state   ConnectionState
	since   time.Time
	ringing *alarm
}

type extension struct {
	id          DeviceID
	agent       *agent
	connections []*connection
}

// occupied: something on it other than held calls, so nothing may be connected.
func (x *extension) occupied(except *connection) bool {
	return slices.ContainsFunc(x.connections, func(n *connection) bool { return n != except && n.state != Hold })
}

func (c *call) at(id DeviceID) *connection {
	for _, n := range c.connections {
		if n.device == id {
			return n
		}
	}
	return nil
}

// join adds a device to a call. An agent with a call is busy.
func (s *Switch) join(c *call, id DeviceID, phone *extension, state ConnectionState) *connection {
	n := &connection{call: c, device: id, phone: phone, state: state, since: s.now()}
	c.connections = append(c.connections, n)
	if phone != nil {
		phone.connections = append(phone.connections, n)
	}
	return n
}

func (s *Switch) become(n *connection, state ConnectionState) {
	s.cancel(n.ringing)
	n.ringing = nil
	n.state, n.since = state, s.now()
}

// part takes a connection out of its call and off its telephone, silently.
func (s *Switch) part(n *connection) {
	s.become(n, Null)
	same := func(other *connection) bool { return other == n }
	n.call.connections = slices.DeleteFunc(n.call.connections, same)
	if n.phone != nil {
		n.phone.connections = slices.DeleteFunc(n.phone.connections, same)
	}
}

// clear lets a device leave a call, which ends with its last conversation. The
// agents are told last: a telephone that is free may be given a call at once.
func (s *Switch) clear(n *connection, cause Cause) {
	c := n.call
	left := s.drop(nil, n, n.device, cause)
	if len(c.connections) == 1 {
		rest := c.connections[0]
		if rest.state == Alerting {
			cause = CauseCancelled
		}
		left = s.drop(left, rest, n.device, cause)
	}
	if len(c.connections) == 0 {
		s.cancel(c.givingUp)
		delete(s.calls, c.id)
	}
	for _, phone := range left {
		s.freed(phone)
	}
}

func (s *Switch) drop(left []*extension, n *connection, releasing DeviceID, cause Cause) []*extension {
	s.leaveQueue(n)
	s.part(n)
	s.emit(Event{Kind: ConnectionCleared, Call: n.call.view(), Device: n.device, Releasing: releasing, Cause: cause})
	if n.phone != nil {
		left = append(left, n.phone)
	}
	return left
}

// alert rings a telephone. A call from a queue rings for a limited time.
func (s *Switch) alert(c *call, phone *extension, cause Cause) {
	n := s.join(c, phone.id, phone, Alerting)
	if c.queue != nil {
		n.ringing = s.after(s.cfg.RingTime, func() { s.returnToQueue(n) })
	}
	s.emit(Event{Kind: Delivered, Call: c.view(), Device: phone.id, Cause: cause})
	s.seized(phone)
}

func (s *Switch) answer(n *connection) {
	c := n.call
	s.become(n, Connected)
	s.cancel(c.givingUp)
	c.givingUp = nil
	if c.caller.TalkTime > 0 {
		c.givingUp = s.after(c.caller.TalkTime, func() { s.callerHangsUp(c) })
	}
	if n.phone != nil && n.phone.agent != nil && c.queue != nil {
		n.phone.agent.served = true
	}
	s.emit(Event{Kind: Established, Call: c.view(), Device: n.device, Cause: CauseNewCall})
}

func (s *Switch) callerHangsUp(c *call) {
	if n := c.at(c.calling); n != nil {
		s.clear(n, CauseNormalClearing)
	}
}
