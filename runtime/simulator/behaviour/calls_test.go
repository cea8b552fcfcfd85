package behaviour

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstatest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

func TestSurvivingLinkage(t *testing.T) {
	for side, want := range map[string]string{"first": "0000000000000001", "consult": "0000000000000002"} {
		t.Run(side, func(t *testing.T) {
			s := open(t, nil)
			first := s.talking()
			s.begin("survivingLinkage", `{"side":"`+side+`"}`)
			s.must(s.hand("1001").Consult("1002"))
			s.must(s.hand("1002").Answer(switchmodel.Any))
			s.must(s.hand("1001").Transfer())
			for range 2 { // the monitors of both are told the same
				got := cstatest.FindEvent[*wire.TransferedEvent](s.Client)
				if id := got.CallLinkageDataList.New.GlobalID(); id != want || got.PrimaryOldCall != first {
					t.Errorf("%s: the new call has %s, want %s", got.MonitorCrossRefID, id, want)
				}
			}
		})
	}
}

func TestReuseCallIDs(t *testing.T) {
	s := open(t, nil)
	first := s.inbound("1001", nil)
	s.must(s.model.HangUp(first.ID))
	s.Told()
	s.begin("reuseCallIds", `{}`)
	for _, want := range []string{"1001: Delivered 1@1001 alerting newCall", "1001: Delivered 3@1001 alerting newCall"} {
		call := s.inbound("1001", nil)
		if call.GlobalLinkage == first.GlobalLinkage {
			t.Error("the global id is used again, too")
		}
		s.tells(want)
		s.must(s.model.HangUp(call.ID))
		s.Told()
	}
}

func TestHandset(t *testing.T) {
	s := open(t, nil)
	s.talking()
	for _, step := range []struct {
		tc   string
		want []string
	}{
		{`{"dn":"1001","action":"hold"}`, []string{"1001: Held 1@1001 hold customerId=4711 normal"}},
		{`{"dn":"1001","action":"offhook"}`, []string{"1001: ServiceInitiated 2@1001 initiated newCall"}},
		{`{"dn":"1001","action":"dial","to":"1002"}`, []string{
			"1001: Originated 2@1001 connected newCall",
			"1001: Delivered 2@1002 connected newCall", "1002: Delivered 2@1002 alerting newCall",
		}},
		{`{"dn":"1001","action":"hangup"}`, []string{
			"1002: ConnectionCleared 2@1001 alerting normalClearing", "1001: ConnectionCleared 2@1001 null normalClearing",
			"1002: ConnectionCleared 2@1002 null callCancelled",
		}},
		{`{"dn":"1001","action":"retrieve"}`, []string{"1001: Retrieved 1@1001 connected customerId=4711 normal"}},
		{`{"dn":"1002","action":"logon","agent":"4002"}`, []string{
			"1002: AgentLoggedOn 4002 for 5000 normal by Phone", "1002: AgentNotReady 4002 normal by Phone",
		}},
		{`{"dn":"1002","action":"notready","reason":"lunch"}`, []string{"1002: AgentNotReady 4002 normal (lunch) by Phone"}},
		{`{"dn":"1002","action":"logoff"}`, []string{"1002: AgentLoggedOff 4002 normal by Phone"}},
	} {
		s.begin("handset", step.tc)
		if diff := cmp.Diff(step.want, s.Told()); diff != "" {
			t.Errorf("%s told (-want +got):\n%s", step.tc, diff)
		}
	}
}

func TestTransferWhileRinging(t *testing.T) {
	s := open(t, nil)
	s.talking()
	s.begin("transferWhileRinging", `{"dn":"1001","to":"1002"}`)
	s.tells(
		"1001: Held 1@1001 hold customerId=4711 consultation",
		"1001: ServiceInitiated 2@1001 initiated customerId=4711 consultation",
		"1001: Originated 2@1001 connected customerId=4711 consultation",
		"1001: Delivered 2@1002 connected customerId=4711 consultation", "1002: Delivered 2@1002 alerting customerId=4711 consultation",
		"1002: Transfered 1@1001 2@1001 1>3@+49301234567 2>3@1002 alerting customerId=4711 transfer",
		"1001: Transfered 1@1001 2@1001 1>3@+49301234567 2>3@1002 null customerId=4711 transfer",
		"1001: AgentWorkingAfterCall 4001 agentReady autoWork by System",
	)
}

func TestTransferToQueue(t *testing.T) {
	for body, want := range map[string]string{
		`{"dn":"1001","queue":"sales"}`:              "5001: Transfered 1@1001 2@1001 1>3@+49301234567 2>3@5001 queued customerId=4711 transfer",
		`{"dn":"1001","queue":"sales","blind":true}`: "5001: Queued 2@5001 queued customerId=4711 enteringDistribution",
	} {
		t.Run(body, func(t *testing.T) {
			s := open(t, nil)
			s.talking()
			s.Monitor("5001")
			s.begin("transferToQueue", body)
			s.Await(want)
			if q := s.model.Queues()[1]; q.Waiting != 1 {
				t.Errorf("%d calls wait, want 1", q.Waiting)
			}
		})
	}
}

