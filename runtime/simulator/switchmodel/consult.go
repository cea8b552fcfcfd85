package switchmodel

import "maps"

// Consult holds a call and dials somebody about it (ECMA-269, Consultation Call).
// The new call inherits the data of the first; what it will be for, transfer or
// conference, nobody needs to say.
func (s *Switch) Consult(id ConnectionID, to string, data map[string]string) (ConnectionID, error) {
	defer s.enter()()
	n, err := s.connection(id)
	if err != nil {
		return ConnectionID{}, err
	}
	return s.consult(n, to, data)
}

func (s *Switch) consult(n *connection, to string, data map[string]string) (ConnectionID, error) {
	switch {
	case n.state != Connected || n.phone == nil:
		return ConnectionID{}, ErrNotConnected
	case to == "" || s.phoneOf(to) == n.phone:
		return ConnectionID{}, ErrInvalidDestination
	case len(n.phone.connections) >= maxLines:
		return ConnectionID{}, ErrNoLine
	}
	s.hold(n, CauseConsultation)
	m := s.offHook(n.phone, to, merged(n.call.data, data), CauseConsultation)
	m.consults = n
	s.originate(m, CauseConsultation)
	return m.id(), nil
}

// merged is data with newer values; both stay as they are.
func merged(data, newer map[string]string) map[string]string {
	out := maps.Clone(data)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, newer)
	return out
}

// Alternate holds the active call and retrieves the held one.
func (s *Switch) Alternate(held, active ConnectionID) error {
	defer s.enter()()
	h, a, err := s.pair(held, active)
	if err != nil {
		return err
	}
	s.alternate(h, a)
	return nil
}

func (s *Switch) alternate(held, active *connection) {
	s.hold(active, CauseAlternate)
	s.retrieve(held, CauseAlternate)
}

// Reconnect leaves the active call and retrieves the held one. When the active
// one has ended meanwhile, only the other half is left to do.
func (s *Switch) Reconnect(active, held ConnectionID) error {
	defer s.enter()()
	if _, err := s.connection(active); err != nil {
		return s.retrieveHeld(held)
	}
	h, a, err := s.pair(held, active)
	if err != nil {
		return err
	}
	s.reconnect(h, a)
	return nil
}

func (s *Switch) reconnect(held, active *connection) {
	s.clear(active, CauseNormalClearing)
	s.retrieve(held, CauseNormal)
}

// pair finds a held and an active call of the same telephone.
func (s *Switch) pair(held, active ConnectionID) (h, a *connection, err error) {
	if h, err = s.connection(held); err != nil {
		return nil, nil, err
	}
	if a, err = s.connection(active); err != nil {
		return nil, nil, err
	}
	switch {
	case h.phone == nil || h.phone != a.phone:
		return nil, nil, ErrNotSameDevice
	case h.state != Hold:
		return nil, nil, ErrNotHeld
	case a.state != Connected:
		return nil, nil, ErrNotConnected
	}
	return h, a, nil
}
