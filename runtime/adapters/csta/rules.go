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

	// The call goes on here under its new id, or it is over for this device.
	{Name: "transferred", On: "Transfered", When: "has(event.newCallID)", Then: opencti.Transferred},
	{Name: "transferred-away", On: "Transfered", Then: opencti.Released},
	{Name: "conferenced", On: "Conferenced", When: "has(event.newCallID)", Then: opencti.Conferenced},
	{Name: "merged-away", On: "Conferenced", Then: opencti.Released},

	{Name: "call-data", On: "CallInformation", When: "call.known", Then: opencti.CallInfo},

	{Name: "agent-logged-on", On: "AgentLoggedOn", Then: opencti.LoggedIn},
	{Name: "agent-ready", On: "AgentReady", Then: opencti.Available},
	{Name: "agent-not-ready", On: "AgentNotReady", Then: opencti.Unavailable},
	{Name: "agent-busy", On: "AgentBusy", Then: opencti.Busy},
	{Name: "agent-after-call", On: "AgentWorkingAfterCall", Then: opencti.AfterCallWork},
	// Leaving the last queue is logging out; leaving another is not.
	{Name: "agent-logged-off", On: "AgentLoggedOff", When: "!has(event.queues)", Then: opencti.LoggedOut},
}

// An empty text leaves the field as it is.
var populateCall = map[string]string{
	"callId":        "event.callID",
	"newCallId":     "event.newCallID",
	"interactionId": "event.globalCallID",
	"cause":         "event.cause",
	"variables":     "event.variables",
	"parties":       "event.parties",
	"otherDns":      "event.parties.filter(p, 'dn' in p && p.dn != session.dn).map(p, p.dn)",

	"ani":  "has(event.networkCallingDevice) ? event.networkCallingDevice : event.callingDevice",
	"dnis": "has(event.networkCalledDevice) ? event.networkCalledDevice : event.calledDevice",

	// A call without devices of the network is internal, if it does not tell so late.
	"callType": "has(event.cause) && event.cause == 'consultation' ? 'CONSULT'" +
		" : has(event.networkCallingDevice) || has(event.associatedCallingDevice) ? 'INBOUND'" +
		" : has(event.networkCalledDevice) || has(event.associatedCalledDevice) || has(event.networkInterfaceUsed) ? 'OUTBOUND'" +
		" : name in ['Offering', 'Delivered'] && has(event.callingDevice) && has(event.calledDevice) ? 'INTERNAL' : ''",

	"queue": "has(event.queue) ? event.queue" +
		" : has(event.acdCall) && has(event.lastRedirectionDevice) ? event.lastRedirectionDevice : ''",
	"offeredBy": "name != 'Offering' ? '' : has(event.acdCall) ? 'Queue' : 'Direct'",
}

var populateAgent = map[string]string{
	"agentId":           "event.agentID",
	"nativeState":       "event.agentState",
	"workMode":          "name == 'AfterCallWork' ? 'AFTER_CALL_WORK' : event.workMode",
	"reasonCode":        "event.reasonCode",
	"pendingReasonCode": "event.pendingReasonCode",
	"queues":            "event.queues",
	"pendingState": "{'agentNotReady': 'Unavailable', 'notReady': 'Unavailable', 'agentReady': 'Available', 'ready': 'Available'," +
		" 'agentWorkingAfterCall': 'AfterCallWork', 'agentNull': 'LoggedOut'}[event.pendingAgentState]",
}
