package opencti

// RuleSet holds a class's event rules: HandleEvent's decision tree and data
// transforms. The expressions are CEL over
//
//	event    the raw event's fields
//	session  {dn, agentId}
//	call     {known, state, callType}: what the session knows of the call of this event
//	         (its callId by Populate), known=false when it knows nothing
//
// Its JSON form is that of the manifests.
type RuleSet struct {
	// CallID gives the call that a raw event is about; empty: not about a call.
	CallID string `json:"callId,omitempty"`
	// SetEventType decides alone, where it is set: an expression over `event`,
	// `session`, `call` and `raw`, the raw event's name, that gives an EventName, or
	// "" to drop the event. Identify is not asked then.
	SetEventType string `json:"setEventType,omitempty"`
	// Identify is SetEventType: the first rule that matches names the event; a raw
	// event that none matches is dropped.
	Identify []Rule `json:"identify,omitempty"`
	// Filter holds expressions over the same variables and `name`, the event's
	// name: one that holds drops the event (FilterEvent).
	Filter []Filter `json:"filter,omitempty"`
	// Populate is PopulateEventData, by event type: field → expression. An
	// expression that fails because a field is absent leaves the field alone.
	Populate map[EventType]map[string]string `json:"populate,omitempty"`
}

// Rule says which event a raw event is.
type Rule struct {
	// Name makes the rule known to people and overridable.
	Name string `json:"name"`
	// On is the raw event's name. In manifests it is called raw: YAML reads `on` as
	// true.
	On string `json:"raw"`
	// When is a CEL expression; empty: always.
	When string `json:"when,omitempty"`
	// Then is the normalised event.
	Then EventName `json:"then"`
}

// Filter drops events.
type Filter struct {
	// Name makes the filter known to people and overridable.
	Name string `json:"name"`
	// When is a CEL expression: where it holds, the event is dropped.
	When string `json:"when"`
}

// Fields that Populate may set, by event type.
//
// CallState, CallInfo, PartyInfo: callId, interactionId, callType, originalCallType,
// ani, dnis, queue, offeredBy, cause (strings), networkReached, muted (booleans),
// otherDns (list of strings), variables (map of strings), parties (list of {id, dn,
// state, role}), newCallId (Transferred and Conferenced: the call goes on under this
// id), role (Transferred: transferring ends the call here, remaining goes on;
// Conferenced: remaining where another device made the conference).
//
// AgentState: agentId, nativeState, workMode, reasonCode, pendingState,
// pendingReasonCode, cause (Agent, Phone, Supervisor, System, NoAnswer), wrapUpEndsAt
// (RFC 3339) (strings), queues (list of {name, state}).
//
// Snapshot, which tells of the device: doNotDisturb (boolean).
var populateFields = map[EventType][]string{
	TypeCallState: callFields,
	TypeCallInfo:  callFields,
	TypePartyInfo: callFields,
	TypeAgentState: {"agentId", "nativeState", "workMode", "reasonCode", "pendingState", "pendingReasonCode", "cause",
		"wrapUpEndsAt", "queues"},
	TypeSnapshot: {"doNotDisturb"},
}

var callFields = []string{"callId", "interactionId", "callType", "originalCallType", "ani", "dnis", "queue", "offeredBy",
	"cause", "networkReached", "muted", "otherDns", "variables", "parties", "newCallId", "role"}

// PopulateFields lists the fields that Populate may set for an event type.
func PopulateFields(t EventType) []string { return populateFields[t] }
