package switchmodel

import "fmt"

// follower knows only what events tell, as a driver does.
type follower struct {
	agents map[DeviceID]map[DeviceID]AgentState // by telephone and queue
	calls  map[ConnectionID]ConnectionState
	// linkage is the global id that each call was told with; wrong, where it changed.
	linkage map[CallID]string
	d       *desk
	wrong   error
}

func follow(d *desk) *follower {
	f := &follower{agents: map[DeviceID]map[DeviceID]AgentState{}, calls: map[ConnectionID]ConnectionState{}, linkage: map[CallID]string{}, d: d}
	d.Subscribe(f.hear)
	return f
}

func (f *follower) hear(e Event) {
	if e.Agent != nil {
		f.hearAgent(e)
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
	if len(e.Call.Connections) == 0 {
		delete(f.linkage, e.Call.ID) // the id may be used again
	}
}

// snapshot asks anew, as a driver does after a restart.
func (f *follower) snapshot(d *desk) {
	clear(f.calls)
	clear(f.linkage)
	clear(f.agents)
	for _, c := range d.Calls() {
		f.linkage[c.ID] = c.GlobalLinkage
		for _, n := range c.Connections {
			f.calls[ConnectionID{Call: c.ID, Device: n.Device}] = n.State
		}
	}
	for _, a := range d.Agents() {
		f.agents[a.Device] = map[DeviceID]AgentState{everywhere: a.State}
		for _, q := range a.Queues {
			f.agents[a.Device][q.ID] = q.State
		}
	}
}

// everywhere is what an event without a queue tells of: each queue that was told
// at the log-on, and the agent as such.
const everywhere DeviceID = ""

func (f *follower) hearAgent(e Event) {
	at := f.agents[e.Agent.Device]
	switch {
	case e.Kind == AgentLoggedOff && e.Queue == everywhere:
		delete(f.agents, e.Agent.Device)
		return
	case e.Kind == AgentLoggedOff:
		delete(at, e.Queue)
		return
	case e.Kind == AgentLoggedOn && at == nil:
		at = map[DeviceID]AgentState{everywhere: NotReady}
		f.agents[e.Agent.Device] = at
	}
	state := stateTold[e.Kind]
	if e.Queue != everywhere {
		at[e.Queue] = state
		return
	}
	for q := range at {
		at[q] = state
	}
}

var stateTold = map[EventKind]AgentState{
	AgentLoggedOn: NotReady, AgentNotReady: NotReady, AgentReady: Ready, AgentBusy: Busy, AgentWorkingAfterCall: WorkingAfterCall,
}

// overall is what an agent is all in all: ready, if he is for a queue.
func overall(at map[DeviceID]AgentState) AgentState {
	for q, state := range at {
		if q != everywhere && state == Ready {
			return Ready
		}
	}
	return at[everywhere]
}

// rename forgets the old connections; the event tells the new ones.
func (f *follower) rename(e Event) {
	m := e.Merge
	for _, party := range m.Parties {
		if party.Old.Call == "" {
			continue // an observer comes from nowhere
		}
		if f.calls[party.Old] == "" {
			f.wrong = fmt.Errorf("%s of call %s names an old connection that is not known: %v", e.Kind, m.Call, party.Old)
		}
		delete(f.calls, party.Old)
	}
	survives, ends := f.linkage[m.First.Call], f.linkage[m.Consult.Call]
	if m.Consult.Call == "" {
		ends = survives
	} else if f.d.cfg.SurvivingLinkage == ConsultLinkage {
		survives, ends = ends, survives
	}
	if e.Call.GlobalLinkage != survives || m.OldLinkage != ends {
		f.wrong = fmt.Errorf("call %s has the global id %s and ended %s, want %s and %s", m.Call, e.Call.GlobalLinkage, m.OldLinkage, survives, ends)
	}
	delete(f.calls, m.First)
	delete(f.calls, m.Consult)
	delete(f.linkage, m.First.Call)
	delete(f.linkage, m.Consult.Call)
}

func (f *follower) disagrees(d *desk) error {
	if f.wrong != nil {
		return f.wrong
	}
	if err := f.disagreesAboutAgents(d.Agents()); err != nil {
		return err
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

func (f *follower) disagreesAboutAgents(agents []Agent) error {
	if len(agents) != len(f.agents) {
		return fmt.Errorf("events say %d agents, the switch says %d", len(f.agents), len(agents))
	}
	for _, a := range agents {
		at := f.agents[a.Device]
		if len(at)-1 != len(a.Queues) {
			return fmt.Errorf("events say agent at %s is in %v, the switch says %v", a.Device, at, a.Queues)
		}
		for _, q := range a.Queues {
			if at[q.ID] != q.State {
				return fmt.Errorf("events say agent at %s is %q for %s, the switch says %q", a.Device, at[q.ID], q.ID, q.State)
			}
		}
		if got := overall(at); got != a.State {
			return fmt.Errorf("events say agent at %s is %q, the switch says %q", a.Device, got, a.State)
		}
	}
	return nil
}
