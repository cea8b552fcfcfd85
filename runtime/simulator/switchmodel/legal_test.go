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
	for name, value := range map[string]string{"rapid.checks": "600", "rapid.steps": "100"} {
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
		cfg.SurvivingLinkage = rapid.SampledFrom([]Side{FirstLinkage, ConsultLinkage}).Draw(t, "survives")
		cfg.ConferenceParties = 4
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
			"call2":    d.anyCallRequest, // more often
			"consult":  d.anyConsult,
			"merge":    d.anyPairRequest,
			"redirect": d.anyRedirect,
			"feature":  d.anyFeature,
			"handset":  d.anyHandset,
			"quirk":    d.anyQuirk,
			"third":    d.anyThirdParty,
			"desk":     d.anySupervisor,
			"restart": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "seldom") == 0 {
					d.Restart(rapid.Bool().Draw(t, "agents stay"))
					f.snapshot(d)
				}
			},
			"hangUp": func(t *rapid.T) {
				_ = d.HangUp(d.anyConnection(t).Call)
			},
			"time": func(t *rapid.T) {
				d.advance(time.Duration(rapid.IntRange(1, 30).Draw(t, "seconds")) * time.Second)
			},
		})
	})
}

// illegal looks inside for what must never be.
func (s *Switch) illegal() error {
	for _, c := range s.calls {
		if err := c.illegal(); err != nil {
			return err
		}
		for _, n := range c.connections {
			if n.state == QueuedAt && slices.Contains(n.queue.waiting, c) == (n.reserved != nil) {
				return fmt.Errorf("call %s is queued but does not wait, or waits though an agent is reserved", c.id)
			}
			if n.reserved != nil && (n.reserved.reserved != n || s.agents[n.reserved.id] != n.reserved || n.reserved.state != Busy) {
				return fmt.Errorf("call %s has reserved agent %s, who is %s", c.id, n.reserved.id, n.reserved.state)
			}
			if n.twin != nil && (n.twin.twin != n || n.twin.call != c || n.twin.state != Alerting || n.state != Alerting) {
				return fmt.Errorf("call %s rings at %s and %s, which are not of one line", c.id, n.device, n.twin.device)
			}
			if n.ringing != nil && n.state != Alerting && n.reserved == nil {
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

// illegal: a call has two parties of whom one is there, or is being dialled;
// and it knows what was attached for the customer who is in it.
func (c *call) illegal() error {
	dialling := len(c.connections) == 1 && c.connections[0].state == Initiated
	if !dialling && !c.alive() {
		return fmt.Errorf("call %s: nobody is there: %+v", c.id, c.view().Connections)
	}
	seen := map[DeviceID]bool{}
	for _, n := range c.connections {
		if n.call != c || seen[n.device] {
			return fmt.Errorf("call %s: connection of %s is wrong", c.id, n.device)
		}
		seen[n.device] = true
		if customer := string(n.device); isCustomer(customer) && n.late == nil && c.data[customer] != "attached" {
			return fmt.Errorf("call %s has lost the data of %s: %v", c.id, customer, c.data)
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
		if first := n.consults; first != nil && (!slices.Contains(x.connections, first) || first.call == n.call) {
			return fmt.Errorf("extension %s consults in call %s about a call that is gone", x.id, n.call.id)
		}
	}
	if talking > 1 {
		return fmt.Errorf("extension %s has %d conversations", x.id, talking)
	}
	a := x.agent
	if a == nil {
		return nil
	}
	if n := a.reserved; n != nil && n.reserved != a {
		return fmt.Errorf("agent %s is reserved for a call that is not for him", a.id)
	}
	if busy := a.state == Busy; busy != (len(x.connections) > 0 || a.reserved != nil) {
		return fmt.Errorf("agent %s is %s with %d calls", a.id, a.state, len(x.connections))
	}
	for _, q := range a.queues {
		if (a.stateFor(q) == Ready) != slices.Contains(q.idle, a) {
			return fmt.Errorf("agent %s is %s, but not so for queue %s", a.id, a.state, q.ID)
		}
	}
	return a.illegalAside()
}

// illegalAside: not ready for every queue is not ready, and not ready has no
// exceptions.
func (a *agent) illegalAside() error {
	others := len(a.queues)
	for _, q := range a.aside {
		if !slices.Contains(a.queues, q) {
			return fmt.Errorf("agent %s is not ready for queue %s, which he has left", a.id, q.ID)
		}
		others--
	}
	if len(a.aside) > 0 && (others <= 0 || a.state == NotReady) {
		return fmt.Errorf("agent %s is %s and not ready for %d of %d queues", a.id, a.state, len(a.aside), len(a.queues))
	}
	return nil
}
