package wire

// AssociateData attaches data to a call (ECMA-269, Associate Data). All monitors of the
// call hear of it by CallInformationEvent.
type AssociateData struct {
	request
	ExistingCall   ConnectionID `xml:"existingCall"`
	CorrelatorData *CallData    `xml:"correlatorData"`
	Extensions     *Extensions  `xml:"extensions"`
}

// Variables returns the call data to attach.
func (a AssociateData) Variables() map[string]string {
	return a.CorrelatorData.Values("correlatorData")
}

// AssociateDataResponse accepts AssociateData.
type AssociateDataResponse struct{ response }

// GenerateDigits sends digits into a call (ECMA-269, Generate Digits).
type GenerateDigits struct {
	request
	Connection ConnectionID `xml:"connectionToSendDigits"`
	// DigitMode is rotaryPulse or dTMF.
	DigitMode  string      `xml:"digitMode,omitempty"`
	Characters string      `xml:"charactersToSend"`
	Extensions *Extensions `xml:"extensions"`
}

// DigitModeDTMF is GenerateDigits.DigitMode for tones.
const DigitModeDTMF = "dTMF"

// GenerateDigitsResponse accepts GenerateDigits.
type GenerateDigitsResponse struct{ response }

// DigitsGeneratedEvent tells that digits were sent into the call.
type DigitsGeneratedEvent struct {
	event
	MonitorCrossRefID string       `xml:"monitorCrossRefID"`
	Connection        ConnectionID `xml:"connection"`
	Digits            string       `xml:"digitGeneratedList"`
	Extensions        *Extensions  `xml:"extensions"`
}

// SetMicrophoneMute switches a telephone's microphone off or on (ECMA-269, Set Microphone
// Mute).
type SetMicrophoneMute struct {
	request
	Device DeviceID `xml:"device"`
	// Apparatus is the handset, headset or loudspeaker, as the switch numbers them.
	Apparatus  string      `xml:"auditoryApparatus"`
	Mute       bool        `xml:"microphoneMuteOn"`
	Extensions *Extensions `xml:"extensions"`
}

// FirstApparatus is the apparatus of a telephone that has one.
const FirstApparatus = "1"

// SetMicrophoneMuteResponse accepts SetMicrophoneMute.
type SetMicrophoneMuteResponse struct{ response }

// GetMicrophoneMute asks whether microphones are off.
type GetMicrophoneMute struct {
	request
	Device     DeviceID    `xml:"device"`
	Apparatus  string      `xml:"auditoryApparatus,omitempty"`
	Extensions *Extensions `xml:"extensions"`
}

// GetMicrophoneMuteResponse lists the microphones.
type GetMicrophoneMuteResponse struct {
	response
	Microphones []MicrophoneMute `xml:"microphoneMuteList>microphoneMuteItem"`
	Extensions  *Extensions      `xml:"extensions"`
}

// MicrophoneMute is one microphone.
type MicrophoneMute struct {
	Apparatus string `xml:"auditoryApparatus"`
	Mute      bool   `xml:"microphoneMuteOn"`
}

// MicrophoneMuteEvent tells that a microphone was switched off or on.
type MicrophoneMuteEvent struct {
	event
	MonitorCrossRefID string      `xml:"monitorCrossRefID"`
	Device            *PartyID    `xml:"invokingDevice"`
	Apparatus         string      `xml:"auditoryApparatus"`
	Mute              bool        `xml:"microphoneMuteOn"`
	Extensions        *Extensions `xml:"extensions"`
}

// SetDoNotDisturb lets a device take no calls, or again (ECMA-269, Set Do Not Disturb).
type SetDoNotDisturb struct {
	request
	Device     DeviceID    `xml:"device"`
	On         bool        `xml:"doNotDisturbOn"`
	Extensions *Extensions `xml:"extensions"`
}

// SetDoNotDisturbResponse accepts SetDoNotDisturb.
type SetDoNotDisturbResponse struct{ response }

// GetDoNotDisturb asks whether a device takes calls.
type GetDoNotDisturb struct {
	request
	Device     DeviceID    `xml:"device"`
	Extensions *Extensions `xml:"extensions"`
}

// GetDoNotDisturbResponse answers GetDoNotDisturb.
type GetDoNotDisturbResponse struct {
	response
	On         bool        `xml:"doNotDisturbOn"`
	Extensions *Extensions `xml:"extensions"`
}

// DoNotDisturbEvent tells that a device takes no calls, or again.
type DoNotDisturbEvent struct {
	event
	MonitorCrossRefID string      `xml:"monitorCrossRefID"`
	Device            *PartyID    `xml:"device"`
	On                bool        `xml:"doNotDisturbOn"`
	Extensions        *Extensions `xml:"extensions"`
}
