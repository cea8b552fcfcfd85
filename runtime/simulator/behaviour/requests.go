package behaviour

import (
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

type (
	failure struct {
		Delay float64 `json:"delay" min:"0" max:"600" doc:"seconds between acceptance and failure"`
		ofRequests
	}
	lateAnswer struct {
		Delay float64 `json:"delay" default:"6" min:"0.01" max:"600" doc:"seconds"`
		ofRequests
	}
)

func requestBehaviours() []Behaviour {
	return []Behaviour{
		fault(11, "acceptThenFail", "A request is accepted and then fails. MakeCall and ConsultationCall make a call that fails; of what joins or redirects calls ServiceCompletionFailure is told, of any other call the Failed event; of an agent the state that he has, which contradicts.", acceptThenFail),
		fault(11, "acceptThenDiscard", "A request is accepted and nothing comes of it.", func(s Stage, p ofRequests) (effect, error) {
			return s.hook(p, func(t *cstaserver.Turn, usual func() wire.Message) wire.Message {
				if answer, ok := accepted(t.Request); ok {
					return answer
				}
				return usual()
			})
		}),
		fault(11, "silentDiscard", "A request is neither answered nor done.", func(s Stage, p ofRequests) (effect, error) {
			return s.hook(p, func(*cstaserver.Turn, func() wire.Message) wire.Message { return nil })
		}),
		fault(11, "answerLost", "A request is done but not answered; its events are told.", func(s Stage, p ofRequests) (effect, error) {
			return s.hook(p, func(_ *cstaserver.Turn, usual func() wire.Message) wire.Message {
				usual()
				return nil
			})
		}),
		fault(11, "answerLate", "A request is done at once but answered late; its events are told before.", func(s Stage, p lateAnswer) (effect, error) {
			late := newPending()
			return late.releasing(s.hook(p.ofRequests, func(t *cstaserver.Turn, usual func() wire.Message) wire.Message {
				answer := usual()
				late.after(seconds(p.Delay), func() { t.Answer(answer) })
				return nil
			}))
		}),
	}
}

func acceptThenFail(s Stage, p failure) (effect, error) {
	late := newPending()
	return late.releasing(s.hook(p.ofRequests, func(t *cstaserver.Turn, usual func() wire.Message) wire.Message {
		delay := seconds(p.Delay)
		switch t.Request.(type) {
		case *wire.MakeCall, *wire.ConsultationCall:
			return s.makeInVain(t.Request, delay, usual)
		}
		answer, ok := accepted(t.Request)
		if !ok {
			return usual()
		}
		if delay == 0 {
			s.tellFailure(t.Request) // held back until after the answer
		} else {
			late.after(delay, func() { s.tellFailure(t.Request) })
		}
		return answer
	}))
}

// makeInVain makes a call that the switch cannot complete.
func (s Stage) makeInVain(request wire.Message, delay time.Duration, usual func() wire.Message) wire.Message {
	s.Model.Behave(switchmodel.FailsDialling, switchmodel.Oddity{Device: cstaserver.DeviceOf(request), Times: 1, Delay: delay})
	defer s.Model.BehaveAsUsual(switchmodel.FailsDialling) // if the call was refused
	return usual()
}

// tellFailure tells that a request came to nothing, in the way that CSTA has for it.
func (s Stage) tellFailure(request wire.Message) {
	device := cstaserver.DeviceOf(request)
	if _, ok := request.(*wire.SetAgentState); ok {
		if a, err := s.Model.AgentAt(device); err == nil && a != nil {
			s.Server.Pretend(switchmodel.Event{Kind: kindOf[a.State], Agent: a, Device: device, Cause: switchmodel.CauseNormal})
		}
		return
	}
	connections := cstaserver.ConnectionsOf(request)
	if len(connections) == 0 {
		return
	}
	if _, inSteps := acceptedInSteps(request); inSteps {
		s.tellIncomplete(device, connections)
		return
	}
	call, err := s.Model.Call(connections[0].Call)
	if err != nil {
		return
	}
	s.Server.Pretend(switchmodel.Event{Kind: switchmodel.Failed, Call: call, Device: device, Cause: switchmodel.CauseNoResources})
}

var kindOf = map[switchmodel.AgentState]switchmodel.EventKind{
	switchmodel.NotReady:         switchmodel.AgentNotReady,
	switchmodel.Ready:            switchmodel.AgentReady,
	switchmodel.Busy:             switchmodel.AgentBusy,
	switchmodel.WorkingAfterCall: switchmodel.AgentWorkingAfterCall,
}

func (s Stage) tellIncomplete(device switchmodel.DeviceID, connections []switchmodel.ConnectionID) {
	calls := make([]wire.FailedCall, 0, len(connections))
	for _, id := range connections {
		calls = append(calls, s.failedCall(id))
	}
	s.Server.TellAt(device, func(monitor string) wire.Message {
		told := wire.ServiceCompletionFailureEvent{MonitorCrossRefID: monitor, PrimaryCall: calls[0], Cause: wire.EventCause(switchmodel.CauseNoResources)}
		if len(calls) > 1 {
			told.SecondaryCall = &calls[1]
		}
		return told
	})
}

func (s Stage) failedCall(id switchmodel.ConnectionID) wire.FailedCall {
	device := wire.Device(string(id.Device))
	failed := wire.FailedCall{Device: &device, Connection: wire.Connection(string(id.Call), string(id.Device))}
	if call, err := s.Model.Call(id.Call); err == nil {
		failed.State = wire.LocalConnectionState(call.StateAt(id.Device))
	}
	return failed
}
