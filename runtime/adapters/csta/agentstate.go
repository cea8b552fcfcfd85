package csta

import (
	"context"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// agentState asks for the agent's state; a device without an agent has none.
func (d *device) agentState(ctx context.Context) (opencti.AgentState, error) {
	a, err := d.c.request(ctx, &wire.GetAgentState{Device: wire.Device(d.dn)}, d.keepQueues)
	switch {
	case hasCode(err, opencti.NotCapable):
		return opencti.AgentState{State: opencti.Unknown}, nil
	case hasCode(err, opencti.InvalidState), hasCode(err, opencti.AuthenticationFailed):
		// Some switches refuse to speak of an agent who is not there.
		return loggedOut, nil
	case err != nil:
		return opencti.AgentState{}, err
	}
	r := a.message.(*wire.GetAgentStateResponse)
	for _, entry := range r.Agents {
		if entry.LoggedOn && (d.agentID == "" || entry.AgentID == "" || entry.AgentID == d.agentID) {
			return agentStateOf(entry, r.Extensions.Agent()), nil
		}
	}
	return loggedOut, nil
}

// keepQueues runs in the reader: the events that follow change what it sets.
func (d *device) keepQueues(a answer) {
	r, ok := a.message.(*wire.GetAgentStateResponse)
	if !ok {
		return
	}
	var queues []opencti.QueueState
	is := wire.AgentNull
	for _, entry := range r.Agents {
		if entry.LoggedOn {
			state := agentStateOf(entry, wire.AgentData{})
			queues, is = append(queues, state.Queues...), wire.AgentState(state.NativeState)
		}
	}
	p := d.phone()
	p.queues = queues[:min(len(queues), queuesBound)]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.agentIs = is
}

var loggedOut = opencti.AgentState{State: opencti.LoggedOut, NativeState: string(wire.AgentNull)}

// agentStateOf takes the state that outweighs those in other queues.
func agentStateOf(entry wire.AgentStateEntry, own wire.AgentData) opencti.AgentState {
	out := opencti.AgentState{State: opencti.LoggedIn, WorkMode: own.WorkMode,
		ReasonCode: own.ReasonCode, PendingReasonCode: own.PendingReasonCode, Cause: agentCause(own.Cause)}
	if ends, err := time.Parse(time.RFC3339, own.WrapUpEndsAt); err == nil {
		out.WrapUpEndsAt = &ends
	}
	weight := len(agentStates)
	for _, info := range entry.Info {
		for i, s := range agentStates {
			if s.csta != info.State || i >= weight {
				continue
			}
			weight, out.State, out.NativeState = i, s.name, string(s.csta)
			if info.Condition == wire.ConditionForcedPause && out.Cause == "" {
				out.Cause = opencti.CauseSystem
			}
		}
		if info.PendingState != "" {
			out.PendingState = pendingStates[info.PendingState]
		}
		if info.Group != nil && info.Group.Number != "" {
			out.Queues = append(out.Queues, opencti.QueueState{Name: info.Group.Number, State: agentStates.name(info.State)})
		}
	}
	if out.State == opencti.AfterCallWork {
		out.WorkMode = opencti.AfterCallWorkMode
	}
	return out
}

// pendingStates knows both spellings: AgentWorkingAfterCallEvent has one of its own.
var pendingStates = map[wire.AgentState]opencti.EventName{
	wire.AgentReady: opencti.Available, "ready": opencti.Available,
	wire.AgentNotReady: opencti.Unavailable, "notReady": opencti.Unavailable,
	wire.AgentWorkingAfterCall: opencti.AfterCallWork,
	wire.AgentNull:             opencti.LoggedOut, "null": opencti.LoggedOut,
}

// agentCause takes one of the closed set.
func agentCause(told string) opencti.AgentCause {
	switch c := opencti.AgentCause(told); c {
	case opencti.CauseAgent, opencti.CausePhone, opencti.CauseSupervisor, opencti.CauseSystem, opencti.CauseNoAnswer:
		return c
	}
	return ""
}
