package pega

import (
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// serverEvent is the event page of the 7.31 guide ("Passing the basic call info details",
// "Passing the call variables"). What the guide has no name for is named like it.
type serverEvent struct {
	EventID      string `json:"pyEventID"`
	EventType    string `json:"pyEventType"`
	EventName    string `json:"pyEventName"`
	EventTime    string `json:"pyEventTime"`
	ThisDN       string `json:"pyThisDN,omitempty"`
	AgentID      string `json:"pyAgentID,omitempty"`
	Workstation  string `json:"pyWorkstationID,omitempty"`
	ClientHandle string `json:"pyClientHandle,omitempty"`
	RequestID    string `json:"pyRequestID,omitempty"`
	Cause        string `json:"pyCause,omitempty"`
	*serverCall
	*serverAgent
	*serverFailure
	*serverSnapshot
}

type serverCall struct {
	CallState       string            `json:"pyCallState"`
	CallType        string            `json:"pyCallType"`
	CallID          string            `json:"pyCallID"`
	PreviousCallIDs []string          `json:"pyPreviousCallIDs,omitempty"`
	InteractionID   string            `json:"pyInteractionID"`
	DNIS            string            `json:"pyDNIS"`
	ANI             string            `json:"pyANI"`
	OtherDN         string            `json:"pyOtherDN"`
	Queue           string            `json:"pyQueue,omitempty"`
	CallVariables   map[string]string `json:"pyCallVariables,omitempty"`
	Parties         []party           `json:"pyParties,omitempty"`
}

type serverAgent struct {
	AgentState string `json:"pyAgentState"`
	ReasonCode string `json:"pyReasonCode,omitempty"`
	WorkMode   string `json:"pyWorkMode,omitempty"`
}

// serverFailure is what the guide, "Handling Errors", has an activity set.
type serverFailure struct {
	Severity      string `json:"pySeverity"`
	StatusMessage string `json:"pyStatusMessage"`
	PegaCTIError  string `json:"pyPegaCTIError"`
	ErrorCode     string `json:"pyErrorCode"`
}

type serverSnapshot struct {
	LinkState   string        `json:"pyLinkState"`
	DeviceState string        `json:"pyDeviceState"`
	Calls       []*serverCall `json:"pyCalls"`
}

// agentNames are the guide's words ("Pega Call agent states", "SetEventType decision tree").
var agentNames = map[opencti.EventName]string{
	opencti.LoggedIn: "Login", opencti.LoggedOut: "Logout",
}

func agentName(n opencti.EventName) string {
	if name, ok := agentNames[n]; ok {
		return name
	}
	return string(n)
}

// Server tells an event in the terms of the 7.31 guide: one message for each event.
func Server(e *session.Event, to session.Presence) (Message, error) {
	out := serverEvent{
		EventID: e.ID, EventType: string(e.Type), EventName: string(e.Name), EventTime: e.At.UTC().Format(time.RFC3339Nano),
		ThisDN: e.DN, AgentID: e.AgentID, Workstation: to.Workstation, ClientHandle: to.ClientHandle,
		RequestID: e.CausedBy, Cause: e.Cause,
	}
	switch {
	case e.Call != nil:
		out.serverCall = newServerCall(e.Call)
		out.PreviousCallIDs = e.PreviousCallIDs
	case e.Agent != nil:
		out.EventName = agentName(e.Name)
		out.serverAgent = newServerAgent(e.Agent)
	case e.Failed != nil:
		text := StatusMessage(e.Failed.Error.Code, e.Failed.Error.Message)
		out.RequestID = e.Failed.RequestID
		out.serverFailure = &serverFailure{"Fail", text, text, CodeOf(e.Failed.Error.Code).ErrCode}
	case e.Snapshot != nil:
		out.serverAgent = newServerAgent(&e.Snapshot.Agent)
		out.serverSnapshot = &serverSnapshot{linkState(e.Snapshot.Link), deviceState(e.Snapshot), []*serverCall{}}
		for _, c := range e.Snapshot.Calls {
			out.Calls = append(out.Calls, newServerCall(c))
		}
	}
	return encode(out.EventType, out)
}

func newServerCall(c *opencti.Call) *serverCall {
	out := &serverCall{
		CallState: string(c.State), CallType: string(c.CallType), CallID: c.CallID, InteractionID: c.InteractionID,
		DNIS: c.DNIS, ANI: c.ANI, OtherDN: otherDN(c), Queue: c.Queue, CallVariables: c.Variables,
	}
	for _, p := range c.Parties {
		out.Parties = append(out.Parties, party{p.DN})
	}
	return out
}

// newServerAgent sets WorkMode as the guide's SetAgentNotReady does.
func newServerAgent(a *opencti.AgentState) *serverAgent {
	out := &serverAgent{AgentState: agentName(a.State), ReasonCode: a.ReasonCode, WorkMode: a.WorkMode}
	if a.State == opencti.AfterCallWork {
		out.WorkMode = opencti.AfterCallWorkMode
	}
	return out
}
