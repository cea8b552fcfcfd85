// Package ctisim is the conformance kit's World for the classes whose server is the
// simulated switch: a ctisim in this process, that is met on the wire. Programs and tests
// enter; it imports the kit and the simulator.
package ctisim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/simulator"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// World is a switch with three agents, two queues, a customer and the telephone of
// somebody who talks all day.
type World struct {
	sim     *simulator.Simulator
	address string
	stop    func() error
}

var (
	_ conformance.World   = (*World)(nil)
	_ conformance.Journal = (*World)(nil)
)

// busy is an extension that is off the hook.
const busy = "1010"

// New starts a switch on a port of its own, until Close.
func New() (*World, error) {
	settings := simulator.DefaultSettings()
	settings.Queues = []simulator.Queue{{ID: "5000", Name: "support"}, {ID: "5001", Name: "sales"}}
	settings.WrapUpTime = simulator.Duration(time.Minute)
	settings.AnswerDelay = simulator.Duration(20 * time.Millisecond)
	settings.RingTime = simulator.Duration(time.Minute)
	sim, err := simulator.New(settings, logr.Discard())
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- sim.Serve(ctx, listener, nil) }()
	w := &World{sim: sim, address: listener.Addr().String(), stop: func() error { cancel(); return <-served }}
	return w, nil
}

// Close stops the switch.
func (w *World) Close() error { return w.stop() }

// Bench is what the kit needs to try a driver that speaks CSTA.
func (w *World) Bench(class string, d opencti.Driver) conformance.Bench {
	return conformance.Bench{
		Class: class, Driver: d, Config: w.Config(), World: w, Refusals: w.Refusals(),
		CannotTell: map[opencti.EventName]string{
			opencti.Unknown: "a CSTA switch knows the state of every agent; Unknown stands in the Snapshots of sessions without an agent",
		},
	}
}

// Config is what a CSTA class needs to reach the switch.
func (w *World) Config() map[string]string {
	return map[string]string{"address": w.address, "username": "ctilink", "password": "secret", "responseTimeout": "3s"}
}

// Refusals are configurations that do not lead in.
func (w *World) Refusals() []conformance.Refusal {
	wrong := w.Config()
	wrong["password"] = "wrong"
	nowhere := w.Config()
	nowhere["address"] = "127.0.0.1:1" // nobody listens there
	return []conformance.Refusal{
		{Name: "a wrong password", Config: wrong, Want: opencti.AuthenticationFailed},
		{Name: "an address where nobody listens", Config: nowhere, Want: opencti.LinkDown},
	}
}

// Cast implements conformance.World.
func (w *World) Cast() conformance.Cast {
	c := conformance.Cast{Queues: []string{"5000", "5001"}, Customer: "+492215550101", Outside: "+4930123456", Busy: busy, Unknown: "77"}
	for i := 1; i <= 3; i++ {
		c.Agents = append(c.Agents, conformance.Agent{ID: fmt.Sprint(4000 + i), Password: "secret", DN: fmt.Sprint(1000 + i)})
	}
	return c
}

// Requests implements conformance.Journal.
func (w *World) Requests(context.Context) (uint64, error) {
	n := uint64(0)
	for _, r := range w.sim.Server.Requests(0) {
		if r.Name != "ResetApplicationSessionTimer" {
			n++
		}
	}
	return n, nil
}

// Reset implements conformance.World.
func (w *World) Reset(context.Context) error {
	w.sim.Director.Close()
	model := w.sim.Switch
	for _, c := range model.Calls() {
		for _, n := range c.Connections {
			// A connection that went with another one is gone already.
			_ = model.Clear(switchmodel.ConnectionID{Call: c.ID, Device: n.Device})
		}
	}
	if left := model.Calls(); len(left) > 0 {
		return fmt.Errorf("the switch still has %d calls, the first is %+v", len(left), left[0])
	}
	for _, a := range model.Agents() {
		if _, err := model.SetAgentState(switchmodel.AgentRequest{Device: a.Device, State: switchmodel.LoggedOff}); err != nil {
			return fmt.Errorf("log off %s: %w", a.ID, err)
		}
	}
	for _, a := range w.Cast().Agents {
		if err := w.at(a.DN, func(h switchmodel.Handset) error { h.DoNotDisturb(false); return nil }); err != nil {
			return err
		}
	}
	return w.at(busy, switchmodel.Handset.OffHook)
}

func (w *World) at(dn string, do func(switchmodel.Handset) error) error {
	h, err := w.sim.Switch.Handset(switchmodel.DeviceID(dn))
	if err != nil {
		return err
	}
	return do(h)
}

