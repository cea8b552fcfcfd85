package asterisk

import (
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// defaultRules is the class's decision tree and data transforms. Its expressions read the
// fields that fieldsOf makes.
func defaultRules() opencti.RuleSet {
	return opencti.RuleSet{
		CallID:   "event.callID",
		Identify: identifyRules,
		Populate: map[opencti.EventType]map[string]string{
			opencti.TypeCallState:  populateCall,
			opencti.TypePartyInfo:  populateCall,
			opencti.TypeCallInfo:   populateCall,
			opencti.TypeAgentState: populateAgent,
			opencti.TypeSnapshot:   {"doNotDisturb": "event.on"},
		},
	}
}

var identifyRules = []opencti.Rule{
	{Name: "dials", On: mirror.Dialing, Then: opencti.Initiated},
	{Name: "rings-here", On: mirror.Ringing, Then: opencti.Offering},
	{Name: "rings-there", On: mirror.FarRinging, Then: opencti.Delivered},
	{Name: "queued", On: mirror.InQueue, Then: opencti.Queued},
	{Name: "answered", On: mirror.Talking, Then: opencti.Established},
	{Name: "held", On: mirror.Hold, Then: opencti.Held},
	{Name: "retrieved", On: mirror.Unhold, Then: opencti.Retrieved},
	{Name: "conferenced", On: mirror.Conference, Then: opencti.Conferenced},
	{Name: "transferred", On: mirror.Transfer, Then: opencti.Transferred},
	{Name: "failed", On: mirror.DialFailed, Then: opencti.Failed},

	{Name: "abandoned", On: mirror.Hangup, When: "event.why == 'abandoned'", Then: opencti.Abandoned},
	{Name: "not-answered", On: mirror.Hangup, When: "event.why in ['noAnswer', 'answeredElsewhere']", Then: opencti.Diverted},
	{Name: "released", On: mirror.Hangup, Then: opencti.Released},

	{Name: "parties", On: mirror.Parties, Then: opencti.PartyInfo},
	{Name: "call-data", On: mirror.CallData, Then: opencti.CallInfo},

	{Name: "agent-logged-in", On: mirror.AgentLogin, Then: opencti.LoggedIn},
	{Name: "agent-logged-out", On: mirror.AgentLogout, Then: opencti.LoggedOut},
	{Name: "agent-available", On: mirror.AgentState, When: "event.state == 'Available'", Then: opencti.Available},
	{Name: "agent-busy", On: mirror.AgentState, When: "event.state == 'Busy'", Then: opencti.Busy},
	{Name: "agent-after-call", On: mirror.AgentState, When: "event.state == 'AfterCallWork'", Then: opencti.AfterCallWork},
	{Name: "agent-not-ready", On: mirror.AgentState, Then: opencti.Unavailable},

	{Name: "do-not-disturb", On: mirror.DoNotDisturb, Then: opencti.SnapshotEvent},
}

// An empty text leaves the field as it is.
var populateCall = map[string]string{
	"callId":           "event.callID",
	"interactionId":    "event.linkedID",
	"originalCallType": "event.originalCallType",
	"ani":              "event.ani",
	"dnis":             "event.dnis",
	"queue":            "event.queue",
	"offeredBy":        "event.offeredBy",
	"cause":            "event.why",
	"networkReached":   "event.networkReached",
	"muted":            "event.muted",
	"variables":        "event.variables",
	"parties":          "event.parties",
	"role": "name == 'Transferred' ? (has(event.ended) ? 'transferring' : 'remaining')" +
		" : name == 'Conferenced' && !has(event.own) ? 'remaining' : ''",

	// A call that was handed on arrives as a consult. Whom a call that is made here reaches
	// shows when the dialplan has found the way.
	"callType": "has(event.consult) || has(event.originalCallType) ? 'CONSULT'" +
		" : has(event.farExternal) ? 'OUTBOUND'" +
		" : has(event.callerExternal) ? 'INBOUND'" +
		" : event.out && event.parties.size() < 2 && !has(event.queue) ? '' : 'INTERNAL'",
}

var populateAgent = map[string]string{
	"nativeState":       "event.nativeState",
	"workMode":          "name == 'AfterCallWork' ? 'AFTER_CALL_WORK' : ''",
	"reasonCode":        "event.reason",
	"pendingState":      "event.pendingState",
	"pendingReasonCode": "event.pendingReason",
	"cause":             "event.cause",
	"wrapUpEndsAt":      "event.wrapUpEndsAt",
	"queues":            "event.queues",
}
