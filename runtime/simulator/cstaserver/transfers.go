package cstaserver

import (
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// doTransferService does what concerns two calls of a device, or sends one
// elsewhere.
func doTransferService(model *switchmodel.Switch, request wire.Message) (wire.Message, error) {
	switch r := request.(type) {
	case *wire.ConsultationCall:
		id, err := model.Consult(connectionID(r.ExistingCall), r.ConsultedDevice.Number, r.Variables())
		return wire.ConsultationCallResponse{InitiatedCall: wireConnection(id)}, err
	case *wire.AlternateCall:
		return wire.AlternateCallResponse{}, model.Alternate(connectionID(r.HeldCall), connectionID(r.ActiveCall))
	case *wire.ReconnectCall:
		return wire.ReconnectCallResponse{}, model.Reconnect(connectionID(r.ActiveCall), connectionID(r.HeldCall))
	case *wire.TransferCall:
		m, err := model.Transfer(connectionID(r.HeldCall), connectionID(r.ActiveCall))
		if err != nil {
			return nil, err
		}
		return wire.TransferCallResponse{TransferredCall: wire.Connection(string(m.Call), string(m.To)), Connections: pairs(m)}, nil
	case *wire.ConferenceCall:
		m, err := model.Conference(connectionID(r.HeldCall), connectionID(r.ActiveCall))
		if err != nil {
			return nil, err
		}
		return wire.ConferenceCallResponse{ConferenceCall: wire.Connection(string(m.Call), string(m.First.Device)), Connections: pairs(m)}, nil
	case *wire.SingleStepTransferCall:
		m, err := model.SingleStepTransfer(connectionID(r.ActiveCall), r.TransferredTo.Number, r.Variables())
		if err != nil {
			return nil, err
		}
		return wire.SingleStepTransferCallResponse{TransferredCall: wire.Connection(string(m.Call), string(m.To)), Connections: pairs(m)}, nil
	case *wire.DeflectCall:
		return wire.DeflectCallResponse{}, model.Deflect(connectionID(r.Call), r.NewDestination.Number, r.Variables())
	}
	return doFeatureService(model, request)
}

func wireConnection(id switchmodel.ConnectionID) wire.ConnectionID {
	return wire.Connection(string(id.Call), string(id.Device))
}

// pairs is the connection list: every party that is in the call that goes on.
func pairs(m *switchmodel.Merge) []wire.ConnectionPair {
	list := make([]wire.ConnectionPair, 0, len(m.Parties))
	for _, party := range m.Parties {
		after := wireConnection(party.New)
		pair := wire.ConnectionPair{New: &after, Endpoint: &wire.Endpoint{DeviceID: &after.DeviceID}}
		if party.Old.Call != "" {
			before := wireConnection(party.Old)
			pair.Old = &before
		}
		list = append(list, pair)
	}
	return list
}

// mergeMessage tells that calls became one. To a device that is no longer in it
// the state of its connection is null.
func mergeMessage(e event) wire.Message {
	primary := wireConnection(e.Merge.First)
	var secondary *wire.ConnectionID
	if e.Merge.Consult.Call != "" {
		id := wireConnection(e.Merge.Consult)
		secondary = &id
	}
	details := wire.MergeDetails{
		CallCharacteristics: characteristics(e.Call),
		CallLinkageDataList: &wire.CallLinkageDataList{New: wire.GlobalCall(e.Call.GlobalLinkage), Old: wire.GlobalCall(e.Merge.OldLinkage)},
	}
	if e.Kind == switchmodel.Conferenced {
		return wire.ConferencedEvent{MonitorCrossRefID: e.monitorID, PrimaryOldCall: primary, SecondaryOldCall: secondary,
			ConferencingDevice: party(e.Device), AddedParty: party(e.Merge.To), Connections: pairs(e.Merge),
			EventData: e.data(), MergeDetails: details}
	}
	return wire.TransferedEvent{MonitorCrossRefID: e.monitorID, PrimaryOldCall: primary, SecondaryOldCall: secondary,
		TransferringDevice: party(e.Device), TransferredToDevice: party(e.Merge.To), Connections: pairs(e.Merge),
		EventData: e.data(), MergeDetails: details}
}
