package behaviour

import (
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

type (
	watched struct {
		DN string `json:"dn" need:"yes" doc:"telephone or queue"`
	}
	lost struct {
		Count int `json:"count" min:"0" max:"100000" doc:"how many events are lost; 0: only says so"`
		anywhere
		until
	}
)

func lossBehaviours() []Behaviour {
	return []Behaviour{
		scenario(14, "monitorStop", "The switch stops the monitors of a telephone or queue and says so.", func(s Stage, p watched) (any, error) {
			if !s.Model.Exists(switchmodel.DeviceID(p.DN)) {
				return nil, wrong("dn", "there is no telephone or queue %s", p.DN)
			}
			return map[string]int{"stopped": s.Server.StopMonitors(switchmodel.DeviceID(p.DN))}, nil
		}),
		fault(14, "messagesLost", "Events are lost, then SystemStatus says messagesLost to everybody: when enough are, or at the end.", messagesLost),
		fault(14, "halfOpen", "The connections stay open, but the switch has forgotten them: what comes is swallowed, nothing is told any more. New connections work.", func(s Stage, _ until) (effect, error) {
			return effect{end: s.Server.HalfOpen()}, nil
		}),
		fault(14, "silence", "Every connection is open but neither read nor written; what should have been said comes late.", func(s Stage, p until) (effect, error) {
			s.Server.Silence(p.lasts())
			return effect{end: func() { s.Server.Silence(0) }}, nil
		}),
	}
}

func messagesLost(s Stage, p lost) (effect, error) {
	announce := func() { s.Server.Announce(wire.SystemMessagesLost) }
	if p.Count == 0 {
		announce()
		return effect{left: func() int { return 0 }}, nil
	}
	chosen, err := s.events(ofEvents{anywhere: p.anywhere, times: times{Count: p.Count}})
	if err != nil {
		return effect{}, err
	}
	remove := s.Server.HookEvents(func(t cstaserver.Telling, pass func(cstaserver.Telling)) {
		if !chosen.takes(t) {
			pass(t)
			return
		}
		if chosen.remaining() == 0 {
			announce()
		}
	})
	return effect{left: chosen.remaining, end: func() {
		remove()
		if left := chosen.remaining(); left > 0 && left < p.Count {
			announce()
		}
	}}, nil
}
