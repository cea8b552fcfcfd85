package opencti

import (
	"maps"
	"slices"
	"time"
)

// EventName is the closed set of normalised events (guide, "SetEventType decision
// tree"). A rule may return these and nothing else.
type EventName string

// Events of a call, told from one device.
const (
	Offering    EventName = "Offering"
	Initiated   EventName = "Initiated"
	Delivered   EventName = "Delivered"
	Queued      EventName = "Queued"
	Established EventName = "Established"
	Held        EventName = "Held"
	Retrieved   EventName = "Retrieved"
	Conferenced EventName = "Conferenced"
	Transferred EventName = "Transferred"
	Diverted    EventName = "Diverted"
	Failed      EventName = "Failed"
	Abandoned   EventName = "Abandoned"
	Released    EventName = "Released"
)

// Events of an agent.
const (
	LoggedIn      EventName = "LoggedIn"
	Available     EventName = "Available"
	Busy          EventName = "Busy"
	AfterCallWork EventName = "AfterCallWork"
	Unavailable   EventName = "Unavailable"
	LoggedOut     EventName = "LoggedOut"
	Unknown       EventName = "Unknown"
)

// The other events.
const (
	PartyInfo     EventName = "PartyInfo"
	CallInfo      EventName = "CallInfo"
	LinkUp        EventName = "LinkUp"
	LinkLost      EventName = "LinkDown"
	RequestFailed EventName = "RequestFailed"
	SnapshotEvent EventName = "Snapshot"
)

// EventType groups the events; it is the SSE event field.
type EventType string

// The event types.
const (
	TypeCallState     EventType = "CallState"
	TypeAgentState    EventType = "AgentState"
	TypePartyInfo     EventType = "PartyInfo"
	TypeCallInfo      EventType = "CallInfo"
	TypeLinkState     EventType = "LinkState"
	TypeRequestFailed EventType = "RequestFailed"
	TypeSnapshot      EventType = "Snapshot"
)

var eventTypes = map[EventName]EventType{
	Offering: TypeCallState, Initiated: TypeCallState, Delivered: TypeCallState, Queued: TypeCallState,
	Established: TypeCallState, Held: TypeCallState, Retrieved: TypeCallState, Conferenced: TypeCallState,
	Transferred: TypeCallState, Diverted: TypeCallState, Failed: TypeCallState, Abandoned: TypeCallState,
	Released: TypeCallState,
	LoggedIn: TypeAgentState, Available: TypeAgentState, Busy: TypeAgentState, AfterCallWork: TypeAgentState,
	Unavailable: TypeAgentState, LoggedOut: TypeAgentState, Unknown: TypeAgentState,
	PartyInfo: TypePartyInfo, CallInfo: TypeCallInfo,
	LinkUp: TypeLinkState, LinkLost: TypeLinkState,
	RequestFailed: TypeRequestFailed, SnapshotEvent: TypeSnapshot,
}

// TypeOf gives an event's type; false for a name outside the closed set.
func TypeOf(n EventName) (EventType, bool) {
	t, ok := eventTypes[n]
	return t, ok
}

// EventNames lists the closed set, sorted.
func EventNames() []EventName { return slices.Sorted(maps.Keys(eventTypes)) }

// Ends says whether the event is one of those that end a call at a device.
// Exactly one of them is told for each call; Transferred with the role transferring
// is one, too.
func (n EventName) Ends() bool { return n == Released || n == Abandoned || n == Diverted }

// CallType is the guide's "Call type details".
type CallType string

// The call types.
const (
	Inbound     CallType = "INBOUND"
	Outbound    CallType = "OUTBOUND"
	Internal    CallType = "INTERNAL"
	Consult     CallType = "CONSULT"
	UnknownType CallType = "UNKNOWN"
)

// OfferedBy says how a call came to ring here.
type OfferedBy string

// The ways in which a call is offered.
const (
	ByDirect        OfferedBy = "Direct"
	ByQueue         OfferedBy = "Queue"
	ByConsult       OfferedBy = "Consult"
	ByBlindTransfer OfferedBy = "BlindTransfer"
	// ByTransfer: the transfer was completed while the call rang.
	ByTransfer OfferedBy = "Transfer"
)

// TransferRole says what a device is in a transfer.
type TransferRole string

// The roles in a transfer.
const (
	// Transferring: the call is over here.
	Transferring TransferRole = "transferring"
	// Remaining: the same interaction goes on here with another callId and other parties.
	Remaining TransferRole = "remaining"
)

// PartyRole says who a party of a call is.
type PartyRole string

// The roles of a party.
const (
	RoleAgent     PartyRole = "Agent"
	RoleCustomer  PartyRole = "Customer"
	RoleConsulted PartyRole = "Consulted"
	RoleObserver  PartyRole = "Observer"
)

