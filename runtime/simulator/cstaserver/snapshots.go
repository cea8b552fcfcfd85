package cstaserver

import (
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

func snapshotDevice(model *switchmodel.Switch, r *wire.SnapshotDevice) (wire.Message, error) {
	device := deviceID(r.SnapshotObject)
	calls, err := model.CallsAt(device)
	if err != nil {
		return nil, err
	}
	var answer wire.SnapshotDeviceResponse
	for _, call := range calls {
		answer.Snapshot.Calls = append(answer.Snapshot.Calls, wire.SnapshotDeviceInfo{
			Connection: wire.Connection(string(call.ID), string(device)),
			State:      callState(call, device),
		})
	}
	return answer, nil
}

// callState gives the device's own connection first, as the schema wants.
func callState(call switchmodel.Call, device switchmodel.DeviceID) wire.CallState {
	states := []wire.LocalConnectionState{wire.LocalConnectionState(call.StateAt(device))}
	for _, n := range call.Connections {
		if n.Device != device {
			states = append(states, wire.LocalConnectionState(n.State))
		}
	}
	return wire.Compound(states...)
}

func snapshotCall(model *switchmodel.Switch, r *wire.SnapshotCall) (wire.Message, error) {
	call, err := model.Call(switchmodel.CallID(r.SnapshotObject.CallID))
	if err != nil {
		return nil, err
	}
	answer := wire.SnapshotCallResponse{
		CallCharacteristics: characteristics(call),
		CallingDevice:       party(call.Calling),
		CalledDevice:        party(call.Called),
		CorrelatorData:      wire.NewCallData(call.Data),
		CallLinkageData:     wire.GlobalCall(call.GlobalLinkage),
		DeviceHistory:       history(model, call),
	}
	if call.FromOutside {
		answer.AssociatedCallingDevice = party(trunk)
	}
	if call.ToOutside {
		answer.AssociatedCalledDevice = party(trunk)
	}
	for _, n := range call.Connections {
		answer.Snapshot.Parties = append(answer.Snapshot.Parties, wire.SnapshotCallInfo{
			DeviceOnCall: *party(n.Device),
			Connection:   wire.Connection(string(call.ID), string(n.Device)),
			State:        wire.LocalConnectionState(n.State),
		})
	}
	return answer, nil
}

func history(model *switchmodel.Switch, call *switchmodel.Call) []wire.HistoryItem {
	if call.LastRedirection == "" {
		return nil
	}
	cause := wire.CauseDistributed
	if model.IsExtension(call.LastRedirection) {
		cause = wire.CauseRedirected
	}
	return []wire.HistoryItem{{OldDevice: redirection(call), Cause: cause}}
}

func characteristics(call *switchmodel.Call) *wire.CallCharacteristics {
	if call.Queue == "" {
		return nil
	}
	return &wire.CallCharacteristics{ACDCall: true}
}
