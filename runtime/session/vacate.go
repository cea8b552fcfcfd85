package session

import (
	"context"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// vacateTimeout bounds the wait for a log-out that was accepted: one that is pending until a
// call is over is not waited for.
const vacateTimeout = 5 * time.Second

// Vacate logs the agent out for whoever takes the session over, and returns when the CTI
// server says that it is so: else it would refuse the agent elsewhere, or the next agent
// here. It does nothing where log-ins roam, or are not the desktop's affair (Class, mode).
// What the pool wants of a log-out, such as a reason, is not asked for.
func (s *Session) Vacate(ctx context.Context) error {
	if !s.occupied() {
		return nil
	}
	if err := s.takeTurn(ctx); err != nil {
		return err
	}
	defer s.passTurn()
	device, err := s.ready()
	if err != nil {
		return err
	}
	left := s.awaitLogout()
	if err := opencti.AsError(s.logOut(ctx, device)); err != nil {
		if err.Code == opencti.NotLoggedIn {
			return nil
		}
		return err
	}
	select {
	case <-left:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(vacateTimeout):
		return opencti.Errorf(opencti.InvalidState, "the CTI server has accepted the log-out, and the agent is still logged in: there may be a call that has to end first")
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

// occupied says whether the agent's log-in is in the way of others.
func (s *Session) occupied() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agentID != "" && !s.class.LoginRoams && s.allowed.has(opencti.LogoutAgent) && s.state.agent.LoggedIn()
}

// awaitLogout gives a channel that is closed when the agent is not logged in.
func (s *Session) awaitLogout() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.left == nil {
		s.state.left = make(chan struct{})
	}
	left := s.state.left
	if !s.state.agent.LoggedIn() {
		close(left)
		s.state.left = nil
	}
	return left
}
