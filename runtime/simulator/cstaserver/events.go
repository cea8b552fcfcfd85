package cstaserver

import (
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

const trunk = switchmodel.Trunk

// message makes a change into the event of one monitor: what its device is to
// know, with its own connection's state.
func message(e switchmodel.Event, device switchmodel.DeviceID, monitorID string) wire.Message {
	switch {
	case e.Agent != nil:
		return agentMessage(e, monitorID)
	case e.Phone != nil:
		return phoneMessage(e, monitorID)
	case e.Merge != nil:
		return mergeMessage(event{Event: e, monitorID: monitorID, device: device})
	}
	return callMessage(event{Event: e, monitorID: monitorID, device: device})
}

// event is a change in a call, seen from a monitored device.
type event struct {
	switchmodel.Event
	monitorID string
	device    switchmodel.DeviceID
}

func callMessage(e event) wire.Message {
	id, here := e.monitorID, party(e.Device)
	calling, called := party(e.Call.Calling), party(e.Call.Called)
	switch e.Kind {
	case switchmodel.ServiceInitiated:
		return wire.ServiceInitiatedEvent{MonitorCrossRefID: id, Connection: e.connection(), InitiatingDevice: here,
			EventData: e.data(), CallDetails: e.details()}
	case switchmodel.Originated:
		return wire.OriginatedEvent{MonitorCrossRefID: id, Connection: e.connection(), CallingDevice: calling, CalledDevice: called,
			EventData: e.data(), NetworkDevices: e.network(), CallDetails: e.details()}
	case switchmodel.NetworkReached:
		return wire.NetworkReachedEvent{MonitorCrossRefID: id, Connection: e.connection(), NetworkInterfaceUsed: party(trunk),
			CallingDevice: calling, CalledDevice: called, EventData: e.data(), CallDetails: e.details()}
	case switchmodel.Delivered:
		return wire.DeliveredEvent{MonitorCrossRefID: id, Connection: e.connection(), AlertingDevice: here,
			CallingDevice: calling, CalledDevice: called, LastRedirectionDevice: redirection(e.Call),
			EventData: e.data(), NetworkDevices: e.network(), CallDetails: e.details()}
	case switchmodel.Established:
		return wire.EstablishedEvent{MonitorCrossRefID: id, Connection: e.connection(), AnsweringDevice: here,
			CallingDevice: calling, CalledDevice: called, LastRedirectionDevice: redirection(e.Call),
			EventData: e.data(), NetworkDevices: e.network(), CallDetails: e.details()}
	case switchmodel.Queued:
		return wire.QueuedEvent{MonitorCrossRefID: id, Connection: e.connection(), Queue: here,
			CallingDevice: calling, CalledDevice: called, LastRedirectionDevice: redirection(e.Call), NumberQueued: e.NumberQueued,
			EventData: e.data(), NetworkDevices: e.network(), CallDetails: e.details()}
	case switchmodel.Failed:
		return wire.FailedEvent{MonitorCrossRefID: id, Connection: e.connection(), FailingDevice: here,
			CallingDevice: calling, CalledDevice: called, LastRedirectionDevice: redirection(e.Call),
			EventData: e.data(), NetworkDevices: e.network(), CallDetails: e.details()}
	}
	return laterMessage(e)
}

// laterMessage makes the events of calls that are known already: most name no
// parties.
func laterMessage(e event) wire.Message {
	id, here := e.monitorID, party(e.Device)
	switch e.Kind {
	case switchmodel.Diverted:
		return wire.DivertedEvent{MonitorCrossRefID: id, Connection: e.connection(), DivertingDevice: here,
			NewDestination: party(e.NewDestination), CallingDevice: party(e.Call.Calling), CalledDevice: party(e.Call.Called),
			LastRedirectionDevice: redirection(e.Call), EventData: e.data(), CallDetails: e.details()}
	case switchmodel.Held:
		return wire.HeldEvent{MonitorCrossRefID: id, Connection: e.connection(), HoldingDevice: here,
			EventData: e.data(), CallDetails: e.details()}
	case switchmodel.Retrieved:
		return wire.RetrievedEvent{MonitorCrossRefID: id, Connection: e.connection(), RetrievingDevice: here,
			EventData: e.data(), CallDetails: e.details()}
	case switchmodel.CallInformation:
		return wire.CallInformationEvent{MonitorCrossRefID: id, Connection: e.connection(), Device: here,
			CallingDevice: party(e.Call.Calling), CorrelatorData: e.data().CorrelatorData, CallCharacteristics: characteristics(e.Call)}
	case switchmodel.DigitsGenerated:
		return wire.DigitsGeneratedEvent{MonitorCrossRefID: id, Connection: e.connection(), Digits: e.Digits}
	default:
		return wire.ConnectionClearedEvent{MonitorCrossRefID: id, Connection: e.connection(), ReleasingDevice: party(e.Releasing),
			EventData: e.data(), CallDetails: e.details()}
	}
}

func (e event) connection() wire.ConnectionID {
	return wire.Connection(string(e.Call.ID), string(e.Device))
}

func (e event) data() wire.EventData {
	return wire.EventData{
		LocalConnectionInfo: wire.LocalConnectionState(e.Call.StateAt(e.device)),
		CorrelatorData:      wire.NewCallData(e.Call.Data),
		Cause:               wire.EventCause(e.Cause),
	}
}

func (e event) details() wire.CallDetails {
	return wire.CallDetails{CallCharacteristics: characteristics(e.Call), CallLinkageData: wire.GlobalCall(e.Call.GlobalLinkage)}
}

func (e event) network() wire.NetworkDevices {
	var n wire.NetworkDevices
	if e.Call.FromOutside {
		n.NetworkCallingDevice, n.AssociatedCallingDevice = party(e.Call.Calling), party(trunk)
	}
	if e.Call.ToOutside {
		n.NetworkCalledDevice, n.AssociatedCalledDevice = party(e.Call.Called), party(trunk)
	}
	return n
}

func party(id switchmodel.DeviceID) *wire.PartyID {
	switch {
	case id == "":
		return wire.UnknownParty()
	case id.Withheld():
		return wire.RestrictedParty()
	}
	return wire.Party(string(id))
}

func redirection(call *switchmodel.Call) *wire.RedirectionID {
	if call.LastRedirection == "" {
		return nil
	}
	return wire.Redirection(string(call.LastRedirection))
}
