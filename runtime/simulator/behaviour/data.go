package behaviour

import (
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

type (
	lateData struct {
		Delay float64 `json:"delay" default:"1" min:"0" max:"600" doc:"seconds"`
		times
	}
	shortData struct {
		Length int `json:"length" default:"8" min:"0" max:"4096" doc:"bytes of each value"`
		ofEvents
	}
)

func dataBehaviours() []Behaviour {
	return []Behaviour{
		fault(18, "lateCallData", "A call from outside is told without its data; CallInformation brings it later.", func(s Stage, p lateData) (effect, error) {
			return s.quirk(switchmodel.BringsDataLate, switchmodel.Oddity{Times: p.Count, Delay: seconds(p.Delay)})
		}),
		fault(18, "truncatedCallData", "Events tell only the beginning of each value of the call data; SnapshotCall tells all.", truncatedCallData),
		fault(18, "networkReached", "Of a call to outside nothing is told after NetworkReached, until somebody leaves it.", func(s Stage, p times) (effect, error) {
			return s.quirk(switchmodel.LosesSight, switchmodel.Oddity{Times: p.Count})
		}),
	}
}

func truncatedCallData(s Stage, p shortData) (effect, error) {
	chosen, err := s.events(p.ofEvents)
	if err != nil {
		return effect{}, err
	}
	remove := s.Server.HookEvents(func(t cstaserver.Telling, pass func(cstaserver.Telling)) {
		if t.Event.Call != nil && len(t.Event.Call.Data) > 0 && chosen.takes(t) {
			t = t.Retold(truncated(t.Event, p.Length))
		}
		pass(t)
	})
	return effect{left: chosen.remaining, end: remove}, nil
}

func truncated(e switchmodel.Event, length int) switchmodel.Event {
	call := *e.Call
	call.Data = map[string]string{}
	for name, value := range e.Call.Data {
		call.Data[name] = strings.ToValidUTF8(value[:min(length, len(value))], "") // not half a letter
	}
	e.Call = &call
	return e
}
