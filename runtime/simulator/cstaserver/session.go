package cstaserver

import (
	"crypto/rand"
	"crypto/subtle"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// session is an application session (ECMA-354). It ends when it is stopped, when
// its timer is not reset, or with its connection: then at once, or after the
// cleanup delay that the application asked for, in which it may come back with
// another connection (as at Avaya AES).
type session struct {
	id        string
	server    *Server
	namespace string
	on        atomic.Pointer[connection] // nil: it waits for its application

	mu      sync.Mutex
	cleanup time.Duration
	timer   *time.Timer // not reset
	waiting *time.Timer // not resumed
	over    bool
}

// send hands over an event. It may be called under the switch's mutex and must
// not block. While the application is away it is lost.
func (s *session) send(message wire.Message) {
	if c := s.on.Load(); c != nil {
		c.send(message)
	}
}

func (s *session) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// end forgets a session; more than once is fine. A lost one is neither stopped by
// its application nor by a restart.
func (s *session) end(lost bool) {
	s.mu.Lock()
	over := s.over
	s.over = true
	s.timer.Stop()
	if s.waiting != nil {
		s.waiting.Stop()
	}
	s.mu.Unlock()
	if over {
		return
	}
	devices := s.server.monitors.devices(s)
	s.server.dropSession(s)
	s.server.monitors.stopAll(s, lost)
	if lost {
		s.server.abandoned(devices)
	}
}

// attach gives a session to a connection, and cuts off the one that it had.
func (s *session) attach(c *connection) (alive bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	if s.waiting != nil {
		s.waiting.Stop()
		s.waiting = nil
	}
	if old := s.on.Swap(c); old != nil {
		go old.close()
	}
	return true
}

// detach takes a connection away from a session, which waits or ends.
func (s *session) detach(c *connection) {
	if !s.on.CompareAndSwap(c, nil) {
		return // it has another one by now
	}
	s.mu.Lock()
	cleanup := max(s.cleanup, s.server.keeps())
	if cleanup > 0 && !s.over {
		s.waiting = time.AfterFunc(cleanup, func() { s.end(true) })
	}
	s.mu.Unlock()
	if cleanup == 0 {
		s.end(true)
		return
	}
	s.server.abandoned(s.server.monitors.devices(s))
}

// expire tells the application that its time is over, and closes.
func (s *session) expire() {
	c := s.on.Load()
	s.end(true)
	if c == nil {
		return
	}
	c.log.Info("Ended a session whose timer was not reset")
	c.out.finish(outgoing{wire.EventInvokeID, wire.ApplicationSessionTerminated{
		SessionID: s.id,
		Reason:    wire.TermReason{Defined: "sessionTimerExpired"},
	}})
}

// startSession checks who asks, and agrees on an edition and a duration.
func (c *connection) startSession(r *wire.StartApplicationSession) wire.Message {
	refuse := func(why string) wire.Message {
		c.log.Info("Refused a login", "reason", why)
		return wire.StartApplicationSessionNegResponse{ErrorCode: wire.SessionError{Defined: why}}
	}
	version, namespace := agreeVersion(r.ProtocolVersions)
	server := c.server
	switch {
	case c.session != nil && !c.session.ended(), server.faults.hasNoLicences():
		return refuse(wire.SessionTooMany)
	case server.faults.refusesLogin() || !server.cfg.admits(r.Login):
		return refuse(wire.SessionInvalidApplicationInfo)
	case version == "":
		return refuse(wire.SessionVersionNotSupported)
	case !server.inService(c.entrance):
		return refuse(wire.SessionServerBusy)
	}
	s, why := c.openSession(r, namespace)
	if s == nil {
		return refuse(why)
	}
	duration := server.cfg.duration(r.RequestedDuration)
	s.timer.Reset(duration)
	c.session = s
	c.namespace.Store(s.namespace)
	_ = c.socket.SetReadDeadline(time.Time{})
	c.log.Info("Logged in", "application", r.ApplicationID, "version", version, "duration", duration)
	return wire.StartApplicationSessionPosResponse{SessionID: s.id, ProtocolVersion: version, Duration: seconds(duration)}
}

// openSession finds the session that the application comes back to, or makes one.
func (c *connection) openSession(r *wire.StartApplicationSession, namespace string) (s *session, why string) {
	server := c.server
	cleanup := min(time.Duration(r.Login.CleanupDelay)*time.Second, server.cfg.MaxSession)
	if r.Login.SessionID != "" {
		if s = server.resumable(r.Login.SessionID); s == nil || !s.attach(c) {
			return nil, wire.SessionInvalidID
		}
		s.setCleanup(cleanup)
		return s, ""
	}
	s = &session{id: rand.Text(), server: server, namespace: namespace, cleanup: max(0, cleanup)}
	s.timer = time.AfterFunc(server.cfg.MaxSession, s.expire)
	s.on.Store(c)
	if !server.addSession(s) {
		s.timer.Stop()
		return nil, wire.SessionTooMany
	}
	return s, ""
}

func (s *session) setCleanup(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cleanup = max(0, d)
}

func (cfg Config) admits(login *wire.SessionLoginInfo) bool {
	if login == nil {
		return false
	}
	user := subtle.ConstantTimeCompare([]byte(login.UserName), []byte(cfg.User))
	password := subtle.ConstantTimeCompare([]byte(login.Password), []byte(cfg.Password))
	return user&password == 1
}

// Any edition will do: the messages of this server are the same in all. AES
// adds its own version behind the edition's namespace.
var edition = regexp.MustCompile(`^(http://www\.ecma(?:-international\.org|\.ch)/standards/ecma-323/csta/ed[1-9])(?:/priv[0-9]+)?$`)

func agreeVersion(offered []string) (version, namespace string) {
	if len(offered) == 0 {
		return wire.NamespaceED3, wire.NamespaceED3
	}
	for _, v := range offered {
		if match := edition.FindStringSubmatch(v); match != nil {
			return v, match[1]
		}
	}
	return "", ""
}

func (cfg Config) duration(requested int) time.Duration {
	if requested <= 0 {
		return cfg.SessionDuration
	}
	if longest := seconds(cfg.MaxSession); requested > longest {
		requested = longest
	}
	return time.Duration(requested) * time.Second
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func (c *connection) resetTimer(r *wire.ResetApplicationSessionTimer) wire.Message {
	if !c.has(r.SessionID) {
		return wire.ResetApplicationSessionTimerNegResponse{ErrorCode: wire.SessionError{Defined: wire.SessionInvalidID}}
	}
	duration := c.server.cfg.duration(r.RequestedDuration)
	c.session.timer.Reset(duration)
	return wire.ResetApplicationSessionTimerPosResponse{Duration: seconds(duration)}
}

func (c *connection) stopSession(r *wire.StopApplicationSession) wire.Message {
	if !c.has(r.SessionID) {
		return wire.StopApplicationSessionNegResponse{ErrorCode: wire.SessionError{Defined: wire.SessionInvalidID}}
	}
	c.session.end(false)
	c.session = nil
	c.expectLogin()
	c.log.Info("Logged out")
	return wire.StopApplicationSessionPosResponse{}
}

func (c *connection) has(sessionID string) bool {
	return c.session != nil && c.session.id == sessionID && !c.session.ended()
}
