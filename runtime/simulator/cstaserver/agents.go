package cstaserver

import (
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

func getAgentState(model *switchmodel.Switch, r *wire.GetAgentState) (wire.Message, error) {
	a, err := model.AgentAt(deviceID(r.Device))
	if err != nil {
		return nil, err
	}
	if a == nil {
		nobody := wire.AgentStateEntry{Info: []wire.AgentInfo{{State: wire.AgentNull}}}
		return wire.GetAgentStateResponse{Agents: []wire.AgentStateEntry{nobody}}, nil
	}
	entry := wire.AgentStateEntry{AgentID: string(a.ID), LoggedOn: true}
	for _, id := range a.Queues {
		queue := wire.Device(string(id))
		if r.Group == nil || r.Group.Number == queue.Number {
			entry.Info = append(entry.Info, agentInfo(a, &queue))
		}
	}
	if len(entry.Info) == 0 {
		entry.Info = []wire.AgentInfo{agentInfo(a, nil)}
	}
	return wire.GetAgentStateResponse{Agents: []wire.AgentStateEntry{entry}, Extensions: reasons(a)}, nil
}

func agentInfo(a *switchmodel.Agent, queue *wire.DeviceID) wire.AgentInfo {
	return wire.AgentInfo{Group: queue, State: agentStates[a.State], PendingState: agentStates[a.Pending]}
}

func reasons(a *switchmodel.Agent) *wire.Extensions {
	return wire.NewAgentExtensions(wire.AgentData{ReasonCode: a.Reason, PendingReasonCode: a.PendingReason})
}

func agentMessage(e switchmodel.Event, monitorID string) wire.Message {
	told := wire.AgentEvent{
		MonitorCrossRefID: monitorID,
		Device:            *wire.Party(string(e.Agent.Device)),
		AgentID:           string(e.Agent.ID),
		Cause:             wire.EventCause(e.Cause),
		Extensions:        reasons(e.Agent),
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
