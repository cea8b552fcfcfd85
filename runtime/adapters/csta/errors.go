package csta

import (
	"strings"
	"unicode"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// errorCodes maps CSTA's errors (ECMA-323, UniversalFailure) by category and value. The
// value "" is for all others of the category.
var errorCodes = map[string]map[string]opencti.ErrorCode{
	wire.CategoryOperation: {
		"invalidDeviceID": opencti.UnknownDevice, "invalidCallingDeviceID": opencti.UnknownDevice,
		"invalidActiveDeviceID": opencti.UnknownDevice, "invalidHeldDeviceID": opencti.UnknownDevice,
		"invalidMonitorObject": opencti.UnknownDevice, "objectNotKnown": opencti.UnknownDevice,

		"invalidCallID": opencti.NoSuchCall, "invalidActiveCallID": opencti.NoSuchCall, "invalidHeldCallID": opencti.NoSuchCall,
		"invalidConnectionID": opencti.NoSuchCall, "invalidActiveConnectionID": opencti.NoSuchCall,
		"invalidHeldConnectionID": opencti.NoSuchCall,

		"invalidDestination": opencti.InvalidDestination, "invalidCalledDeviceID": opencti.InvalidDestination,
		"invalidDestinationDeviceID": opencti.InvalidDestination, "invalidCalledDeviceObjectType": opencti.InvalidDestination,
		"invalidDestinationDeviceObject": opencti.InvalidDestination, "invalidForwardingDestination": opencti.InvalidDestination,
		"requestIncompatibleWithCalledDevice":      opencti.InvalidDestination,
		"requestIncompatibleWithDestinationDevice": opencti.InvalidDestination,
		"requestIncompatibleWithObject":            opencti.NotCapable,
		"requestIncompatibleWithMedia":             opencti.NotCapable,
		"requestIncompatibleWithDevice":            opencti.NotCapable,
		"requestIncompatibleWithSubjectDevice":     opencti.NotCapable,
		"requestIncompatibleWithConnection":        opencti.InvalidState,
		"requestIncompatibleWithActiveConnection":  opencti.InvalidState,
		"requestIncompatibleWithHeldConnection":    opencti.InvalidState,

		"invalidAgentState": opencti.InvalidState, "agentStateOutOfRange": opencti.InvalidRequest,
		"invalidAgentIdentifier": opencti.AuthenticationFailed, "invalidAgentPassword": opencti.AuthenticationFailed,
		"invalidAgentGroup": opencti.InvalidQueue, "featureAlreadySet": opencti.SameState,

		"securityViolation": opencti.Forbidden, "invalidFeature": opencti.NotCapable, "serviceNotSupported": opencti.NotCapable,
		"invalidAccountCode": opencti.Forbidden, "invalidAuthCode": opencti.Forbidden,
		"generic": opencti.Rejected, "invalidParameterValue": opencti.InvalidRequest,
		"atLeastOneConditionalParameterNotProvided": opencti.InvalidRequest, "valueOutOfRange": opencti.InvalidRequest,
		"invalidCorrelatorData": opencti.InvalidRequest, "invalidObjectType": opencti.InvalidRequest,
		"": opencti.Rejected,
	},
	wire.CategoryState: {
		"noCallToAnswer": opencti.NoAlertingCall, "noActiveCall": opencti.NoActiveCall, "noHeldCall": opencti.NoHeldCall,
		"noCallToClear": opencti.NoSuchCall, "noConnectionToClear": opencti.NoSuchCall, "noCallToComplete": opencti.NoSuchCall,
		"invalidCalledDeviceState": opencti.DestinationBusy, "invalidDestinationDeviceState": opencti.DestinationBusy,
		"": opencti.InvalidState,
	},
	wire.CategorySystemResource: {
		"resourceOutOfService": opencti.DeviceOutOfService, "deviceOutOfService": opencti.DeviceOutOfService,
		"activeDeviceOutOfService": opencti.DeviceOutOfService, "callingDeviceOutOfService": opencti.DeviceOutOfService,
		"heldDeviceOutOfService": opencti.DeviceOutOfService, "networkOutOfService": opencti.DeviceOutOfService,
		"otherResourceOutOfService": opencti.DeviceOutOfService, "calledDeviceOutOfService": opencti.DeviceOutOfService,
		"destinationDeviceOutOfService": opencti.DeviceOutOfService,
		"overallMonitorLimitExceeded":   opencti.LicenceExhausted, "registrationLimitExceeded": opencti.LicenceExhausted,
		"conferenceMemberLimitExceeded": opencti.ConferenceFull,
		"":                              opencti.Overloaded,
	},
	wire.CategorySubscribedResource: {
		"objectMonitorLimitExceeded": opencti.LicenceExhausted, "objectRegistrationLimitExceeded": opencti.LicenceExhausted,
		"outstandingReqLimitExceeded": opencti.Overloaded, "trunkLimitExceeded": opencti.Overloaded,
		"conferenceMemberLimitExceeded": opencti.ConferenceFull,
		"":                              opencti.LicenceExhausted,
	},
	wire.CategoryPerformanceManagement: {"": opencti.Overloaded},
	wire.CategorySecurity:              {"": opencti.Forbidden},
	wire.CategoryPrivateData:           {"": opencti.InvalidRequest},
	wire.CategoryPrivateErrorCode:      {"": opencti.Rejected},
	wire.CategoryUnspecified:           {"": opencti.Rejected},
}

// families are values of the category operation that the schema names alike.
var families = []struct {
	is   func(value, part string) bool
	part string
	code opencti.ErrorCode
}{
	{strings.HasPrefix, "privilegeViolation", opencti.Forbidden},
	{strings.HasPrefix, "requestIncompatible", opencti.NotCapable},
	{strings.HasSuffix, "NotSupported", opencti.NotCapable},
	{strings.HasSuffix, "OutOfRange", opencti.InvalidRequest},
}

// messages are for the agent.
var messages = map[opencti.ErrorCode]string{
	opencti.UnknownDevice:        "the switch does not know the device",
	opencti.DeviceOutOfService:   "the device is out of service",
	opencti.NoAlertingCall:       "there is no call to answer",
	opencti.NoActiveCall:         "there is no active call",
	opencti.NoHeldCall:           "there is no call on hold",
	opencti.NoSuchCall:           "there is no such call at the device",
	opencti.InvalidState:         "the state of the call or the telephone does not allow that now",
	opencti.SameState:            "it is so already",
	opencti.InvalidDestination:   "the number cannot be called",
	opencti.DestinationBusy:      "the called device is busy",
	opencti.InvalidQueue:         "there is no such queue for the agent",
	opencti.ConferenceFull:       "the call has as many parties as the switch allows",
	opencti.InvalidRequest:       "the switch does not take a value of the request",
	opencti.NotCapable:           "the switch cannot do that here",
	opencti.Forbidden:            "the switch does not permit that",
	opencti.LicenceExhausted:     "the switch has no licence left for that",
	opencti.Overloaded:           "the switch is overloaded; try again later",
	opencti.AuthenticationFailed: "the switch does not accept the user or the password",
	opencti.Rejected:             "the switch refused",
	opencti.Timeout:              "it took the switch too long",
}

// serviceError translates a refusal; the switch's own words stand in the detail.
func serviceError(refused *wire.CSTAErrorCode) *opencti.Error {
	category, value := refused.Value()
	detail := category
	if value != "" {
		detail += "/" + value
	}
	code := codeOf(category, value)
	return opencti.Errorf(code, "%s", messages[code]).WithDetail(peerText(detail))
}

func codeOf(category, value string) opencti.ErrorCode {
	if code, ok := errorCodes[category][value]; ok {
		return code
	}
	if category == wire.CategoryOperation {
		for _, f := range families {
			if f.is(value, f.part) {
				return f.code
			}
		}
	}
	return errorCodes[category][""]
}

// inUse is the error of a request about a device that somebody else has: the state that is
// incompatible (ECMA-269, invalidObjectState) is no call's.
func inUse(err error, message string) error {
	if e := opencti.AsError(err); e != nil && e.Code == opencti.InvalidState && strings.HasSuffix(e.Detail, "/invalidObjectState") {
		return opencti.Errorf(opencti.DeviceInUse, "%s", message).WithDetail(e.Detail)
	}
	return err
}

// isUnsupported says that the switch has no such service at all.
func isUnsupported(err error) bool {
	e := opencti.AsError(err)
	return e != nil && e.Code == opencti.NotCapable && strings.HasSuffix(e.Detail, "serviceNotSupported")
}

func hasCode(err error, code opencti.ErrorCode) bool {
	e := opencti.AsError(err)
	return e != nil && e.Code == code
}

// causes maps why a service failed that had been accepted (ECMA-269, EventCause).
var causes = map[wire.EventCause]opencti.ErrorCode{
	"busy": opencti.DestinationBusy, "doNotDisturb": opencti.DestinationBusy, "callNotAnswered": opencti.DestinationBusy,
	"destNotObtainable": opencti.InvalidDestination, "destOutOfOrder": opencti.InvalidDestination,
	"incompatibleDestination": opencti.InvalidDestination, "invalidNumberFormat": opencti.InvalidDestination,
	"numberChanged": opencti.InvalidDestination, "numberUnallocated": opencti.InvalidDestination,
	"networkNotObtainable": opencti.InvalidDestination, "blocked": opencti.Forbidden, "invalidAccountCode": opencti.Forbidden,
	"invalidConnection": opencti.NoSuchCall, "invalidConnectionState": opencti.InvalidState,
	"resourcesNotAvailable": opencti.Overloaded, "trunksBusy": opencti.Overloaded, "selectedTrunkBusy": opencti.Overloaded,
	"networkCongestion": opencti.Overloaded, "timeout": opencti.Timeout, "maintenance": opencti.DeviceOutOfService,
	"networkOutOfOrder": opencti.DeviceOutOfService,
}

// causeError translates the cause of an event that says that a request failed.
func causeError(event string, cause wire.EventCause) error {
	code, known := causes[cause]
	if !known {
		code = opencti.Rejected
	}
	detail := event
	if cause != "" {
		detail += "/" + string(cause)
	}
	return opencti.Errorf(code, "%s", messages[code]).WithDetail(peerText(detail))
}

// sessionCodes maps the errors of ECMA-354.
var sessionCodes = map[string]opencti.ErrorCode{
	wire.SessionInvalidApplicationInfo: opencti.AuthenticationFailed,
	wire.SessionTooMany:                opencti.LicenceExhausted,
	wire.SessionServerBusy:             opencti.Overloaded,
	wire.SessionInvalidID:              opencti.LinkDown,
	wire.SessionCannotReset:            opencti.LinkDown,
}

func sessionError(e wire.SessionError) *opencti.Error {
	if e.Defined == wire.SessionVersionNotSupported {
		return opencti.Errorf(opencti.Rejected, "the switch does not speak protocolVersion; ask for one that it does").WithDetail(e.Defined)
	}
	code, ok := sessionCodes[e.Defined]
	if !ok {
		return opencti.Errorf(opencti.Rejected, "the switch refused the session").WithDetail(peerText(e.Defined + e.Application))
	}
	if code == opencti.LinkDown {
		return opencti.Errorf(code, "the switch no longer keeps the session").WithDetail(e.Defined)
	}
	return opencti.Errorf(code, "%s", messages[code]).WithDetail(e.Defined)
}

// peerText makes a switch's words fit for a log and a desktop.
func peerText(s string) string {
	const enough = 120
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	if r := []rune(s); len(r) > enough {
		return string(r[:enough]) + "…"
	}
	return s
}