// telephone is what a person's hands do.
var telephone = map[conformance.Deed]func(h switchmodel.Handset, a conformance.Act) error{
	conformance.Answers:          func(h switchmodel.Handset, _ conformance.Act) error { return h.Answer(switchmodel.Any) },
	conformance.Holds:            func(h switchmodel.Handset, _ conformance.Act) error { return h.Hold() },
	conformance.Retrieves:        func(h switchmodel.Handset, _ conformance.Act) error { return h.Retrieve(switchmodel.Any) },
	conformance.GoesOffHook:      func(h switchmodel.Handset, _ conformance.Act) error { return h.OffHook() },
	conformance.HangsUp:          func(h switchmodel.Handset, _ conformance.Act) error { return h.HangUp(switchmodel.Any) },
	conformance.Consults:         func(h switchmodel.Handset, a conformance.Act) error { return h.Consult(a.To) },
	conformance.Transfers:        func(h switchmodel.Handset, _ conformance.Act) error { return h.Transfer() },
	conformance.Conferences:      func(h switchmodel.Handset, _ conformance.Act) error { return h.Conference() },
	conformance.GivesAway:        func(h switchmodel.Handset, a conformance.Act) error { return h.GiveAway(a.To) },
	conformance.MutesItself:      func(h switchmodel.Handset, _ conformance.Act) error { h.Mute(true); return nil },
	conformance.SetsDoNotDisturb: func(h switchmodel.Handset, _ conformance.Act) error { h.DoNotDisturb(true); return nil },
}

// Do implements conformance.World.
func (w *World) Do(_ context.Context, a conformance.Act) error {
	inside := w.sim.Switch.IsExtension(switchmodel.DeviceID(a.Who))
	switch {
	case a.Does == conformance.LosesConnections:
		w.sim.Server.DropConnections()
		return nil
	case a.Does == conformance.HeardDigits:
		return w.heard(a)
	case badDays[a.Does] != nil:
		return w.behaves(badDays[a.Does](a))
	case a.Does == conformance.Calls && inside:
		_, err := w.sim.Switch.MakeCall(switchmodel.DeviceID(a.Who), a.To, a.Data)
		return err
	case a.Does == conformance.Calls:
		_, err := w.sim.Switch.Inbound(switchmodel.InboundCall{From: a.Who, To: a.To, Data: a.Data})
		return err
	case a.Does == conformance.HangsUp && !inside:
		return w.outsideHangsUp(a.Who)
	case inside && telephone[a.Does] != nil:
		return w.at(a.Who, func(h switchmodel.Handset) error { return telephone[a.Does](h, a) })
	}
	return conformance.ErrCannot
}

// behaviour is one of the switch's named behaviours with its parameters.
type behaviour struct {
	name       string
	parameters map[string]any
}

// badDays are the acts for which the switch has a behaviour.
var badDays = map[conformance.Deed]func(a conformance.Act) behaviour{
	conformance.IsMadeNotReady: func(a conformance.Act) behaviour {
		return behaviour{"forceState", map[string]any{"agent": a.Who, "state": "notReady", "reason": "supervisor"}}
	},
	conformance.LetsItRing: func(a conformance.Act) behaviour {
		return behaviour{"ringNoAnswer", map[string]any{"dn": a.Who, "delay": 0}}
	},
	conformance.LosesMessages: func(a conformance.Act) behaviour {
		return behaviour{"monitorStop", map[string]any{"dn": a.Who}}
	},
	conformance.FailsLater: func(a conformance.Act) behaviour {
		return behaviour{"acceptThenFail", map[string]any{"dn": a.Who, "delay": 0}}
	},
}

func (w *World) behaves(wanted behaviour) error {
	b, ok := w.sim.Director.Find(wanted.name)
	if !ok {
		return fmt.Errorf("%w: the switch has no behaviour %q", conformance.ErrCannot, wanted.name)
	}
	text, err := json.Marshal(wanted.parameters)
	if err != nil {
		return err
	}
	parameters := b.Blank()
	if err := json.Unmarshal(text, parameters); err != nil {
		return fmt.Errorf("parameters of %s: %w", wanted.name, err)
	}
	_, err = w.sim.Director.Begin(b, parameters)
	return err
}

// callOf is the newest call of a party.
func (w *World) callOf(who string) (switchmodel.Call, error) {
	for _, c := range slices.Backward(w.sim.Switch.Calls()) {
		if c.StateAt(switchmodel.DeviceID(who)) != switchmodel.Null {
			return c, nil
		}
	}
	return switchmodel.Call{}, errors.New(who + " has no call")
}

func (w *World) outsideHangsUp(who string) error {
	c, err := w.callOf(who)
	if err != nil {
		return err
	}
	return w.sim.Switch.Clear(switchmodel.ConnectionID{Call: c.ID, Device: switchmodel.DeviceID(who)})
}

func (w *World) heard(a conformance.Act) error {
	c, err := w.callOf(a.Who)
	if err == nil && !strings.HasSuffix(c.Digits, a.Digits) {
		err = fmt.Errorf("the call has heard the digits %q", c.Digits)
	}
	return err
}
