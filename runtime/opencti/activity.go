package opencti

import (
	"context"
	"slices"
)

// Activity names what a desktop may ask for. Names follow Pega's OpenCTI guide,
// "Implementing Full telephony" and "Sending Agent-state requests from the desktop".
type Activity string

// The activities inside a session. Opening and closing a session (OpenAdapter,
// SubscribeForEvents and their opposites) are Connection.Open, Device.Subscribe
// and Device.Close. Those after DropParty are beyond both guides' tables.
const (
	LoginAgent         Activity = "LoginAgent"
	LogoutAgent        Activity = "LogoutAgent"
	SetAgentReady      Activity = "SetAgentReady"
	SetAgentNotReady   Activity = "SetAgentNotReady"
	AcceptInteraction  Activity = "AcceptInteraction"
	AnswerCall         Activity = "AnswerCall"
	HoldCall           Activity = "HoldCall"
	RetrieveCall       Activity = "RetrieveCall"
	MakeCall           Activity = "MakeCall"
	HangUpCall         Activity = "HangUpCall"
	SendDTMF           Activity = "SendDTMF"
	TransferInitiate   Activity = "TransferInitiate"
	TransferCall       Activity = "TransferCall"
	CancelTransfer     Activity = "CancelTransfer"
	BlindTransfer      Activity = "BlindTransfer"
	ConferenceInitiate Activity = "ConferenceInitiate"
	ConferenceCall     Activity = "ConferenceCall"
	CancelConference   Activity = "CancelConference"
	DropParty          Activity = "DropParty"
	Resync             Activity = "Resync"
	AttachData         Activity = "AttachData"
	AlternateCall      Activity = "AlternateCall"
	DeclineCall        Activity = "DeclineCall"
	MuteCall           Activity = "MuteCall"
	UnmuteCall         Activity = "UnmuteCall"
	SetDoNotDisturb    Activity = "SetDoNotDisturb"
	GetStatistics      Activity = "GetStatistics"
)

// AfterCallWorkMode is the workMode of SetAgentNotReady that asks for wrap-up
// (guide, "SetAgentNotReady activity").
const AfterCallWorkMode = "AFTER_CALL_WORK"

// Request is one activity with its properties. Which of them an activity takes
// stands in the table behind Specs; the rest are empty.
type Request struct {
	Activity Activity
	// ID marks the request; events that it causes carry it as causedBy.
	ID string

	AgentID       string
	AgentPassword string
	Queue         string
	WorkMode      string
	ReasonCode    string

	DN string
	// CallID is the call. Of an activity with two calls it is the one that is not on
	// hold (the consult), and HeldCallID the other: the session has sorted them.
	CallID            string
	HeldCallID        string
	ConsultCallID     string
	DestinationNumber string
	Digits            string
	Party             string
	Enabled           bool

	// Variables is call data to attach. Of a consult, a transfer or a conference it
	// is complete: the session has merged what is inherited with what was asked for.
	Variables map[string]string
	// Lineage is what a consult or transfer goes on with; the session sets it.
	Lineage Lineage
	// Options is what a class knows beyond this table.
	Options map[string]string
}

// Lineage ties a new call to the one that it is for. A driver whose server gives the
// new call another global id takes it along as call data.
type Lineage struct {
	InteractionID string
	// CallType is that of the first call: the consulted party's originalCallType.
	CallType CallType
}

// Property is the wire name of one property of a Request.
type Property string

// The properties of the activities.
const (
	PropAgentID           Property = "agentId"
	PropAgentPassword     Property = "agentPassword"
	PropQueue             Property = "queue"
	PropWorkMode          Property = "workMode"
	PropReasonCode        Property = "reasonCode"
	PropDN                Property = "dn"
	PropCallID            Property = "callId"
	PropHeldCallID        Property = "heldCallId"
	PropConsultCallID     Property = "consultCallId"
	PropDestinationNumber Property = "destinationNumber"
	PropVariables         Property = "variables"
	PropDigits            Property = "digits"
	PropParty             Property = "party"
	PropEnabled           Property = "enabled"
)