func TestPartyLeaves(t *testing.T) {
	t.Run("the customer during a consult", func(t *testing.T) {
		s := open(t, nil)
		s.talking()
		s.must(s.hand("1001").Consult("1002"))
		s.must(s.hand("1002").Answer(switchmodel.Any))
		s.Told()
		s.begin("partyLeaves", `{"dn":"1001"}`)
		s.tells(
			"1001: ConnectionCleared 1@+49301234567 hold customerId=4711 normalClearing",
			"1001: ConnectionCleared 1@1001 null customerId=4711 normalClearing",
		)
		s.refused(wire.TransferCall{HeldCall: wire.Connection("1", "1001"), ActiveCall: wire.Connection("2", "1001")}, "invalidCallID")
	})
	t.Run("one of a conference", func(t *testing.T) {
		s := open(t, nil)
		s.talking()
		s.must(s.hand("1001").Consult("1002"))
		s.must(s.hand("1002").Answer(switchmodel.Any))
		s.must(s.hand("1001").Conference())
		s.Told()
		s.begin("partyLeaves", `{"dn":"1001","party":"1002"}`)
		s.tells(
			"1001: ConnectionCleared 3@1002 connected customerId=4711 normalClearing",
			"1002: ConnectionCleared 3@1002 null customerId=4711 normalClearing",
		)
		if call := s.model.Calls()[0]; call.StateAt(customer) != switchmodel.Connected || call.StateAt("1001") != switchmodel.Connected {
			t.Errorf("the call is over for the others: %+v", call)
		}
	})
}

func TestRingNoAnswer(t *testing.T) {
	s := open(t, nil)
	s.seat("4001", "1001")
	s.inbound("5000", nil)
	s.Told()
	s.begin("ringNoAnswer", `{"dn":"1001","reason":"8"}`)
	s.Await("1001: Diverted 1@1001 null callNotAnswered")
	s.Await("1001: AgentNotReady 4001 callNotAnswered (8) by NoAnswer")
	state := s.do(wire.GetAgentState{Device: wire.Device("1001")}).(*wire.GetAgentStateResponse)
	if info := state.Agents[0].Info[0]; info.State != wire.AgentNotReady || info.Condition != wire.ConditionForcedPause {
		t.Errorf("the agent is %+v, want paused by force", info)
	}
	if left := s.left("ringNoAnswer"); left != 0 || s.active("ringNoAnswer") {
		t.Errorf("%d times are left, want 0", left)
	}
}

func TestGlare(t *testing.T) {
	t.Run("a call arrives before the application dials", func(t *testing.T) {
		s := open(t, nil)
		s.begin("glare", `{"dn":"1001","request":"MakeCall"}`)
		s.refused(wire.MakeCall{CallingDevice: wire.Device("1001"), CalledNumber: wire.Device("1002")}, "invalidObjectState")
		s.tells("1001: Delivered 1@1001 alerting newCall")
	})
	t.Run("the application dials before a call arrives", func(t *testing.T) {
		s := open(t, nil)
		s.begin("glare", `{"dn":"1001","request":"MakeCall","first":"application"}`)
		s.do(wire.MakeCall{CallingDevice: wire.Device("1001"), CalledNumber: wire.Device("1003")})
		s.tells("1001: ServiceInitiated 1@1001 initiated makeCall", "1001: Originated 1@1001 connected newCall", "1001: Delivered 1@1003 connected newCall")
	})
	t.Run("the caller gives up before the application answers", func(t *testing.T) {
		s := open(t, nil)
		s.inbound("1001", nil)
		s.Told()
		s.begin("glare", `{"dn":"1001","request":"AnswerCall"}`)
		s.refused(wire.AnswerCall{Call: wire.Connection("1", "1001")}, "invalidCallID")
		s.tells("1001: ConnectionCleared 1@+49301234567 alerting normalClearing", "1001: ConnectionCleared 1@1001 null callCancelled")
	})
	t.Run("the application answers before the caller gives up", func(t *testing.T) {
		s := open(t, nil)
		s.inbound("1001", nil)
		s.Told()
		s.begin("glare", `{"dn":"1001","request":"AnswerCall","first":"application"}`)
		s.do(wire.AnswerCall{Call: wire.Connection("1", "1001")})
		s.tells(
			"1001: Established 1@1001 connected newCall",
			"1001: ConnectionCleared 1@+49301234567 connected normalClearing", "1001: ConnectionCleared 1@1001 null normalClearing",
		)
		if s.active("glare") {
			t.Error("it would happen again")
		}
	})
}
