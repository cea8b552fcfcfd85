package csta

import "github.com/ctilink/ctilink-operator/runtime/opencti"

// defaultRules is the class's decision tree and data transforms. Its expressions read the
// fields that rawEvents makes.
func defaultRules() opencti.RuleSet {
	return opencti.RuleSet{
		CallID:   "event.callID",
		Identify: identifyRules,
		Populate: map[opencti.EventType]map[string]string{
			opencti.TypeCallState:  populateCall,
			opencti.TypePartyInfo:  populateCall,
			opencti.TypeCallInfo:   populateCall,
			opencti.TypeAgentState: populateAgent,
			opencti.TypeSnapshot:   {"doNotDisturb": "event.doNotDisturb"},
		},
	}
}

var identifyRules = []opencti.Rule{
	{Name: "off-hook", On: "ServiceInitiated", Then: opencti.Initiated},
	{Name: "dialled", On: "Originated", Then: opencti.Initiated},
	{Name: "rings-here", On: "Delivered", When: "event.alertingDevice == session.dn", Then: opencti.Offering},
	{Name: "rings-there", On: "Delivered", Then: opencti.Delivered},
	{Name: "network-reached", On: "NetworkReached", Then: opencti.Delivered},
	{Name: "queued", On: "Queued", Then: opencti.Queued},
	// Who answers a call that is on hold here does not take it from hold.
	{Name: "answered-on-hold", On: "Established", When: "call.state == 'Held' && event.answeringDevice != session.dn", Then: opencti.PartyInfo},
	{Name: "answered", On: "Established", Then: opencti.Established},

	{Name: "held-here", On: "Held", When: "event.holdingDevice == session.dn", Then: opencti.Held},
	{Name: "held-there", On: "Held", Then: opencti.PartyInfo},
	{Name: "retrieved-here", On: "Retrieved", When: "event.retrievingDevice == session.dn", Then: opencti.Retrieved},
	{Name: "retrieved-there", On: "Retrieved", Then: opencti.PartyInfo},

	// Who declines a call has not been abandoned.
	{Name: "declined", On: "ConnectionCleared",
		When: "event.deviceID == session.dn && call.state == 'Offering' && event.releasingDevice == session.dn", Then: opencti.Released},
	{Name: "abandoned", On: "ConnectionCleared",
		When: "event.deviceID == session.dn && call.state == 'Offering'", Then: opencti.Abandoned},
	{Name: "released", On: "ConnectionCleared", When: "event.deviceID == session.dn", Then: opencti.Released},
	{Name: "party-left", On: "ConnectionCleared", When: "call.known", Then: opencti.PartyInfo},
	// Device monitors seldom get it; where it comes instead of ConnectionCleared it ends the call.
	{Name: "call-abandoned", On: "CallCleared", When: "call.state == 'Offering'", Then: opencti.Abandoned},
	{Name: "call-cleared", On: "CallCleared", Then: opencti.Released},

	{Name: "diverted", On: "Diverted", When: "event.divertingDevice == session.dn", Then: opencti.Diverted},
	// Some switches tell a busy device of the call that never reached it.
	{Name: "failed", On: "Failed", When: "call.known", Then: opencti.Failed},

	// It goes on here under its new id, or (role transferring) it is over for this device.
	{Name: "transferred", On: "Transfered", Then: opencti.Transferred},
	{Name: "conferenced", On: "Conferenced", When: "has(event.newCallID)", Then: opencti.Conferenced},
	{Name: "merged-away", On: "Conferenced", Then: opencti.Released},

	{Name: "call-data", On: "CallInformation", When: "call.known", Then: opencti.CallInfo},
	{Name: "microphone", On: "MicrophoneMute", When: "call.known", Then: opencti.CallInfo},
	{Name: "do-not-disturb", On: "DoNotDisturb", Then: opencti.SnapshotEvent},

	{Name: "agent-logged-on", On: "AgentLoggedOn", Then: opencti.LoggedIn},
	{Name: "agent-ready", On: "AgentReady", Then: opencti.Available},
	{Name: "agent-not-ready", On: "AgentNotReady", Then: opencti.Unavailable},
	{Name: "agent-busy", On: "AgentBusy", Then: opencti.Busy},
	{Name: "agent-after-call", On: "AgentWorkingAfterCall", Then: opencti.AfterCallWork},
	{Name: "agent-logged-off", On: "AgentLoggedOff", Then: opencti.LoggedOut},

	// One of several queues: the state that outweighs those in the others counts.
	{Name: "agent-busy-somewhere", On: agentGroup, When: "event.agentState == 'agentBusy'", Then: opencti.Busy},
	{Name: "agent-after-call-somewhere", On: agentGroup, When: "event.agentState == 'agentWorkingAfterCall'", Then: opencti.AfterCallWork},
	{Name: "agent-ready-somewhere", On: agentGroup, When: "event.agentState == 'agentReady'", Then: opencti.Available},
	{Name: "agent-not-ready-anywhere", On: agentGroup, When: "event.agentState == 'agentNotReady'", Then: opencti.Unavailable},
	{Name: "agent-logged-on-somewhere", On: agentGroup, Then: opencti.LoggedIn},
}

