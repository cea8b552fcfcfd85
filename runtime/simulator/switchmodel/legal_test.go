package switchmodel

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// Rapid's defaults are too few for states that need several steps to reach.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": "400", "rapid.steps": "60"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// Whatever is asked, in whatever order: the switch stays in a legal state, and
// somebody who follows its events knows the same as the switch.
func TestAnyRequestsLeaveALegalState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := DefaultConfig()
		cfg.Queues = append(cfg.Queues, QueueConfig{ID: "5001", Name: "sales", Agents: []Range{{"4002", "4003"}}})
		cfg.WrapUpTime = rapid.SampledFrom([]time.Duration{0, 10 * time.Second}).Draw(t, "wrapUp")
		d := newDesk(t, cfg)
		f := follow(d)
		for i, agent := range []AgentID{"4001", "4002", "4003"} {
			d.seat(agent, DeviceID(fmt.Sprint(1001+i)), rapid.SampledFrom([]AgentState{Ready, NotReady}).Draw(t, "seated"))
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				if err := d.illegal(); err != nil {
					t.Fatal(err)
				}
				if err := f.disagrees(d); err != nil {
					t.Fatal(err)
				}
			},
			"agent":    d.anyAgentRequest,
			"inbound":  d.anyInbound,
			"makeCall": d.anyMakeCall,
			"call":     d.anyCallRequest,
			"hangUp": func(t *rapid.T) {
				_ = d.HangUp(d.anyConnection(t).Call)
			},
			"time": func(t *rapid.T) {
				d.advance(time.Duration(rapid.IntRange(1, 30).Draw(t, "seconds")) * time.Second)
			},
		})
	})
}

var (
	phones       = rapid.SampledFrom([]DeviceID{"1001", "1002", "1003", "1999"})
	destinations = rapid.SampledFrom([]string{"1001", "1002", "1003", "4001", "5000", "5001", "9999", "+4989123456", ""})
	agentStates  = rapid.SampledFrom([]AgentState{LoggedOn, LoggedOff, Ready, Ready, NotReady, WorkingAfterCall, Busy})
)

func (d *desk) anyAgentRequest(t *rapid.T) {
	_, _ = d.SetAgentState(AgentRequest{
		Device:   phones.Draw(t, "device"),
		Agent:    rapid.SampledFrom([]AgentID{"", "", "", "4001", "4002", "4003"}).Draw(t, "agent"),
		Password: "secret",
		Queue:    rapid.SampledFrom([]string{"", "", "", "support", "sales"}).Draw(t, "queue"),
		State:    agentStates.Draw(t, "state"),
		Reason:   rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "reason"),
	})
}

func (d *desk) anyInbound(t *rapid.T) {
	_, _ = d.Inbound(InboundCall{
		From: "+4930" + fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "from")),
		To:   destinations.Draw(t, "to"),
		Caller: Caller{
			Patience: time.Duration(rapid.IntRange(0, 40).Draw(t, "patience")) * time.Second,
			TalkTime: time.Duration(rapid.IntRange(0, 40).Draw(t, "talk")) * time.Second,
		},
	})
}

func (d *desk) anyMakeCall(t *rapid.T) {
	_, _ = d.MakeCall(phones.Draw(t, "from"), destinations.Draw(t, "to"), nil)
}

func (d *desk) anyCallRequest(t *rapid.T) {
	request := rapid.SampledFrom([]func(ConnectionID) error{d.Answer, d.Answer, d.Hold, d.Hold, d.Retrieve, d.Clear}).Draw(t, "request")
	_ = request(d.anyConnection(t))
}

// anyConnection is one that there is, or none.
func (d *desk) anyConnection(t *rapid.T) ConnectionID {
	ids := []ConnectionID{{Call: "0", Device: "1001"}}
	for _, c := range d.Calls() {
		for _, n := range c.Connections {
			ids = append(ids, ConnectionID{Call: c.ID, Device: n.Device})
		}
	}
	return rapid.SampledFrom(ids).Draw(t, "connection")
}

