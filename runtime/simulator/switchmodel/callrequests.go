package switchmodel

// Answer picks up a telephone that rings.
func (s *Switch) Answer(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	switch {
	case err != nil:
		return err
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
	s.become(n, Hold)
	s.emit(Event{Kind: Held, Call: n.call.view(), Device: n.device, Cause: CauseNormal})
	return nil
}

// Retrieve takes a call back from hold.
func (s *Switch) Retrieve(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	switch {
	case err != nil:
		return err
	case n.state != Hold:
		return ErrNotHeld
	case n.phone.occupied(n):
		return ErrDeviceBusy
	}
	s.become(n, Connected)
	s.emit(Event{Kind: Retrieved, Call: n.call.view(), Device: n.device, Cause: CauseNormal})
	return nil
}

// Clear hangs up. A ringing call of a queue goes back there.
func (s *Switch) Clear(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	switch {
	case err != nil:
		return err
	case n.state == QueuedAt || n.state == Fail:
		return ErrNotClearable
	case n.state == Alerting && n.phone != nil && n.queue != nil:
		s.returnToQueue(n)
	default:
		s.clear(n, CauseNormalClearing)
	}
	return nil
}
