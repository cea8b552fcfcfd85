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
}

// agent is somebody who is logged on.
type agent struct {
	id     AgentID
	phone  *extension
	queues []*queue

	standing
	since time.Time
	// resume is what the calls interrupted; pending, what was asked for since.
	resume  standing
	pending *standing

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
	a.standing, a.since = next, s.now()
	if next.state == Ready || next.state == NotReady {
		a.pending = nil
	}
	if next.state == WorkingAfterCall && a.served {
		s.timeWrapUp(a)
	}
	s.emit(Event{Kind: agentEvent[next.state], Agent: a.view(), Cause: next.cause})
	if next.state == Ready {
		s.available(a)
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
	a.wrapUp = s.after(s.cfg.WrapUpTime, func() { s.enters(a, *a.pending) })
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
	if a == nil || a.state != Busy {
		return
	}
	next := a.resume
	if a.pending != nil {
		next = *a.pending
	}
	switch {
	case next.state == LoggedOff:
		s.logOff(a, next.cause)
	case next.state == WorkingAfterCall:
		a.served, a.pending = false, nil // asked for, so the agent ends it himself
		s.enters(a, next)
	case a.served && s.cfg.WrapUpTime > 0:
		a.pending = &next
		s.enters(a, standing{state: WorkingAfterCall, cause: CauseNormal})
	default:
		a.served = false
		s.enters(a, next)
	}
}

// logOn seats an agent; as on most switches he starts not ready.
func (s *Switch) logOn(id AgentID, phone *extension, queues []*queue) {
	a := &agent{id: id, phone: phone, queues: queues}
	a.standing = standing{state: NotReady, cause: CauseNormal}
	a.since = s.now()
	phone.agent = a
	s.agents[id] = a
	s.emit(Event{Kind: AgentLoggedOn, Agent: a.view(), Cause: CauseNormal})
	if len(phone.connections) > 0 {
		s.seized(phone)
		return
	}
	s.enters(a, a.standing)
}

func (s *Switch) logOff(a *agent, cause Cause) {
	if a.state == Ready {
		s.unavailable(a)
	}
	s.cancel(a.wrapUp)
	a.standing, a.since, a.pending = standing{state: LoggedOff, cause: cause}, s.now(), nil
	a.phone.agent = nil
	delete(s.agents, a.id)
	s.emit(Event{Kind: AgentLoggedOff, Agent: a.view(), Cause: cause})
}

// queuesOf lists the queues that an agent serves.
func (s *Switch) queuesOf(id AgentID) []*queue {
	return slices.DeleteFunc(slices.Clone(s.queues), func(q *queue) bool { return !contains(q.Agents, string(id)) })
}
