package csta

import (
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// The raw events are named like the messages without "Event". Fields are named like the
// schema's elements, with these of our own: callID and deviceID of the connection that the
// event is about, variables (the call data without our names), interactionID, handedOn,
// originalCallType, globalCallID and threadID, acdCall, networkReached, muted, parties,
// newCallID and role; of agents agentState, agentCause, reasonCode, workMode,
// pendingReasonCode, wrapUpEndsAt, queues and, in AgentGroup, event.

func eventName(m wire.Message) string { return strings.TrimSuffix(wire.Name(m), "Event") }

// fields is RawEvent.Fields; what is empty is left out.
type fields map[string]any

func (f fields) text(name, value string) fields {
	if value != "" {
		f[name] = value
	}
	return f
}

func (f fields) get(name string) string {
	v, _ := f[name].(string)
	return v
}

func (f fields) connection(c wire.ConnectionID) fields {
	f["callID"] = c.CallID
	return f.text("deviceID", c.DeviceID.Number)
}

func (f fields) device(name string, p *wire.PartyID) fields { return f.text(name, p.Number()) }

func (f fields) data(d wire.EventData) fields {
	if v := d.Variables(); v != nil {
		f["variables"] = v
	}
	return f.text("localConnectionInfo", string(d.LocalConnectionInfo)).text("cause", string(d.Cause))
}

func (f fields) redirection(r *wire.RedirectionID) fields {
	return f.text("lastRedirectionDevice", r.Number())
}

func (f fields) network(n wire.NetworkDevices) fields {
	return f.device("networkCallingDevice", n.NetworkCallingDevice).
		device("networkCalledDevice", n.NetworkCalledDevice).
		device("associatedCallingDevice", n.AssociatedCallingDevice).
		device("associatedCalledDevice", n.AssociatedCalledDevice)
}

func (f fields) details(d wire.CallDetails) fields {
	if c := d.CallCharacteristics; c != nil && c.ACDCall {
		f["acdCall"] = true
	}
	return f.text("globalCallID", d.CallLinkageData.GlobalID()).text("threadID", d.CallLinkageData.ThreadID())
}

// callFields is nil for a message that is no event of a call.
func callFields(m wire.Message) fields {
	f := make(fields, 16) // most have as many
	switch e := m.(type) {
	case *wire.ServiceInitiatedEvent:
		f.connection(e.Connection).device("initiatingDevice", e.InitiatingDevice).data(e.EventData).details(e.CallDetails)
	case *wire.OriginatedEvent:
		f.connection(e.Connection).device("callingDevice", e.CallingDevice).device("calledDevice", e.CalledDevice).
			data(e.EventData).network(e.NetworkDevices).details(e.CallDetails)
	case *wire.DeliveredEvent:
		f.connection(e.Connection).device("alertingDevice", e.AlertingDevice).device("callingDevice", e.CallingDevice).
			device("calledDevice", e.CalledDevice).redirection(e.LastRedirectionDevice).
			data(e.EventData).network(e.NetworkDevices).details(e.CallDetails)
	case *wire.EstablishedEvent:
		f.connection(e.Connection).device("answeringDevice", e.AnsweringDevice).device("callingDevice", e.CallingDevice).
			device("calledDevice", e.CalledDevice).redirection(e.LastRedirectionDevice).
			data(e.EventData).network(e.NetworkDevices).details(e.CallDetails)
	case *wire.HeldEvent:
		f.connection(e.Connection).device("holdingDevice", e.HoldingDevice).data(e.EventData).details(e.CallDetails)
	case *wire.RetrievedEvent:
		f.connection(e.Connection).device("retrievingDevice", e.RetrievingDevice).data(e.EventData).details(e.CallDetails)
	case *wire.ConnectionClearedEvent:
		f.connection(e.Connection).device("releasingDevice", e.ReleasingDevice).data(e.EventData).details(e.CallDetails)
	case *wire.CallClearedEvent:
		f.connection(e.Call).data(e.EventData).details(e.CallDetails)
	case *wire.DivertedEvent:
		f.connection(e.Connection).device("divertingDevice", e.DivertingDevice).device("newDestination", e.NewDestination).
			device("callingDevice", e.CallingDevice).device("calledDevice", e.CalledDevice).
			redirection(e.LastRedirectionDevice).data(e.EventData).details(e.CallDetails)
	case *wire.QueuedEvent:
		f.connection(e.Connection).device("queue", e.Queue).device("callingDevice", e.CallingDevice).
			device("calledDevice", e.CalledDevice).redirection(e.LastRedirectionDevice).
			data(e.EventData).network(e.NetworkDevices).details(e.CallDetails)
	case *wire.FailedEvent:
		f.connection(e.Connection).device("failingDevice", e.FailingDevice).device("callingDevice", e.CallingDevice).
			device("calledDevice", e.CalledDevice).redirection(e.LastRedirectionDevice).
			data(e.EventData).network(e.NetworkDevices).details(e.CallDetails)
	case *wire.NetworkReachedEvent:
		f.connection(e.Connection).device("networkInterfaceUsed", e.NetworkInterfaceUsed).
			device("callingDevice", e.CallingDevice).device("calledDevice", e.CalledDevice).
			redirection(e.LastRedirectionDevice).data(e.EventData).details(e.CallDetails)
	case *wire.CallInformationEvent:
		f.connection(e.Connection).device("device", e.Device).device("callingDevice", e.CallingDevice).
			data(wire.EventData{CorrelatorData: e.CorrelatorData, UserData: e.UserData})
	default:
		return nil
	}
	return f
}
