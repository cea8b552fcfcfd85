package cstaserver

import (
	"flag"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// Rapid's defaults are too few for states that need several steps to reach.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": "400", "rapid.steps": "80"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

func TestLogin(t *testing.T) {
	tests := map[string]struct {
		tc   wire.StartApplicationSession
		want string
	}{
		"wrong password": {tc: startSession("guess"), want: wire.SessionInvalidApplicationInfo},
		"no login":       {tc: wire.StartApplicationSession{ApplicationID: "x"}, want: wire.SessionInvalidApplicationInfo},
		"another protocol": {
			tc: func() wire.StartApplicationSession {
				s := startSession("secret")
				s.ProtocolVersions = []string{"http://example.com/ed3"}
				return s
			}(),
			want: wire.SessionVersionNotSupported,
		},
	}
	x := startExchange(t, nil)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := dial(t, x)
			if got := answerAs[*wire.StartApplicationSessionNegResponse](c, test.tc).ErrorCode.Defined; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			c.refused(wire.GetAgentState{Device: wire.Device("1001")}, wire.CategoryOperation, "securityViolation")
		})
	}
}

func TestSessionDurationAndTimer(t *testing.T) {
	x := startExchange(t, nil)
	c := dial(t, x)
	start := startSession("secret")
	start.RequestedDuration = 1_000_000
	session := answerAs[*wire.StartApplicationSessionPosResponse](c, start)
	if session.Duration != 3600 || session.ProtocolVersion != wire.NamespaceED3+"/priv7" {
		t.Errorf("session: %+v", session)
	}
	reset := wire.ResetApplicationSessionTimer{SessionID: session.SessionID, RequestedDuration: 60}
	if got := answerAs[*wire.ResetApplicationSessionTimerPosResponse](c, reset).Duration; got != 60 {
		t.Errorf("reset to %d s, want 60", got)
	}
	answerAs[*wire.ResetApplicationSessionTimerNegResponse](c, wire.ResetApplicationSessionTimer{SessionID: "another"})
}

func TestSessionExpires(t *testing.T) {
	x := startExchange(t, nil)
	c := dial(t, x)
	start := startSession("secret")
	start.RequestedDuration = 1
	session := answerAs[*wire.StartApplicationSessionPosResponse](c, start)
	c.Monitor("1001")
	told := eventAs[*wire.ApplicationSessionTerminated](c)
	if told.SessionID != session.SessionID || told.Reason.Defined != "sessionTimerExpired" {
		t.Errorf("told: %+v", told)
	}
	c.Ends()
	eventually(t, "no monitors", func() bool { return x.Monitors() == 0 })
}

func TestMonitorsEndWithTheirSession(t *testing.T) {
	x := startExchange(t, nil)
	c := dial(t, x)
	session := answerAs[*wire.StartApplicationSessionPosResponse](c, startSession("secret"))
	c.Monitor("1001")
	second := c.Monitor("1001")
	answerAs[*wire.MonitorStopResponse](c, wire.MonitorStop{MonitorCrossRefID: second})
	c.refused(wire.MonitorStop{MonitorCrossRefID: second}, wire.CategoryOperation, "invalidCrossRefID")
	if got := x.Monitors(); got != 1 {
		t.Errorf("%d monitors, want 1", got)
	}
	answerAs[*wire.StopApplicationSessionPosResponse](c, wire.StopApplicationSession{SessionID: session.SessionID})
	if got := x.Monitors(); got != 0 {
		t.Errorf("%d monitors, want 0", got)
	}

	other := login(t, x)
	other.Monitor("1001")
	_ = other.Socket.Close()
	eventually(t, "no monitors, one connection", func() bool { return x.Monitors() == 0 && x.Connections() == 1 })
}

func TestTwoApplicationsWatchTheSameDevice(t *testing.T) {
	x := startExchange(t, nil)
	a, b := login(t, x), login(t, x)
	a.Monitor("1001")
	b.Monitor("1001")
	a.SetAgent("1001", wire.RequestLoggedOn)
	for _, c := range []*client{a, b} {
		eventAs[*wire.AgentLoggedOnEvent](c)
		eventAs[*wire.AgentNotReadyEvent](c)
	}
}

