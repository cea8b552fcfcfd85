package switchmodel

import (
	"cmp"
	"maps"
	"slices"
)

// Restart loses all calls without a word, as a switch does that was switched off;
// callIDs begin anew. Agents are logged off, or stay in the state that would have
// followed.
func (s *Switch) Restart(keepAgents bool) {
	defer s.enter()()
	for len(s.alarms.heap) > 0 {
		s.cancel(s.alarms.heap[0])
	}
	s.calls, s.ended, s.lastCall = map[CallID]*call{}, nil, 0
	for _, x := range s.extensions {
		x.connections, x.muted, x.doNotDisturb = nil, false, false
	}
	for _, q := range s.queues {
		q.waiting, q.idle = nil, nil
	}
	for _, a := range s.seated() {
		s.restartAgent(a, keepAgents)
	}
}

func (s *Switch) restartAgent(a *agent, keep bool) {
	next := s.follows(a)
	if next == WorkingAfterCall {
		next = NotReady
	}
	if !keep || next == LoggedOff {
		a.phone.agent = nil
		delete(s.agents, a.id)
		return
	}
	a.standing, a.since = standing{state: next, cause: CauseNormal}, s.clock()
	a.pending, a.reserved, a.wrapUp, a.served = nil, nil, nil, false
	if next == NotReady {
		a.aside = nil
		return
	}
	s.available(a, a.serves())
}

// seated lists who is logged on, in the order of their ids.
func (s *Switch) seated() []*agent {
	return slices.SortedFunc(maps.Values(s.agents), func(a, b *agent) int { return cmp.Compare(a.id, b.id) })
}
