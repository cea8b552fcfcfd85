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
	digits          string // that were sent into it
	started         time.Time
	connections     []*connection

	queue    *queue    // the queue that distributes it
	queuedAt time.Time // kept when the call comes back from an unanswered phone
}

type connection struct {
	call    *call
	device  DeviceID
	phone   *extension // nil: a queue or an outside party
	state   ConnectionState
	since   time.Time
	ringing *alarm
	queue   *queue // where it waits, or which offered it here

	reason   string      // of the agent who does not answer, where it is not the usual one
	reserved *agent      // whom it will ring at, while it waits
	twin     *connection // of the same line, which rings as well
	silent   bool        // listens only
	late     *alarm      // brings the data

	// consults is the call on the same telephone that this one was made about.
	consults *connection

	caller  Caller
	leaving *alarm // the end of the caller's patience or talk time
}

func (n *connection) id() ConnectionID { return ConnectionID{Call: n.call.id, Device: n.device} }

type extension struct {
	id                  DeviceID
	agent               *agent
	connections         []*connection
	muted, doNotDisturb bool
}

// occupied: something on it other than held calls, so nothing may be connected.
func (x *extension) occupied(except *connection) bool {
	return slices.ContainsFunc(x.connections, func(n *connection) bool { return n != except && n.state != Hold })
}

// alive: somebody is there, with somebody or something at the other end.
func (c *call) alive() bool {
	parties := 0
	for _, n := range c.connections {
		if !n.silent {
			parties++
		}
	}
	return parties > 1 && slices.ContainsFunc(c.connections, (*connection).present)
}

// present: there is somebody who talks or listens to music.
func (n *connection) present() bool { return !n.silent && (n.state == Connected || n.state == Hold) }

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
	n := &connection{call: c, device: id, phone: phone, state: state, since: s.clock()}
	c.connections = append(c.connections, n)
	if phone != nil {
		phone.connections = append(phone.connections, n)
	}
	return n
}

func (s *Switch) become(n *connection, state ConnectionState) {
	s.cancel(n.ringing)
	n.ringing = nil
	n.state, n.since = state, s.clock()
}

// part takes a connection out of its call and off its telephone, silently.
func (s *Switch) part(n *connection) {
	s.become(n, Null)
	s.cancel(n.leaving)
	s.cancel(n.late)
	if n.twin != nil {
		n.twin.twin, n.twin = nil, nil
	}
	same := func(other *connection) bool { return other == n }
	n.call.connections = slices.DeleteFunc(n.call.connections, same)
	if n.phone == nil {
		return
	}
	n.phone.connections = slices.DeleteFunc(n.phone.connections, same)
	for _, other := range n.phone.connections {
		if other.consults == n {
			other.consults = nil
		}
	}
}

// clear lets a device leave a call, which ends when nobody is left to talk to.
// The agents are told last: a telephone that is free may be given a call at once.
func (s *Switch) clear(n *connection, cause Cause) {
	c := n.call
	left := s.drop(nil, n, n.device, cause)
	if !c.alive() {
		left = s.dropAll(left, c, n.device, cause)
	}
	for _, phone := range left {
		s.freed(phone)
	}
}

func (s *Switch) dropAll(left []*extension, c *call, releasing DeviceID, cause Cause) []*extension {
	for _, n := range slices.Clone(c.connections) {
		why := cause
		if n.state == Alerting {
			why = CauseCancelled
		}
		left = s.drop(left, n, releasing, why)
	}
	s.forget(c)
	return left
}

func (s *Switch) drop(left []*extension, n *connection, releasing DeviceID, cause Cause) []*extension {
	if a := s.leaveQueue(n); a != nil {
		left = append(left, a.phone)
	}
	s.part(n)
	s.emit(Event{Kind: ConnectionCleared, Call: n.call.view(), Device: n.device, Releasing: releasing, Cause: cause})
	if n.phone != nil {
		left = append(left, n.phone)
	}
	return left
}

// listen: a caller from outside, who waited, starts to talk.
func (s *Switch) listen(n *connection) {
	s.cancel(n.leaving)
	n.leaving = nil
	if n.caller.TalkTime > 0 {
		s.leaveAfter(n, n.caller.TalkTime)
	}
}

func (s *Switch) leaveAfter(n *connection, d time.Duration) {
	n.leaving = s.after(d, func() { s.clear(n, CauseNormalClearing) })
}
