package switchmodel

import "slices"

// requestQueueState makes an agent ready or not for one of several queues.
func (s *Switch) requestQueueState(a *agent, q *queue, next standing) (pending AgentState) {
	set := s.goAside
	if next.state == Ready {
		set = s.comeBack
	}
	set(a, q, next)
	if a.state == Busy {
		return next.state
	}
	return ""
}

// comeBack makes an agent ready for a queue, and for that alone if he is not ready.
func (s *Switch) comeBack(a *agent, q *queue, next standing) {
	if s.follows(a) != Ready {
		a.aside = without(a.queues, q)
		if a.state == Busy {
			s.intends(a, next)
			return
		}
		a.served, a.pending = false, nil
		s.enters(a, next)
		return
	}
	if !slices.Contains(a.aside, q) {
		return
	}
	a.aside = without(a.aside, q)
	if a.state == Ready {
		s.tellAgent(AgentReady, a, next.cause, q)
		s.available(a, []*queue{q})
	}
}

// goAside makes an agent not ready for a queue; for the last one it is so for all.
func (s *Switch) goAside(a *agent, q *queue, next standing) {
	if s.follows(a) != Ready || slices.Contains(a.aside, q) {
		return
	}
	a.aside = append(a.aside, q)
	if len(a.aside) == len(a.queues) {
		a.aside = nil
		s.standDown(a, next)
		return
	}
	q.idle = without(q.idle, a)
	if a.state == Ready {
		s.tellAgent(AgentNotReady, a, next.cause, q)
	}
}

// standDown makes an agent not ready who is ready, or will be.
func (s *Switch) standDown(a *agent, next standing) {
	switch a.state {
	case Busy:
		s.intends(a, next)
	case WorkingAfterCall:
		a.pending = &next
	default:
		s.enters(a, next)
	}
}

// follows is the state that an agent has, or will have when calls and work are
// over.
func (s *Switch) follows(a *agent) AgentState {
	switch {
	case a.pending != nil:
		return a.pending.state
	case a.state == Busy:
		return a.resume.state
	}
	return a.state
}

// serves lists the queues for which an agent is ready when he is ready.
func (a *agent) serves() []*queue {
	return slices.DeleteFunc(slices.Clone(a.queues), func(q *queue) bool { return slices.Contains(a.aside, q) })
}

// addQueues lets somebody who is logged on serve more queues.
func (s *Switch) addQueues(a *agent, by Who, queues ...*queue) {
	more := slices.DeleteFunc(slices.Clone(queues), func(q *queue) bool { return slices.Contains(a.queues, q) })
	if len(more) == 0 {
		return
	}
	a.queues, a.by = append(slices.Clip(a.queues), more...), by
	s.tellAgent(AgentLoggedOn, a, CauseNormal, more...)
	if a.state != NotReady { // that is how a log-on begins
		s.tellAgent(agentEvent[a.state], a, CauseNormal, more...)
	}
	if a.state == Ready {
		s.available(a, more)
	}
}

// leaveQueues takes an agent out of some of his queues, but not of all.
func (s *Switch) leaveQueues(a *agent, by Who, queues ...*queue) {
	next := by.asked(NotReady)
	a.by = by
	for _, q := range queues {
		q.idle = without(q.idle, a)
		a.queues, a.aside = without(a.queues, q), without(a.aside, q)
		s.tellAgent(AgentLoggedOff, a, next.cause, q)
	}
	if len(a.aside) > 0 && len(a.aside) == len(a.queues) {
		a.aside = nil
		s.standDown(a, next)
	}
}

func without[T comparable](all []T, one T) []T {
	return slices.DeleteFunc(slices.Clone(all), func(other T) bool { return other == one })
}
