package cstaserver

import (
	"reflect"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// subject finds what a request is about: its connections, and the device that is
// asked to do something. All requests name that first.
func subject(request wire.Message) (connections []switchmodel.ConnectionID, device switchmodel.DeviceID) {
	if start, ok := request.(*wire.MonitorStart); ok && start.MonitorObject.DeviceObject != nil {
		return nil, deviceID(*start.MonitorObject.DeviceObject)
	}
	v := reflect.Indirect(reflect.ValueOf(request))
	for _, f := range reflect.VisibleFields(v.Type()) {
		if !f.IsExported() {
			continue
		}
		switch field := v.FieldByIndex(f.Index).Interface().(type) {
		case wire.ConnectionID:
			connections = append(connections, connectionID(field))
		case wire.DeviceID:
			if device == "" {
				device = deviceID(field)
			}
		}
	}
	if len(connections) > 0 {
		device = connections[0].Device
	}
	return connections, device
}
