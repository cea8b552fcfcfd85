package behaviour

import "github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"

type (
	restart struct {
		Delay float64 `json:"delay" min:"0" max:"600" doc:"seconds until it takes connections again"`
	}
	losingRestart struct {
		restart
		Agents bool `json:"agents" doc:"agents stay logged on; otherwise nobody is"`
	}
)

func restartBehaviours() []Behaviour {
	return []Behaviour{
		scenario(16, "restartKeepingCalls", "The switch restarts: all connections break and sessions are forgotten. Calls and agents stay.", func(s Stage, p restart) (any, error) {
			return nil, s.restart(p, func() {})
		}),
		scenario(16, "restartLosingCalls", "The switch restarts: all connections break, sessions are forgotten, all calls are gone without a word, callIDs begin anew.", func(s Stage, p losingRestart) (any, error) {
			return nil, s.restart(p.restart, func() { s.Model.Restart(p.Agents) })
		}),
		fault(16, "secondary", "The primary address is out of service and the secondary (--secondary) takes over; else the secondary refuses logins with serverResourcesBusy.", func(s Stage, _ until) (effect, error) {
			s.Server.SwitchOver(cstaserver.Secondary)
			return effect{end: func() { s.Server.SwitchOver(cstaserver.Primary) }}, nil
		}),
	}
}

func (s Stage) restart(p restart, meanwhile func()) error {
	s.Server.Restart(seconds(p.Delay), meanwhile)
	return nil
}
