// Package walk is an agent's first call, from log-in to log-out, against a real link:
// every step is a request, and every result is read from the answer and the event
// stream, then checked against what the switch itself says.
package walk

import (
	"context"
	"fmt"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/test/desktop"
)

// Agent of the quickstart.
type Agent struct {
	ID       string
	DN       string
	Password string
	Queue    string
}

// Quickstart is the first agent of config/samples/quickstart.yaml.
var Quickstart = Agent{ID: "4001", DN: "1001", Password: "secret", Queue: "5000"}

// stepTimeout bounds one step; all of them take milliseconds.
const stepTimeout = 15 * time.Second

// Walk is one agent at work.
type Walk struct {
	Agent  Agent
	Link   desktop.Link
	Switch desktop.Switch
	// Say is called with each thing that happens, in plain words.
	Say func(format string, args ...any)

	desktop *desktop.Desktop
	watch   *desktop.Watch
	stop    context.CancelFunc
}

// Run does the whole walk. The error says which step went wrong and how.
func (w *Walk) Run(ctx context.Context) error {
	defer w.Leave()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"log in", w.LogIn},
		{"become available", w.BecomeAvailable},
		{"call", w.TakeCall},
		{"log out", w.LogOut},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// Desktop is the agent's desktop, after LogIn.
func (w *Walk) Desktop() *desktop.Desktop { return w.desktop }

// Watch is the agent's event stream, after LogIn.
func (w *Walk) Watch() *desktop.Watch { return w.watch }

// Leave ends the stream.
func (w *Walk) Leave() {
	if w.stop != nil {
		w.stop()
	}
}

// LogIn opens the session, the stream, and logs the agent in.
func (w *Walk) LogIn(ctx context.Context) error {
	w.Say("→ open a session for agent %s at device %s, and log in", w.Agent.ID, w.Agent.DN)
	var err error
	w.desktop, _, err = w.Link.Open(ctx, server.OpenSession{AgentID: w.Agent.ID, DN: w.Agent.DN})
	if err != nil {
		return err
	}
	var streaming context.Context
	streaming, w.stop = context.WithCancel(ctx)
	w.watch = desktop.NewWatch(w.desktop.Events(streaming))
	w.watch.Each = func(e desktop.Event) { w.Say("  ← %s", Words(e)) }
	if _, err := w.next(ctx, "the snapshot", desktop.Named(opencti.SnapshotEvent)); err != nil {
		return err
	}
	if err := w.do(ctx, opencti.LoginAgent, map[string]any{"agentPassword": w.Agent.Password}, opencti.LoggedIn); err != nil {
		return err
	}
	return w.switchAgent(ctx, func(a desktop.SwitchAgent, there bool) bool { return there && a.Device == w.Agent.DN }, "logged in at the device")
}

// BecomeAvailable makes the agent ready.
func (w *Walk) BecomeAvailable(ctx context.Context) error {
	w.Say("→ become available")
	if err := w.do(ctx, opencti.SetAgentReady, nil, opencti.Available); err != nil {
		return err
	}
	return w.switchAgent(ctx, func(a desktop.SwitchAgent, there bool) bool { return there && a.State == "ready" }, "ready")
}

// TakeCall lets a customer call, and takes the call through its life.
func (w *Walk) TakeCall(ctx context.Context) error {
	call, err := w.Offer(ctx, desktop.NewCall{From: "+493012345678", To: w.Agent.Queue, Data: map[string]string{"customer": "4711", "topic": "invoice"}})
	if err != nil {
		return err
	}
	with := map[string]any{"callId": call.CallID}
	for _, step := range []struct {
		words    string
		activity opencti.Activity
		event    opencti.EventName
		at       string
	}{
		{"answer", opencti.AnswerCall, opencti.Established, "connected"},
		{"put the caller on hold", opencti.HoldCall, opencti.Held, "hold"},
		{"take the caller back", opencti.RetrieveCall, opencti.Retrieved, "connected"},
		{"hang up", opencti.HangUpCall, opencti.Released, ""},
	} {
		w.Say("→ %s", step.words)
		if err := w.do(ctx, step.activity, with, step.event); err != nil {
			return err
		}
		if err := w.switchCall(ctx, call.CallID, step.at); err != nil {
			return err
		}
	}
	if _, err := w.next(ctx, "after-call work", desktop.Named(opencti.AfterCallWork)); err != nil {
		return err
	}
	w.Say("→ wrap-up is done: unavailable, reason 1")
	return w.do(ctx, opencti.SetAgentNotReady, map[string]any{"reasonCode": "1"}, opencti.Unavailable)
}

// Offer makes an inbound call and waits until it rings at the agent, with its data.
func (w *Walk) Offer(ctx context.Context, c desktop.NewCall) (*opencti.Call, error) {
	w.Say("☎ a customer calls %s, with data %s", c.To, pairs(c.Data))
	if _, err := w.Switch.Call(ctx, c); err != nil {
		return nil, err
	}
	e, err := w.next(ctx, "the call", desktop.Named(opencti.Offering))
	if err != nil {
		return nil, err
	}
	for k, v := range c.Data {
		if e.Call.Variables[k] != v {
			return nil, fmt.Errorf("the call came without its data: %s is %q, want %q", k, e.Call.Variables[k], v)
		}
	}
	return e.Call, nil
}

// LogOut logs the agent out and closes the session.
func (w *Walk) LogOut(ctx context.Context) error {
	w.Say("→ log out, and close the session")
	if err := w.do(ctx, opencti.LogoutAgent, nil, opencti.LoggedOut); err != nil {
		return err
	}
	if err := w.switchAgent(ctx, func(_ desktop.SwitchAgent, there bool) bool { return !there }, "logged out"); err != nil {
		return err
	}
	w.Leave() // a stream that is still wanted would bring the session back
	return w.desktop.Close(ctx, false)
}

// do sends an activity and waits for the event that it causes.
func (w *Walk) do(ctx context.Context, a opencti.Activity, properties map[string]any, want opencti.EventName) error {
	id, err := w.desktop.Do(ctx, a, properties)
	if err != nil {
		return err
	}
	w.Say("  accepted (request %s…)", id[:min(6, len(id))])
	e, err := w.next(ctx, string(want), desktop.Named(want))
	if err != nil {
		return err
	}
	if e.CausedBy != id {
		return fmt.Errorf("the event %s names request %q as its cause, want %q", e.Name, e.CausedBy, id)
	}
	return nil
}

func (w *Walk) next(ctx context.Context, what string, fits func(desktop.Event) bool) (desktop.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	return w.watch.Next(ctx, what, fits)
}

// switchAgent checks what the switch says of the agent.
func (w *Walk) switchAgent(ctx context.Context, right func(desktop.SwitchAgent, bool) bool, want string) error {
	a, there, err := w.Switch.Agent(ctx, w.Agent.ID)
	if err != nil {
		return err
	}
	if !right(a, there) {
		return fmt.Errorf("the switch disagrees: it should have agent %s %s, but says %+v (known: %v)", w.Agent.ID, want, a, there)
	}
	return nil
}

// switchCall checks what the switch says of the call's connection at the agent.
func (w *Walk) switchCall(ctx context.Context, callID, want string) error {
	calls, err := w.Switch.Calls(ctx)
	if err != nil {
		return err
	}
	got := ""
	for _, c := range calls {
		if c.CallID == callID {
			got = c.At(w.Agent.DN)
		}
	}
	if got != want {
		return fmt.Errorf("the switch disagrees: call %s at device %s should be %q, it says %q", callID, w.Agent.DN, want, got)
	}
	return nil
}
