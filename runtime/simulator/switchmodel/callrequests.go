package switchmodel

// Answer picks up a telephone that rings.
func (s *Switch) Answer(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	if err != nil {
		return err
	}
	return s.pickUp(n)
}

func (s *Switch) pickUp(n *connection) error {
	switch {
	case n.state != Alerting || n.phone == nil:
		return ErrNotAlerting
	case n.phone.occupied(n):
		return ErrDeviceBusy
	}
	s.answer(n)
	return nil
}

// Hold holds a connected call.
func (s *Switch) Hold(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	switch {
	case err != nil:
		return err
	case n.state != Connected || n.phone == nil:
		return ErrNotConnected
	}
	s.hold(n, CauseNormal)
	return nil
}

func (s *Switch) hold(n *connection, cause Cause) {
	s.become(n, Hold)
	s.emit(Event{Kind: Held, Call: n.call.view(), Device: n.device, Cause: cause})
}

// Retrieve takes a call back from hold.
func (s *Switch) Retrieve(id ConnectionID) error {
	defer s.enter()()
	return s.retrieveHeld(id)
}

func (s *Switch) retrieveHeld(id ConnectionID) error {
	n, err := s.connection(id)
	if err != nil {
		return err
	}
	return s.takeBack(n)
}

func (s *Switch) takeBack(n *connection) error {
	switch {
	case n.state != Hold:
		return ErrNotHeld
	case n.phone.occupied(n):
		return ErrDeviceBusy
	}
	s.retrieve(n, CauseNormal)
	return nil
}

func (s *Switch) retrieve(n *connection, cause Cause) {
	s.become(n, Connected)
	s.emit(Event{Kind: Retrieved, Call: n.call.view(), Device: n.device, Cause: cause})
}

// Clear hangs up, for whoever's connection it is. A ringing call of a queue
// goes back there.
func (s *Switch) Clear(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	if err != nil {
		return err
	}
	return s.hangUp(n)
}

func (s *Switch) hangUp(n *connection) error {
	switch {
	case n.state == Fail, n.state == QueuedAt && len(n.call.connections) == 2:
		return ErrNotClearable
	case n.state == Alerting && n.phone != nil && n.queue != nil:
		s.returnToQueue(n)
	default:
		s.clear(n, CauseNormalClearing)
	}
	return nil
}
