package behaviour

import (
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

type (
	line struct {
		somewhere
		With string `json:"with" need:"yes" doc:"the other telephone"`
		until
	}
	move struct {
		Agent string `json:"agent" need:"yes" doc:"who moves"`
		DN    string `json:"dn" need:"yes" doc:"where to"`
	}
	taken struct {
		somewhere
		until
	}
)

func deviceBehaviours() []Behaviour {
	return []Behaviour{
		fault(17, "sharedLine", "Calls for one telephone ring at another, too. Who answers has the call; the other one is told Diverted, callPickup.", sharedLine),
		scenario(17, "hotDesk", "An agent moves: he is logged off where he sits, if he does, and logs on at another telephone.", hotDesk),
		fault(17, "deviceInUse", "Somebody else has the telephone: monitoring it and logging on at it are refused with invalidObjectState.", deviceInUse),
	}
}

func sharedLine(s Stage, p line) (effect, error) {
	with := switchmodel.DeviceID(p.With)
	if !s.Model.IsExtension(with) || p.With == p.DN {
		return effect{}, wrong("with", "must be another telephone")
	}
	return s.quirk(switchmodel.SharesLine, switchmodel.Oddity{Device: switchmodel.DeviceID(p.DN), With: with})
}

func hotDesk(s Stage, p move) (any, error) {
	if _, err := s.handset(p.DN); err != nil {
		return nil, err
	}
	return s.Model.Seat(switchmodel.AgentID(p.Agent), switchmodel.DeviceID(p.DN))
}

func deviceInUse(s Stage, p taken) (effect, error) {
	if _, err := s.handset(p.DN); err != nil {
		return effect{}, err
	}
	remove := s.Server.HookRequests(func(t *cstaserver.Turn, usual func() wire.Message) wire.Message {
		if cstaserver.DeviceOf(t.Request) == switchmodel.DeviceID(p.DN) && claims(t.Request) {
			return cstaserver.Refuse(wire.CategoryState, "invalidObjectState")
		}
		return usual()
	})
	return effect{end: remove}, nil
}

// claims: the request wants the telephone for itself.
func claims(request wire.Message) bool {
	switch r := request.(type) {
	case *wire.MonitorStart:
		return true
	case *wire.SetAgentState:
		return r.RequestedState == wire.RequestLoggedOn
	}
	return false
}
