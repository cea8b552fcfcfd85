package pega

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// The pyEventType values. CallInfoEvent is known by name alone, and RequestFailedEvent is
// ours: no schema tells how they look.
const (
	typeCall          = "CallStateEvent"
	typeAgent         = "AgentStateEvent"
	typePartyInfo     = "PartyInfoEvent"
	typeCallInfo      = "CallInfoEvent"
	typeSnapshot      = "SnapshotEvent"
	typeRequestFailed = "RequestFailedEvent"
)

// callEvent is CallEvent.json, all of it and nothing else.
type callEvent struct {
	EventType string `json:"pyEventType"`
	EventName string `json:"pyEventName"`
	CallID    string `json:"pyCallId"`
	CallType  string `json:"pyCallType"`
	ANI       string `json:"pyANI"`
	OtherDN   string `json:"pyOtherDN"`
	Media     string `json:"pyMedia"`
}

// agentEvent is AgentEvent.json.
type agentEvent struct {
	EventType  string `json:"pyEventType"`
	EventName  string `json:"pyEventName"`
	ReasonCode string `json:"pyReasonCode,omitempty"`
	WorkMode   string `json:"pyWorkMode"`
	Media      string `json:"pyMedia"`
}

// partyInfoEvent is PartyInfoEvent.json.
type partyInfoEvent struct {
	EventType string  `json:"pyEventType"`
	EventName string  `json:"pyEventName"`
	CallID    string  `json:"pyCallId"`
	ThisDN    string  `json:"pyThisDN"`
	Parties   []party `json:"pyParties"`
	Media     string  `json:"pyMedia"`
}

type party struct {
	DN string `json:"pyDN"`
}

// callInfoEvent carries the attached data under the guide's name.
type callInfoEvent struct {
	EventType     string            `json:"pyEventType"`
	EventName     string            `json:"pyEventName"`
	CallID        string            `json:"pyCallId"`
	CallVariables map[string]string `json:"pyCallVariables"`
	Media         string            `json:"pyMedia"`
}

// snapshotEvent is Snapshot.json. Its published form is cut off; pyThisDN, pyWorkMode and
// pyCallIds, the calls that there are, are ours.
type snapshotEvent struct {
	EventType   string   `json:"pyEventType"`
	EventName   string   `json:"pyEventName"`
	AgentID     string   `json:"pyAgentId"`
	AgentState  string   `json:"pyAgentState"`
	DeviceState string   `json:"pyDeviceState"`
	LinkState   string   `json:"pyLinkState"`
	ReasonCode  string   `json:"pyReasonCode,omitempty"`
	ThisDN      string   `json:"pyThisDN,omitempty"`
	WorkMode    string   `json:"pyWorkMode,omitempty"`
	CallIDs     []string `json:"pyCallIds,omitzero"`
	Media       string   `json:"pyMedia"`
}

// requestFailedEvent has the members of the failure callback's object.
type requestFailedEvent struct {
	EventType  string `json:"pyEventType"`
	EventName  string `json:"pyEventName"`
	RequestID  string `json:"pyRequestId"`
	ErrCode    string `json:"errCode"`
	ErrMessage string `json:"errMessage"`
	Media      string `json:"pyMedia"`
}

// agentEvents are the event and the substate of each agent state: the schema has no event
// for Busy and AfterCallWork, they are NotReady with a work mode.
var agentEvents = map[opencti.EventName]struct{ name, workMode string }{
	opencti.LoggedIn:      {"Login", "MODE_NONE"},
	opencti.Available:     {"Ready", "MODE_NONE"},
	opencti.Busy:          {"NotReady", "BUSY"},
	opencti.AfterCallWork: {"NotReady", "ACW"},
	opencti.Unavailable:   {"NotReady", "AUX_WORK"},
	opencti.LoggedOut:     {"Logout", "MODE_NONE"},
	opencti.Unknown:       {"Unknown", "MODE_NONE"},
}

// readyModes are the work modes of an agent who is ready.
var readyModes = map[string]string{
	"AUTO_IN": "MODE_AUTO_IN", "MANUAL_IN": "MODE_MANUAL_IN", "MODE_AUTO_IN": "MODE_AUTO_IN", "MODE_MANUAL_IN": "MODE_MANUAL_IN",
}

// callStates are the events that say in which state a call is. A call that we make is
// Initiated until it is answered; a busy tone still wants hanging up.
var callStates = map[opencti.EventName]string{
	opencti.Offering: "Alerting", opencti.Initiated: "Initiated", opencti.Delivered: "Initiated", opencti.Queued: "Initiated",
	opencti.Failed: "Initiated", opencti.Established: "Established", opencti.Held: "Held",
}

// desktop gathers the messages of one event.
type desktop struct {
	messages []Message
	err      error
}

func (d *desktop) add(kind string, v any) {
	if d.err != nil {
		return
	}
	var m Message
	m, d.err = encode(kind, v)
	d.messages = append(d.messages, m)
}

