package conformance

import "slices"

// Clause is a sentence of the vocabulary or of the adapter contract. A failure names the
// one that is broken.
type Clause string

// The clauses of the vocabulary.
const (
	clauseEvent    Clause = "Success means accepted; the state changes by event"
	clauseCausedBy Clause = "An event that a request caused carries causedBy: its requestId; no other event does"
	clauseOneEnd   Clause = "Exactly one event ends a call at a device: Released, Abandoned, Diverted, or Transferred with role transferring"
	clauseEnded    Clause = "The event that ends a call carries ended, no other does"
	clauseBegin    Clause = "A call begins at a device with Offering, Initiated, Delivered or Queued, and its events come in the order in which they happened"
	clauseState    Clause = "A call's state is what its events made it"
	clauseOffering Clause = "Delivered at this device is Offering, else Delivered; each event is told from one device"
	clauseEnding   Clause = "Released: this device's part is over. Abandoned: it rang here and the caller gave up. Diverted: it rang here and now rings elsewhere"
	clauseFailed   Clause = "Failed does not end a call: a busy tone wants hanging up"
	clauseParty    Clause = "What happens to another party is PartyInfo, never Released; PartyInfo lists all parties, each time"
	clauseLineage  Clause = "Transferred and Conferenced carry the new callId and previousCallIds"
	clauseInter    Clause = "interactionId is one for the life of what the customer calls the call"
	clauseInherit  Clause = "A consult inherits the first call's data; on merging, the consult's values win"
	clauseData     Clause = "A call carries its attached data; what was told is not lost"
	clauseCall     Clause = "A call carries callType, ani, dnis, queue and offeredBy; one that is handed on arrives as CONSULT and keeps originalCallType"
	clauseCaps     Clause = "Capabilities are the activities that are possible on the call now"
	clauseNeutral  Clause = "A consult is purpose-neutral: what began as TransferInitiate may end in ConferenceCall, unless the class says no"
	clauseSet      Clause = "Two calls are named as a set, in any order; with one consult pair none is needed"
	clauseCancel   Clause = "Cancelling ends the consult and retrieves the first call; with the consulted party gone it only retrieves"
	clauseHangUp   Clause = "HangUpCall without callId means the active call, never a held or ringing one"
	clauseAnswer   Clause = "AnswerCall without callId, or with -1, means the call that is alerting; none: NoAlertingCall"
	clauseAgent    Clause = "AgentState carries state, reasonCode, workMode and queues; another reason is a change"
	clausePending  Clause = "Not ready while busy is Busy with a pending state"
	clauseQueues   Clause = "LogoutAgent with a queue leaves that queue; leaving the last one is LoggedOut"
	clauseSnapshot Clause = "A Snapshot comes first on every stream, after login, logout and resync, with every call and its data"
	clauseLink     Clause = "LinkDown when the CTI server is lost; then LinkUp and a Snapshot; calls that are gone get Released (LostInResync)"
	clauseLater    Clause = "A refusal that comes after acceptance is the event RequestFailed"
	clauseErrors   Clause = "A refusal has a code of the closed set, the one that says what is wrong"
	clauseClass    Clause = "What the class does not claim is NotSupportedByClass and never reaches the CTI server"
	clauseGate     Clause = "What capability or state forbid is refused before it reaches the CTI server"
	clauseMuted    Clause = "A muted call says so, at the device and in the Snapshot"
	clauseMode     Clause = "The telephony mode decides which activities and events exist: what it forbids is NotPermittedInMode and goes nowhere, what it hides is not told"
	clauseTaken    Clause = "A take-over logs the agent out at the old device and ends that session; the CTI server lets the agent in at the new one"
	clauseStats    Clause = "GetStatistics answers for a queue: who waits, how long, which agents are there"
	clauseSeen     Clause = "Each event of the closed set is told, or the class says that its server cannot"
)

// The clauses of the adapter contract.
const (
	clauseDescribe Clause = "Describe says what the driver is and can; it has no side effects, and its rules and parameters are valid"
	clausePassive  Clause = "Connect and Open are passive: nobody's state changes by them"
	clauseConnect  Clause = "Connect fails with LinkDown, AuthenticationFailed, LicenceExhausted, Timeout or a ConfigError"
	clauseContext  Clause = "Every method takes a context: one that is over is not waited for"
	clauseDone     Clause = "Done is closed when the connection is gone; Err says why, nil after Close; a driver never reconnects"
	clauseSubs     Clause = "From Subscribe's return the sink gets every event of the device, once; again it starts what the server ended, and nothing else"
	clauseDetach   Clause = "Detach stops the events and leaves everything else as it is; Close ends the session; neither logs the agent out"
	clauseComplete Clause = "Snapshot gives every call at the device with its data and parties, the agent's state and do-not-disturb"
	clauseAgree    Clause = "Snapshot and events tell the same"
	clauseOverlap  Clause = "Overlap: two connections and two monitors of one device may coexist"
	clauseSink     Clause = "The sink is called from one goroutine, in order; Order grows with every event of a connection"
	clauseRaw      Clause = "A raw event has a name, a device or an agent, a time, and fields that are strings, bools, ints, lists and maps of these"
	clauseNothing  Clause = "Nothing is left of a connection after Close"
	clauseUnknown  Clause = "Open or Subscribe of a device that does not exist is UnknownDevice"
	clausePoll     Clause = "AgentState asks the server now"
)

// Clauses lists all that the kit checks, in the order of the page.
func Clauses() []Clause { return slices.Clone(allClauses) }

var allClauses = []Clause{
	clauseEvent, clauseCausedBy, clauseOneEnd, clauseEnded, clauseBegin, clauseState, clauseOffering, clauseEnding,
	clauseFailed, clauseParty, clauseLineage, clauseInter, clauseInherit, clauseData, clauseCall, clauseCaps, clauseNeutral,
	clauseSet, clauseCancel, clauseHangUp, clauseAnswer, clauseAgent, clausePending, clauseQueues, clauseSnapshot, clauseLink,
	clauseLater, clauseErrors, clauseClass, clauseGate, clauseMuted, clauseMode, clauseTaken, clauseStats, clauseSeen,
	clauseDescribe, clausePassive, clauseConnect, clauseContext, clauseDone, clauseSubs, clauseDetach, clauseComplete,
	clauseAgree, clauseOverlap, clauseSink, clauseRaw, clauseNothing, clauseUnknown, clausePoll,
}
