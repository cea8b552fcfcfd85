package switchmodel

import (
	"slices"
	"time"
)

// Merge tells what calls became of which (ECMA-269, ConnectionList). The first
// call is the one that was there before the consult.
type Merge struct {
	Call CallID // the new call
	// First and Consult are the old connections of the device that did it. A
	// transfer in a single step has no consult.
	First, Consult ConnectionID
	To             DeviceID // who was transferred to, or added
	Parties        []Renamed
	OldLinkage     string // the global id that ends here
}

// Renamed is a party's connection before and after.
type Renamed struct {
	Old, New ConnectionID
}

// merge makes one call of two of a telephone, which stays in it when it is a
// conference, and leaves both when it is a transfer.
func (s *Switch) merge(first, consult *connection, kind EventKind, cause Cause) *Merge {
	phone, a, b := first.phone, first.call, consult.call
	from, to := first.other(), consult.other()
	c := s.unite(a, b)
	m := &Merge{Call: c.id, First: first.id(), Consult: consult.id(), To: to.device, OldLinkage: a.linkage}
	if c.linkage == a.linkage {
		m.OldLinkage = b.linkage
	}
	s.part(consult)
	if kind == Conferenced {
		s.become(first, Connected)
	} else {
		s.part(first)
		if !from.present() { // it waits or rings, and calls nobody
			from, to = to, from
		}
		s.succeed(c, phone.id, from.device, to.device)
	}
	s.move(a, c, m)
	s.move(b, c, m)
	s.emit(Event{Kind: kind, Call: c.view(), Device: phone.id, Cause: cause, Merge: m})
	s.freed(phone)
	return m
}

// unite makes the call that two become, without its parties. The one that goes
// beyond the trunk says who calls whom; of data, the consult's values win.
func (s *Switch) unite(first, consult *call) *call {
	told := first
	if !first.external() && consult.external() {
		told = consult
	}
	c := s.renew(told)
	c.data = merged(first.data, consult.data)
	c.digits = first.digits + consult.digits
	c.started = first.started
	c.linkage = first.linkage
	if s.cfg.SurvivingLinkage == ConsultLinkage {
		c.linkage = consult.linkage
	}
	c.distributedAs(first)
	if first.queue == nil || consult.inDistribution() {
		c.distributedAs(consult)
	}
	return c
}

// renew makes a call that goes on under a new id, without its parties.
func (s *Switch) renew(old *call) *call {
	c := s.newCall(old.calling, old.called, old.data)
	c.linkage, c.started, c.digits = old.linkage, old.started, old.digits
	c.fromOutside, c.toOutside = old.fromOutside, old.toOutside
	c.distributedAs(old)
	return c
}

func (c *call) distributedAs(old *call) {
	c.queue, c.lastRedirection, c.queuedAt = old.queue, old.lastRedirection, old.queuedAt
}

// undistributed: from here on no queue has to do with it.
func (c *call) undistributed(lastRedirection DeviceID) {
	c.queue, c.lastRedirection = nil, lastRedirection
	if !c.inDistribution() {
		c.queuedAt = time.Time{}
	}
}

// inDistribution: it waits in a queue, or rings for one.
func (c *call) inDistribution() bool {
	return slices.ContainsFunc(c.connections, func(n *connection) bool { return n.queue != nil && !n.present() })
}

func (c *call) external() bool { return c.fromOutside || c.toOutside }

// succeed names those who are left when the one who made the call leaves it.
func (s *Switch) succeed(c *call, left, from, to DeviceID) {
	if c.calling != left {
		return
	}
	c.calling, c.called = from, to
	c.fromOutside, c.toOutside = !s.internal(string(from)), !s.internal(string(to))
}

// move takes the parties of a call to the one that it becomes.
func (s *Switch) move(old, c *call, m *Merge) {
	for _, n := range old.connections {
		m.Parties = append(m.Parties, Renamed{Old: n.id(), New: ConnectionID{Call: c.id, Device: n.device}})
		if n.state == QueuedAt && n.reserved == nil {
			n.queue.waiting[slices.Index(n.queue.waiting, old)] = c
		}
		n.call = c
	}
	c.connections = append(c.connections, old.connections...)
	old.connections = nil
	s.forget(old)
}
