package switchmodel

import (
	"fmt"
	"strings"
	"time"
)

// test is what testing's and rapid's share.
type test interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// desk is a switch on a clock that a test moves, and what it told.
type desk struct {
	*Switch
	test   test
	time   time.Time
	events []Event
}

func newDesk(t test, cfg Config) *desk {
	t.Helper()
	d := &desk{test: t, time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	s, err := New(cfg, WithClock(func() time.Time { return d.time }))
	if err != nil {
		t.Fatal(err)
	}
	d.Switch = s
	s.Subscribe(func(e Event) { d.events = append(d.events, e) })
	return d
}

// advance lets each alarm go off at its own time.
func (d *desk) advance(by time.Duration) {
	end := d.time.Add(by)
	for at, ok := d.NextAlarm(); ok && !at.After(end); at, ok = d.NextAlarm() {
		d.time = at
		d.CatchUp()
	}
	d.time = end
}

func (d *desk) seat(agent AgentID, phone DeviceID, state AgentState) {
	d.test.Helper()
	d.set(AgentRequest{Device: phone, Agent: agent, Password: "secret", State: LoggedOn})
	if state != NotReady {
		d.set(AgentRequest{Device: phone, State: state})
	}
}

func (d *desk) set(r AgentRequest) AgentState {
	d.test.Helper()
	pending, err := d.SetAgentState(r)
	if err != nil {
		d.test.Fatalf("SetAgentState(%+v): %v", r, err)
	}
	return pending
}

func (d *desk) call(in InboundCall) *Call {
	d.test.Helper()
	c, err := d.Inbound(in)
	if err != nil {
		d.test.Fatalf("Inbound(%+v): %v", in, err)
	}
	return c
}

func (d *desk) must(err error) {
	d.test.Helper()
	if err != nil {
		d.test.Fatal(err)
	}
}

// told is what was told since last asked, a line for each event: what, where,
// the device's own connection state or the agent's pending one, and why.
func (d *desk) told() []string {
	var lines []string
	for _, e := range d.events {
		var line string
		if e.Call != nil {
			line = fmt.Sprintf("%s %s %s %s", e.Kind, e.Device, e.Call.StateAt(e.Device), e.Cause)
		} else {
			line = strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Kind, e.Agent.ID, e.Agent.Reason))
			if e.Agent.Pending != "" {
				line += " then " + string(e.Agent.Pending)
			}
		}
		lines = append(lines, line)
	}
	d.events = nil
	return lines
}

// at is the connection of a device in the newest call.
func (d *desk) at(phone DeviceID) ConnectionID {
	d.test.Helper()
	calls, err := d.CallsAt(phone)
	d.must(err)
	if len(calls) == 0 {
		d.test.Fatalf("no call at %s", phone)
	}
	return ConnectionID{Call: calls[len(calls)-1].ID, Device: phone}
}
