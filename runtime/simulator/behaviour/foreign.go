package behaviour

import (
	"bytes"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

type (
	jump struct {
		By float64 `json:"by" need:"yes" min:"-1000000000" max:"1000000000" doc:"seconds; negative: into the past"`
		until
	}
	charset struct {
		Undeclared bool `json:"undeclared" doc:"while the XML declaration says nothing of it"`
		until
	}
)

func foreignBehaviours() []Behaviour {
	return []Behaviour{
		fault(20, "clockJump", "The switch's clock is wrong by some seconds: in the times of the control port, in wrapUpEndsAt, and in the timestamp that every event then carries (extensions/security). Timers run on.", clockJump),
		fault(20, "withheldNumber", "A caller from outside withholds the number: restricted.", func(s Stage, p times) (effect, error) {
			return s.quirk(switchmodel.WithholdsNumbers, switchmodel.Oddity{Times: p.Count})
		}),
		fault(20, "latin1", "Messages are written in ISO-8859-1.", func(s Stage, p charset) (effect, error) {
			return effect{end: s.Server.HookFrames(func(_ bool, body []byte) []byte { return latin1(body, p.Undeclared) })}, nil
		}),
		fault(20, "spelling", "Messages are spelt as other switches do: TransferredEvent, callId and deviceId in the other order, systemResourceAvailability.", func(s Stage, _ until) (effect, error) {
			return effect{end: s.Server.HookFrames(func(_ bool, body []byte) []byte { return respelt(body) })}, nil
		}),
	}
}

func clockJump(s Stage, p jump) (effect, error) {
	by := seconds(p.By)
	s.Model.JumpClock(by)
	remove := s.Server.HookFrames(func(event bool, body []byte) []byte {
		if !event {
			return body
		}
		return stamped(body, time.Now().Add(by))
	})
	return effect{end: func() {
		remove()
		s.Model.JumpClock(0)
	}}, nil
}

// stamped puts a time into a message's extensions, its last element (ECMA-269,
// CSTASecurityData).
func stamped(body []byte, at time.Time) []byte {
	security := fmt.Sprintf("<security><timestamp>%s</timestamp></security>", at.UTC().Format(time.RFC3339))
	if i := bytes.LastIndex(body, []byte("<extensions>")); i >= 0 {
		i += len("<extensions>")
		return append(append(bytes.Clone(body[:i]), security...), body[i:]...)
	}
	end := bytes.LastIndex(body, []byte("</"))
	return append(append(bytes.Clone(body[:end]), "<extensions>"+security+"</extensions>"...), body[end:]...)
}

// latin1 writes a message in ISO-8859-1; letters that it lacks are references.
func latin1(body []byte, undeclared bool) []byte {
	declared := []byte(` encoding="ISO-8859-1"`)
	if undeclared {
		declared = nil
	}
	body = bytes.Replace(body, []byte(` encoding="UTF-8"`), declared, 1)
	out := make([]byte, 0, len(body))
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		if r <= 0xff {
			out = append(out, byte(r))
		} else {
			out = fmt.Appendf(out, "&#%d;", r)
		}
		body = body[size:]
	}
	return out
}

var (
	connectionIDs = regexp.MustCompile(`<callID>([^<]*)</callID>(<deviceID(?:[^>]*)>[^<]*</deviceID>)?`)
	respellings   = [][2]string{
		{"<deviceID", "<deviceId"}, {"</deviceID>", "</deviceId>"},
		{"<TransferedEvent ", "<TransferredEvent "}, {"</TransferedEvent>", "</TransferredEvent>"},
		{"systemResourceAvailibility>", "systemResourceAvailability>"},
	}
)

// respelt changes names of elements; text cannot be mistaken for them, since its
// brackets are escaped.
func respelt(body []byte) []byte {
	body = connectionIDs.ReplaceAllFunc(body, func(id []byte) []byte {
		parts := connectionIDs.FindSubmatch(id)
		for _, spelling := range respellings[:2] {
			parts[2] = bytes.ReplaceAll(parts[2], []byte(spelling[0]), []byte(spelling[1]))
		}
		return fmt.Appendf(nil, "%s<callId>%s</callId>", parts[2], parts[1])
	})
	for _, spelling := range respellings[2:] {
		body = bytes.ReplaceAll(body, []byte(spelling[0]), []byte(spelling[1]))
	}
	return body
}
