package csta

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// follow applies an event to the parties of its call.
func (r *roster) follow(m wire.Message) {
	switch e := m.(type) {
	case *wire.ServiceInitiatedEvent:
		r.enter(e.Connection.CallID, r.own(opencti.Initiated))
	case *wire.OriginatedEvent:
		r.enter(e.Connection.CallID, r.own(opencti.Established))
	case *wire.QueuedEvent:
		r.calling(e.Connection.CallID, e.CallingDevice, isExternal(e.NetworkCallingDevice, e.AssociatedCallingDevice))
		p := named(e.Queue, "", opencti.Queued, false)
		p.at = e.Connection.DeviceID.Number
		r.enter(e.Connection.CallID, p)
	case *wire.DeliveredEvent:
		r.calling(e.Connection.CallID, e.CallingDevice, isExternal(e.NetworkCallingDevice, e.AssociatedCallingDevice))
		r.leave(e.Connection.CallID, e.LastRedirectionDevice.Number())
		r.enter(e.Connection.CallID, r.called(e.AlertingDevice, e.Connection, opencti.Delivered,
			isExternal(e.NetworkCalledDevice, e.AssociatedCalledDevice), e.Cause))
	case *wire.NetworkReachedEvent:
		r.enter(e.Connection.CallID, r.called(e.CalledDevice, e.Connection, opencti.Delivered, true, e.Cause))
	case *wire.EstablishedEvent:
		r.calling(e.Connection.CallID, e.CallingDevice, isExternal(e.NetworkCallingDevice, e.AssociatedCallingDevice))
		r.leave(e.Connection.CallID, e.LastRedirectionDevice.Number())
		r.enter(e.Connection.CallID, r.called(e.AnsweringDevice, e.Connection, opencti.Established,
			isExternal(e.NetworkCalledDevice, e.AssociatedCalledDevice), e.Cause))
	case *wire.HeldEvent:
		r.enter(e.Connection.CallID, at(e.Connection, named(e.HoldingDevice, "", opencti.Held, false)))
	case *wire.RetrievedEvent:
		r.enter(e.Connection.CallID, at(e.Connection, named(e.RetrievingDevice, "", opencti.Established, false)))
	case *wire.FailedEvent:
		r.enter(e.Connection.CallID, at(e.Connection, named(e.FailingDevice, "", opencti.Failed, false)))
	case *wire.DivertedEvent:
		r.left(e.Connection.CallID, e.DivertingDevice.Number(), e.Connection.DeviceID.Number)
	case *wire.ConnectionClearedEvent:
		r.left(e.Connection.CallID, e.Connection.DeviceID.Number, e.ReleasingDevice.Number())
	case *wire.CallClearedEvent:
		r.end(e.Call.CallID)
	}
}

func at(c wire.ConnectionID, p party) party {
	p.at = c.DeviceID.Number
	return p
}

// left ends the call when it is this device that left.
func (r *roster) left(callID string, names ...string) {
	if names[0] == r.dn {
		r.end(callID)
		return
	}
	r.leave(callID, slices.DeleteFunc(names, func(name string) bool { return name == r.dn })...)
}

// note remembers what an event says of its call itself, and adds to the event's fields what
// earlier ones said.
func (r *roster) note(name string, f fields) {
	data, _ := f["variables"].(map[string]string)
	variables, told := separate(data)
	delete(f, "variables")
	if variables != nil {
		f["variables"] = variables
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c, known := r.calls[f.get("callID")]
	switch {
	case known:
	case r.mayBegin(name, f):
		c = r.add(f.get("callID"))
	default:
		c = new(record)
	}
	c.learn(name, f, told, r.dn, !known)
	if data != nil {
		c.data = data
	}
	c.tell(f)
}

// mayBegin: an event that ends a call brings none, nor does one of a call that never came.
func (r *roster) mayBegin(name string, f fields) bool {
	switch name {
	case "ConnectionCleared", "CallCleared", "Diverted", "Transfered", "Conferenced":
		return false
	case "Failed":
		return f.get("failingDevice") != r.dn
	}
	return true
}

// aConsult are the events by whose cause a consult is known: that of Held is of the other
// call.
var aConsult = []string{"ServiceInitiated", "Originated", "NetworkReached", "Queued", "Delivered", "Established", "Failed"}

// learn takes over what an event of the call tells. Our names in the data always count: two
// calls that become one have one interaction.
func (c *record) learn(name string, f fields, told lineage, dn string, first bool) {
	cause := wire.EventCause(f.get("cause"))
	offered := f.get("alertingDevice") == dn || f.get("answeringDevice") == dn
	made := f.get("callingDevice") == dn || f.get("initiatingDevice") == dn
	transferred := cause == wire.CauseSingleStepTransfer || cause == wire.CauseTransfer
	switch {
	case cause == wire.CauseConsultation && slices.Contains(aConsult, name):
		c.consult, c.handedOn = true, true
	case offered && transferred:
		c.handedOn = true
	case first && told.interactionID != "" && (offered || made):
		c.handedOn, c.consult = true, cause != wire.CauseDistributed
	}
	c.made = c.made || made
	switch {
	case told.interactionID != "":
		c.interactionID, c.named = told.interactionID, true
	case c.interactionID == "":
		c.interactionID = f.get("threadID")
	}
	if c.interactionID == "" {
		c.interactionID = f.get("globalCallID")
	}
	if told.original != "" {
		c.original = told.original
	}
	switch name {
	case "NetworkReached":
		c.reached = true
	case "Established":
		c.reached = false
	}
}

// tell adds what is known of the call to an event's fields.
func (c *record) tell(f fields) {
	f.text("interactionID", c.interactionID)
	if c.handedOn {
		f["handedOn"] = true
		f.text("originalCallType", string(c.original))
	}
	f["networkReached"] = c.reached
}
