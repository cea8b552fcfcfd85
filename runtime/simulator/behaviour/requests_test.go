package behaviour

import (
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstatest"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

func TestAcceptThenFail(t *testing.T) {
	at, consult := wire.Connection("1", "1001"), wire.Connection("2", "1001")
	for name, test := range map[string]struct {
		tc   wire.Message
		want []string
	}{
		"a call that is made": {
			tc: wire.MakeCall{CallingDevice: wire.Device("1002"), CalledNumber: wire.Device("1003")},
			want: []string{
				"1002: ServiceInitiated 3@1002 initiated makeCall", "1002: Originated 3@1002 connected newCall",
				"1002: Failed 3@1003 connected resourcesNotAvailable",
			},
		},
		"a call that lives on": {
			tc:   wire.RetrieveCall{Call: at},
			want: []string{"1001: Failed 1@1001 hold customerId=4711 resourcesNotAvailable"},
		},
		"a service in several steps": {
			tc:   wire.TransferCall{HeldCall: at, ActiveCall: consult},
			want: []string{"1001: ServiceCompletionFailure 1@1001 hold resourcesNotAvailable"},
		},
		"an agent's state": {
			tc:   wire.SetAgentState{Device: wire.Device("1001"), RequestedState: wire.RequestNotReady},
			want: []string{"1001: AgentBusy 4001 normal"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, nil)
			s.talking()
			s.must(s.hand("1001").Consult("1003"))
			s.Told()
			s.begin("acceptThenFail", `{}`)
			s.do(test.tc)
			s.tells(test.want...)
			if s.active("acceptThenFail") {
				t.Error("it would happen again")
			}
		})
	}
}

func TestAcceptThenFailLater(t *testing.T) {
	s := open(t, nil)
	s.talking()
	hold := wire.HoldCall{Call: wire.Connection("1", "1001")}
	s.begin("acceptThenFail", `{"request":"HoldCall","delay":600}`)
	s.do(hold)
	s.tells()
	s.director.End("acceptThenFail") // or after its delay
	s.tells("1001: Failed 1@1001 connected customerId=4711 resourcesNotAvailable")
	s.begin("acceptThenFail", `{"request":"HoldCall","delay":0.01}`)
	s.do(hold)
	s.Await("1001: Failed 1@1001 connected")

	s.begin("acceptThenFail", `{"request":"MakeCall","delay":0.05}`)
	s.do(wire.MakeCall{CallingDevice: wire.Device("1002"), CalledNumber: wire.Device("1003")})
	s.Await("1002: ServiceInitiated 2@1002 initiated makeCall")
	s.Await("1002: Originated 2@1002 connected newCall")
	s.Await("1002: Failed 2@1003 connected resourcesNotAvailable")
}

func TestAcceptThenDiscard(t *testing.T) {
	s := open(t, nil)
	s.inbound("1001", nil)
	s.Told()
	s.begin("acceptThenDiscard", `{"count":2}`)
	s.do(wire.AnswerCall{Call: wire.Connection("1", "1001")})
	made := s.do(wire.MakeCall{CallingDevice: wire.Device("1002"), CalledNumber: wire.Device("1003")}).(*wire.MakeCallResponse)
	s.tells()
	s.refused(wire.ClearConnection{Connection: made.Connection}, "invalidCallID")
	if state := s.model.Calls()[0].StateAt("1001"); state != switchmodel.Alerting {
		t.Errorf("the call is %s", state)
	}
}

// Every request that asks a telephone for something can be accepted by itself.
func TestWhatIsAcceptedIsAnsweredInKind(t *testing.T) {
	for _, m := range []wire.Message{
		&wire.SetAgentState{}, &wire.AnswerCall{}, &wire.ClearConnection{}, &wire.HoldCall{}, &wire.RetrieveCall{}, &wire.MakeCall{},
		&wire.ConsultationCall{}, &wire.AlternateCall{}, &wire.ReconnectCall{}, &wire.TransferCall{}, &wire.ConferenceCall{},
		&wire.SingleStepTransferCall{}, &wire.DeflectCall{}, &wire.AssociateData{}, &wire.GenerateDigits{},
		&wire.SetMicrophoneMute{}, &wire.SetDoNotDisturb{},
	} {
		answer, ok := accepted(m)
		if !ok || wire.Name(answer) != wire.Name(m)+"Response" {
			t.Errorf("%s is accepted with %v", wire.Name(m), answer)
		}
	}
	if _, ok := accepted(&wire.SnapshotDevice{}); ok {
		t.Error("a question is no order")
	}
}

