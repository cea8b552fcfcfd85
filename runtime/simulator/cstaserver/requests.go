package cstaserver

import (
	"errors"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// do does a request and returns its answer.
func (c *connection) do(request wire.Message) wire.Message {
	switch r := request.(type) {
	case *wire.StartApplicationSession:
		return c.startSession(r)
	case *wire.ResetApplicationSessionTimer:
		return c.resetTimer(r)
	case *wire.StopApplicationSession:
		return c.stopSession(r)
	}
	if c.session == nil || c.session.ended() {
		return refusal(errNoSession)
	}
	answer, err := c.doService(request)
	if err != nil {
		return refusal(err)
	}
	return answer
}

func (c *connection) doService(request wire.Message) (wire.Message, error) {
	model := c.server.model
	switch r := request.(type) {
	case *wire.MonitorStart:
		return c.monitorStart(r)
	case *wire.MonitorStop:
		return c.monitorStop(r)
	case *wire.SnapshotDevice:
		return snapshotDevice(model, r)
	case *wire.SnapshotCall:
		return snapshotCall(model, r)
	case *wire.SystemStatus:
		return wire.SystemStatusResponse{}, nil
	case *wire.SetAgentState:
		return setAgentState(model, r)
	case *wire.GetAgentState:
		return getAgentState(model, r)
	case *wire.AnswerCall:
		return wire.AnswerCallResponse{}, model.Answer(connectionID(r.Call))
	case *wire.ClearConnection:
		return wire.ClearConnectionResponse{}, model.Clear(connectionID(r.Connection))
	case *wire.HoldCall:
		return wire.HoldCallResponse{}, model.Hold(connectionID(r.Call))
	case *wire.RetrieveCall:
		return wire.RetrieveCallResponse{}, model.Retrieve(connectionID(r.Call))
	case *wire.MakeCall:
		return makeCall(model, r)
	}
	return doTransferService(model, request)
}

func (c *connection) monitorStart(r *wire.MonitorStart) (wire.Message, error) {
	if r.MonitorObject.DeviceObject == nil {
		return nil, errObjectType
	}
	device := deviceID(*r.MonitorObject.DeviceObject)
	if !c.server.model.Exists(device) {
		return nil, switchmodel.ErrInvalidDevice
	}
	limit := limits{c.server.cfg.MaxMonitors, c.server.faults.monitorLimit()}
	id, err := c.server.monitors.start(c.session, device, limit)
	if err != nil {
		return nil, err
	}
	c.log.V(1).Info("Started a monitor", "device", device, "monitor", id)
	return wire.MonitorStartResponse{MonitorCrossRefID: id, MonitorExistingCalls: true}, nil
}

func (c *connection) monitorStop(r *wire.MonitorStop) (wire.Message, error) {
	if !c.server.monitors.stop(c.session, r.MonitorCrossRefID) {
		return nil, errCrossRef
	}
	return wire.MonitorStopResponse{}, nil
}

func makeCall(model *switchmodel.Switch, r *wire.MakeCall) (wire.Message, error) {
	id, err := model.MakeCall(deviceID(r.CallingDevice), r.CalledNumber.Number, r.Variables())
	if err != nil {
		return nil, err
	}
	return wire.MakeCallResponse{Connection: wire.Connection(string(id.Call), string(id.Device))}, nil
}

func deviceID(d wire.DeviceID) switchmodel.DeviceID { return switchmodel.DeviceID(d.Number) }

func connectionID(id wire.ConnectionID) switchmodel.ConnectionID {
	return switchmodel.ConnectionID{Call: switchmodel.CallID(id.CallID), Device: deviceID(id.DeviceID)}
}

// refused is an error of this server, where the switch was not even asked.
type refused struct{ category, value string }

func (r refused) Error() string { return r.category + ": " + r.value }

var (
	errGeneric         = refused{wire.CategoryOperation, "generic"}
	errNoSession       = refused{wire.CategoryOperation, "securityViolation"}
	errNotSupported    = refused{wire.CategoryOperation, "serviceNotSupported"}
	errObjectType      = refused{wire.CategoryOperation, "invalidObjectType"}
	errCrossRef        = refused{wire.CategoryOperation, "invalidCrossRefID"}
	errTooManyMonitors = refused{wire.CategorySystemResource, "overallMonitorLimitExceeded"}

	errNoMonitorLicence = refused{wire.CategorySubscribedResource, "objectMonitorLimitExceeded"}
)

// refusal puts an error into the child of CSTAErrorCode that it belongs to.
func refusal(err error) wire.CSTAErrorCode {
	var mine refused
	var model *switchmodel.Error
	switch {
	case errors.As(err, &model):
		mine = refused{string(model.Category), model.Value}
	case !errors.As(err, &mine):
		return wire.CSTAErrorCode{Unspecified: &wire.Empty{}}
	}
	switch mine.category {
	case wire.CategoryOperation:
		return wire.CSTAErrorCode{Operation: mine.value}
	case wire.CategoryState:
		return wire.CSTAErrorCode{StateIncompatibility: mine.value}
	case wire.CategorySystemResource:
		return wire.CSTAErrorCode{SystemResource: mine.value}
	case wire.CategorySubscribedResource:
		return wire.CSTAErrorCode{SubscribedResource: mine.value}
	case wire.CategoryPerformanceManagement:
		return wire.CSTAErrorCode{PerformanceManagement: mine.value}
	}
	return wire.CSTAErrorCode{Unspecified: &wire.Empty{}}
}
