package session

import (
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// reloginDoubt is how long after a second login a logout is taken for that of the first.
const reloginDoubt = 10 * time.Second

// agentState is what a session knows of its agent.
type agentState struct {
	agent      opencti.AgentState
	loginSince time.Time // of agent's login or logout
	changedAt  time.Time // when the CTI server last told of the agent
	order      uint64    // of the event that did
	logoutAt   time.Time // when a logout was told
	// reloginAt is when a login was told on top of one, or right after a logout: a
	// logout that follows may be a late one.
	reloginAt time.Time

	// asking counts the requests under way that change the agent; askedAt is when the
	// last was answered.
	asking  int
	askedAt time.Time
	// moved is closed at the agent's next change; nil when nobody waits for it.
	moved chan struct{}
}

var agentCauses = []opencti.AgentCause{
	opencti.CauseAgent, opencti.CausePhone, opencti.CauseSupervisor, opencti.CauseSystem, opencti.CauseNoAnswer,
}

// agentOf reads an agent's state from a raw event.
func agentOf(name opencti.EventName, d rules.Data) opencti.AgentState {
	a := opencti.AgentState{
		State: name, NativeState: d.String("nativeState"), WorkMode: d.String("workMode"), ReasonCode: d.String("reasonCode"),
		PendingState: opencti.EventName(d.String("pendingState")), PendingReasonCode: d.String("pendingReasonCode"),
		Queues: queues(d.Maps("queues")), Cause: opencti.AgentCause(d.String("cause")),
	}
	if !slices.Contains(agentCauses, a.Cause) {
		a.Cause = ""
	}
	if ends, err := time.Parse(time.RFC3339, d.String("wrapUpEndsAt")); err == nil {
		a.WrapUpEndsAt = &ends
	}
	return a
}

func queues(in []map[string]string) []opencti.QueueState {
	var out []opencti.QueueState
	for _, q := range in {
		out = append(out, opencti.QueueState{Name: q["name"], State: opencti.EventName(q["state"])})
	}
	return out
}

// applyAgent changes the agent's state; false when nothing changes. Unavailable for
// another reason is a change. What the CTI server leaves out of the same state stays.
func (s *agentState) applyAgent(next opencti.AgentState, now time.Time) bool {
	was := s.agent
	s.changedAt = now
	switch {
	case !next.LoggedIn():
		next.Queues = nil
	case next.Queues == nil:
		next.Queues = was.Queues
	}
	if next.State == was.State {
		keep(&next.NativeState, was.NativeState)
		if next.WrapUpEndsAt == nil {
			next.WrapUpEndsAt = was.WrapUpEndsAt
		}
	}
	if sameAgent(next, was) {
		return false
	}
	if next.Since.IsZero() {
		next.Since = now
		if next.State == was.State && next.ReasonCode == was.ReasonCode {
			next.Since = was.Since
		}
	}
	s.setAgent(next, now)
	return true
}

func (s *agentState) setAgent(next opencti.AgentState, now time.Time) {
	if login(next) != login(s.agent) || s.loginSince.IsZero() {
		s.loginSince = now
	}
	s.agent = next
	if s.moved != nil {
		close(s.moved)
		s.moved = nil
	}
}

// login is the state as the mode Simple tells it.
func login(a opencti.AgentState) opencti.EventName {
	if a.LoggedIn() {
		return opencti.LoggedIn
	}
	return a.State
}

func sameAgent(a, b opencti.AgentState) bool {
	sameTime := func(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }
	return a.State == b.State && a.NativeState == b.NativeState && a.ReasonCode == b.ReasonCode && a.WorkMode == b.WorkMode &&
		a.PendingState == b.PendingState && a.PendingReasonCode == b.PendingReasonCode &&
		slices.Equal(a.Queues, b.Queues) && sameTime(a.WrapUpEndsAt, b.WrapUpEndsAt)
}

// resyncAgent takes over the agent of a snapshot.
func (s *agentState) resyncAgent(snap opencti.DeviceSnapshot, now time.Time) {
	next := snap.Agent
	if next.State == "" {
		next.State = opencti.Unknown
	}
	if !next.LoggedIn() {
		next.Queues = nil
	}
	if next.Since.IsZero() {
		next.Since = now
		if next.State == s.agent.State && next.ReasonCode == s.agent.ReasonCode {
			next.Since = s.agent.Since
		}
	}
	s.setAgent(next, now)
	s.changedAt, s.order, s.reloginAt = now, snap.Order, time.Time{}
}

// follow notes logins and logouts in the order in which they are told.
func (s *agentState) follow(next opencti.AgentState, now time.Time) (relogin bool) {
	switch next.State {
	case opencti.LoggedOut:
		s.logoutAt = now
	case opencti.LoggedIn:
		again := s.agent.LoggedIn() && (next.Queues == nil || slices.Equal(next.Queues, s.agent.Queues))
		afterLogout := !s.agent.LoggedIn() && !s.logoutAt.IsZero() && now.Sub(s.logoutAt) < reloginDoubt
		s.reloginAt = time.Time{}
		if again || afterLogout {
			s.reloginAt = now
			return true
		}
	}
	return false
}

// mayBeLate says whether a logout may be that of an earlier login.
func (s *agentState) mayBeLate(next opencti.AgentState, now time.Time) bool {
	return next.State == opencti.LoggedOut && s.agent.LoggedIn() && !s.reloginAt.IsZero() && now.Sub(s.reloginAt) < reloginDoubt
}

// inQueue says whether the agent is logged in to a queue; known is false where the switch does
// not tell of queues.
func (s *agentState) inQueue(queue string) (q opencti.QueueState, in, known bool) {
	if !s.agent.LoggedIn() {
		return q, false, true
	}
	for _, q := range s.agent.Queues {
		if q.Name == queue {
			return q, true, true
		}
	}
	return q, false, s.agent.Queues != nil
}
