package behaviour

import (
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstatest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// stateAt is what GetAgentState says of the agent at a telephone.
func (s *theatre) stateAt(device string) wire.AgentInfo {
	s.t.Helper()
	return s.do(wire.GetAgentState{Device: wire.Device(device)}).(*wire.GetAgentStateResponse).Agents[0].Info[0]
}

func TestAgentStateLate(t *testing.T) {
	s := open(t, nil)
	s.seat("4001", "1001")
	s.begin("agentStateLate", `{"event":"AgentNotReady","delay":600}`)
	s.must(s.hand("1001").Set(switchmodel.AgentRequest{State: switchmodel.NotReady, Reason: "3"}))
	if got := s.stateAt("1001").State; got != wire.AgentNotReady {
		t.Errorf("the agent is %s", got)
	}
	s.inbound("1001", nil)
	s.tells("1001: Delivered 1@1001 alerting newCall", "1001: AgentBusy 4001 newCall")
	s.director.End("agentStateLate") // or after its delay
	s.tells("1001: AgentNotReady 4001 normal (3) by Phone")

	s.begin("agentStateLate", `{"delay":0.01}`)
	s.must(s.model.HangUp("1"))
	s.Await("1001: AgentNotReady 4001")
}

func TestAgentStateLost(t *testing.T) {
	s := open(t, nil)
	s.seat("4001", "1001")
	s.begin("agentStateLost", `{"dn":"1001"}`)
	s.must(s.hand("1001").Set(switchmodel.AgentRequest{State: switchmodel.NotReady}))
	s.tells()
	if got := s.stateAt("1001").State; got != wire.AgentNotReady {
		t.Errorf("the agent is %s", got)
	}
	s.must(s.hand("1001").Set(switchmodel.AgentRequest{State: switchmodel.Ready}))
	s.tells("1001: AgentReady 4001 normal by Phone")
}

func TestAgentStatePending(t *testing.T) {
	s := open(t, func(c *switchmodel.Config) { c.WrapUpTime = 0 })
	call := s.talking()
	s.begin("agentStatePending", `{"dn":"1001","state":"notReady","reason":"5"}`)
	s.tells("1001: AgentBusy 4001 agentNotReady normal (5)")
	if got := s.stateAt("1001"); got.State != wire.AgentBusy || got.PendingState != wire.AgentNotReady {
		t.Errorf("the agent is %+v", got)
	}
	s.do(wire.ClearConnection{Connection: call})
	s.Await("1001: AgentNotReady 4001 normal (5) by Phone")
	if _, err := s.try("agentStatePending", `{"dn":"1001","state":"ready"}`); err == nil {
		t.Error("a state is pending without a call")
	}
}

func TestAgentReserved(t *testing.T) {
	s := open(t, nil)
	s.seat("4001", "1001")
	s.Monitor("5000")
	s.begin("agentReserved", `{"delay":0.05}`)
	s.inbound("5000", nil)
	s.Await("5000: Queued 1@5000 queued enteringDistribution")
	s.Await("1001: AgentBusy 4001 reserved")
	s.Await("5000: Diverted 1@5000 null distributed")
	s.Await("1001: Delivered 1@1001 alerting distributed")

	// Who gives up meanwhile never rings.
	s.must(s.model.HangUp("1"))
	s.begin("agentReserved", `{"delay":600}`)
	s.inbound("5000", nil)
	s.Await("1001: AgentBusy 4001 reserved")
	s.must(s.model.HangUp("2"))
	s.Await("1001: AgentReady 4001")
}

func TestAutomaticWrapUp(t *testing.T) {
	s := open(t, nil)
	call := s.talking()
	s.begin("automaticWrapUp", `{"delay":0.05}`)
	before := time.Now()
	s.do(wire.ClearConnection{Connection: call})
	working := s.Await("1001: AgentWorkingAfterCall 4001 agentReady autoWork").(*wire.AgentWorkingAfterCallEvent)
	ends, err := time.Parse(time.RFC3339, working.Extensions.Agent().WrapUpEndsAt)
	if err != nil || ends.Before(before) || ends.After(before.Add(cstatest.Patience)) {
		t.Errorf("it ends at %v, %v", ends, err)
	}
	s.Await("1001: AgentReady 4001")
}

func TestLateLogout(t *testing.T) {
	s := open(t, nil)
	s.seat("4001", "1001")
	s.begin("lateLogout", `{"dn":"1001"}`)
	s.SetAgent("1001", wire.RequestLoggedOff)
	s.tells()
	s.SetAgent("1001", wire.RequestLoggedOn)
	s.tells(
		"1001: AgentLoggedOn 4001 for 5000 normal by Agent", "1001: AgentLoggedOff 4001 normal by Agent",
		"1001: AgentNotReady 4001 normal by Agent",
	)
}
