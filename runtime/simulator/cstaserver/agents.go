package cstaserver

import (
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

var agentStates = map[switchmodel.AgentState]wire.AgentState{
	switchmodel.LoggedOff:        wire.AgentNull,
	switchmodel.NotReady:         wire.AgentNotReady,
	switchmodel.Ready:            wire.AgentReady,
	switchmodel.Busy:             wire.AgentBusy,
	switchmodel.WorkingAfterCall: wire.AgentWorkingAfterCall,
}

// The words of a request are the model's own.
func setAgentState(model *switchmodel.Switch, r *wire.SetAgentState) (wire.Message, error) {
	request := switchmodel.AgentRequest{
		Device:   deviceID(r.Device),
		Agent:    switchmodel.AgentID(r.AgentID),
		Password: string(r.Password),
		State:    switchmodel.AgentState(r.RequestedState),
		Reason:   r.Extensions.Agent().ReasonCode,
	}
	if r.Group != nil {
		request.Queue = r.Group.Number
	}
	pending, err := model.SetAgentState(request)
	if err != nil {
		return nil, err
	}
	return wire.SetAgentStateResponse{PendingState: agentStates[pending]}, nil
}

// getAgentState tells of the agent at a telephone, or of all agents of a queue.
func getAgentState(model *switchmodel.Switch, r *wire.GetAgentState) (wire.Message, error) {
	if agents, err := model.QueueAgents(deviceID(r.Device)); err == nil {
		return queueAgents(r.Device, agents), nil
	}
	a, err := model.AgentAt(deviceID(r.Device))
	if err != nil {
		return nil, err
	}
	if a == nil {
		nobody := wire.AgentStateEntry{Info: []wire.AgentInfo{{State: wire.AgentNull}}}
		return wire.GetAgentStateResponse{Agents: []wire.AgentStateEntry{nobody}}, nil
	}
	entry := wire.AgentStateEntry{AgentID: string(a.ID), LoggedOn: true}
	for _, q := range a.Queues {
		queue := wire.Device(string(q.ID))
		if r.Group == nil || r.Group.Number == queue.Number {
			entry.Info = append(entry.Info, agentInfo(&queue, q.State, a.Pending, a.ChangedBy))
		}
	}
	if len(entry.Info) == 0 {
		entry.Info = []wire.AgentInfo{agentInfo(nil, a.State, a.Pending, a.ChangedBy)}
	}
	return wire.GetAgentStateResponse{Agents: []wire.AgentStateEntry{entry}, Extensions: reasons(a)}, nil
}

func queueAgents(queue wire.DeviceID, agents []switchmodel.QueueAgent) wire.Message {
	var answer wire.GetAgentStateResponse
	for _, a := range agents {
		answer.Agents = append(answer.Agents, wire.AgentStateEntry{
			AgentID: string(a.ID), LoggedOn: true, Info: []wire.AgentInfo{agentInfo(&queue, a.State, a.Pending, a.ChangedBy)},
		})
	}
	return answer
}

// agentInfo: whom the switch itself took out is paused by force.
func agentInfo(queue *wire.DeviceID, state, pending switchmodel.AgentState, by switchmodel.Who) wire.AgentInfo {
	info := wire.AgentInfo{Group: queue, State: agentStates[state], PendingState: agentStates[pending]}
	if state == switchmodel.NotReady && (by == switchmodel.ByNoAnswer || by == switchmodel.BySystem) {
		info.Condition = wire.ConditionForcedPause
	}
	return info
}

// reasons is what CSTA cannot say of an agent's state.
func reasons(a *switchmodel.Agent) *wire.Extensions {
	data := wire.AgentData{ReasonCode: a.Reason, PendingReasonCode: a.PendingReason, Cause: string(a.ChangedBy)}
	if a.WrapUpEnds != nil {
		data.WrapUpEndsAt = a.WrapUpEnds.UTC().Format(time.RFC3339Nano)
	}
	return wire.NewAgentExtensions(data)
}

func agentMessage(e switchmodel.Event, monitorID string) wire.Message {
	told := wire.AgentEvent{
		MonitorCrossRefID: monitorID,
		Device:            *wire.Party(string(e.Agent.Device)),
		AgentID:           string(e.Agent.ID),
		Cause:             wire.EventCause(e.Cause),
		Extensions:        reasons(e.Agent),
	}
	if e.Queue != "" {
		queue := wire.Device(string(e.Queue))
		told.Group = &queue
	}
	switch e.Kind {
	case switchmodel.AgentLoggedOn:
		return wire.AgentLoggedOnEvent{AgentEvent: told}
	case switchmodel.AgentLoggedOff:
		return wire.AgentLoggedOffEvent{AgentEvent: told}
	case switchmodel.AgentReady:
		return wire.AgentReadyEvent{AgentEvent: told}
	case switchmodel.AgentNotReady:
		return wire.AgentNotReadyEvent{AgentEvent: told}
	case switchmodel.AgentBusy:
		told.PendingState = agentStates[e.Agent.Pending]
		return wire.AgentBusyEvent{AgentEvent: told}
	default:
		told.PendingState = agentStates[e.Agent.Pending]
		return wire.AgentWorkingAfterCallEvent{AgentEvent: told}
	}
}
