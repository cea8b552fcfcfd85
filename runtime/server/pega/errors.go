package pega

import "github.com/ctilink/ctilink-operator/runtime/opencti"

// Code is what an error is in Pega's terms.
type Code struct {
	Error opencti.ErrorCode
	// ErrCode is what the failure callback of pega_cti_desktopAPI.js gets (8.x guide,
	// "Error messages"); where that list has nothing nearer, the HTTP status in its form.
	ErrCode string
	// Text stands for a message where there is none.
	Text string
}

// codes is the one table of errors; docs/pega.md repeats it, and so does the JavaScript.
var codes = []Code{
	{opencti.NotLoggedIn, "OPENCTI_AGENT_NOT_LOGGED_IN", "The agent is not logged in."},
	{opencti.AlreadyLoggedIn, "OPENCTI_AGENT_LOGGED_IN", "The agent is logged in already."},
	{opencti.DeviceInUse, "OPENCTI_AGENT_LOGGED_IN", "The agent or the device has another session."},
	{opencti.SessionTakenOver, "OPENCTI_AGENT_LOGGED_IN", "The session goes on at another desktop."},
	{opencti.UnknownDevice, "OPENCTI_HTTP_ERROR_404", "The CTI server does not know the device."},
	{opencti.DeviceOutOfService, "OPENCTI_HTTP_ERROR_503", "The device is out of service."},
	{opencti.NoAlertingCall, "OPENCTI_CF_INVALID_OBJECT_STATE", "No call is ringing."},
	{opencti.NoActiveCall, "OPENCTI_CF_INVALID_OBJECT_STATE", "There is no active call."},
	{opencti.NoHeldCall, "OPENCTI_CF_INVALID_OBJECT_STATE", "There is no call on hold."},
	{opencti.NoSuchCall, "OPENCTI_CF_INVALID_OBJECT_STATE", "There is no such call at this device."},
	{opencti.InvalidState, "OPENCTI_CF_INVALID_OBJECT_STATE", "The state of the call or the agent does not allow it."},
	{opencti.SameState, "OPENCTI_IN_SAME_STATE", "It is so already."},
	{opencti.InvalidDestination, "OPENCTI_CF_INVALID_DESTINATION", "The number cannot be called."},
	{opencti.DestinationBusy, "OPENCTI_DEST_BUSY", "The number is busy."},
	{opencti.InvalidQueue, "OPENCTI_CF_GENERIC_OPERATION", "There is no such queue for this agent."},
	{opencti.ReasonCodeRequired, "OPENCTI_CF_GENERIC_OPERATION", "A reason code is needed."},
	{opencti.InvalidReasonCode, "OPENCTI_CF_GENERIC_OPERATION", "The reason code is not known."},
	{opencti.ConferenceFull, "OPENCTI_CONF_ALREADY_PRESENT", "The conference takes nobody else."},
	{opencti.InvalidRequest, "OPENCTI_CF_GENERIC_OPERATION", "The request is not right."},
	{opencti.NotPermittedInMode, "OPENCTI_HTTP_ERROR_405", "The telephony mode does not permit it."},
	{opencti.NotSupportedByClass, "OPENCTI_HTTP_ERROR_405", "This link does not offer it."},
	{opencti.NotCapable, "OPENCTI_CF_GENERIC_OPERATION", "It is not possible here now."},
	{opencti.Forbidden, "OPENCTI_HTTP_ERROR_401", "It is not allowed."},
	{opencti.LicenceExhausted, "OPENCTI_HTTP_ERROR_503", "The CTI server has no licence left."},
	{opencti.Overloaded, "OPENCTI_HTTP_ERROR_503", "There is too much to do now."},
	{opencti.LinkDown, "OPENCTI_HTTP_ERROR_503", "The CTI server cannot be reached."},
	{opencti.Timeout, "OPENCTI_HTTP_ERROR_504", "The CTI server did not answer in time."},
	{opencti.OutcomeUnknown, "OPENCTI_HTTP_ERROR_502", "It is not known whether it was done."},
	{opencti.IdempotencyConflict, "OPENCTI_CF_GENERIC_OPERATION", "The key was used for another request."},
	{opencti.AuthenticationFailed, "OPENCTI_HTTP_ERROR_401", "The password or the token is wrong."},
	{opencti.Rejected, "OPENCTI_CF_GENERIC_OPERATION", "The CTI server refused."},
}

// Codes gives the table, in the order of the error codes.
func Codes() []Code { return append([]Code(nil), codes...) }

// CodeOf finds an error's row; that of Rejected for a code outside the closed set.
func CodeOf(code opencti.ErrorCode) Code {
	for _, c := range codes {
		if c.Error == code {
			return c
		}
	}
	return codes[len(codes)-1]
}

// StatusMessage is what pyStatusMessage and pyPegaCTIError are set to (guide, "Handling
// Errors": both get the error message).
func StatusMessage(code opencti.ErrorCode, message string) string {
	if message == "" {
		return CodeOf(code).Text
	}
	return message
}
