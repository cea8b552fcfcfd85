package behaviour

import (
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstatest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// callsAt is what SnapshotDevice says.
func (s *theatre) callsAt(device string) int {
	s.t.Helper()
	return len(s.do(wire.SnapshotDevice{SnapshotObject: wire.Device(device)}).(*wire.SnapshotDeviceResponse).Snapshot.Calls)
}

func TestRestartKeepingCalls(t *testing.T) {
	s := open(t, nil)
	s.talking()
	s.begin("restartKeepingCalls", `{}`)
	s.Ends()
	denied(s.dial(), returning(s.SessionID, 0), wire.SessionInvalidID)
	s.Client = s.login()
	if calls, agent := s.callsAt("1001"), s.stateAt("1001"); calls != 1 || agent.State != wire.AgentBusy {
		t.Errorf("%d calls, agent %+v; want one and busy", calls, agent)
	}
}

func TestRestartLosingCalls(t *testing.T) {
	for body, want := range map[string]wire.AgentState{`{}`: wire.AgentNull, `{"agents":true}`: wire.AgentReady} {
		t.Run(body, func(t *testing.T) {
			s := open(t, nil)
			s.talking()
			s.begin("restartLosingCalls", body)
			s.Ends()
			s.Client = s.login()
			if calls, agent := s.callsAt("1001"), s.stateAt("1001"); calls != 0 || agent.State != want {
				t.Errorf("%d calls, agent %+v; want none and %s", calls, agent, want)
			}
			s.inbound("1002", nil)
			s.tells("1002: Delivered 1@1002 alerting newCall") // the id of the call that was lost
		})
	}
}

// A switch that restarts takes no connections for a while.
func TestRestartTakesTime(t *testing.T) {
	s := open(t, nil)
	s.begin("restartKeepingCalls", `{"delay":600}`)
	s.Ends()
	s.dial().Ends()
	s.begin("restartKeepingCalls", `{}`)
	s.login()
}

func TestSecondary(t *testing.T) {
	s := open(t, nil)
	denied(cstatest.Dial(t, s.secondary), cstatest.StartSession("secret"), wire.SessionServerBusy)
	s.begin("secondary", `{}`)
	s.Ends()
	s.dial().Ends()
	s.Client = cstatest.Login(t, s.secondary)
	s.Monitor("1001")
	s.inbound("1001", nil)
	s.tells("1001: Delivered 1@1001 alerting newCall")
	s.director.End("secondary")
	s.Ends()
	s.login()
}

func TestSharedLine(t *testing.T) {
	t.Run("who answers has it", func(t *testing.T) {
		s := open(t, nil)
		s.begin("sharedLine", `{"dn":"1001","with":"1002"}`)
		s.inbound("1001", nil)
		s.tells(
			"1001: Delivered 1@1001 alerting newCall",
			"1001: Delivered 1@1002 alerting multipleAlerting", "1002: Delivered 1@1002 alerting multipleAlerting",
		)
		s.do(wire.AnswerCall{Call: wire.Connection("1", "1002")})
		s.tells(
			"1002: Diverted 1@1001 alerting callPickup", "1001: Diverted 1@1001 null callPickup",
			"1002: Established 1@1002 connected newCall",
		)
	})
	t.Run("back to the queue", func(t *testing.T) {
		s := open(t, nil)
		s.seat("4001", "1001")
		s.begin("sharedLine", `{"dn":"1001","with":"1002"}`)
		s.inbound("5000", nil)
		s.Told()
		s.begin("ringNoAnswer", `{}`)
		s.Await("1002: Diverted 1@1002 null callNotAnswered")
		s.Await("1001: Diverted 1@1001 null callNotAnswered")
	})
}

func TestHotDesk(t *testing.T) {
	s := open(t, nil)
	s.seat("4001", "1001")
	s.begin("hotDesk", `{"agent":"4001","dn":"1002"}`)
	s.tells(
		"1001: AgentLoggedOff 4001 forcedTransition by System",
		"1002: AgentLoggedOn 4001 for 5000 normal by Phone", "1002: AgentNotReady 4001 normal by Phone",
	)
	s.inbound("1002", nil)
	if _, err := s.try("hotDesk", `{"agent":"4001","dn":"1001"}`); err == nil {
		t.Error("an agent with a call moved")
	}
	if _, err := s.try("hotDesk", `{"agent":"4002","dn":"1002"}`); err == nil {
		t.Error("two agents share a telephone")
	}
}

func TestDeviceInUse(t *testing.T) {
	s := open(t, nil)
	s.begin("deviceInUse", `{"dn":"1001"}`)
	s.refused(cstatest.MonitorStart("1001"), "invalidObjectState")
	s.refused(cstatest.AgentRequest("1001", wire.RequestLoggedOn), "invalidObjectState")
	s.Monitor("1003")
	s.director.End("deviceInUse")
	s.SetAgent("1001", wire.RequestLoggedOn)
}

func TestPickup(t *testing.T) {
	s := open(t, nil)
	s.inbound("1001", nil)
	s.Told()
	s.begin("handset", `{"dn":"1002","action":"pickup","to":"1001"}`)
	s.tells("1001: Diverted 1@1001 null callPickup", "1002: Established 1@1002 connected callPickup")
	if calls, err := s.model.CallsAt("1002"); err != nil || calls[0].StateAt("1002") != switchmodel.Connected {
		t.Errorf("%v, %v", calls, err)
	}
}
