package switchmodel

// Category is the child of CSTAErrorCode that an error belongs to (ECMA-323).
type Category string

// The categories that this switch refuses with.
const (
	Operation            Category = "operation"
	StateIncompatibility Category = "stateIncompatibility"
	SystemResource       Category = "systemResourceAvailibility" // spelt so in the schema
)

// Error is a refusal in CSTA's terms (ECMA-269, Universal Failure).
type Error struct {
	Category Category
	Value    string
	why      string
}

func (e *Error) Error() string { return e.why }

// What the switch refuses with; compare with errors.Is.
var (
	ErrInvalidDevice      = &Error{Operation, "invalidDeviceID", "there is no such device"}
	ErrInvalidCall        = &Error{Operation, "invalidCallID", "there is no such call"}
	ErrInvalidConnection  = &Error{Operation, "invalidConnectionID", "the device is not in that call"}
	ErrInvalidDestination = &Error{Operation, "invalidDestination", "there is no such destination, or it is the caller himself"}
	ErrInvalidQueue       = &Error{Operation, "invalidAgentGroup", "there is no such queue, or the agent does not serve it"}
	ErrInvalidAgent       = &Error{Operation, "invalidAgentIdentifier", "there is no such agent, or another one is logged on at the device"}
	ErrInvalidPassword    = &Error{Operation, "invalidAgentPassword", "the agent's password is wrong"}
	ErrInvalidAgentState  = &Error{Operation, "invalidAgentState", "the agent's state does not allow that"}
	ErrAgentElsewhere     = &Error{StateIncompatibility, "invalidObjectState", "the agent is logged on at another device"}
	ErrDeviceTaken        = &Error{StateIncompatibility, "invalidObjectState", "another agent is logged on at the device"}
	ErrAgentBusy          = &Error{StateIncompatibility, "invalidObjectState", "the agent has a call"}
	ErrDeviceBusy         = &Error{StateIncompatibility, "invalidObjectState", "the device is in another call that is not held"}
	ErrNoLine             = &Error{SystemResource, "resourceBusy", "all lines of the device are taken"}
	ErrNotAlerting        = &Error{StateIncompatibility, "noCallToAnswer", "the connection is not alerting"}
	ErrNotConnected       = &Error{StateIncompatibility, "noActiveCall", "the connection is not connected"}
	ErrNotHeld            = &Error{StateIncompatibility, "noHeldCall", "the connection is not held"}
	ErrCallerLeft         = &Error{Operation, "invalidConnectionID", "who made the call has left it"}
	ErrNotDivertible      = &Error{StateIncompatibility, "invalidConnectionState", "the connection is not alerting"}
	ErrNotSameDevice      = &Error{Operation, "notSameDevice", "the held and the active call are not of the same telephone"}
	ErrTwiceInCall        = &Error{Operation, "requestIncompatibleWithHeldConnection", "another device is in both calls"}
	ErrCallFailed         = &Error{StateIncompatibility, "invalidActiveConnectionState", "the call has failed"}
	ErrNobodyTalks        = &Error{StateIncompatibility, "invalidActiveConnectionState", "nobody who talks would be left in the call"}
	ErrConferenceFull     = &Error{SystemResource, "conferenceMemberLimitExceeded", "the call would have too many parties"}
	ErrDestinationBusy    = &Error{StateIncompatibility, "invalidDestinationDeviceState", "the destination is busy"}
	ErrInvalidDigits      = &Error{Operation, "invalidParameterValue", "want 1 to 64 of the digits 0 to 9, *, # and A to D"}
	ErrNoData             = &Error{Operation, "atLeastOneConditionalParameterNotProvided", "there is no data to attach"}
	ErrTooMuchData        = &Error{Operation, "correlatorDataOutOfRange", "the data of a call is more than 16 KiB"}
	ErrNotClearable       = &Error{StateIncompatibility, "noConnectionToClear", "the connection cannot be cleared"}
)
