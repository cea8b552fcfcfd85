package switchmodel

import (
	"slices"
	"time"
)

// queue distributes calls: the longest waiting to the longest idle.
type queue struct {
	QueueConfig
	waiting []*call  // longest waiting first
	idle    []*agent // longest idle first
}

// enqueue puts a call where its waiting time says, and offers it if it can.
func (s *Switch) enqueue(c *call, q *queue, cause Cause) {
	if c.queuedAt.IsZero() {
		c.queuedAt = s.now()
	}
	c.queue = q
	s.join(c, q.ID, nil, QueuedAt).queue = q
	place := len(q.waiting)
	for place > 0 && c.queuedAt.Before(q.waiting[place-1].queuedAt) {
		place--
	}
	q.waiting = slices.Insert(q.waiting, place, c)
	s.emit(Event{Kind: Queued, Call: c.view(), Device: q.ID, NumberQueued: len(q.waiting), Cause: cause})
	s.distribute(q)
}

func (s *Switch) distribute(q *queue) {
	for len(q.waiting) > 0 && len(q.idle) > 0 {
		s.offer(q, q.waiting[0], q.idle[0].phone)
	}
}

// offer moves a call from its queue to an agent's telephone.
func (s *Switch) offer(q *queue, c *call, phone *extension) {
	n := c.at(q.ID)
	s.leaveQueue(n)
	s.part(n)
	c.lastRedirection = q.ID
	s.emit(Event{Kind: Diverted, Call: c.view(), Device: q.ID, NewDestination: phone.id, Cause: CauseDistributed})
	s.alert(c, phone, q, CauseDistributed)
}

// returnToQueue takes a call from a telephone that nobody answers, and the
// agent out of the distribution, or the next call would wait in vain as well.
func (s *Switch) returnToQueue(n *connection) {
	c, q, phone := n.call, n.queue, n.phone
	s.part(n)
	s.emit(Event{Kind: Diverted, Call: c.view(), Device: phone.id, NewDestination: q.ID, Cause: CauseNotAnswered})
	if a := phone.agent; a != nil && (a.pending == nil || a.pending.state == Ready) {
		a.pending = &standing{state: NotReady, reason: s.cfg.NoAnswerReason, cause: CauseNotAnswered}
	}
	s.freed(phone)
	if c.at(q.ID) == nil { // else it waits there for another of its parties
		s.enqueue(c, q, CauseNotAnswered)
	}
}

// leaveQueue forgets a waiting call; other connections are none of its business.
func (s *Switch) leaveQueue(n *connection) {
	if n.state != QueuedAt {
		return
	}
	q := n.queue
	q.waiting = slices.DeleteFunc(q.waiting, func(c *call) bool { return c == n.call })
}

// available puts an agent at the end of the idle lists, and gives him the call
// that has waited longest in any of his queues.
func (s *Switch) available(a *agent) {
	for _, q := range a.queues {
		q.idle = append(q.idle, a)
	}
	var next *queue
	for _, q := range a.queues {
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

func (q *queue) view(now time.Time) Queue {
	v := Queue{ID: q.ID, Name: q.Name, Agents: q.Agents, Waiting: len(q.waiting), Idle: len(q.idle)}
	if len(q.waiting) > 0 {
		v.LongestWait = now.Sub(q.waiting[0].queuedAt).Seconds()
	}
	return v
}