// illegal looks inside for what must never be.
func (s *Switch) illegal() error {
	for _, c := range s.calls {
		if len(c.connections) < 2 {
			return fmt.Errorf("call %s has %d parties", c.id, len(c.connections))
		}
		for _, n := range c.connections {
			if n.state == QueuedAt && !slices.Contains(n.queue.waiting, c) {
				return fmt.Errorf("call %s is queued but does not wait", c.id)
			}
			if (n.ringing != nil) && n.state != Alerting {
				return fmt.Errorf("call %s rings at %s, which is %s", c.id, n.device, n.state)
			}
		}
	}
	for _, x := range s.extensions {
		if err := x.illegal(s); err != nil {
			return err
		}
	}
	for _, q := range s.queues {
		if len(q.waiting) > 0 && len(q.idle) > 0 {
			return fmt.Errorf("queue %s: %d wait while %d are idle", q.ID, len(q.waiting), len(q.idle))
		}
		for _, c := range q.waiting {
			if s.calls[c.id] != c || c.at(q.ID) == nil {
				return fmt.Errorf("queue %s: call %s waits but is over", q.ID, c.id)
			}
		}
		for _, a := range q.idle {
			if a.state != Ready || s.agents[a.id] != a || !slices.Contains(a.queues, q) {
				return fmt.Errorf("queue %s: agent %s is idle but %s", q.ID, a.id, a.state)
			}
		}
	}
	return nil
}

func (x *extension) illegal(s *Switch) error {
	talking := 0
	for _, n := range x.connections {
		if n.state == Connected || n.state == Initiated {
			talking++
		}
		if s.calls[n.call.id] != n.call || n.call.at(x.id) != n {
			return fmt.Errorf("extension %s keeps call %s, which it left", x.id, n.call.id)
		}
	}
	if talking > 1 {
		return fmt.Errorf("extension %s has %d conversations", x.id, talking)
	}
	a := x.agent
	if a == nil {
		return nil
	}
	if busy := a.state == Busy; busy != (len(x.connections) > 0) {
		return fmt.Errorf("agent %s is %s with %d calls", a.id, a.state, len(x.connections))
	}
	for _, q := range a.queues {
		if (a.state == Ready) != slices.Contains(q.idle, a) {
			return fmt.Errorf("agent %s is %s, but not so for queue %s", a.id, a.state, q.ID)
		}
	}
	return nil
}

// follower knows only what events tell, as a driver does.
type follower struct {
	agents map[DeviceID]AgentState
	calls  map[ConnectionID]ConnectionState
}

func follow(d *desk) *follower {
	f := &follower{agents: map[DeviceID]AgentState{}, calls: map[ConnectionID]ConnectionState{}}
	d.Subscribe(f.hear)
	return f
}

func (f *follower) hear(e Event) {
	if e.Agent != nil {
		f.agents[e.Agent.Device] = e.Agent.State
		return
	}
	for _, device := range e.Devices() {
		id := ConnectionID{Call: e.Call.ID, Device: device}
		f.calls[id] = e.Call.StateAt(device)
		if f.calls[id] == Null {
			delete(f.calls, id)
		}
	}
}

func (f *follower) disagrees(d *desk) error {
	agents := 0
	for _, a := range d.Agents() {
		agents++
		if f.agents[a.Device] != a.State {
			return fmt.Errorf("events say agent at %s is %q, the switch says %q", a.Device, f.agents[a.Device], a.State)
		}
	}
	for device, state := range f.agents {
		if state != LoggedOff {
			agents--
		}
		_ = device
	}
	if agents != 0 {
		return fmt.Errorf("events and switch differ by %d agents", agents)
	}
	connections := 0
	for _, c := range d.Calls() {
		for _, n := range c.Connections {
			if n.State == Fail {
				continue
			}
			connections++
			if got := f.calls[ConnectionID{Call: c.ID, Device: n.Device}]; got != n.State {
				return fmt.Errorf("events say %q of call %s at %s, the switch says %q", got, c.ID, n.Device, n.State)
			}
		}
	}
	if connections != len(f.calls) {
		return fmt.Errorf("events say %d connections, the switch %d: %v", len(f.calls), connections, f.calls)
	}
	return nil
}
