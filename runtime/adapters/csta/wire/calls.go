package wire

// AnswerCall answers a call that is alerting (ECMA-269, Answer Call).
type AnswerCall struct {
	request
	Call       ConnectionID `xml:"callToBeAnswered"`
	Extensions *Extensions  `xml:"extensions"`
}

// AnswerCallResponse accepts AnswerCall.
type AnswerCallResponse struct{ response }

// ClearConnection takes a device out of a call (ECMA-269, Clear Connection).
type ClearConnection struct {
	request
	Connection ConnectionID `xml:"connectionToBeCleared"`
	Reason     EventCause   `xml:"reason,omitempty"`
	Extensions *Extensions  `xml:"extensions"`
}

// ClearConnectionResponse accepts ClearConnection.
type ClearConnectionResponse struct{ response }

// HoldCall puts a connection on hold (ECMA-269, Hold Call).
type HoldCall struct {
	request
	Call       ConnectionID `xml:"callToBeHeld"`
	Extensions *Extensions  `xml:"extensions"`
}

// HoldCallResponse accepts HoldCall.
type HoldCallResponse struct{ response }

// RetrieveCall takes a connection back from hold (ECMA-269, Retrieve Call).
type RetrieveCall struct {
	request
	Call       ConnectionID `xml:"callToBeRetrieved"`
	Extensions *Extensions  `xml:"extensions"`
}

// RetrieveCallResponse accepts RetrieveCall.
type RetrieveCallResponse struct{ response }

// MakeCall calls a number from a device (ECMA-269, Make Call).
type MakeCall struct {
	request
	CallingDevice DeviceID `xml:"callingDevice"`
	CalledNumber  DeviceID `xml:"calledDirectoryNumber"`
	// AutoOriginate is doNotPrompt or prompt.
	AutoOriginate  string      `xml:"autoOriginate,omitempty"`
	CorrelatorData *CallData   `xml:"correlatorData"`
	UserData       *CallData   `xml:"userData"`
	Extensions     *Extensions `xml:"extensions"`
}

// Variables returns the call data to attach.
func (m MakeCall) Variables() map[string]string { return mergeData(m.CorrelatorData, m.UserData) }

// MakeCallResponse names the new call.
type MakeCallResponse struct {
	response
	Connection ConnectionID `xml:"callingDevice"`
	Extensions *Extensions  `xml:"extensions"`
}
