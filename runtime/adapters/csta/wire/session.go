package wire

import "encoding/xml"

// StartApplicationSession opens an application session (ECMA-354).
type StartApplicationSession struct {
	sessionRequest
	ApplicationID     string            `xml:"applicationInfo>applicationID"`
	Login             *SessionLoginInfo `xml:"applicationInfo>applicationSpecificInfo>SessionLoginInfo"`
	ProtocolVersions  []string          `xml:"requestedProtocolVersions>protocolVersion"`
	RequestedDuration int               `xml:"requestedSessionDuration,omitempty"`
}

// SessionLoginInfo is how Avaya AES takes a user and password, and the session to resume.
type SessionLoginInfo struct {
	UserName string `xml:"userName"`
	Password string `xml:"password"`
	// CleanupDelay is for how many seconds a lost session can be resumed.
	CleanupDelay int    `xml:"sessionCleanupDelay"`
	SessionID    string `xml:"sessionID"`
}

// The prefix stands in the names because encoding/xml cannot write xsi:type's value,
// a name with the prefix of a namespace, in any other way.
type avayaSessionLogin struct {
	UserName     string `xml:"acx:userName"`
	Password     string `xml:"acx:password"`
	CleanupDelay int    `xml:"acx:sessionCleanupDelay"`
	SessionID    string `xml:"acx:sessionID"`
}

// MarshalXML writes AES's form.
func (s SessionLoginInfo) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(avayaSessionLogin(s), xml.StartElement{
		Name: xml.Name{Local: "acx:SessionLoginInfo"},
		Attr: []xml.Attr{
			{Name: xml.Name{Local: "xmlns:acx"}, Value: namespaceAvaya},
			{Name: xml.Name{Local: "xmlns:xsi"}, Value: namespaceXSI},
			{Name: xml.Name{Local: "xsi:type"}, Value: "acx:SessionLoginInfo"},
		},
	})
}

// StartApplicationSessionPosResponse says that the session is open.
type StartApplicationSessionPosResponse struct {
	sessionResponse
	SessionID       string `xml:"sessionID"`
	ProtocolVersion string `xml:"actualProtocolVersion"`
	// Duration is in seconds; the session ends unless its timer is reset before.
	Duration int `xml:"actualSessionDuration,omitempty"`
}

// Errors of the session services, as SessionError.Defined.
const (
	SessionInvalidApplicationInfo = "invalidApplicationInfo"
	SessionVersionNotSupported    = "requestedProtocolVersionNotSupported"
	SessionServerBusy             = "serverResourcesBusy"
	SessionTooMany                = "maxNumberSessions"
	SessionInvalidID              = "invalidSessionID"
	SessionCannotReset            = "serverCannotResetSessionTimer"
)

// SessionError is why a session service was refused: one of the standard's words or the
// server's own.
type SessionError struct {
	Defined     string `xml:"definedError,omitempty"`
	Application string `xml:"applError,omitempty"`
}

// StartApplicationSessionNegResponse says why there is no session.
type StartApplicationSessionNegResponse struct {
	sessionResponse
	ErrorCode SessionError `xml:"errorCode"`
}

// ResetApplicationSessionTimer keeps a session open.
type ResetApplicationSessionTimer struct {
	sessionRequest
	SessionID         string `xml:"sessionID"`
	RequestedDuration int    `xml:"requestedSessionDuration,omitempty"`
}

// ResetApplicationSessionTimerPosResponse gives the new duration in seconds.
type ResetApplicationSessionTimerPosResponse struct {
	sessionResponse
	Duration int `xml:"actualSessionDuration,omitempty"`
}

// ResetApplicationSessionTimerNegResponse says why the timer runs on.
type ResetApplicationSessionTimerNegResponse struct {
	sessionResponse
	ErrorCode SessionError `xml:"errorCode"`
}

// StopApplicationSession ends a session.
type StopApplicationSession struct {
	sessionRequest
	SessionID string    `xml:"sessionID"`
	Reason    EndReason `xml:"sessionEndReason"`
}

// EndReason is why the application ends its session.
type EndReason struct {
	Defined     string `xml:"definedEndReason,omitempty"`
	Application string `xml:"appEndReason,omitempty"`
}

// EndNormal is the one reason that the standard defines.
const EndNormal = "normal"

// StopApplicationSessionPosResponse says that the session is over.
type StopApplicationSessionPosResponse struct{ sessionResponse }

// StopApplicationSessionNegResponse says why it is not.
type StopApplicationSessionNegResponse struct {
	sessionResponse
	ErrorCode SessionError `xml:"errorCode"`
}

// ApplicationSessionTerminated tells, unasked, that the server ended the session.
type ApplicationSessionTerminated struct {
	sessionEvent
	SessionID string     `xml:"sessionID"`
	Reason    TermReason `xml:"sessionTermReason"`
}

// TermReason is why the server ended the session.
type TermReason struct {
	// Defined is resourceLimitation or sessionTimerExpired.
	Defined string `xml:"definedTermReason,omitempty"`
	Server  string `xml:"serverTermReason,omitempty"`
}
