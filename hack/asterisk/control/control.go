// Package control says of a real Asterisk what ctisim's control port says of itself, as far as
// walks and toolbars under test ask: by what telephones and Asterisk's console show, not by its
// manager interface. Tests enter.
package control

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/hack/asterisk/phone"
	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/test/desktop"
)

// Handler answers for the agents of a queue.
func Handler(w *world.World, queue string) http.Handler {
	c := control{w, queue}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/agents", c.agents)
	mux.HandleFunc("GET /v1/calls", c.calls)
	mux.HandleFunc("POST /v1/calls", c.call)
	return mux
}

type control struct {
	*world.World
	queue string
}

// answer sends what was found, or the error.
func answer(w http.ResponseWriter, found any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_ = json.NewEncoder(w).Encode(found)
}

// agent is a member of the queue; reason is that of its pause.
type agent struct {
	desktop.SwitchAgent
	Reason string `json:"reason,omitempty"`
}

// agents are the queue's members: "4001 (PJSIP/1001) … (paused:login was 2 secs ago) …".
func (c control) agents(w http.ResponseWriter, r *http.Request) {
	shown, err := c.PBX.CLI(r.Context(), "queue show "+c.queue)
	agents := []agent{}
	for line := range strings.Lines(shown) {
		id, rest, ok := strings.Cut(strings.TrimSpace(line), " (PJSIP/")
		if !ok {
			continue
		}
		device, _, _ := strings.Cut(rest, ")")
		a := agent{SwitchAgent: desktop.SwitchAgent{ID: id, Device: device, State: "ready"}}
		if _, pause, paused := strings.Cut(rest, "(paused"); paused {
			a.State = "notReady"
			reason, _, _ := strings.Cut(strings.TrimPrefix(pause, ":"), " was")
			a.Reason = reason
		}
		agents = append(agents, a)
	}
	answer(w, map[string]any{"agents": agents}, err)
}

// calls are telephones' channels by their UID, each with the state that the telephone shows.
func (c control) calls(w http.ResponseWriter, r *http.Request) {
	shown, err := c.PBX.CLI(r.Context(), "core show channels concise")
	calls := []map[string]any{}
	for line := range strings.Lines(shown) {
		fields := strings.Split(strings.TrimSpace(line), "!")
		device, _, _ := strings.Cut(strings.TrimPrefix(fields[0], "PJSIP/"), "-")
		p := c.Phones[device]
		if p == nil {
			continue
		}
		state := "connected"
		if slices.ContainsFunc(p.Calls(), func(call *phone.Call) bool { return call.State() == phone.Holding }) {
			state = "hold"
		}
		calls = append(calls, map[string]any{"callId": fields[len(fields)-1], "connections": []map[string]string{{"device": device, "state": state}}})
	}
	answer(w, map[string]any{"calls": calls}, err)
}

func (c control) call(w http.ResponseWriter, r *http.Request) {
	var wanted desktop.NewCall
	if err := json.NewDecoder(r.Body).Decode(&wanted); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	call, err := c.Carrier.Dial(r.Context(), wanted.To, wanted.From, world.Headers(wanted.Data)...)
	if err != nil {
		answer(w, nil, err)
		return
	}
	answer(w, desktop.SwitchCall{From: wanted.From, To: call.Dialled, Data: wanted.Data}, nil)
}
