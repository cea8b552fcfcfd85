package behaviour

import (
	"strconv"
	"sync/atomic"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// requestNames are those that this switch knows.
var requestNames = []string{
	"StartApplicationSession", "ResetApplicationSessionTimer", "StopApplicationSession",
	"MonitorStart", "MonitorStop", "SnapshotDevice", "SnapshotCall", "SystemStatus", "SetAgentState", "GetAgentState",
	"AnswerCall", "ClearConnection", "HoldCall", "RetrieveCall", "MakeCall",
	"ConsultationCall", "AlternateCall", "ReconnectCall", "TransferCall", "ConferenceCall", "SingleStepTransferCall", "DeflectCall",
	"AssociateData", "GenerateDigits", "SetMicrophoneMute", "GetMicrophoneMute", "SetDoNotDisturb", "GetDoNotDisturb",
}

// accepted is the positive answer to what asks a telephone, a call or an agent to
// do something, though nothing has been done.
func accepted(request wire.Message) (wire.Message, bool) {
	switch r := request.(type) {
	case *wire.SetAgentState:
		return wire.SetAgentStateResponse{}, true
	case *wire.AnswerCall:
		return wire.AnswerCallResponse{}, true
	case *wire.ClearConnection:
		return wire.ClearConnectionResponse{}, true
	case *wire.HoldCall:
		return wire.HoldCallResponse{}, true
	case *wire.RetrieveCall:
		return wire.RetrieveCallResponse{}, true
	case *wire.MakeCall:
		return wire.MakeCallResponse{Connection: wire.Connection(noCall(), r.CallingDevice.Number)}, true
	case *wire.ConsultationCall:
		return wire.ConsultationCallResponse{InitiatedCall: wire.Connection(noCall(), r.ExistingCall.DeviceID.Number)}, true
	case *wire.AssociateData:
		return wire.AssociateDataResponse{}, true
	case *wire.GenerateDigits:
		return wire.GenerateDigitsResponse{}, true
	case *wire.SetMicrophoneMute:
		return wire.SetMicrophoneMuteResponse{}, true
	case *wire.SetDoNotDisturb:
		return wire.SetDoNotDisturbResponse{}, true
	}
	return acceptedInSteps(request)
}

// acceptedInSteps is that of services of which ECMA-269 says that they may fail
// after they were accepted (Service Completion Failure). What the calls become is
// not told, as it is not known then.
func acceptedInSteps(request wire.Message) (wire.Message, bool) {
	switch request.(type) {
	case *wire.AlternateCall:
		return wire.AlternateCallResponse{}, true
	case *wire.ReconnectCall:
		return wire.ReconnectCallResponse{}, true
	case *wire.TransferCall:
		return wire.TransferCallResponse{}, true
	case *wire.ConferenceCall:
		return wire.ConferenceCallResponse{}, true
	case *wire.SingleStepTransferCall:
		return wire.SingleStepTransferCallResponse{}, true
	case *wire.DeflectCall:
		return wire.DeflectCallResponse{}, true
	}
	return nil, false
}

var noCalls atomic.Uint32

// noCall is the id of a call that will never be.
func noCall() string { return strconv.FormatUint(4_000_000_000+uint64(noCalls.Add(1)), 10) }
