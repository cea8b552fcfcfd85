package switchmodel

import "fmt"

// follower knows only what events tell, as a driver does.
type follower struct {
	agents map[DeviceID]AgentState
	calls  map[ConnectionID]ConnectionState
	// linkage is the global id that each call was told with; wrong, where it changed.
	linkage map[CallID]string
	keeps   Side
	wrong   error
}

func follow(d *desk) *follower {
	f := &follower{agents: map[DeviceID]AgentState{}, calls: map[ConnectionID]ConnectionState{}, linkage: map[CallID]string{}}
	f.keeps = d.cfg.SurvivingLinkage
	d.Subscribe(f.hear)
	return f
}

func (f *follower) hear(e Event) {
	if e.Agent != nil {
		f.agents[e.Agent.Device] = e.Agent.State
		return
	}
	if e.Phone != nil {
		return
	}
	if e.Merge != nil {
		f.rename(e)
	}
	if known := f.linkage[e.Call.ID]; known != "" && known != e.Call.GlobalLinkage {
		f.wrong = fmt.Errorf("the global id of call %s changed", e.Call.ID)
	}
	f.linkage[e.Call.ID] = e.Call.GlobalLinkage
	for _, device := range e.Devices() {
		id := ConnectionID{Call: e.Call.ID, Device: device}
		f.calls[id] = e.Call.StateAt(device)
		if f.calls[id] == Null {
			delete(f.calls, id)
		}
	}
}

// rename forgets the old connections; the event tells the new ones.
func (f *follower) rename(e Event) {
	m := e.Merge
	for _, party := range m.Parties {
		if f.calls[party.Old] == "" {
			f.wrong = fmt.Errorf("%s of call %s names an old connection that is not known: %v", e.Kind, m.Call, party.Old)
		}
		delete(f.calls, party.Old)
	}
	survives, ends := f.linkage[m.First.Call], f.linkage[m.Consult.Call]
	if m.Consult.Call == "" {
		ends = survives
	} else if f.keeps == ConsultLinkage {
		survives, ends = ends, survives
	}
	if e.Call.GlobalLinkage != survives || m.OldLinkage != ends {
		f.wrong = fmt.Errorf("call %s has the global id %s and ended %s, want %s and %s", m.Call, e.Call.GlobalLinkage, m.OldLinkage, survives, ends)
	}
	delete(f.calls, m.First)
	delete(f.calls, m.Consult)
}

func (f *follower) disagrees(d *desk) error {
	if f.wrong != nil {
		return f.wrong
	}
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
