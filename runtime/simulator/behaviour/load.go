package behaviour

import (
	"strings"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
)

type (
	pace struct {
		Interval float64 `json:"interval" default:"0.2" min:"0.001" max:"60" doc:"seconds between requests"`
		Discard  bool    `json:"discard" doc:"not refused but silently discarded"`
		until
	}
	outstanding struct {
		Limit int     `json:"limit" default:"10" min:"1" max:"200" doc:"how many may be outstanding"`
		Delay float64 `json:"delay" default:"0.2" min:"0.001" max:"60" doc:"seconds that each takes"`
		until
	}
	licenceCount struct {
		Sessions int `json:"sessions" default:"-1" min:"-1" max:"100000" doc:"application sessions; -1: any number"`
		Monitors int `json:"monitors" default:"-1" min:"-1" max:"1000000" doc:"monitors of all sessions; -1: any number"`
		until
	}
)

func loadBehaviours() []Behaviour {
	return []Behaviour{
		fault(12, "pacing", "A request that comes too soon after the one before is refused: performanceLimitExceeded.", pacing),
		fault(12, "outstandingRequests", "Requests take time, and one that comes while too many are outstanding is refused: outstandingReqLimitExceeded.", outstandingRequests),
		fault(12, "overload", "Tells overloadImminent and overloadReached, refuses every request with resourceBusy, and tells overloadRelieved when it ends.", overload),
		fault(13, "licences", "There are only so many licences: a session beyond them is refused with maxNumberSessions, a monitor with objectMonitorLimitExceeded. Those in use count, also of sessions that wait for their application.", func(s Stage, p licenceCount) (effect, error) {
			s.Server.Limit(p.Sessions, p.Monitors)
			return effect{end: func() { s.Server.Limit(-1, -1) }}, nil
		}),
		fault(13, "leakedMonitors", "Monitors of sessions that are lost are not freed and go on using licences, until it ends.", func(s Stage, _ until) (effect, error) {
			s.Server.LeakMonitors(true)
			return effect{end: func() { s.Server.LeakMonitors(false) }}, nil
		}),
	}
}

// ofSession: what keeps the session itself is not counted as load.
func ofSession(request wire.Message) bool {
	return strings.Contains(wire.Name(request), "ApplicationSession")
}

func pacing(s Stage, p pace) (effect, error) {
	var mu sync.Mutex
	last := map[uint64]time.Time{} // by connection
	remove := s.Server.HookArrivals(func(a cstaserver.Arrival) (bool, wire.Message) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if ofSession(a.Request) || now.Sub(last[a.Connection]) >= seconds(p.Interval) {
			last[a.Connection] = now
			return true, nil
		}
		if p.Discard {
			return false, nil
		}
		return false, cstaserver.Refuse(wire.CategoryPerformanceManagement, "performanceLimitExceeded")
	})
	return effect{end: remove}, nil
}

func outstandingRequests(s Stage, p outstanding) (effect, error) {
	refuse := s.Server.HookArrivals(func(a cstaserver.Arrival) (bool, wire.Message) {
		if ofSession(a.Request) || a.Outstanding < p.Limit {
			return true, nil
		}
		return false, cstaserver.Refuse(wire.CategorySubscribedResource, "outstandingReqLimitExceeded")
	})
	over := make(chan struct{})
	slow := s.Server.HookRequests(func(t *cstaserver.Turn, usual func() wire.Message) wire.Message {
		timer := time.NewTimer(seconds(p.Delay))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-t.Done():
		case <-over:
		}
		return usual()
	})
	return effect{end: func() {
		refuse()
		slow()
		close(over)
	}}, nil
}

func overload(s Stage, _ until) (effect, error) {
	s.Server.Announce(wire.SystemOverloadImminent)
	s.Server.Announce(wire.SystemOverloadReached)
	remove := s.Server.HookArrivals(func(a cstaserver.Arrival) (bool, wire.Message) {
		if ofSession(a.Request) {
			return true, nil
		}
		return false, cstaserver.Refuse(wire.CategorySystemResource, "resourceBusy")
	})
	return effect{end: func() {
		remove()
		s.Server.Announce(wire.SystemOverloadRelieved)
	}}, nil
}
