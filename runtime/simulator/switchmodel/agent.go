package switchmodel

import (
	"slices"
	"time"
)

// AgentID identifies an agent, wherever he sits.
type AgentID string

// AgentState is an agent's state in CSTA's terms (ECMA-269 §6.1.2).
type AgentState string

// The agent states.
const (
	LoggedOff        AgentState = "loggedOff"
	NotReady         AgentState = "notReady"
	Ready            AgentState = "ready"
	Busy             AgentState = "busy"
	WorkingAfterCall AgentState = "workingAfterCall"
)

// standing is a state that an agent has, or will have when his calls are over.
type standing struct {
	state  AgentState
	reason string
	cause  Cause
	by     Who
}

// Who changed an agent's state; nobody where a call did.
type Who string

// Who can.
const (
	ByAgent      Who = "Agent" // through an application
	ByPhone      Who = "Phone"
	BySupervisor Who = "Supervisor"
	BySystem     Who = "System"
	ByNoAnswer   Who = "NoAnswer"
)

// asked is a state that somebody asked for.
func (w Who) asked(state AgentState) standing {
	cause := CauseNormal
	if w == BySupervisor || w == BySystem {
		cause = CauseForcedTransition
	}
	return standing{state: state, cause: cause, by: w}
}

// agent is somebody who is logged on.
type agent struct {
	id     AgentID
	phone  *extension
	queues []*queue
	// aside are the queues for which the agent is not ready while he is for others.
	aside []*queue

	standing
	since time.Time
	// resume is what the calls interrupted; pending, what was asked for since.
	resume  standing
	pending *standing

	reserved *connection // of a call that will ring here

	served bool   // a call of a queue was answered, so work follows
	wrapUp *alarm // the end of automatic work after the call
}

// enters changes an agent's state for good and tells.
func (s *Switch) enters(a *agent, next standing) {
	if a.state == Ready {
		s.unavailable(a)
	}
	s.cancel(a.wrapUp)
	a.wrapUp = nil
	before := a.state
	a.standing, a.since = next, s.clock()
	if next.state == Ready || next.state == NotReady {
		a.pending = nil
	}
	if next.state == NotReady {
		a.aside = nil
	}
	if next.state == WorkingAfterCall && a.served {
		s.timeWrapUp(a)
	}
	s.tellState(a, before)
	if next.state == Ready {
		s.available(a, a.serves())
	}
}

// tellState tells an agent's state: once for all queues, or for each where they
// differ; the ones for which he is not ready come first, and only if they are
// news.
func (s *Switch) tellState(a *agent, before AgentState) {
	if a.state != Ready || len(a.aside) == 0 {
		s.tellAgent(agentEvent[a.state], a, a.cause)
		return
	}
	if before != NotReady {
		s.tellAgent(AgentNotReady, a, a.cause, a.aside...)
	}
	s.tellAgent(AgentReady, a, a.cause, a.serves()...)
}

// tellAgent tells it for each queue; of none, it is about all of the agent's.
func (s *Switch) tellAgent(kind EventKind, a *agent, cause Cause, queues ...*queue) {
	e := Event{Kind: kind, Agent: s.agentView(a), Cause: cause}
	for _, q := range queues {
		e.Queue = q.ID
		s.emit(e)
	}
	if len(queues) == 0 {
		s.emit(e)
	}
}

var agentEvent = map[AgentState]EventKind{
	LoggedOff:        AgentLoggedOff,
	NotReady:         AgentNotReady,
	Ready:            AgentReady,
	Busy:             AgentBusy,
	WorkingAfterCall: AgentWorkingAfterCall,
}

func (s *Switch) timeWrapUp(a *agent) {
	a.served = false
	lasts := s.cfg.WrapUpTime
	if o, odd := s.odd(WrapsUp, a.phone.id); odd {
		lasts = o.Delay
	}
	a.wrapUp = s.after(lasts, func() { s.enters(a, *a.pending) })
}

// seized: the telephone has a call. The first one makes its agent busy.
func (s *Switch) seized(phone *extension) {
	a := phone.agent
	if a == nil || a.state == Busy {
		return
	}
	a.resume = a.standing
	if a.state == WorkingAfterCall && a.wrapUp != nil {
		a.resume = *a.pending // the rest of the work is forfeit
	}
	if a.state == WorkingAfterCall {
		a.pending = nil
	}
	s.enters(a, standing{state: Busy, cause: CauseNewCall})
}

// freed: a call has left the telephone. After the last one its agent goes on.
func (s *Switch) freed(phone *extension) {
	if len(phone.connections) > 0 {
		return
	}
	s.mute(phone, false) // for the next call it is on again
	a := phone.agent
	if a == nil || a.state != Busy || a.reserved != nil {
		return
	}
	next := a.resume
	if a.pending != nil {
		next = *a.pending
	}
	switch {
	case next.state == LoggedOff:
		s.logOff(a, next)
	case next.state == WorkingAfterCall:
		a.served, a.pending = false, nil // asked for, so the agent ends it himself
		s.enters(a, next)
	case a.served && (s.cfg.WrapUpTime > 0 || s.oddities[WrapsUp] != nil):
		a.pending = &next
		s.enters(a, standing{state: WorkingAfterCall, cause: CauseAutoWork, by: BySystem})
	default:
		a.served = false
		s.enters(a, next)
	}
}

// logOn seats an agent; as on most switches he starts not ready.
func (s *Switch) logOn(id AgentID, phone *extension, queues []*queue, by Who) {
	a := &agent{id: id, phone: phone, queues: queues}
	a.standing = by.asked(NotReady)
	a.cause = CauseNormal
	a.since = s.clock()
	phone.agent = a
	s.agents[id] = a
	s.tellAgent(AgentLoggedOn, a, CauseNormal, queues...)
	if len(phone.connections) > 0 {
		s.seized(phone)
		return
	}
	s.enters(a, a.standing)
}

func (s *Switch) logOff(a *agent, off standing) {
	if a.state == Ready {
		s.unavailable(a)
	}
	s.cancel(a.wrapUp)
	a.standing, a.since, a.pending = off, s.clock(), nil
	a.aside = nil
	a.phone.agent = nil
	delete(s.agents, a.id)
	s.tellAgent(AgentLoggedOff, a, off.cause)
}

// queuesOf lists the queues that an agent serves.
func (s *Switch) queuesOf(id AgentID) []*queue {
	return slices.DeleteFunc(slices.Clone(s.queues), func(q *queue) bool { return !contains(q.Agents, string(id)) })
}