// Spec says which properties an activity takes. Options and the request's id are
// taken by all.
type Spec struct {
	Activity    Activity
	Description string
	Required    []Property
	Optional    []Property
	// Modes in which a desktop may ask for it.
	Modes []TelephonyMode

	// Exactly one is set: how a device does it, that a connection does it, or that the
	// session does it by itself, whatever the class.
	bind       func(Device) func(context.Context, Request) error
	connection func(Connection) bool
	session    bool
}

// BySession says whether the session does the activity itself, whatever the class.
func (s Spec) BySession() bool { return s.session }

var (
	allModes   = []TelephonyMode{Simple, SimpleWithAgentState, Full}
	agentModes = []TelephonyMode{SimpleWithAgentState, Full}
	fullMode   = []TelephonyMode{Full}
	twoCalls   = []Property{PropCallID, PropHeldCallID, PropConsultCallID, PropDN}
)

// specs is the one table of activities: the gate, the API's documentation and
// the list of what a driver supports are read from it.
var specs = []Spec{
	{LoginAgent, "Logs the agent in to the ACD, on the session's device; with queue, in to that queue.",
		nil, []Property{PropAgentID, PropAgentPassword, PropQueue, PropWorkMode}, agentModes,
		method(AgentStateControl.LoginAgent), nil, false},
	{LogoutAgent, "Logs the agent out, with queue out of that queue alone; the session and its event stream stay open.",
		nil, []Property{PropAgentID, PropQueue, PropReasonCode}, agentModes,
		method(AgentStateControl.LogoutAgent), nil, false},
	{SetAgentReady, "Makes the agent available for calls of the queues.",
		nil, []Property{PropAgentID, PropQueue, PropWorkMode}, agentModes,
		method(AgentStateControl.SetAgentReady), nil, false},
	{SetAgentNotReady, "Makes the agent unavailable, with a reason, or starts after-call work (workMode AFTER_CALL_WORK).",
		nil, []Property{PropAgentID, PropQueue, PropReasonCode, PropWorkMode}, agentModes,
		method(AgentStateControl.SetAgentNotReady), nil, false},
	{AcceptInteraction, "Says that the desktop has started the interaction of an offered call. The first to say so has it: for every other tab it is SameState.",
		[]Property{PropCallID}, nil, allModes,
		nil, nil, true},
	{AnswerCall, "Answers the call; without callId (or with -1) the one that is alerting.",
		nil, []Property{PropCallID, PropDN}, fullMode,
		method(CallControl.AnswerCall), nil, false},
	{HoldCall, "Puts an established call on hold.",
		[]Property{PropCallID}, []Property{PropHeldCallID, PropDN}, fullMode,
		method(CallControl.HoldCall), nil, false},
	{RetrieveCall, "Takes a call back from hold.",
		[]Property{PropCallID}, []Property{PropDN}, fullMode,
		method(CallControl.RetrieveCall), nil, false},
	{MakeCall, "Dials a number from the session's device.",
		[]Property{PropDestinationNumber}, []Property{PropDN, PropVariables}, fullMode,
		method(CallControl.MakeCall), nil, false},
	{HangUpCall, "Hangs up a call; without callId the active one, never a held or ringing one.",
		nil, []Property{PropCallID, PropDN}, fullMode,
		method(CallControl.HangUpCall), nil, false},
	{SendDTMF, "Sends tones on a call.",
		[]Property{PropCallID, PropDigits}, []Property{PropDN}, fullMode,
		method(ToneControl.SendDTMF), nil, false},
	{TransferInitiate, "Holds the call and consults a number, an agent or a queue. The consult inherits the call's data.",
		[]Property{PropCallID, PropDestinationNumber}, []Property{PropDN, PropVariables}, fullMode,
		method(TransferControl.TransferInitiate), nil, false},
	{TransferCall, "Connects the held call with the consulted party, and leaves. With one such pair no call needs to be named; else name both, in any order.",
		nil, twoCalls, fullMode,
		method(TransferControl.TransferCall), nil, false},
	{CancelTransfer, "Ends the consult and retrieves the first call.",
		nil, twoCalls, fullMode,
		method(TransferControl.CancelTransfer), nil, false},
	{BlindTransfer, "Sends the call to a number without a consult.",
		[]Property{PropCallID, PropDestinationNumber}, []Property{PropDN, PropVariables}, fullMode,
		method(TransferControl.BlindTransfer), nil, false},
	{ConferenceInitiate, "Holds the call and consults who is to join it. The consult inherits the call's data.",
		[]Property{PropCallID, PropDestinationNumber}, []Property{PropDN, PropVariables}, fullMode,
		method(ConferenceControl.ConferenceInitiate), nil, false},
	{ConferenceCall, "Makes one call of the held call and the consult. With one such pair no call needs to be named; else name both, in any order.",
		nil, twoCalls, fullMode,
		method(ConferenceControl.ConferenceCall), nil, false},
	{CancelConference, "Ends the consult and retrieves the first call.",
		nil, twoCalls, fullMode,
		method(ConferenceControl.CancelConference), nil, false},
	{DropParty, "Takes a party out of a call.",
		[]Property{PropCallID, PropParty}, []Property{PropDN}, fullMode,
		method(ConferenceControl.DropParty), nil, false},
	{Resync, "Asks the CTI server anew for everything; a Snapshot follows.",
		nil, nil, allModes,
		nil, nil, true},
	{AttachData, "Attaches data to a call.",
		[]Property{PropCallID, PropVariables}, []Property{PropDN}, fullMode,
		method(CallDataControl.AttachData), nil, false},
	{AlternateCall, "Holds the active call and retrieves the held one.",
		nil, twoCalls, fullMode,
		method(AlternateControl.AlternateCall), nil, false},
	{DeclineCall, "Refuses the call that is alerting, which the switch then takes elsewhere.",
		nil, []Property{PropCallID, PropDN}, fullMode,
		method(DeclineControl.DeclineCall), nil, false},
	{MuteCall, "Mutes the agent on a call.",
		nil, []Property{PropCallID, PropDN}, fullMode,
		method(MuteControl.MuteCall), nil, false},
	{UnmuteCall, "Ends the muting.",
		nil, []Property{PropCallID, PropDN}, fullMode,
		method(MuteControl.UnmuteCall), nil, false},
	{SetDoNotDisturb, "Sets or ends do-not-disturb at the device.",
		[]Property{PropEnabled}, []Property{PropDN}, fullMode,
		method(DisturbControl.SetDoNotDisturb), nil, false},
	{GetStatistics, "Gives the statistics of a queue: who waits, how long, which agents are there.",
		[]Property{PropQueue}, nil, allModes,
		nil, func(c Connection) bool { _, ok := c.(Statistics); return ok }, false},
}

