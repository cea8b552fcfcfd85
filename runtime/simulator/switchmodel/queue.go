package switchmodel

import (
	"slices"
)

// queue distributes calls: the longest waiting to the longest idle.
type queue struct {
	QueueConfig
	waiting []*call  // longest waiting first
	idle    []*agent // longest idle first
}

// agentsIn lists who is logged on to a queue, in the order of their ids.
func (s *Switch) agentsIn(q *queue) []*agent {
	return slices.DeleteFunc(s.seated(), func(a *agent) bool { return !slices.Contains(a.queues, q) })
}

// enqueue puts a call into a queue, and offers it if it can.
func (s *Switch) enqueue(c *call, q *queue, cause Cause) {
	if c.queuedAt.IsZero() {
		c.queuedAt = s.now()
	}
	c.queue = q
	s.join(c, q.ID, nil, QueuedAt).queue = q
	q.wait(c)
	s.emit(Event{Kind: Queued, Call: c.view(), Device: q.ID, NumberQueued: len(q.waiting), Cause: cause})
	s.distribute(q)
}

// wait puts a call where its waiting time says.
func (q *queue) wait(c *call) {
	place := len(q.waiting)
	for place > 0 && c.queuedAt.Before(q.waiting[place-1].queuedAt) {
		place--
	}
	q.waiting = slices.Insert(q.waiting, place, c)
}

func (s *Switch) distribute(q *queue) {
	for len(q.waiting) > 0 && len(q.idle) > 0 {
		s.offer(q, q.waiting[0], q.idle[0].phone)
	}
}

// offer moves a call from its queue to an agent's telephone, at once or after a
// while for which the agent is reserved.
func (s *Switch) offer(q *queue, c *call, phone *extension) {
	n := c.at(q.ID)
	s.leaveQueue(n)
	if o, odd := s.odd(ReservesAgents, phone.id); odd && phone.agent != nil {
		s.reserve(n, phone.agent, o)
		return
	}
	s.deliver(n, phone)
}

func (s *Switch) reserve(n *connection, a *agent, o Oddity) {
	n.reserved, a.reserved = a, n
	a.resume = a.standing
	s.enters(a, standing{state: Busy, cause: CauseReserved})
	n.ringing = s.after(o.Delay, func() {
		n.reserved, a.reserved, n.ringing = nil, nil, nil
		if n.call.at(a.phone.id) == nil {
			s.deliver(n, a.phone)
			return
		}
		n.queue.wait(n.call) // the agent has come into the call by another way
		s.freed(a.phone)
		s.distribute(n.queue)
	})
}

func (s *Switch) deliver(n *connection, phone *extension) {
	c, q := n.call, n.queue
	s.part(n)
	c.lastRedirection = q.ID
	s.emit(Event{Kind: Diverted, Call: c.view(), Device: q.ID, NewDestination: phone.id, Cause: CauseDistributed})
	s.alert(c, phone, q, CauseDistributed)
}

// returnToQueue takes a call from a telephone that nobody answers, and the
// agent out of the distribution, or the next call would wait in vain as well.
func (s *Switch) returnToQueue(n *connection) {
	c, q, phone := n.call, n.queue, n.phone
	other := s.quiet(n, q.ID, CauseNotAnswered)
	s.part(n)
	s.emit(Event{Kind: Diverted, Call: c.view(), Device: phone.id, NewDestination: q.ID, Cause: CauseNotAnswered})
	if a := phone.agent; a != nil && (a.pending == nil || a.pending.state == Ready) {
		a.pending = &standing{state: NotReady, reason: s.noAnswerReason(n), cause: CauseNotAnswered, by: ByNoAnswer}
	}
	s.freed(phone)
	if other != nil {
		s.freed(other)
	}
	if c.at(q.ID) == nil { // else it waits there for another of its parties
		s.enqueue(c, q, CauseNotAnswered)
	}
}

func (s *Switch) noAnswerReason(n *connection) string {
	if n.reason != "" {
		return n.reason
	}
	return s.cfg.NoAnswerReason
}

// leaveQueue forgets a waiting call; other connections are none of its business.
// It returns the agent who was reserved for it.
func (s *Switch) leaveQueue(n *connection) (released *agent) {
	if n.state != QueuedAt {
		return nil
	}
	if a := n.reserved; a != nil {
		n.reserved, a.reserved = nil, nil
		return a
	}
	n.queue.waiting = without(n.queue.waiting, n.call)
	return nil
}

// available puts an agent at the end of the idle lists of queues, and gives him
// the call that has waited longest in any of them.
func (s *Switch) available(a *agent, queues []*queue) {
	for _, q := range queues {
		q.idle = append(q.idle, a)
	}
	var next *queue
	for _, q := range queues {
		if len(q.waiting) > 0 && (next == nil || q.waiting[0].queuedAt.Before(next.waiting[0].queuedAt)) {
			next = q
		}
	}
	if next != nil {
		s.offer(next, next.waiting[0], a.phone)
	}
}

func (s *Switch) unavailable(a *agent) {
	for _, q := range a.queues {
		q.idle = slices.DeleteFunc(q.idle, func(other *agent) bool { return other == a })
	}
}
