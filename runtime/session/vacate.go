package session

import (
	"context"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// vacateTimeout bounds the wait for the events of a log-in or a log-out that was accepted: a
// log-out that is pending until a call is over is not waited for.
const vacateTimeout = 5 * time.Second

// Vacate logs the agent out for whoever takes the session over, and returns when the CTI
// server says that it is so: else it would refuse the agent elsewhere, or the next agent
// here. It does nothing where log-ins roam, or are not the desktop's affair (Class, mode).
// What the pool wants of a log-out, such as a reason, is not asked for.
func (s *Session) Vacate(ctx context.Context) error {
	if !s.isLoggedOutHere() {
		return nil
	}
	// A log-in that is under way comes to its answer first.
	if err := s.takeTurn(ctx); err != nil {
		return err
	}
	defer s.passTurn()
	device, err := s.ready()
	if err != nil {
		return err
	}
	// A log-in may be accepted whose event is still to come.
	_, err = s.awaitAgent(ctx, func() bool { return s.state.agent.LoggedIn() || !s.awaitsLogin() })
	if err != nil || !s.Agent().LoggedIn() {
		return err
	}
	if err := opencti.AsError(s.logOut(ctx, device)); err != nil {
		if err.Code == opencti.NotLoggedIn {
			return nil
		}
		return err
	}
	left, err := s.awaitAgent(ctx, func() bool { return !s.state.agent.LoggedIn() })
	if err == nil && !left {
		return opencti.Errorf(opencti.InvalidState, "the CTI server has accepted the log-out, and the agent is still logged in: there may be a call that has to end first")
	}
	return err
}

// isLoggedOutHere says whether an agent's log-in is in the way of others, and the desktop's
// affair.
func (s *Session) isLoggedOutHere() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agentID != "" && !s.class.LoginRoams && s.allowed.has(opencti.LogoutAgent)
}

// awaitsLogin says whether a log-in was accepted of which nothing is to be seen yet. The
// session is locked.
func (s *Session) awaitsLogin() bool {
	return slices.ContainsFunc(s.underway, func(u *underway) bool {
		return u.activity == opencti.LoginAgent && !u.shown && !u.quiet
	})
}

// awaitAgent waits until it is so of the agent; false when it took too long. It calls is
// with the session locked.
func (s *Session) awaitAgent(ctx context.Context, is func() bool) (bool, error) {
	late := time.NewTimer(vacateTimeout)
	defer late.Stop()
	for {
		s.mu.Lock()
		so := is()
		if s.state.moved == nil {
			s.state.moved = make(chan struct{})
		}
		moved := s.state.moved
		s.mu.Unlock()
		if so {
			return true, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false, ctx.Err()
		case <-late.C:
			return false, nil
		}
	}
}

// logOut asks for a log-out of which no desktop is told as of a request of its own.
func (s *Session) logOut(ctx context.Context, device opencti.Device) error {
	r := opencti.Request{Activity: opencti.LogoutAgent, DN: s.dn, AgentID: s.agentID}
	u := s.expect(r)
	err := opencti.Perform(ctx, device, r)
	s.mu.Lock()
	u.quiet = true
	s.mu.Unlock()
	s.answered(u, err == nil)
	return err
}