// outside tells by the devices of the network which way a call goes. A call without them is
// internal, if it does not tell so late.
const outside = "has(event.networkCallingDevice) || has(event.associatedCallingDevice) ? 'INBOUND'" +
	" : has(event.networkCalledDevice) || has(event.associatedCalledDevice) || has(event.networkInterfaceUsed) ? 'OUTBOUND'" +
	" : name in ['Offering', 'Delivered'] && has(event.callingDevice) && has(event.calledDevice) ? 'INTERNAL' : ''"

// An empty text leaves the field as it is.
var populateCall = map[string]string{
	"callId":    "event.callID",
	"newCallId": "event.newCallID",
	"role": "name == 'Transferred' ? event.role" +
		" : name == 'Conferenced' && event.conferencingDevice != session.dn ? 'remaining' : ''",
	"interactionId":  "event.interactionID",
	"cause":          "event.cause",
	"variables":      "event.variables",
	"parties":        "event.parties",
	"networkReached": "event.networkReached",
	"muted":          "event.muted",

	"ani":  "has(event.networkCallingDevice) ? event.networkCallingDevice : event.callingDevice",
	"dnis": "has(event.networkCalledDevice) ? event.networkCalledDevice : event.calledDevice",

	// Who is consulted, or takes over, is told what the call was at first. CSTA tells it
	// nobody, but of a transfer in one step the call is the same.
	"callType": "has(event.handedOn) ? 'CONSULT' : " + outside,
	"originalCallType": "has(event.originalCallType) ? event.originalCallType" +
		" : name == 'Offering' && has(event.handedOn) && event.cause in ['singleStepTransfer', 'transfer'] ? (" + outside + ") : ''",

	"queue": "has(event.queue) ? event.queue" +
		" : has(event.acdCall) && has(event.lastRedirectionDevice) ? event.lastRedirectionDevice : ''",

	// Transferred while it rang: so it is offered by now.
	"offeredBy": "name == 'Transferred' ? (event.localConnectionInfo == 'alerting' ? 'Transfer' : '') : name != 'Offering' ? ''" +
		" : has(event.cause) && event.cause == 'singleStepTransfer' ? 'BlindTransfer'" +
		" : has(event.cause) && event.cause == 'transfer' ? 'Transfer'" +
		" : has(event.cause) && event.cause == 'consultation' ? 'Consult'" +
		" : has(event.acdCall) ? 'Queue' : has(event.handedOn) ? 'Consult' : 'Direct'",
}

var populateAgent = map[string]string{
	"agentId":           "event.agentID",
	"nativeState":       "event.agentState",
	"workMode":          "name == 'AfterCallWork' ? 'AFTER_CALL_WORK' : event.workMode",
	"reasonCode":        "event.reasonCode",
	"pendingReasonCode": "event.pendingReasonCode",
	"queues":            "event.queues",
	"wrapUpEndsAt":      "event.wrapUpEndsAt",
	// Who changes it at another place than here, CSTA does not tell: that is private data.
	"cause": "has(event.agentCause) ? event.agentCause : {'callNotAnswered': 'NoAnswer', 'alertTimeExpired': 'NoAnswer'," +
		" 'forcedPause': 'System', 'forcedTransition': 'System', 'autoWork': 'System', 'timeout': 'System'}[event.cause]",
	"pendingState": "{'agentNotReady': 'Unavailable', 'notReady': 'Unavailable', 'agentReady': 'Available', 'ready': 'Available'," +
		" 'agentWorkingAfterCall': 'AfterCallWork', 'agentNull': 'LoggedOut', 'null': 'LoggedOut'}[event.pendingAgentState]",
}
