package opencti

import (
	"context"
	"errors"
	"fmt"
)

// ErrorCode is the closed set of reasons why a request was not done.
type ErrorCode string

// The error codes. Their texts for people are in Error.Message; the CTI server's
// own code and text are in Error.Detail.
const (
	NotLoggedIn          ErrorCode = "NotLoggedIn"
	AlreadyLoggedIn      ErrorCode = "AlreadyLoggedIn"
	DeviceInUse          ErrorCode = "DeviceInUse"
	SessionTakenOver     ErrorCode = "SessionTakenOver"
	UnknownDevice        ErrorCode = "UnknownDevice"
	DeviceOutOfService   ErrorCode = "DeviceOutOfService"
	NoAlertingCall       ErrorCode = "NoAlertingCall"
	NoActiveCall         ErrorCode = "NoActiveCall"
	NoHeldCall           ErrorCode = "NoHeldCall"
	NoSuchCall           ErrorCode = "NoSuchCall"
	InvalidState         ErrorCode = "InvalidState"
	SameState            ErrorCode = "SameState"
	InvalidDestination   ErrorCode = "InvalidDestination"
	DestinationBusy      ErrorCode = "DestinationBusy"
	InvalidQueue         ErrorCode = "InvalidQueue"
	ReasonCodeRequired   ErrorCode = "ReasonCodeRequired"
	InvalidReasonCode    ErrorCode = "InvalidReasonCode"
	ConferenceFull       ErrorCode = "ConferenceFull"
	InvalidRequest       ErrorCode = "InvalidRequest"
	NotPermittedInMode   ErrorCode = "NotPermittedInMode"
	NotSupportedByClass  ErrorCode = "NotSupportedByClass"
	NotCapable           ErrorCode = "NotCapable"
	Forbidden            ErrorCode = "Forbidden"
	LicenceExhausted     ErrorCode = "LicenceExhausted"
	Overloaded           ErrorCode = "Overloaded"
	LinkDown             ErrorCode = "LinkDown"
	Timeout              ErrorCode = "Timeout"
	OutcomeUnknown       ErrorCode = "OutcomeUnknown"
	IdempotencyConflict  ErrorCode = "IdempotencyConflict"
	AuthenticationFailed ErrorCode = "AuthenticationFailed"
	Rejected             ErrorCode = "Rejected"
)

// retryable says for which codes the same request may succeed a little later.
var retryable = map[ErrorCode]bool{
	LinkDown: true, Timeout: true, Overloaded: true, DeviceOutOfService: true,
	DestinationBusy: true, LicenceExhausted: true,
}

// Error is what a desktop is told when a request fails (guide, "Handling Errors").
// Message is for the agent; Detail is the CTI server's own code and text.
type Error struct {
	Code     ErrorCode
	Message  string
	Activity Activity
	Detail   string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s (%s)", e.Code, e.Message, e.Detail)
}

// Retryable says whether the same request may succeed a little later.
func (e *Error) Retryable() bool { return retryable[e.Code] }

// Errorf makes an Error with a message for people.
func Errorf(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithDetail adds the CTI server's own words.
func (e *Error) WithDetail(detail string) *Error {
	c := *e
	c.Detail = detail
	return &c
}

// AsError turns any error of a driver into an Error: its own where it is one,
// Timeout for an expired context, else Rejected. It returns nil for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return Errorf(Timeout, "the CTI server did not answer in time")
	case errors.Is(err, context.Canceled):
		return Errorf(LinkDown, "the request was cut off")
	}
	return Errorf(Rejected, "the request failed").WithDetail(err.Error())
}
