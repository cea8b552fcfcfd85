package wire

import (
	"encoding/hex"
	"encoding/xml"
	"strings"
)

// DeviceID is a device's identifier as the switch writes it, with the attributes that
// a switch may want back. An empty Number is no device.
type DeviceID struct {
	Number       string `xml:",chardata" text:"trimmed"` // pretty-printing peers put it on a line of its own
	TypeOfNumber string `xml:"typeOfNumber,attr,omitempty"`
	MediaClass   string `xml:"mediaClass,attr,omitempty"`
}

// Device makes the identifier of a plain number.
func Device(number string) DeviceID { return DeviceID{Number: number} }

// ConnectionID is a device's part in a call. Its XML fields may come in either order and in
// either spelling: switches use both.
type ConnectionID struct {
	CallID   string   `xml:"callID" also:"callId" text:"trimmed"`
	DeviceID DeviceID `xml:"deviceID" also:"deviceId"`
}

// Connection makes the identifier of a device's part in a call.
func Connection(callID, device string) ConnectionID {
	return ConnectionID{CallID: callID, DeviceID: Device(device)}
}

// MarshalXML writes the parts that are set, in the schema's spelling.
func (c ConnectionID) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	x := struct {
		CallID   string    `xml:"callID,omitempty"`
		DeviceID *DeviceID `xml:"deviceID,omitempty"`
	}{CallID: c.CallID}
	if c.DeviceID.Number != "" {
		x.DeviceID = &c.DeviceID
	}
	return e.EncodeElement(x, start)
}

// Empty is an element that says all by being there.
type Empty struct{}

// PartyID is the schema's ExtendedDeviceID: a device, or why there is none.
type PartyID struct {
	DeviceIdentifier *DeviceID `xml:"deviceIdentifier"`
	NotKnown         *Empty    `xml:"notKnown"`
	Restricted       *Empty    `xml:"restricted"`
}

// Party names a device.
func Party(number string) *PartyID {
	d := Device(number)
	return &PartyID{DeviceIdentifier: &d}
}

// UnknownParty says that the device is not known.
func UnknownParty() *PartyID { return &PartyID{NotKnown: &Empty{}} }

// RestrictedParty says that the number is withheld.
func RestrictedParty() *PartyID { return &PartyID{Restricted: &Empty{}} }

// Number returns the device, "" when there is none, it is not known or withheld.
func (p *PartyID) Number() string {
	if p == nil || p.DeviceIdentifier == nil {
		return ""
	}
	return p.DeviceIdentifier.Number
}

// RedirectionID is the schema's RedirectionDeviceID: from where a call was redirected.
type RedirectionID struct {
	NumberDialed *DeviceID `xml:"numberDialed"`
	// DeviceIdentifier is not in the schema; some switches write it.
	DeviceIdentifier *DeviceID `xml:"deviceIdentifier"`
	NotKnown         *Empty    `xml:"notKnown"`
	NotRequired      *Empty    `xml:"notRequired"`
	NotSpecified     *Empty    `xml:"notSpecified"`
	Restricted       *Empty    `xml:"restricted"`
}

// Redirection names the device that redirected.
func Redirection(number string) *RedirectionID {
	d := Device(number)
	return &RedirectionID{NumberDialed: &d}
}

// Number returns the device, "" when there is none or it is not told.
func (r *RedirectionID) Number() string {
	switch {
	case r == nil:
	case r.NumberDialed != nil:
		return r.NumberDialed.Number
	case r.DeviceIdentifier != nil:
		return r.DeviceIdentifier.Number
	}
	return ""
}

// HexBinary is the schema's hexBinary. Text that is no hex is taken as it stands.
type HexBinary []byte

// MarshalText implements encoding.TextMarshaler.
func (h HexBinary) MarshalText() ([]byte, error) {
	return []byte(strings.ToUpper(hex.EncodeToString(h))), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *HexBinary) UnmarshalText(text []byte) error {
	decoded, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		decoded = append([]byte(nil), text...)
	}
	*h = decoded
	return nil
}

// LocalConnectionState is the state of a connection (ECMA-269, LocalConnectionState).
type LocalConnectionState string

// The connection states.
const (
	StateNull      LocalConnectionState = "null"
	StateInitiated LocalConnectionState = "initiated"
	StateAlerting  LocalConnectionState = "alerting"
	StateConnected LocalConnectionState = "connected"
	StateHold      LocalConnectionState = "hold"
	StateQueued    LocalConnectionState = "queued"
	StateFail      LocalConnectionState = "fail"
)

// EventCause is why an event happened. The schema has some hundred; these are the ones
// that CTILink tells apart.
type EventCause string

// Causes of events.
const (
	CauseAlertTimeExpired    EventCause = "alertTimeExpired"
	CauseAlternate           EventCause = "alternate"
	CauseAutoWork            EventCause = "autoWork"
	CauseBusy                EventCause = "busy"
	CauseCallCancelled       EventCause = "callCancelled"
	CauseCallForwardNoReply  EventCause = "callForwardNoAnswer"
	CauseCallNotAnswered     EventCause = "callNotAnswered"
	CauseCallPickup          EventCause = "callPickup"
	CauseConference          EventCause = "conference"
	CauseConsultation        EventCause = "consultation"
	CauseDestNotObtainable   EventCause = "destNotObtainable"
	CauseDistributed         EventCause = "distributed"
	CauseEnterDistribution   EventCause = "enteringDistribution"
	CauseForcedPause         EventCause = "forcedPause"
	CauseForcedTransition    EventCause = "forcedTransition"
	CauseMakeCall            EventCause = "makeCall"
	CauseNewCall             EventCause = "newCall"
	CauseNormal              EventCause = "normal"
	CauseNormalClearing      EventCause = "normalClearing"
	CauseNoAvailableAgents   EventCause = "noAvailableAgents"
	CauseRedirected          EventCause = "redirected"
	CauseReserved            EventCause = "reserved"
	CauseSilentParticipation EventCause = "silentParticipation"
	CauseSingleStepTransfer  EventCause = "singleStepTransfer"
	CauseTimeout             EventCause = "timeout"
	CauseTransfer            EventCause = "transfer"
)