// method binds one method of an optional interface; nil when the device lacks it.
func method[I any](f func(I, context.Context, Request) error) func(Device) func(context.Context, Request) error {
	return func(d Device) func(context.Context, Request) error {
		i, ok := d.(I)
		if !ok {
			return nil
		}
		return func(ctx context.Context, r Request) error { return f(i, ctx, r) }
	}
}

// Specs returns the table of all activities, in its documented order.
func Specs() []Spec { return append([]Spec(nil), specs...) }

// SpecOf finds an activity by its name.
func SpecOf(a Activity) (Spec, bool) {
	for _, s := range specs {
		if s.Activity == a {
			return s, true
		}
	}
	return Spec{}, false
}

// Activities lists what a class can do: what its device and its connection implement
// but for Without, and what sessions do by themselves. It only looks at the prototypes' interfaces.
func (d Description) Activities() []Activity {
	var out []Activity
	for _, s := range specs {
		implemented := s.bind != nil && s.bind(d.Device) != nil || s.connection != nil && s.connection(d.Connection)
		if s.session || implemented && !slices.Contains(d.Without, s.Activity) {
			out = append(out, s.Activity)
		}
	}
	return out
}

// Perform hands the request to the device's method. An activity that the device
// does not implement gives NotSupportedByClass; so do those that a connection or the
// session does.
func Perform(ctx context.Context, d Device, r Request) error {
	s, ok := SpecOf(r.Activity)
	if !ok {
		return Errorf(InvalidRequest, "there is no activity %q", r.Activity)
	}
	var do func(context.Context, Request) error
	if s.bind != nil {
		do = s.bind(d)
	}
	if do == nil {
		return Errorf(NotSupportedByClass, "this implementation class does not offer %s", r.Activity)
	}
	return do(ctx, r)
}
