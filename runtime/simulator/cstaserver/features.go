package cstaserver

import (
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// doFeatureService does what concerns the data of a call and the features of a
// telephone.
func doFeatureService(model *switchmodel.Switch, request wire.Message) (wire.Message, error) {
	switch r := request.(type) {
	case *wire.AssociateData:
		return wire.AssociateDataResponse{}, model.Attach(connectionID(r.ExistingCall), r.Variables())
	case *wire.GenerateDigits:
		return wire.GenerateDigitsResponse{}, model.SendDigits(connectionID(r.Connection), r.Characters)
	case *wire.SetMicrophoneMute:
		return wire.SetMicrophoneMuteResponse{}, model.SetMute(deviceID(r.Device), r.Mute)
	case *wire.GetMicrophoneMute:
		phone, err := model.Phone(deviceID(r.Device))
		if err != nil {
			return nil, err
		}
		return wire.GetMicrophoneMuteResponse{Microphones: []wire.MicrophoneMute{{Apparatus: wire.FirstApparatus, Mute: phone.Muted}}}, nil
	case *wire.SetDoNotDisturb:
		return wire.SetDoNotDisturbResponse{}, model.SetDoNotDisturb(deviceID(r.Device), r.On)
	case *wire.GetDoNotDisturb:
		phone, err := model.Phone(deviceID(r.Device))
		if err != nil {
			return nil, err
		}
		return wire.GetDoNotDisturbResponse{On: phone.DoNotDisturb}, nil
	}
	return nil, errNotSupported
}

// phoneMessage tells of a telephone's features.
func phoneMessage(e switchmodel.Event, monitorID string) wire.Message {
	if e.Kind == switchmodel.MicrophoneMute {
		return wire.MicrophoneMuteEvent{MonitorCrossRefID: monitorID, Device: party(e.Device),
			Apparatus: wire.FirstApparatus, Mute: e.Phone.Muted}
	}
	return wire.DoNotDisturbEvent{MonitorCrossRefID: monitorID, Device: party(e.Device), On: e.Phone.DoNotDisturb}
}
