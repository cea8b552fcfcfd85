package behaviour

import (
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

type (
	ofAgents struct {
		Event string `json:"event" doc:"only events of this name, such as AgentReady"`
		anywhere
		times
	}
	lateOfAgents struct {
		Delay float64 `json:"delay" default:"2" min:"0.01" max:"600" doc:"seconds"`
		ofAgents
	}
	intention struct {
		somewhere
		State  string `json:"state" need:"yes" oneof:"notReady ready workingAfterCall loggedOff" doc:"what follows the call"`
		Reason string `json:"reason" doc:"of notReady"`
	}
	reservation struct {
		Delay float64 `json:"delay" default:"1" min:"0.01" max:"600" doc:"seconds until it rings"`
		anywhere
		times
	}
	wrapUp struct {
		Delay float64 `json:"delay" need:"yes" min:"0.01" max:"3600" doc:"seconds"`
		anywhere
		times
	}
	logouts struct {
		anywhere
		times
	}
)

func agentBehaviours() []Behaviour {
	return []Behaviour{
		fault(9, "agentStateLate", "An agent's event is told late, while others pass it by.", func(s Stage, p lateOfAgents) (effect, error) {
			late := newPending()
			return late.releasing(s.hookAgents(p.ofAgents, func(t cstaserver.Telling, pass func(cstaserver.Telling)) {
				late.after(seconds(p.Delay), func() { pass(t) })
			}))
		}),
		fault(9, "agentStateLost", "An agent's event is not told; GetAgentState knows.", func(s Stage, p ofAgents) (effect, error) {
			return s.hookAgents(p, func(cstaserver.Telling, func(cstaserver.Telling)) {})
		}),
		scenario(9, "agentStatePending", "The agent asks at the telephone for a state during a call: AgentBusy with pendingAgentState, and the state when the call ends.", agentStatePending),
		fault(9, "agentReserved", "A queue reserves the agent for a call before it rings: AgentBusy with the cause reserved.", func(s Stage, p reservation) (effect, error) {
			return s.quirk(switchmodel.ReservesAgents, switchmodel.Oddity{Device: switchmodel.DeviceID(p.DN), Times: p.Count, Delay: seconds(p.Delay)})
		}),
		fault(9, "automaticWrapUp", "The work after a call of a queue ends by itself after another time than usual.", func(s Stage, p wrapUp) (effect, error) {
			return s.quirk(switchmodel.WrapsUp, switchmodel.Oddity{Device: switchmodel.DeviceID(p.DN), Times: p.Count, Delay: seconds(p.Delay)})
		}),
		fault(10, "lateLogout", "The next AgentLoggedOff is told only after the next AgentLoggedOn at the same telephone.", lateLogout),
	}
}

// hookAgents hooks into the events of agents.
func (s Stage) hookAgents(p ofAgents, do cstaserver.EventHook) (effect, error) {
	chosen, err := s.events(ofEvents(p))
	if err != nil {
		return effect{}, err
	}
	remove := s.Server.HookEvents(func(t cstaserver.Telling, pass func(cstaserver.Telling)) {
		if t.Event.Agent == nil || !chosen.takes(t) {
			pass(t)
			return
		}
		do(t, pass)
	})
	return effect{left: chosen.remaining, end: remove}, nil
}

func agentStatePending(s Stage, p intention) (any, error) {
	h, err := s.handset(p.DN)
	if err != nil {
		return nil, err
	}
	device := switchmodel.DeviceID(p.DN)
	a, err := s.Model.AgentAt(device)
	if err != nil || a == nil || a.State != switchmodel.Busy {
		return nil, switchmodel.ErrInvalidAgentState
	}
	if err := h.Set(switchmodel.AgentRequest{State: switchmodel.AgentState(p.State), Reason: p.Reason}); err != nil {
		return nil, err
	}
	return s.Model.AgentAt(device)
}

func lateLogout(s Stage, p logouts) (effect, error) {
	chosen, err := s.events(ofEvents{Event: "AgentLoggedOff", anywhere: p.anywhere, times: p.times})
	if err != nil {
		return effect{}, err
	}
	held := newShelf()
	remove := s.Server.HookEvents(func(t cstaserver.Telling, pass func(cstaserver.Telling)) {
		if chosen.takes(t) {
			held.release(t.Monitor()) // the one before has waited in vain
			held.put(t.Monitor(), func() { pass(t) })
			return
		}
		pass(t)
		if t.Name() == "AgentLoggedOn" {
			held.release(t.Monitor())
		}
	})
	return effect{left: chosen.remaining, end: func() {
		remove()
		held.releaseAll()
	}}, nil
}
