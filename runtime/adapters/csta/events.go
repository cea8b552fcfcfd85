package csta

import (
	"maps"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// rawEvents turns a message of this monitor into events, named like the message without
// "Event". Fields are named like the schema's elements, with these of our own: callID and
// deviceID of the connection that the event is about, variables (the call data),
// globalCallID, acdCall, parties, newCallID, agentState, reasonCode, workMode,
// pendingReasonCode and queues.
func (m *monitor) rawEvents(message wire.Message) []opencti.RawEvent {
	switch e := message.(type) {
	case *wire.TransferedEvent:
		return m.merged("Transfered", e.PrimaryOldCall, e.SecondaryOldCall, e.Connections, e.MergeDetails, fields{}.
			device("transferringDevice", e.TransferringDevice).
			device("transferredToDevice", e.TransferredToDevice).data(e.EventData))
	case *wire.ConferencedEvent:
		return m.merged("Conferenced", e.PrimaryOldCall, e.SecondaryOldCall, e.Connections, e.MergeDetails, fields{}.
			device("conferencingDevice", e.ConferencingDevice).
			device("addedParty", e.AddedParty).data(e.EventData))
	}
	if agent, state := agentEvent(message); agent != nil {
		return []opencti.RawEvent{m.agent(eventName(message), agent, state)}
	}
	f := callFields(message)
	if f == nil {
		return nil
	}
	m.parties.follow(message)
	if parties := m.parties.of(f["callID"].(string)); parties != nil {
		f["parties"] = parties
	}
	return []opencti.RawEvent{{Name: eventName(message), DN: m.dn, Fields: f}}
}

func eventName(m wire.Message) string { return strings.TrimSuffix(wire.Name(m), "Event") }

// fields is RawEvent.Fields; what is empty is left out.
type fields map[string]any

func (f fields) text(name, value string) fields {
	if value != "" {
		f[name] = value
	}
	return f
}

// with makes a copy with one field more.
func (f fields) with(name string, value any) fields {
	out := maps.Clone(f)
	out[name] = value
	return out
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
	return f.text("globalCallID", d.CallLinkageData.GlobalID())
}

// callFields is nil for a message that is no event of a call.
func callFields(m wire.Message) fields {
	f := fields{}
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

// merged tells what becomes of this device's calls where two became one: the call that
// this device keeps, under its new id, and the end of others.
func (m *monitor) merged(name string, primary wire.ConnectionID, secondary *wire.ConnectionID,
	connections []wire.ConnectionPair, details wire.MergeDetails, common fields) []opencti.RawEvent {
	old := []string{primary.CallID}
	if secondary != nil && secondary.CallID != "" && secondary.CallID != primary.CallID {
		old = append(old, secondary.CallID)
	}
	if details.CallLinkageDataList != nil {
		common.text("globalCallID", details.CallLinkageDataList.New.GlobalID())
	}
	newID, kept := survivor(connections, m.dn, old)
	m.parties.merge(connections, old, newID, kept)

	// What ends comes first: the call that stays may get the id of one that ends.
	var out []opencti.RawEvent
	for _, callID := range old {
		if callID != kept {
			out = append(out, opencti.RawEvent{Name: name, DN: m.dn, Fields: common.with("callID", callID)})
		}
	}
	if kept == "" {
		return out
	}
	f := common.with("callID", kept)
	f["newCallID"] = newID
	f["parties"] = m.parties.of(newID)
	return append(out, opencti.RawEvent{Name: name, DN: m.dn, Fields: f})
}

// survivor finds this device's new connection and the old call that becomes it. Where the
// switch does not say, the primary call does.
func survivor(connections []wire.ConnectionPair, dn string, old []string) (newID, kept string) {
	for _, c := range connections {
		if c.New == nil || c.New.DeviceID.Number != dn {
			continue
		}
		if c.Old != nil && slices.Contains(old, c.Old.CallID) {
			return c.New.CallID, c.Old.CallID
		}
		return c.New.CallID, old[0]
	}
	return "", ""
}

// merge replaces the parties of old calls by those of the new one.
func (r *roster) merge(connections []wire.ConnectionPair, old []string, newID, kept string) {
	r.mu.Lock()
	customers := map[string]bool{}
	for _, callID := range old {
		for _, p := range r.calls[callID] {
			customers[p.id] = p.role == opencti.RoleCustomer
		}
		delete(r.calls, callID)
	}
	r.mu.Unlock()
	if kept == "" {
		return
	}
	for _, c := range connections {
		if c.New == nil {
			continue
		}
		who := c.New.DeviceID.Number
		if c.Endpoint != nil && c.Endpoint.DeviceID != nil {
			who = c.Endpoint.DeviceID.Number
		}
		r.enter(newID, named(wire.Party(who), "", opencti.Established, customers[who]))
	}
}

// agentEvent returns what agent events have in common, and the state that this one tells.
func agentEvent(m wire.Message) (*wire.AgentEvent, wire.AgentState) {
	switch e := m.(type) {
	case *wire.AgentLoggedOnEvent:
		return &e.AgentEvent, ""
	case *wire.AgentLoggedOffEvent:
		return &e.AgentEvent, wire.AgentNull
	case *wire.AgentReadyEvent:
		return &e.AgentEvent, wire.AgentReady
	case *wire.AgentNotReadyEvent:
		return &e.AgentEvent, wire.AgentNotReady
	case *wire.AgentBusyEvent:
		return &e.AgentEvent, wire.AgentBusy
	case *wire.AgentWorkingAfterCallEvent:
		return &e.AgentEvent, wire.AgentWorkingAfterCall
	}
	return nil, ""
}

func (m *monitor) agent(name string, e *wire.AgentEvent, state wire.AgentState) opencti.RawEvent {
	f := fields{}.device("agentDevice", &e.Device).text("agentID", e.AgentID).
		text("agentState", string(state)).text("pendingAgentState", string(e.PendingState)).text("cause", string(e.Cause))
	own := e.Extensions.Agent()
	f.text("reasonCode", own.ReasonCode).text("workMode", own.WorkMode).text("pendingReasonCode", own.PendingReasonCode)
	if e.Group != nil {
		f.text("acdGroup", e.Group.Number)
	}
	m.trackQueues(name, e.Group)
	if len(m.queues) > 0 {
		queues := make([]map[string]string, 0, len(m.queues))
		for _, q := range m.queues {
			queues = append(queues, map[string]string{"name": q})
		}
		f["queues"] = queues
	}
	return opencti.RawEvent{Name: name, DN: m.dn, AgentID: e.AgentID, Fields: f}
}

// trackQueues follows the agent into and out of queues; an event without a queue is about
// all of them.
func (m *monitor) trackQueues(event string, group *wire.DeviceID) {
	switch {
	case event == "AgentLoggedOff" && group == nil:
		m.queues = nil
	case event == "AgentLoggedOff":
		m.queues = slices.DeleteFunc(m.queues, func(q string) bool { return q == group.Number })
	case group != nil && len(m.queues) < queuesBound && !slices.Contains(m.queues, group.Number):
		m.queues = append(m.queues, group.Number)
	}
}
