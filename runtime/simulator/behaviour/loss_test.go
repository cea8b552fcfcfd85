package behaviour

import (
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstatest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// returning asks for a session, an old one if there is an id.
func returning(sessionID string, cleanup int) wire.StartApplicationSession {
	start := cstatest.StartSession("secret")
	start.Login.SessionID, start.Login.CleanupDelay = sessionID, cleanup
	return start
}

func (s *theatre) dial() *cstatest.Client { return cstatest.Dial(s.t, s.address) }

// denied wants a session to be refused.
func denied(c *cstatest.Client, start wire.StartApplicationSession, why string) {
	c.T.Helper()
	if got := cstatest.AnswerAs[*wire.StartApplicationSessionNegResponse](c, start).ErrorCode.Defined; got != why {
		c.T.Errorf("the session was refused with %q, want %q", got, why)
	}
}

func TestLicences(t *testing.T) {
	s := open(t, nil)
	s.begin("licences", `{"sessions":1,"monitors":3}`)
	denied(s.dial(), cstatest.StartSession("secret"), wire.SessionTooMany)
	s.Monitor("1003")
	s.refused(cstatest.MonitorStart("1004"), "objectMonitorLimitExceeded")
	s.director.End("licences")
	s.Monitor("1004")
	s.login()
}

func TestLeakedMonitors(t *testing.T) {
	s := open(t, nil)
	s.begin("leakedMonitors", `{}`)
	s.begin("licences", `{"monitors":3}`)
	_ = s.Socket.Close()
	cstatest.Eventually(t, "the session is gone", func() bool { return s.server.Sessions() == 0 })
	s.Client = cstatest.Login(t, s.address)
	s.Monitor("1001")
	s.refused(cstatest.MonitorStart("1002"), "objectMonitorLimitExceeded")
	s.director.End("leakedMonitors")
	s.Monitor("1002")
}

func TestMonitorStop(t *testing.T) {
	s := open(t, nil)
	if begun := s.begin("monitorStop", `{"dn":"1001"}`); begun.Result.(map[string]int)["stopped"] != 1 {
		t.Errorf("stopped %v, want one", begun.Result)
	}
	s.inbound("1001", nil)
	s.inbound("1002", nil)
	s.tells("MonitorStop", "1002: Delivered 2@1002 alerting newCall")
}

func TestMessagesLost(t *testing.T) {
	s := open(t, nil)
	s.begin("messagesLost", `{"count":2,"dn":"1001"}`)
	s.inbound("1001", nil)
	s.inbound("1002", nil)
	s.must(s.hand("1001").Answer(switchmodel.Any))
	s.must(s.hand("1001").Hold())
	s.tells("1002: Delivered 2@1002 alerting newCall", "SystemStatus messagesLost", "1001: Held 1@1001 hold normal")

	s.begin("messagesLost", `{}`)
	s.tells("SystemStatus messagesLost")

	s.begin("messagesLost", `{"count":9}`)
	s.must(s.hand("1001").Retrieve(switchmodel.Any))
	s.tells()
	s.director.End("messagesLost")
	s.tells("SystemStatus messagesLost")
}

func TestHalfOpen(t *testing.T) {
	s := open(t, nil)
	s.begin("halfOpen", `{}`)
	s.Send(wire.GetAgentState{Device: wire.Device("1001")})
	again := s.login()
	s.inbound("1001", nil)
	again.Await("1001: Delivered 1@1001 alerting newCall")
	if !s.Quiet(50 * time.Millisecond) {
		t.Error("the connection is not silent")
	}
	s.director.End("halfOpen")
	s.Ends()
	again.Told()
}

func TestSilence(t *testing.T) {
	s := open(t, nil)
	s.begin("silence", `{}`)
	s.inbound("1001", nil)
	if !s.Quiet(50 * time.Millisecond) {
		t.Error("the switch is not silent")
	}
	s.director.End("silence")
	s.tells("1001: Delivered 1@1001 alerting newCall")
}

func TestSessionResume(t *testing.T) {
	s := open(t, nil)
	session := s.SessionID
	s.begin("sessionResume", `{}`)
	s.Ends()
	s.inbound("1002", nil) // nobody hears of it
	again := s.dial()
	cstatest.AnswerAs[*wire.StartApplicationSessionPosResponse](again, returning(session, 0))
	s.inbound("1001", nil)
	m := cstatest.EventAs[*wire.DeliveredEvent](again)
	if m.MonitorCrossRefID != "1" || m.Connection.CallID != "2" {
		t.Errorf("the old monitor tells %+v", m)
	}
}

// An application that asks for it can come back without any behaviour, also while
// the switch takes the old connection for alive.
func TestSessionsWaitAsLongAsAskedFor(t *testing.T) {
	s := open(t, nil)
	first := s.dial()
	session := cstatest.AnswerAs[*wire.StartApplicationSessionPosResponse](first, returning("", 60)).SessionID
	first.Monitor("1001")
	second := s.dial()
	cstatest.AnswerAs[*wire.StartApplicationSessionPosResponse](second, returning(session, 1))
	first.Ends()
	s.inbound("1001", nil)
	cstatest.EventAs[*wire.DeliveredEvent](second)
	_ = second.Socket.Close()
	cstatest.Eventually(t, "the session is not kept for ever", func() bool { return s.server.Sessions() == 1 })
	denied(s.dial(), returning(session, 1), wire.SessionInvalidID)
}

func TestResumeRefused(t *testing.T) {
	s := open(t, nil)
	s.begin("sessionResume", `{}`)
	s.begin("resumeRefused", `{}`)
	c := s.dial()
	denied(c, returning(s.SessionID, 0), wire.SessionInvalidID)
	cstatest.AnswerAs[*wire.StartApplicationSessionPosResponse](c, returning(s.SessionID, 0))
}

func TestSessionExpiry(t *testing.T) {
	s := open(t, nil)
	s.begin("sessionExpiry", `{}`)
	told := cstatest.EventAs[*wire.ApplicationSessionTerminated](s.Client)
	if told.SessionID != s.SessionID || told.Reason.Defined != "sessionTimerExpired" {
		t.Errorf("told %+v", told)
	}
	s.Ends()
	denied(s.dial(), returning(s.SessionID, 0), wire.SessionInvalidID)
}

func TestForcedLogout(t *testing.T) {
	s := open(t, nil)
	s.seat("4001", "1001")
	s.seat("4002", "1002")
	s.begin("forcedLogout", `{"delay":0.01}`)
	gone := s.Client
	s.Client = cstatest.Login(t, s.address)
	s.Monitor("1002")
	_ = gone.Socket.Close()
	cstatest.Eventually(t, "whom nobody watches is logged off", func() bool { return len(s.model.Agents()) == 1 })
	if got := s.stateAt("1001").State; got != wire.AgentNull {
		t.Errorf("the agent whom nobody watches is %s", got)
	}
	if got := s.stateAt("1002").State; got != wire.AgentReady {
		t.Errorf("the agent who is watched is %s", got)
	}
}