// Party is one participant of a call.
type Party struct {
	ID    string    `json:"id" doc:"Identifies the party within the call."`
	DN    string    `json:"dn,omitempty" doc:"Device or number; absent when withheld."`
	State EventName `json:"state,omitempty" doc:"State of this party's connection: Delivered, Established, Held, Queued …"`
	Role  PartyRole `json:"role,omitempty" enum:"Agent,Customer,Consulted,Observer"`
}

// Call is a call as one device sees it.
type Call struct {
	CallID        string    `json:"callId" doc:"The switch's identifier; it may change on transfer and conference."`
	InteractionID string    `json:"interactionId" doc:"One for the life of what the customer calls \"the call\"."`
	State         EventName `json:"state" doc:"Offering, Initiated, Delivered, Queued, Established, Held, Failed; in the event that ends the call: Released, Abandoned, Diverted."`
	CallType      CallType  `json:"callType" enum:"INBOUND,OUTBOUND,INTERNAL,CONSULT,UNKNOWN"`
	// OriginalCallType is what the call was before it came here by consult or transfer.
	OriginalCallType CallType          `json:"originalCallType,omitempty" enum:"INBOUND,OUTBOUND,INTERNAL,UNKNOWN" doc:"What a call that was handed on was at first."`
	ANI              string            `json:"ani,omitempty" doc:"The number from where the call arrived."`
	DNIS             string            `json:"dnis,omitempty" doc:"The number where the call was connected."`
	OtherDNs         []string          `json:"otherDns,omitempty" doc:"The other devices on the call."`
	Queue            string            `json:"queue,omitempty" doc:"The queue that offered the call."`
	OfferedBy        OfferedBy         `json:"offeredBy,omitempty" enum:"Direct,Queue,Consult,BlindTransfer,Transfer"`
	Variables        map[string]string `json:"variables,omitempty" doc:"The attached call data."`
	Parties          []Party           `json:"parties,omitempty"`
	NetworkReached   bool              `json:"networkReached,omitempty" doc:"The call left the switch's sight: whether it was answered will not be told."`
	Muted            bool              `json:"muted,omitempty" doc:"The agent is muted on this call."`
	Treatment        *Treatment        `json:"treatment,omitempty" doc:"What the pool's call treatment makes of the offered call."`
	Capabilities     []Activity        `json:"capabilities" doc:"The activities that are possible on this call now."`
	Since            time.Time         `json:"since" doc:"When the call came into its state."`
	StartedAt        time.Time         `json:"startedAt" doc:"When this device first saw the call."`
	AnsweredAt       *time.Time        `json:"answeredAt,omitempty" doc:"When the call was first established here."`
}

// AgentState is an agent's state at the ACD.
type AgentState struct {
	State             EventName    `json:"state" enum:"LoggedIn,Available,Busy,AfterCallWork,Unavailable,LoggedOut,Unknown"`
	NativeState       string       `json:"nativeState,omitempty" doc:"The CTI server's own name of the state."`
	WorkMode          string       `json:"workMode,omitempty"`
	ReasonCode        string       `json:"reasonCode,omitempty"`
	PendingState      EventName    `json:"pendingState,omitempty" doc:"The state that follows when the call ends."`
	PendingReasonCode string       `json:"pendingReasonCode,omitempty"`
	Queues            []QueueState `json:"queues,omitempty" doc:"The queues the agent is logged in to, where the switch tells."`
	Cause             AgentCause   `json:"cause,omitempty" enum:"Agent,Phone,Supervisor,System,NoAnswer" doc:"Who or what changed the state, where it is known."`
	WrapUpEndsAt      *time.Time   `json:"wrapUpEndsAt,omitempty" doc:"When after-call work ends by itself."`
	Since             time.Time    `json:"since"`
}

// QueueState is an agent's state for one queue.
type QueueState struct {
	Name  string    `json:"name"`
	State EventName `json:"state,omitempty" enum:"LoggedIn,Available,Busy,AfterCallWork,Unavailable"`
}

// AgentCause says who or what changed an agent's state.
type AgentCause string

// The causes.
const (
	CauseAgent      AgentCause = "Agent"
	CausePhone      AgentCause = "Phone"
	CauseSupervisor AgentCause = "Supervisor"
	CauseSystem     AgentCause = "System"
	// CauseNoAnswer: a call rang too long.
	CauseNoAnswer AgentCause = "NoAnswer"
)

// LoggedIn says whether the agent is known to be logged in.
func (a AgentState) LoggedIn() bool { return a.State != LoggedOut && a.State != Unknown }