// Desktop tells an event by the 8.x schemas. One event may be several messages, or none:
// LinkUp is told by the Snapshot that follows it.
func Desktop(e *session.Event) ([]Message, error) {
	var d desktop
	switch {
	case e.Snapshot != nil:
		d.snapshot(e)
	case e.Failed != nil:
		f := e.Failed.Error
		d.add(typeRequestFailed, requestFailedEvent{
			typeRequestFailed, string(e.Name), e.Failed.RequestID, CodeOf(f.Code).ErrCode, StatusMessage(f.Code, f.Message), media,
		})
	case e.Agent != nil:
		d.agent(e.Agent)
	case e.Call != nil:
		d.call(e)
	case e.Name == opencti.LinkLost:
		d.add(typeSnapshot, snapshotEvent{
			EventType: typeSnapshot, EventName: "Snapshot", AgentID: e.AgentID, AgentState: "Unknown",
			DeviceState: deviceClosed, LinkState: linkDisconnected, ThisDN: e.DN, Media: media,
		})
	}
	return d.messages, d.err
}

func (d *desktop) call(e *session.Event) {
	c := e.Call
	switch {
	case e.Ended:
		d.gone(e)
		name := "Disconnected"
		if e.Name == opencti.Abandoned {
			name = "Abandoned"
		}
		d.state(c, name)
	case e.Name == opencti.CallInfo:
		d.info(c)
	case e.Name == opencti.PartyInfo:
		d.parties(c, e.DN)
	case e.Name == opencti.Conferenced, e.Name == opencti.Transferred, d.gone(e):
		d.state(c, stateName(c))
		d.parties(c, e.DN)
		if len(e.PreviousCallIDs) > 0 && len(c.Variables) > 0 {
			d.info(c)
		}
	case e.Name == opencti.Retrieved:
		d.state(c, "Retrieved")
	default:
		d.state(c, stateName(c))
		if e.Name == opencti.Offering && len(c.Variables) > 0 {
			d.info(c)
		}
	}
}

// gone ends the calls under whose ids this one was known: a desktop knows calls by id.
func (d *desktop) gone(e *session.Event) (any bool) {
	for _, id := range e.PreviousCallIDs {
		if id != e.Call.CallID {
			was := *e.Call
			was.CallID, any = id, true
			d.state(&was, "Disconnected")
		}
	}
	return any
}

func (d *desktop) state(c *opencti.Call, name string) {
	d.add(typeCall, callEvent{typeCall, name, c.CallID, string(c.CallType), c.ANI, otherDN(c), media})
}

// stateName tells the call's state; that of a call which left the switch's sight as
// Established, since nothing else will come.
func stateName(c *opencti.Call) string {
	if c.NetworkReached && c.State == opencti.Delivered {
		return callStates[opencti.Established]
	}
	return callStates[c.State]
}

func (d *desktop) parties(c *opencti.Call, thisDN string) {
	e := partyInfoEvent{typePartyInfo, "PartyInfo", c.CallID, thisDN, []party{}, media}
	for _, p := range c.Parties {
		e.Parties = append(e.Parties, party{p.DN})
	}
	if len(e.Parties) == 0 {
		for _, dn := range slices.Concat([]string{thisDN}, c.OtherDNs) {
			e.Parties = append(e.Parties, party{dn})
		}
	}
	d.add(typePartyInfo, e)
}

func (d *desktop) info(c *opencti.Call) {
	variables := c.Variables
	if variables == nil {
		variables = map[string]string{}
	}
	d.add(typeCallInfo, callInfoEvent{typeCallInfo, "CallInfo", c.CallID, variables, media})
}

func (d *desktop) agent(a *opencti.AgentState) {
	name, workMode := agentEvent8(a)
	e := agentEvent{EventType: typeAgent, EventName: name, WorkMode: workMode, Media: media}
	if name == "NotReady" || name == "Logout" {
		e.ReasonCode = a.ReasonCode
	}
	d.add(typeAgent, e)
}

// agentEvent8 is an agent's state as the 8.x schemas have it.
func agentEvent8(a *opencti.AgentState) (name, workMode string) {
	e, ok := agentEvents[a.State]
	if !ok {
		e = agentEvents[opencti.Unknown]
	}
	if mode, ok := readyModes[a.WorkMode]; ok && a.State == opencti.Available {
		return e.name, mode
	}
	return e.name, e.workMode
}

// snapshot tells the snapshot, and then each call, which its schema has no room for.
func (d *desktop) snapshot(e *session.Event) {
	s := e.Snapshot
	name, workMode := agentEvent8(&s.Agent)
	if s.Agent.State == opencti.Busy {
		name = "Busy" // a snapshot has it, an agent event has not
	}
	out := snapshotEvent{
		EventType: typeSnapshot, EventName: "Snapshot", AgentID: s.AgentID, AgentState: name, DeviceState: deviceState(s),
		LinkState: linkState(s.Link), ReasonCode: s.Agent.ReasonCode, ThisDN: s.DN, WorkMode: workMode, CallIDs: []string{}, Media: media,
	}
	for _, c := range s.Calls {
		out.CallIDs = append(out.CallIDs, c.CallID)
	}
	d.add(typeSnapshot, out)
	for _, c := range s.Calls {
		d.state(c, stateName(c))
		if len(c.Parties) > 0 {
			d.parties(c, s.DN)
		}
		if len(c.Variables) > 0 {
			d.info(c)
		}
	}
}
