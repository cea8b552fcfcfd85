package desktop

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Switch is ctisim's control port: what the switch itself says of agents and calls.
type Switch struct {
	URL  string
	HTTP *http.Client
}

// SwitchCall is a call as the switch sees it.
type SwitchCall struct {
	CallID      string            `json:"callId"`
	From        string            `json:"from"`
	To          string            `json:"to"`
	Data        map[string]string `json:"data"`
	Connections []struct {
		Device string `json:"device"`
		State  string `json:"state"`
	} `json:"connections"`
}

// At gives the state of the call's connection at a device; "" when it has none.
func (c SwitchCall) At(device string) string {
	for _, n := range c.Connections {
		if n.Device == device {
			return n.State
		}
	}
	return ""
}

// SwitchAgent is an agent as the switch sees it.
type SwitchAgent struct {
	ID     string `json:"agentId"`
	Device string `json:"device"`
	State  string `json:"state"`
}

// NewCall is an inbound call from outside.
type NewCall struct {
	From string            `json:"from"`
	To   string            `json:"to"`
	Data map[string]string `json:"data,omitempty"`
	// Seconds after which the caller gives up or hangs up; 0: never.
	Patience float64 `json:"patience,omitempty"`
	TalkTime float64 `json:"talkTime,omitempty"`
}

// Call makes an inbound call.
func (s Switch) Call(ctx context.Context, c NewCall) (SwitchCall, error) {
	var out SwitchCall
	return out, s.do(ctx, http.MethodPost, "/v1/calls", c, &out)
}

// Calls lists the calls.
func (s Switch) Calls(ctx context.Context) ([]SwitchCall, error) {
	var out struct{ Calls []SwitchCall }
	return out.Calls, s.do(ctx, http.MethodGet, "/v1/calls", nil, &out)
}

// Agent finds an agent; one that is logged off is absent.
func (s Switch) Agent(ctx context.Context, id string) (SwitchAgent, bool, error) {
	var out struct{ Agents []SwitchAgent }
	if err := s.do(ctx, http.MethodGet, "/v1/agents", nil, &out); err != nil {
		return SwitchAgent{}, false, err
	}
	for _, a := range out.Agents {
		if a.ID == id {
			return a, true, nil
		}
	}
	return SwitchAgent{}, false, nil
}

// HangUp lets the calling party hang up.
func (s Switch) HangUp(ctx context.Context, callID string) error {
	return s.do(ctx, http.MethodPost, "/v1/calls/"+callID+"/hangup", nil, nil)
}

// Fault asks for something to go wrong.
type Fault struct {
	DropConnections bool `json:"dropConnections,omitempty"`
	// Silence is in seconds; 0 ends it.
	Silence     *float64 `json:"silence,omitempty"`
	RefuseLogin *bool    `json:"refuseLogin,omitempty"`
	NoLicences  *bool    `json:"noLicences,omitempty"`
}

// Fail makes a fault happen.
func (s Switch) Fail(ctx context.Context, f Fault) error {
	return s.do(ctx, http.MethodPost, "/v1/faults", f, nil)
}

// SwitchRequest is what an application asked of the switch.
type SwitchRequest struct {
	Number     uint64    `json:"number"`
	At         time.Time `json:"at"`
	Connection uint64    `json:"connection"`
	Peer       string    `json:"peer"`
	Name       string    `json:"request"`
}

// Requests lists what applications asked for after a request's number, and since when
// the switch remembers.
func (s Switch) Requests(ctx context.Context, after uint64) (since time.Time, requests []SwitchRequest, err error) {
	var out struct {
		Started  time.Time
		Requests []SwitchRequest
	}
	err = s.do(ctx, http.MethodGet, fmt.Sprintf("/v1/requests?after=%d", after), nil, &out)
	return out.Started, out.Requests, err
}

func (s Switch) do(ctx context.Context, method, path string, in, out any) error {
	req, err := newRequest(ctx, method, s.URL+path, in)
	if err != nil {
		return err
	}
	return exchange(s.HTTP, req, out, func(status int, body []byte) error {
		return fmt.Errorf("ctisim: %s %s: HTTP %d: %.200s", method, path, status, body)
	})
}