// unanswered sends a request and wants the next one to be answered first.
func (s *theatre) unanswered(request wire.Message) (id int) {
	s.t.Helper()
	id = s.Send(request)
	s.do(wire.GetDoNotDisturb{Device: wire.Device("1001")})
	for _, m := range s.Events {
		if m.Kind() == wire.Response {
			s.t.Errorf("%s was answered with %s", wire.Name(request), wire.Name(m))
		}
	}
	return id
}

func TestSilentDiscard(t *testing.T) {
	s := open(t, nil)
	s.inbound("1001", nil)
	s.Told()
	s.begin("silentDiscard", `{"request":"AnswerCall"}`)
	s.unanswered(wire.AnswerCall{Call: wire.Connection("1", "1001")})
	s.tells()
	s.do(wire.AnswerCall{Call: wire.Connection("1", "1001")})
	s.tells("1001: Established 1@1001 connected newCall")
}

func TestAnswerLost(t *testing.T) {
	s := open(t, nil)
	s.inbound("1001", nil)
	s.Told()
	s.begin("answerLost", `{"dn":"1001"}`)
	s.unanswered(wire.AnswerCall{Call: wire.Connection("1", "1001")})
	s.tells("1001: Established 1@1001 connected newCall")
}

func TestAnswerLate(t *testing.T) {
	s := open(t, nil)
	s.inbound("1001", nil)
	s.Told()
	s.begin("answerLate", `{"request":"AnswerCall","delay":600}`)
	id := s.unanswered(wire.AnswerCall{Call: wire.Connection("1", "1001")})
	s.tells("1001: Established 1@1001 connected newCall")
	s.director.End("answerLate") // or after its delay
	if m := s.Answer(id, "AnswerCall"); wire.Name(m) != "AnswerCallResponse" {
		t.Errorf("answered with %s", wire.Name(m))
	}
	s.begin("answerLate", `{"request":"HoldCall","delay":0.01}`)
	s.do(wire.HoldCall{Call: wire.Connection("1", "1001")})
}

func TestPacing(t *testing.T) {
	s := open(t, nil)
	quick := wire.GetAgentState{Device: wire.Device("1001")}
	s.begin("pacing", `{"interval":60}`)
	s.do(quick)
	s.refused(quick, "performanceLimitExceeded")
	alive := wire.ResetApplicationSessionTimer{SessionID: s.SessionID}
	s.do(alive)

	s.begin("pacing", `{"interval":60,"discard":true}`)
	s.do(quick)
	s.Send(quick)
	s.do(alive)
	if len(s.Events) != 0 {
		t.Errorf("it was answered: %v", s.Events)
	}
	s.begin("pacing", `{"interval":0.001}`)
	s.do(quick)
	cstatest.Eventually(t, "it is admitted after a while", func() bool {
		_, ok := s.Ask(quick).(*wire.GetAgentStateResponse)
		return ok
	})
}

func TestOutstandingRequests(t *testing.T) {
	s := open(t, nil)
	s.begin("outstandingRequests", `{"limit":2,"delay":60}`)
	request := wire.GetAgentState{Device: wire.Device("1001")}
	first, second := s.Send(request), s.Send(request)
	s.refused(request, "outstandingReqLimitExceeded")
	s.director.End("outstandingRequests") // or when they have taken their time
	for _, id := range []int{first, second} {
		if m := s.Answer(id, "GetAgentState"); wire.Name(m) != "GetAgentStateResponse" {
			t.Errorf("request %d was answered with %s", id, wire.Name(m))
		}
	}
	s.begin("outstandingRequests", `{"limit":1,"delay":0.01}`)
	s.do(request)
}

func TestOverload(t *testing.T) {
	s := open(t, nil)
	request := wire.GetAgentState{Device: wire.Device("1001")}
	s.begin("overload", `{}`)
	s.refused(request, "resourceBusy")
	s.director.End("overload")
	s.do(request)
	s.tells("SystemStatus overloadImminent", "SystemStatus overloadReached", "SystemStatus overloadRelieved")
}
