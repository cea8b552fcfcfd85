package wire

// SetAgentState logs an agent on or off or changes the agent's state (ECMA-269, Set
// Agent State).
type SetAgentState struct {
	request
	Device         DeviceID            `xml:"device"`
	RequestedState RequestedAgentState `xml:"requestedAgentState"`
	AgentID        string              `xml:"agentID,omitempty"`
	Password       HexBinary           `xml:"password,omitempty"`
	Group          *DeviceID           `xml:"group"`
	Extensions     *Extensions         `xml:"extensions"`
}

// RequestedAgentState is what SetAgentState can ask for.
type RequestedAgentState string

// The states that can be asked for.
const (
	RequestLoggedOn         RequestedAgentState = "loggedOn"
	RequestLoggedOff        RequestedAgentState = "loggedOff"
	RequestNotReady         RequestedAgentState = "notReady"
	RequestReady            RequestedAgentState = "ready"
	RequestWorkingAfterCall RequestedAgentState = "workingAfterCall"
)

// SetAgentStateResponse says that the request was accepted; a pending state comes when
// the call in progress ends.
type SetAgentStateResponse struct {
	response
	PendingState AgentState  `xml:"pendingAgentState,omitempty"`
	Extensions   *Extensions `xml:"extensions"`
}

// AgentState is an agent's state.
type AgentState string

// The agent states. AgentNull is logged off.
const (
	AgentNull             AgentState = "agentNull"
	AgentNotReady         AgentState = "agentNotReady"
	AgentReady            AgentState = "agentReady"
	AgentBusy             AgentState = "agentBusy"
	AgentWorkingAfterCall AgentState = "agentWorkingAfterCall"
)

// GetAgentState asks for the state of the agents at a device.
type GetAgentState struct {
	request
	Device     DeviceID    `xml:"device"`
	Group      *DeviceID   `xml:"acdGroup"`
	Extensions *Extensions `xml:"extensions"`
}

// GetAgentStateResponse gives the state; reason codes stand in Extensions.
type GetAgentStateResponse struct {
	response
	Agents     []AgentStateEntry `xml:"agentStateList>agentStateEntry"`
	Extensions *Extensions       `xml:"extensions"`
}

// AgentStateEntry is an agent at the device, with a state in each queue.
type AgentStateEntry struct {
	AgentID  string      `xml:"agentID,omitempty"`
	LoggedOn bool        `xml:"loggedOnState"`
	Info     []AgentInfo `xml:"agentInfo>agentInfoItem"`
}

// AgentInfo is an agent's state in one queue, or in all where Group is nil.
type AgentInfo struct {
	Group        *DeviceID  `xml:"acdGroup"`
	State        AgentState `xml:"agentState"`
	PendingState AgentState `xml:"pendingAgentState,omitempty"`
	// Condition is ConditionForcedPause when the switch took the agent out.
	Condition string `xml:"agentStateCondition,omitempty"`
}

// ConditionForcedPause is AgentInfo.Condition of an agent whom the switch took out.
const ConditionForcedPause = "forcedPause"

// AgentEvent is what all events of agents have; reason codes stand in Extensions.
// Group is nil where the event is about all of the agent's queues.
type AgentEvent struct {
	MonitorCrossRefID string      `xml:"monitorCrossRefID"`
	Device            PartyID     `xml:"agentDevice"`
	AgentID           string      `xml:"agentID,omitempty"`
	Group             *DeviceID   `xml:"acdGroup"`
	PendingState      AgentState  `xml:"pendingAgentState,omitempty"`
	Cause             EventCause  `xml:"cause,omitempty"`
	Extensions        *Extensions `xml:"extensions"`
}

// The events of agents. The schema has pendingAgentState in Busy and WorkingAfterCall.

type (
	// AgentLoggedOnEvent tells that the agent logged on.
	AgentLoggedOnEvent struct {
		event
		AgentEvent
	}
	// AgentLoggedOffEvent tells that the agent logged off.
	AgentLoggedOffEvent struct {
		event
		AgentEvent
	}
	// AgentReadyEvent tells that the agent takes calls.
	AgentReadyEvent struct {
		event
		AgentEvent
	}
	// AgentNotReadyEvent tells that the agent takes none.
	AgentNotReadyEvent struct {
		event
		AgentEvent
	}
	// AgentBusyEvent tells that the agent has a call.
	AgentBusyEvent struct {
		event
		AgentEvent
	}
	// AgentWorkingAfterCallEvent writes its pending state as notReady, ready or null.
	AgentWorkingAfterCallEvent struct {
		event
		AgentEvent
	}
)
