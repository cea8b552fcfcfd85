package session

import (
	"context"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// handleAgent applies an event of the agent to the state and tells it.
func (s *Session) handleAgent(name opencti.EventName, d rules.Data, raw opencti.RawEvent) bool {
	who := d.String("agentId")
	if who == "" {
		who = raw.AgentID
	}
	// A shared desk tells of its other agents, an agent of other desks.
	if who != "" && who != s.agentID || raw.DN != "" && raw.DN != s.dn {
		return false
	}
	if raw.Order != 0 && raw.Order <= s.state.order {
		return false // never of one that is OnTop
	}
	now, next := time.Now(), agentOf(name, d)
	if s.backstage != nil && s.state.mayBeLate(next, now) && !s.loggingOut() {
		s.doubt()
		return false
	}
	if s.state.follow(next, now) {
		s.loggedInAgain()
	}
	if raw.Order != opencti.OnTop {
		s.state.order = raw.Order
	}
	return s.changeAgent(next, raw.Received)
}

// changeAgent puts a state of the agent in force and tells it; false when it is so already.
func (s *Session) changeAgent(next opencti.AgentState, received time.Time) bool {
	before := login(s.state.agent)
	changed := s.state.applyAgent(next, time.Now())
	// What changes nothing shows all the same that a request was done.
	cause := s.causeOf(sighting{name: next.State, agent: &s.state.agent})
	if !changed {
		return false
	}
	told := s.state.agent
	ev := &Event{Name: told.State, Cause: string(told.Cause), CausedBy: cause.requestID(), Agent: &told}
	known := s.told
	if s.policy.mode().Shows(ev.Name, false) {
		s.told = s.possibleNow()
		ev.Activities = s.told.list()
		known = s.told
		s.send(ev, received)
	} else {
		s.observer.EventDropped("FilterEvent")
	}
	// 7 EventPostProcessing: after login and logout everything that was known may have
	// changed, so the desktop gets it whole.
	if login(told) != before || told.State == opencti.LoggedIn || told.State == opencti.LoggedOut || s.possibleNow() != known {
		s.tellSnapshot("", received)
	}
	s.remembered()
	return true
}

// handleDevice applies an event of the device itself.
func (s *Session) handleDevice(d rules.Data, received time.Time) bool {
	disturb, told := d.Bool("doNotDisturb")
	if !told {
		return false
	}
	cause := s.causeOf(sighting{name: opencti.SnapshotEvent})
	if disturb == s.state.doNotDisturb {
		return false
	}
	s.state.doNotDisturb = disturb
	s.tellSnapshot(cause.requestID(), received)
	return true
}

// loggingOut says whether a logout is awaited.
func (s *Session) loggingOut() bool {
	for _, u := range s.underway {
		if u.activity == opencti.LogoutAgent && len(u.effects) > 0 {
			return true
		}
	}
	return false
}

// loggedInAgain: a logout that was awaited before is over, told or not.
func (s *Session) loggedInAgain() {
	for _, u := range s.underway {
		if u.activity == opencti.LogoutAgent {
			u.shown, u.effects = true, nil
			u.patient()
		}
	}
}

// doubt asks the CTI server whether the agent is logged out: the event may be that of an
// earlier login. Until it is known the agent stays logged in.
func (s *Session) doubt() {
	if s.doubting {
		return
	}
	s.doubting = true
	go func() {
		ctx, cancel := context.WithTimeout(s.life, answerTimeout)
		defer cancel()
		err := s.backstage.Resync(ctx, s)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.doubting = false
		if err != nil && s.life.Err() == nil {
			s.log.Warn("Cannot ask whether an agent is logged out", "device", opencti.Mask(s.dn), "error", err)
		}
	}()
}

// ReconcileAgent takes over an agent's state that was polled; asked is when the CTI
// server was asked. What is older than an event or a request is discarded, also a request
// whose outcome is awaited, unless this is it. It is told only where it differs.
func (s *Session) ReconcileAgent(st opencti.AgentState, asked time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, _ := opencti.TypeOf(st.State)
	switch {
	case s.device == nil || s.syncing || t != opencti.TypeAgentState,
		!asked.After(s.state.changedAt), s.state.asking > 0, !asked.After(s.state.askedAt), s.awaitsOther(st):
		return
	}
	changedAt := s.state.changedAt
	s.changeAgent(st, time.Now())
	s.state.changedAt = changedAt // an event that is under way is news, this is not
}

// awaitsOther says whether a request should lead to another state than this one.
func (s *Session) awaitsOther(st opencti.AgentState) bool {
	awaits := false
	for _, u := range s.underway {
		if !u.ofAgent || u.timer == nil {
			continue
		}
		if u.effects[0].agent(st) {
			return false
		}
		awaits = true
	}
	return awaits
}
