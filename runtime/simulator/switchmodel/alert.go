package switchmodel

import "time"

// alert rings a telephone, and the other one of a shared line. A call from a
// queue rings for a limited time.
func (s *Switch) alert(c *call, phone *extension, from *queue, cause Cause) {
	n := s.ring(c, phone, from, cause)
	if other := s.sharing(phone); other != nil && c.at(other.id) == nil && n.state == Alerting {
		n.twin = s.ring(c, other, nil, CauseMultipleAlerting)
		n.twin.twin = n
	}
}

func (s *Switch) ring(c *call, phone *extension, from *queue, cause Cause) *connection {
	n := s.join(c, phone.id, phone, Alerting)
	if from != nil {
		n.queue = from
		s.limitRinging(n)
	}
	s.emit(Event{Kind: Delivered, Call: c.view(), Device: phone.id, Cause: cause})
	s.seized(phone)
	return n
}

func (s *Switch) limitRinging(n *connection) {
	limit := s.cfg.RingTime
	if o, odd := s.odd(RingsUnanswered, n.device); odd {
		limit, n.reason = o.Delay, o.Reason
	}
	s.cancel(n.ringing)
	if delay := s.cfg.AgentAnswerDelay; delay > 0 && delay < limit {
		n.ringing = s.after(delay, func() { s.answerOr(n, limit-delay) })
		return
	}
	n.ringing = s.after(limit, func() { s.returnToQueue(n) })
}

// answerOr lets an agent pick up, or who is in another call let it ring on.
func (s *Switch) answerOr(n *connection, limit time.Duration) {
	if s.pickUp(n) != nil {
		n.ringing = s.after(limit, func() { s.returnToQueue(n) })
	}
}

// ringOut begins with the calls of queues that ring already.
func (s *Switch) ringOut() {
	for _, q := range s.queues {
		for _, a := range s.agentsIn(q) {
			for _, n := range a.phone.connections {
				if n.state == Alerting && n.queue == q && s.oddities[RingsUnanswered] != nil {
					s.limitRinging(n)
				}
			}
		}
	}
}

// sharing finds the telephone that has the same line, if it can ring.
func (s *Switch) sharing(phone *extension) *extension {
	o, odd := s.odd(SharesLine, phone.id)
	if !odd {
		return nil
	}
	if other := s.extension(o.With); other != nil && !other.refuses() {
		return other
	}
	return nil
}

// quiet stops the ringing at the other telephone of a shared line, which is to be
// freed.
func (s *Switch) quiet(n *connection, to DeviceID, cause Cause) (freed *extension) {
	twin := n.twin
	if twin == nil {
		return nil
	}
	s.part(twin)
	s.emit(Event{Kind: Diverted, Call: n.call.view(), Device: twin.device, NewDestination: to, Cause: cause})
	return twin.phone
}

func (s *Switch) answer(n *connection) {
	if n.twin != nil && n.queue == nil {
		n.queue = n.twin.queue
	}
	other := s.quiet(n, n.device, CauseCallPickup)
	s.become(n, Connected)
	s.connect(n, CauseNewCall)
	if other != nil {
		s.freed(other)
	}
}

// connect tells that somebody answered.
func (s *Switch) connect(n *connection, cause Cause) {
	for _, other := range n.call.connections {
		s.listen(other)
	}
	if n.phone != nil && n.phone.agent != nil && n.queue != nil {
		n.phone.agent.served = true
	}
	s.emit(Event{Kind: Established, Call: n.call.view(), Device: n.device, Cause: cause})
}

// Pickup lets somebody at a telephone answer a call that rings at another.
func (s *Switch) Pickup(by, from DeviceID) error {
	defer s.enter()()
	phone, ringing := s.extension(by), s.extension(from)
	if phone == nil || ringing == nil {
		return ErrInvalidDevice
	}
	return s.pickup(phone, ringing)
}

func (s *Switch) pickup(phone, ringing *extension) error {
	n := Handset{s, ringing}.choose(Any, Alerting)
	switch {
	case n == nil:
		return ErrNotAlerting
	case phone == ringing || n.call.at(phone.id) != nil:
		return ErrInvalidDestination
	case phone.occupied(nil):
		return ErrDeviceBusy
	case len(phone.connections) >= maxLines:
		return ErrNoLine
	}
	c, q := n.call, n.queue
	other := s.quiet(n, phone.id, CauseCallPickup)
	s.part(n)
	s.emit(Event{Kind: Diverted, Call: c.view(), Device: ringing.id, NewDestination: phone.id, Cause: CauseCallPickup})
	m := s.join(c, phone.id, phone, Connected)
	m.queue = q
	s.connect(m, CauseCallPickup)
	s.seized(phone)
	s.freed(ringing)
	if other != nil {
		s.freed(other)
	}
	return nil
}
