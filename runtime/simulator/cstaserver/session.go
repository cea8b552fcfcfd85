package cstaserver

import (
	"crypto/rand"
	"crypto/subtle"
	"regexp"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// session is an application session (ECMA-354). It ends when its timer is not
// reset, and with its connection.
type session struct {
	id    string
	timer *time.Timer
}

// startSession checks who asks, and agrees on an edition and a duration.
func (c *connection) startSession(r *wire.StartApplicationSession) wire.Message {
	refuse := func(why string) wire.Message {
		c.log.Info("Refused a login", "reason", why)
		return wire.StartApplicationSessionNegResponse{ErrorCode: wire.SessionError{Defined: why}}
	}
	version, namespace := agreeVersion(r.ProtocolVersions)
	switch {
	case c.session != nil, c.server.faults.hasNoLicences():
		return refuse(wire.SessionTooMany)
	case c.server.faults.refusesLogin() || !c.server.cfg.admits(r.Login):
		return refuse(wire.SessionInvalidApplicationInfo)
	case version == "":
		return refuse(wire.SessionVersionNotSupported)
	}
	duration := c.server.cfg.duration(r.RequestedDuration)
	s := &session{id: rand.Text()}
	s.timer = time.AfterFunc(duration, func() { c.expire(s.id) })
	c.session = s
	c.namespace.Store(namespace)
	_ = c.socket.SetReadDeadline(time.Time{})
	c.log.Info("Logged in", "application", r.ApplicationID, "version", version, "duration", duration)
	return wire.StartApplicationSessionPosResponse{SessionID: s.id, ProtocolVersion: version, Duration: seconds(duration)}
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
	if c.session == nil || r.SessionID != c.session.id {
		return wire.ResetApplicationSessionTimerNegResponse{ErrorCode: wire.SessionError{Defined: wire.SessionInvalidID}}
	}
	duration := c.server.cfg.duration(r.RequestedDuration)
	c.session.timer.Reset(duration)
	return wire.ResetApplicationSessionTimerPosResponse{Duration: seconds(duration)}
}

func (c *connection) stopSession(r *wire.StopApplicationSession) wire.Message {
	if c.session == nil || r.SessionID != c.session.id {
		return wire.StopApplicationSessionNegResponse{ErrorCode: wire.SessionError{Defined: wire.SessionInvalidID}}
	}
	c.endSession()
	c.expectLogin()
	c.log.Info("Logged out")
	return wire.StopApplicationSessionPosResponse{}
}

// endSession is called by the reading goroutine only.
func (c *connection) endSession() {
	if c.session == nil {
		return
	}
	c.session.timer.Stop()
	c.session = nil
	c.server.monitors.stopAll(c)
}

// expire tells the application that its time is over, and closes.
func (c *connection) expire(id string) {
	c.log.Info("Ended a session whose timer was not reset")
	c.server.monitors.stopAll(c)
	c.out.finish(outgoing{wire.EventInvokeID, wire.ApplicationSessionTerminated{
		SessionID: id,
		Reason:    wire.TermReason{Defined: "sessionTimerExpired"},
	}})
}
