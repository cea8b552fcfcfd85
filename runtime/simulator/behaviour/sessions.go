package behaviour

import (
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

type forced struct {
	Delay  float64 `json:"delay" default:"5" min:"0" max:"600" doc:"seconds"`
	Reason string  `json:"reason" default:"255" doc:"the reason of the logout"`
	until
}

func sessionBehaviours() []Behaviour {
	return []Behaviour{
		fault(15, "sessionResume", "All connections break; the switch keeps the sessions with their monitors for whoever comes back with the old sessionID, whatever sessionCleanupDelay was asked for.", func(s Stage, p until) (effect, error) {
			s.Server.KeepSessions(p.lasts())
			broken := s.Server.DropConnections()
			return effect{result: map[string]int{"droppedConnections": broken}, end: func() { s.Server.KeepSessions(0) }}, nil
		}),
		fault(15, "resumeRefused", "A StartApplicationSession with an old sessionID is refused: invalidSessionID.", resumeRefused),
		scenario(15, "sessionExpiry", "All sessions end, as when their timers are not reset: ApplicationSessionTerminated, and the connection is closed. Sessions that wait for their application end as well.", func(s Stage, _ struct{}) (any, error) {
			return map[string]int{"ended": s.Server.ExpireSessions()}, nil
		}),
		fault(15, "forcedLogout", "Agents whose telephone is no longer watched by any application, because its connection was lost or its session expired, are logged off after a while.", forcedLogout),
	}
}

func resumeRefused(s Stage, p times) (effect, error) {
	left := &quota{left: p.Count}
	remove := s.Server.HookRequests(func(t *cstaserver.Turn, usual func() wire.Message) wire.Message {
		start, ok := t.Request.(*wire.StartApplicationSession)
		if !ok || start.Login == nil || start.Login.SessionID == "" || !left.take() {
			return usual()
		}
		return wire.StartApplicationSessionNegResponse{ErrorCode: wire.SessionError{Defined: wire.SessionInvalidID}}
	})
	return effect{left: left.remaining, end: remove}, nil
}

func forcedLogout(s Stage, p forced) (effect, error) {
	var mu sync.Mutex
	var timers []*time.Timer
	remove := s.Server.HookAbandoned(func(device switchmodel.DeviceID) {
		mu.Lock()
		defer mu.Unlock()
		timers = append(timers, time.AfterFunc(seconds(p.Delay), func() {
			if !s.Server.Watched(device) {
				s.Model.LogOff(device, p.Reason)
			}
		}))
	})
	return effect{end: func() {
		remove()
		mu.Lock()
		defer mu.Unlock()
		for _, timer := range timers {
			timer.Stop()
		}
	}}, nil
}
