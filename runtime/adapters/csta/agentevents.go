package csta

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// agentEvent returns what agent events have in common, and the state that this one tells.
func agentEvent(m wire.Message) (*wire.AgentEvent, wire.AgentState) {
	switch e := m.(type) {
	case *wire.AgentLoggedOnEvent:
		return &e.AgentEvent, ""
	case *wire.AgentLoggedOffEvent:
		return &e.AgentEvent, wire.AgentNull
	case *wire.AgentReadyEvent:
		return &e.AgentEvent, wire.AgentReady
	case *wire.AgentNotReadyEvent:
		return &e.AgentEvent, wire.AgentNotReady
	case *wire.AgentBusyEvent:
		return &e.AgentEvent, wire.AgentBusy
	case *wire.AgentWorkingAfterCallEvent:
		return &e.AgentEvent, wire.AgentWorkingAfterCall
	}
	return nil, ""
}

// agentGroup is the name of what concerns one of several queues: the agent's state is then
// the one that outweighs the others, and the message's own name is the field event.
const agentGroup = "AgentGroup"

func (p *phone) agent(name string, e *wire.AgentEvent, state wire.AgentState) opencti.RawEvent {
	f := fields{}.device("agentDevice", &e.Device).text("agentID", e.AgentID).
		text("pendingAgentState", string(e.PendingState)).text("cause", string(e.Cause))
	own := e.Extensions.Agent()
	f.text("reasonCode", own.ReasonCode).text("workMode", own.WorkMode).text("pendingReasonCode", own.PendingReasonCode).
		text("agentCause", own.Cause).text("wrapUpEndsAt", own.WrapUpEndsAt)
	group := ""
	if e.Group != nil {
		group = e.Group.Number
		f.text("acdGroup", group)
	}
	others := slices.ContainsFunc(p.queues, func(q opencti.QueueState) bool { return q.Name != group })
	p.enterQueue(name, group, state)
	if group != "" && others {
		f["event"] = name
		name, state = agentGroup, outweighing(p.queues)
	}
	f.text("agentState", string(state))
	if len(p.queues) > 0 {
		queues := make([]map[string]string, 0, len(p.queues))
		for _, q := range p.queues {
			queues = append(queues, map[string]string{"name": q.Name, "state": string(q.State)})
		}
		f["queues"] = queues
	}
	return opencti.RawEvent{Name: name, DN: p.dn, AgentID: e.AgentID, Fields: f}
}

// enterQueue follows the agent's state in each queue; an event without a queue is about all
// of them.
func (p *phone) enterQueue(event, group string, state wire.AgentState) {
	queues := slices.Clone(p.queues)
	at := slices.IndexFunc(queues, func(q opencti.QueueState) bool { return q.Name == group })
	next := agentStates.name(state)
	switch {
	case event == "AgentLoggedOff" && group == "":
		queues = nil
	case event == "AgentLoggedOff":
		queues = slices.DeleteFunc(queues, func(q opencti.QueueState) bool { return q.Name == group })
	case group == "":
		if state != "" {
			for i := range queues {
				queues[i].State = next
			}
		}
	case at >= 0:
		queues[at].State = next
	case len(queues) < queuesBound:
		queues = append(queues, opencti.QueueState{Name: group, State: next})
	}
	p.queues = queues
}

// weights lists CSTA's agent states, the one that outweighs others first: an agent who is
// busy for one queue is busy.
type weights []struct {
	csta wire.AgentState
	name opencti.EventName
}

var agentStates = weights{
	{wire.AgentBusy, opencti.Busy},
	{wire.AgentWorkingAfterCall, opencti.AfterCallWork},
	{wire.AgentReady, opencti.Available},
	{wire.AgentNotReady, opencti.Unavailable},
	{wire.AgentNull, opencti.LoggedIn}, // of somebody who is logged on
}

// name translates a state of somebody who is logged on.
func (w weights) name(s wire.AgentState) opencti.EventName {
	for _, x := range w {
		if x.csta == s {
			return x.name
		}
	}
	return opencti.LoggedIn
}

// outweighing is the state of an agent who has several.
func outweighing(queues []opencti.QueueState) wire.AgentState {
	for _, x := range agentStates {
		if slices.ContainsFunc(queues, func(q opencti.QueueState) bool { return q.State == x.name }) {
			return x.csta
		}
	}
	return wire.AgentNull
}
