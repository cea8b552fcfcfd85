package switchmodel

import "slices"

// Transfer connects the others of two calls of a device and lets it go
// (ECMA-269, Transfer Call).
func (s *Switch) Transfer(held, active ConnectionID) (*Merge, error) {
	defer s.enter()()
	h, a, err := s.pair(held, active)
	if err != nil {
		return nil, err
	}
	return s.transfer(h, a)
}

func (s *Switch) transfer(held, active *connection) (*Merge, error) {
	first, consult := inOrder(held, active)
	others := append(first.others(), consult.others()...)
	if err := s.mergeable(first, consult, len(others)); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(others, (*connection).present) {
		return nil, ErrNobodyTalks
	}
	return s.merge(first, consult, Transferred, CauseTransfer), nil
}

// Conference makes one call of two calls of a device (ECMA-269, Conference
// Call).
func (s *Switch) Conference(held, active ConnectionID) (*Merge, error) {
	defer s.enter()()
	h, a, err := s.pair(held, active)
	if err != nil {
		return nil, err
	}
	return s.conference(h, a)
}

func (s *Switch) conference(held, active *connection) (*Merge, error) {
	first, consult := inOrder(held, active)
	if err := s.mergeable(first, consult, len(first.others())+len(consult.others())+1); err != nil {
		return nil, err
	}
	return s.merge(first, consult, Conferenced, CauseConference), nil
}

// inOrder says which of two calls was first, however they alternated.
func inOrder(held, active *connection) (first, consult *connection) {
	if held.consults == active {
		return active, held
	}
	return held, active
}

func (n *connection) others() []*connection {
	return slices.DeleteFunc(slices.Clone(n.call.connections), func(other *connection) bool { return other == n })
}

// other is the party at the other end: who is there, if anybody is.
func (n *connection) other() *connection {
	others := n.others()
	return others[max(0, slices.IndexFunc(others, (*connection).present))]
}

// mergeable says why two calls cannot become one of so many parties.
func (s *Switch) mergeable(first, consult *connection, parties int) error {
	for _, n := range first.others() {
		if consult.call.at(n.device) != nil {
			return ErrTwiceInCall
		}
	}
	switch {
	case first.call.failed() || consult.call.failed():
		return ErrCallFailed
	case parties > s.cfg.ConferenceParties:
		return ErrConferenceFull
	}
	return nil
}

func (c *call) failed() bool {
	return slices.ContainsFunc(c.connections, func(n *connection) bool { return n.state == Fail })
}

// SingleStepTransfer gives a call to a telephone, a queue or somebody outside,
// without a word (ECMA-269, Single Step Transfer Call). What would fail is
// refused: the other party keeps whom he talks to.
func (s *Switch) SingleStepTransfer(id ConnectionID, to string, data map[string]string) (*Merge, error) {
	defer s.enter()()
	n, err := s.connection(id)
	if err != nil {
		return nil, err
	}
	return s.giveAway(n, to, data)
}

func (s *Switch) giveAway(n *connection, to string, data map[string]string) (*Merge, error) {
	switch {
	case n.state != Connected || n.phone == nil:
		return nil, ErrNotConnected
	case n.call.failed():
		return nil, ErrCallFailed
	case !slices.ContainsFunc(n.others(), (*connection).present):
		return nil, ErrNobodyTalks
	}
	if err := s.takes(n.call, to); err != nil {
		return nil, err
	}
	old, phone, from := n.call, n.phone, n.other().device
	c := s.renew(old)
	m := &Merge{Call: c.id, First: n.id(), To: s.deviceOf(to), OldLinkage: old.linkage}
	c.data = merged(old.data, data)
	if !c.external() {
		c.called = m.To
	}
	s.succeed(c, n.device, from, m.To)
	s.part(n)
	s.move(old, c, m)
	c.undistributed("")
	s.emit(Event{Kind: Transferred, Call: c.view(), Device: phone.id, Cause: CauseSingleStepTransfer, Merge: m})
	s.dial(c, to, CauseSingleStepTransfer)
	s.freed(phone)
	return m, nil
}

// Deflect sends a call that rings to somebody else (ECMA-269, Deflect Call).
func (s *Switch) Deflect(id ConnectionID, to string, data map[string]string) error {
	defer s.enter()()
	n, err := s.connection(id)
	if err != nil {
		return err
	}
	return s.deflect(n, to, data)
}

func (s *Switch) deflect(n *connection, to string, data map[string]string) error {
	if n.state != Alerting || n.phone == nil {
		return ErrNotDivertible
	}
	if err := s.takes(n.call, to); err != nil {
		return err
	}
	c, phone := n.call, n.phone
	c.data = merged(c.data, data)
	other := s.quiet(n, s.deviceOf(to), CauseRedirected)
	s.part(n)
	c.undistributed(phone.id)
	if !c.external() {
		c.called = s.deviceOf(to)
	}
	s.emit(Event{Kind: Diverted, Call: c.view(), Device: phone.id, NewDestination: s.deviceOf(to), Cause: CauseRedirected})
	s.dial(c, to, CauseRedirected)
	s.freed(phone)
	if other != nil {
		s.freed(other)
	}
	return nil
}

// takes says why a call cannot be sent to a number.
func (s *Switch) takes(c *call, to string) error {
	q, phone := s.queue(to), s.phoneOf(to)
	switch {
	case q == nil && phone == nil && !isOutside(to), c.at(s.deviceOf(to)) != nil:
		return ErrInvalidDestination
	case q == nil && phone != nil && phone.refuses():
		return ErrDestinationBusy
	}
	return nil
}

// deviceOf is the device that a number leads to.
func (s *Switch) deviceOf(number string) DeviceID {
	if q := s.queue(number); q != nil {
		return q.ID
	}
	if phone := s.phoneOf(number); phone != nil {
		return phone.id
	}
	return DeviceID(number)
}
