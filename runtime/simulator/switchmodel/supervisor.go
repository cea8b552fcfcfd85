package switchmodel

import "slices"

// ForceState sets an agent's state, wherever he sits, in the name of a supervisor.
// What r says of a device is not looked at.
func (s *Switch) ForceState(r AgentRequest) (*Agent, error) {
	defer s.enter()()
	a := s.agents[r.Agent]
	if a == nil {
		return nil, ErrInvalidAgent
	}
	if _, err := s.change(a, r, BySupervisor); err != nil {
		return nil, err
	}
	return s.agentView(a), nil
}

// LogOff logs an agent off, with a reason, whatever he does; during a call, when
// it is over. Nobody there is no error.
func (s *Switch) LogOff(device DeviceID, reason string) {
	defer s.enter()()
	phone := s.extension(device)
	if phone == nil || phone.agent == nil {
		return
	}
	off := BySystem.asked(LoggedOff)
	off.reason = reason
	if phone.agent.state == Busy {
		s.intends(phone.agent, off)
		return
	}
	s.logOff(phone.agent, off)
}

// Seat moves an agent to a telephone: off where he sits, on there, with the
// queues that he had or else all of his.
func (s *Switch) Seat(id AgentID, device DeviceID) (*Agent, error) {
	defer s.enter()()
	phone := s.extension(device)
	switch {
	case !contains(s.cfg.Agents, string(id)):
		return nil, ErrInvalidAgent
	case phone == nil:
		return nil, ErrInvalidDevice
	case phone.agent != nil:
		return nil, ErrDeviceTaken
	}
	queues := s.queuesOf(id)
	if a := s.agents[id]; a != nil {
		if a.state == Busy {
			return nil, ErrAgentBusy
		}
		queues = a.queues
		s.logOff(a, BySystem.asked(LoggedOff))
	}
	s.logOn(id, phone, queues, ByPhone)
	return s.agentView(phone.agent), nil
}

// SetQueueAgents changes who serves a queue. Who is no longer on the list leaves
// it, and logs off if it was the last one; who is new and logged on enters.
func (s *Switch) SetQueueAgents(name string, agents []Range) (*Queue, error) {
	defer s.enter()()
	q := s.queue(name)
	if q == nil {
		return nil, ErrInvalidQueue
	}
	for _, a := range s.agentsIn(q) {
		if !contains(agents, string(a.id)) {
			_, _ = s.requestLogOff(a, q, BySupervisor) // a switch that refuses keeps him until he goes
		}
	}
	q.Agents = agents
	for _, a := range s.seated() {
		if contains(agents, string(a.id)) {
			s.addQueues(a, BySupervisor, q)
		}
	}
	v := s.queueView(q)
	return &v, nil
}

// Observe lets a telephone listen to the active call of another, as a party that
// is silent (ECMA-269, Single Step Conference Call).
func (s *Switch) Observe(target, observer DeviceID) (*Merge, error) {
	defer s.enter()()
	watched, phone := s.extension(target), s.extension(observer)
	if watched == nil || phone == nil {
		return nil, ErrInvalidDevice
	}
	n := Handset{s, watched}.choose(Any, Connected)
	switch {
	case n == nil || n.silent || !slices.ContainsFunc(n.others(), (*connection).present):
		return nil, ErrNotConnected
	case n.call.at(observer) != nil:
		return nil, ErrTwiceInCall
	case phone.occupied(nil):
		return nil, ErrDeviceBusy
	case len(phone.connections) >= maxLines:
		return nil, ErrNoLine
	case len(n.call.connections) >= s.cfg.ConferenceParties:
		return nil, ErrConferenceFull
	}
	return s.observe(n, phone), nil
}

func (s *Switch) observe(n *connection, phone *extension) *Merge {
	old := n.call
	c := s.renew(old)
	m := &Merge{Call: c.id, First: n.id(), To: phone.id, OldLinkage: old.linkage}
	s.move(old, c, m)
	listener := s.join(c, phone.id, phone, Connected)
	listener.silent = true
	m.Parties = append(m.Parties, Renamed{New: listener.id()})
	s.emit(Event{Kind: Conferenced, Call: c.view(), Device: phone.id, Cause: CauseSilentParticipation, Merge: m})
	s.seized(phone)
	return m
}

// Leave lets a party hang up that is in a call of a telephone, in the newest if in
// several; without a party, whoever is from outside.
func (s *Switch) Leave(at, party DeviceID) (*Call, error) {
	defer s.enter()()
	phone := s.extension(at)
	if phone == nil {
		return nil, ErrInvalidDevice
	}
	for _, n := range slices.Backward(phone.connections) {
		for _, other := range n.call.connections {
			if other.device == party || party == "" && other.outside() {
				s.clear(other, CauseNormalClearing)
				return n.call.view(), nil
			}
		}
	}
	return nil, ErrInvalidConnection
}

// outside: somebody from beyond the trunk.
func (n *connection) outside() bool { return n.phone == nil && n.state != QueuedAt && n.state != Fail }
