package wire

// ConsultationCall holds a call and calls somebody else (ECMA-269, Consultation Call).
type ConsultationCall struct {
	request
	ExistingCall    ConnectionID `xml:"existingCall"`
	ConsultedDevice DeviceID     `xml:"consultedDevice"`
	CorrelatorData  *CallData    `xml:"correlatorData"`
	UserData        *CallData    `xml:"userData"`
	// ConsultOptions is unrestricted where it is not told.
	ConsultOptions string      `xml:"consultOptions,omitempty"`
	Extensions     *Extensions `xml:"extensions"`
}

// Variables returns the call data to attach.
func (c ConsultationCall) Variables() map[string]string {
	return mergeData(c.CorrelatorData, c.UserData)
}

// ConsultationCallResponse names the new call.
type ConsultationCallResponse struct {
	response
	InitiatedCall ConnectionID `xml:"initiatedCall"`
	Extensions    *Extensions  `xml:"extensions"`
}

// TransferCall connects the others of two calls of a device (ECMA-269, Transfer Call).
type TransferCall struct {
	request
	HeldCall   ConnectionID `xml:"heldCall"`
	ActiveCall ConnectionID `xml:"activeCall"`
	Extensions *Extensions  `xml:"extensions"`
}

// TransferCallResponse names the call that the two became.
type TransferCallResponse struct {
	response
	TransferredCall ConnectionID     `xml:"transferredCall"`
	Connections     []ConnectionPair `xml:"connections>connectionListItem"`
	Extensions      *Extensions      `xml:"extensions"`
}

// ConferenceCall makes one call of two calls of a device (ECMA-269, Conference Call).
type ConferenceCall struct {
	request
	HeldCall   ConnectionID `xml:"heldCall"`
	ActiveCall ConnectionID `xml:"activeCall"`
	Extensions *Extensions  `xml:"extensions"`
}

// ConferenceCallResponse names the call that the two became.
type ConferenceCallResponse struct {
	response
	ConferenceCall ConnectionID     `xml:"conferenceCall"`
	Connections    []ConnectionPair `xml:"connections>connectionListItem"`
	Extensions     *Extensions      `xml:"extensions"`
}

// AlternateCall holds one call and retrieves the other (ECMA-269, Alternate Call).
type AlternateCall struct {
	request
	HeldCall   ConnectionID `xml:"heldCall"`
	ActiveCall ConnectionID `xml:"activeCall"`
	Extensions *Extensions  `xml:"extensions"`
}

// AlternateCallResponse accepts AlternateCall.
type AlternateCallResponse struct{ response }

// ReconnectCall ends one call and retrieves the other (ECMA-269, Reconnect Call).
type ReconnectCall struct {
	request
	ActiveCall ConnectionID `xml:"activeCall"`
	HeldCall   ConnectionID `xml:"heldCall"`
	Extensions *Extensions  `xml:"extensions"`
}

// ReconnectCallResponse accepts ReconnectCall.
type ReconnectCallResponse struct{ response }

// SingleStepTransferCall gives a call away without a word (ECMA-269, Single Step Transfer
// Call).
type SingleStepTransferCall struct {
	request
	ActiveCall     ConnectionID `xml:"activeCall"`
	TransferredTo  DeviceID     `xml:"transferredTo"`
	CorrelatorData *CallData    `xml:"correlatorData"`
	UserData       *CallData    `xml:"userData"`
	Extensions     *Extensions  `xml:"extensions"`
}

// Variables returns the call data to attach.
func (c SingleStepTransferCall) Variables() map[string]string {
	return mergeData(c.CorrelatorData, c.UserData)
}

// SingleStepTransferCallResponse names the call that goes on.
type SingleStepTransferCallResponse struct {
	response
	TransferredCall ConnectionID     `xml:"transferredCall"`
	Connections     []ConnectionPair `xml:"connections>connectionListItem"`
	Extensions      *Extensions      `xml:"extensions"`
}

// DeflectCall sends a call that is alerting elsewhere (ECMA-269, Deflect Call).
type DeflectCall struct {
	request
	Call           ConnectionID `xml:"callToBeDiverted"`
	NewDestination DeviceID     `xml:"newDestination"`
	CorrelatorData *CallData    `xml:"correlatorData"`
	UserData       *CallData    `xml:"userData"`
	Reason         EventCause   `xml:"reason,omitempty"`
	Extensions     *Extensions  `xml:"extensions"`
}

// Variables returns the call data to attach.
func (c DeflectCall) Variables() map[string]string {
	return mergeData(c.CorrelatorData, c.UserData)
}

// DeflectCallResponse accepts DeflectCall.
type DeflectCallResponse struct{ response }