func TestRefusals(t *testing.T) {
	x := startExchange(t, func(c *Config, _ *switchmodel.Config) { c.MaxMonitors = 1 })
	c := login(t, x)
	c.Monitor("1002")
	one, nowhere := wire.Device("1001"), wire.Device("1999")
	wrong := agentRequest("1001", wire.RequestLoggedOn)
	wrong.Password = wire.HexBinary("guess")
	tests := map[string]struct {
		tc              wire.Message
		category, value string
	}{
		"monitor nothing":       {wire.MonitorStart{}, wire.CategoryOperation, "invalidObjectType"},
		"monitor nowhere":       {wire.MonitorStart{MonitorObject: wire.MonitorObject{DeviceObject: &nowhere}}, wire.CategoryOperation, "invalidDeviceID"},
		"too many monitors":     {wire.MonitorStart{MonitorObject: wire.MonitorObject{DeviceObject: &one}}, wire.CategorySystemResource, "overallMonitorLimitExceeded"},
		"wrong agent password":  {wrong, wire.CategoryOperation, "invalidAgentPassword"},
		"ready without log on":  {agentRequest("1001", wire.RequestReady), wire.CategoryOperation, "invalidAgentState"},
		"answer nothing":        {wire.AnswerCall{Call: wire.Connection("9", "1001")}, wire.CategoryOperation, "invalidCallID"},
		"snapshot of nowhere":   {wire.SnapshotDevice{SnapshotObject: nowhere}, wire.CategoryOperation, "invalidDeviceID"},
		"snapshot of no call":   {wire.SnapshotCall{SnapshotObject: wire.Connection("9", "1001")}, wire.CategoryOperation, "invalidCallID"},
		"dial nothing":          {wire.MakeCall{CallingDevice: one}, wire.CategoryOperation, "invalidDestination"},
		"log in a second time":  {startSession("secret"), "", ""},
		"agent state of nobody": {wire.GetAgentState{Device: nowhere}, wire.CategoryOperation, "invalidDeviceID"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c.T = t
			if test.category == "" {
				answerAs[*wire.StartApplicationSessionNegResponse](c, test.tc)
				return
			}
			c.refused(test.tc, test.category, test.value)
		})
	}
}

func TestStrangeBytes(t *testing.T) {
	x := startExchange(t, nil)
	c := login(t, x)
	c.Write(7000, []byte("<unfinished"))
	if _, m, err := c.Read(); err != nil || wire.Name(m) != "CSTAErrorCode" {
		t.Fatalf("malformed XML: %v, %v", m, err)
	}
	c.Write(7001, []byte(`<ParkCall xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"/>`))
	id, m, err := c.Read()
	if err != nil || id != 7001 {
		t.Fatalf("unknown service: id %d, %v", id, err)
	}
	if _, value := m.(*wire.CSTAErrorCode).Value(); value != "serviceNotSupported" {
		t.Errorf("unknown service: %q", value)
	}
	if _, err := c.Socket.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	c.Ends()
}

func TestFaults(t *testing.T) {
	x := startExchange(t, nil)
	c := login(t, x)

	x.RefuseLogin(true)
	answerAs[*wire.StartApplicationSessionNegResponse](dial(t, x), startSession("secret"))
	x.RefuseLogin(false)
	login(t, x)

	x.NoLicences(true)
	if a := answerAs[*wire.StartApplicationSessionNegResponse](dial(t, x), startSession("secret")); a.ErrorCode.Defined != wire.SessionTooMany {
		t.Errorf("without licences the switch says %q, want %q", a.ErrorCode.Defined, wire.SessionTooMany)
	}
	x.NoLicences(false)
	login(t, x)

	c.Monitor("1001")
	x.Silence(time.Hour)
	if _, err := x.model.SetAgentState(switchmodel.AgentRequest{Device: "1001", Agent: "4001", Password: "secret", State: switchmodel.LoggedOn}); err != nil {
		t.Fatal(err)
	}
	if !c.Quiet(50 * time.Millisecond) {
		t.Error("the switch spoke in its silence")
	}
	x.Silence(0)
	eventAs[*wire.AgentLoggedOnEvent](c)

	x.Silence(time.Hour)
	if got := x.DropConnections(); got != 5 {
		t.Errorf("dropped %d connections, want 5", got)
	}
	c.Ends()
	x.Silence(0)
}

// A client that reads nothing loses its connection; the switch and the others
// do not notice.
func TestSlowClientIsCutOff(t *testing.T) {
	x := startExchange(t, func(c *Config, _ *switchmodel.Config) { c.MaxOutput = 50 })
	slow, good := login(t, x), login(t, x)
	for _, device := range []string{"1001", "1002", "1003"} {
		slow.Monitor(device)
	}
	good.Monitor("1001")
	x.Silence(time.Hour) // nothing is written: as good as a full pipe
	seat := switchmodel.AgentRequest{Device: "1001", Agent: "4001", Password: "secret", State: switchmodel.LoggedOn}
	seats := []switchmodel.AgentRequest{seat, seat, seat}
	for i, device := range []switchmodel.DeviceID{"1001", "1002", "1003"} {
		seats[i].Device, seats[i].Agent = device, switchmodel.AgentID("400"+device[3:])
	}
	for range 10 {
		for _, on := range seats {
			off := on
			off.State = switchmodel.LoggedOff
			for _, r := range []switchmodel.AgentRequest{on, off} {
				if _, err := x.model.SetAgentState(r); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	eventually(t, "one connection is left", func() bool { return x.Connections() == 1 })
	x.Silence(0)
	slow.Ends()
	eventAs[*wire.AgentLoggedOnEvent](good)
}
