package opencti

import "context"

// Activity names what a desktop may ask for. Names follow Pega's OpenCTI guide,
// "Implementing Full telephony" and "Sending Agent-state requests from the desktop".
type Activity string

// The activities inside a session. Opening and closing a session (OpenAdapter,
// SubscribeForEvents and their opposites) are Connection.Open, Device.Subscribe
// and Device.Close.
const (
	LoginAgent       Activity = "LoginAgent"
	LogoutAgent      Activity = "LogoutAgent"
	SetAgentReady    Activity = "SetAgentReady"
	SetAgentNotReady Activity = "SetAgentNotReady"
	AnswerCall       Activity = "AnswerCall"
	HoldCall         Activity = "HoldCall"
	RetrieveCall     Activity = "RetrieveCall"
	MakeCall         Activity = "MakeCall"
	HangUpCall       Activity = "HangUpCall"
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

	DN                string
	CallID            string
	HeldCallID        string
	DestinationNumber string

	// Variables is call data to attach.
	Variables map[string]string
	// Options is what a class knows beyond this table.
	Options map[string]string
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
	PropDestinationNumber Property = "destinationNumber"
	PropVariables         Property = "variables"
)

// Spec says which properties an activity takes. Options and the request's id are
// taken by all.
type Spec struct {
	Activity    Activity
	Description string
	Required    []Property
	Optional    []Property

	bind func(Device) func(context.Context, Request) error
}

// specs is the one table of activities: the gate, the API's documentation and
// the list of what a driver supports are read from it.
var specs = []Spec{
	{LoginAgent, "Logs the agent in to the ACD, on the session's device.",
		nil, []Property{PropAgentID, PropAgentPassword, PropQueue, PropWorkMode},
		func(d Device) func(context.Context, Request) error {
			return method(d, AgentStateControl.LoginAgent)
		}},
	{LogoutAgent, "Logs the agent out; the session and its event stream stay open.",
		nil, []Property{PropAgentID, PropQueue, PropReasonCode},
		func(d Device) func(context.Context, Request) error {
			return method(d, AgentStateControl.LogoutAgent)
		}},
	{SetAgentReady, "Makes the agent available for calls of the queues.",
		nil, []Property{PropAgentID, PropQueue, PropWorkMode},
		func(d Device) func(context.Context, Request) error {
			return method(d, AgentStateControl.SetAgentReady)
		}},
	{SetAgentNotReady, "Makes the agent unavailable, with a reason, or starts after-call work (workMode AFTER_CALL_WORK).",
		nil, []Property{PropAgentID, PropQueue, PropReasonCode, PropWorkMode},
		func(d Device) func(context.Context, Request) error {
			return method(d, AgentStateControl.SetAgentNotReady)
		}},
	{AnswerCall, "Answers the call; without callId (or with -1) the one that is alerting.",
		nil, []Property{PropCallID, PropDN},
		func(d Device) func(context.Context, Request) error { return method(d, CallControl.AnswerCall) }},
	{HoldCall, "Puts an established call on hold.",
		[]Property{PropCallID}, []Property{PropHeldCallID, PropDN},
		func(d Device) func(context.Context, Request) error { return method(d, CallControl.HoldCall) }},
	{RetrieveCall, "Takes a call back from hold.",
		[]Property{PropCallID}, []Property{PropDN},
		func(d Device) func(context.Context, Request) error { return method(d, CallControl.RetrieveCall) }},
	{MakeCall, "Dials a number from the session's device.",
		[]Property{PropDestinationNumber}, []Property{PropDN, PropVariables},
		func(d Device) func(context.Context, Request) error { return method(d, CallControl.MakeCall) }},
	{HangUpCall, "Hangs up a call; without callId the active one, never a held or ringing one.",
		nil, []Property{PropCallID, PropDN},
		func(d Device) func(context.Context, Request) error { return method(d, CallControl.HangUpCall) }},
}

// method binds one method of an optional interface; nil when the device lacks it.
func method[I any](d Device, f func(I, context.Context, Request) error) func(context.Context, Request) error {
	i, ok := d.(I)
	if !ok {
		return nil
	}
	return func(ctx context.Context, r Request) error { return f(i, ctx, r) }
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

// ActivitiesOf lists what a device can do. It only looks at the interfaces that
// the value implements, so a driver's prototype may be a nil pointer.
func ActivitiesOf(d Device) []Activity {
	var out []Activity
	for _, s := range specs {
		if s.bind(d) != nil {
			out = append(out, s.Activity)
		}
	}
	return out
}

// Perform hands the request to the device's method. An activity that the device
// does not implement gives NotSupportedByClass.
func Perform(ctx context.Context, d Device, r Request) error {
	s, ok := SpecOf(r.Activity)
	if !ok {
		return Errorf(InvalidRequest, "there is no activity %q", r.Activity)
	}
	do := s.bind(d)
	if do == nil {
		return Errorf(NotSupportedByClass, "this implementation class does not offer %s", r.Activity)
	}
	return do(ctx, r)
}
