package csta

import (
	"maps"
	"slices"
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// More calls at a device, more parties of a call, more queues of an agent than this are a
// switch that went mad: they are not remembered, so that memory stays bounded.
const (
	callsBound   = 256
	partiesBound = 256
	queuesBound  = 256
)

// roster knows the parties of the calls at a device. CSTA tells who came or left, and
// desktops want all who are there.
type roster struct {
	dn string

	mu    sync.Mutex
	calls map[string][]party
}

type party struct {
	id    string // the device, where there is none the connection's
	dn    string // empty: withheld or not known
	state opencti.EventName
	role  opencti.PartyRole
}

func newRoster(dn string) roster { return roster{dn: dn, calls: map[string][]party{}} }

// of returns the parties in the form of RawEvent.Fields.
func (r *roster) of(callID string) []map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []map[string]string
	for _, p := range r.calls[callID] {
		m := map[string]string{"id": p.id, "state": string(p.state), "role": string(p.role)}
		if p.dn != "" {
			m["dn"] = p.dn
		}
		out = append(out, m)
	}
	return out
}

// replace takes over what a snapshot says of a call.
func (r *roster) replace(callID string, parties []party) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.calls[callID]; !known && len(r.calls) >= callsBound {
		return
	}
	r.calls[callID] = parties[:min(len(parties), partiesBound)]
}

// keep forgets all calls but those of a snapshot.
func (r *roster) keep(callIDs []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.calls, func(id string, _ []party) bool { return !slices.Contains(callIDs, id) })
}

func (r *roster) end(callID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.calls, callID)
}

// enter adds a party, or changes the state of one who is there.
func (r *roster) enter(callID string, p party) {
	if p.id == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	parties, known := r.calls[callID]
	i := slices.IndexFunc(parties, func(q party) bool { return q.id == p.id })
	switch {
	case i < 0 && (len(parties) >= partiesBound || !known && len(r.calls) >= callsBound):
		return
	case i < 0:
		r.calls[callID] = append(parties, p)
		return
	}
	parties[i].state = p.state
	if p.role == opencti.RoleCustomer {
		parties[i].role = p.role
	}
}

// calling adds who calls; events repeat the caller whatever the caller's state is.
func (r *roster) calling(callID string, who *wire.PartyID, external bool) {
	p := named(who, "caller", opencti.Established, external)
	r.mu.Lock()
	known := slices.ContainsFunc(r.calls[callID], func(q party) bool { return q.id == p.id })
	r.mu.Unlock()
	if !known {
		r.enter(callID, p)
	}
}

// leave removes a party by the first of the names that is one's.
func (r *roster) leave(callID string, names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		parties := r.calls[callID]
		i := slices.IndexFunc(parties, func(p party) bool { return p.id == name })
		if name == "" || i < 0 {
			continue
		}
		r.calls[callID] = slices.Delete(slices.Clone(parties), i, i+1)
		return
	}
}

// named makes a party of a device; one without a number gets the id instead.
func named(who *wire.PartyID, id string, state opencti.EventName, external bool) party {
	p := party{id: who.Number(), dn: who.Number(), state: state, role: opencti.RoleAgent}
	if p.id == "" && who != nil {
		p.id = id
	}
	if external {
		p.role = opencti.RoleCustomer
	}
	return p
}

// follow applies an event of a call.
func (r *roster) follow(m wire.Message) {
	switch e := m.(type) {
	case *wire.ServiceInitiatedEvent:
		r.enter(e.Connection.CallID, named(wire.Party(r.dn), "", opencti.Initiated, false))
	case *wire.OriginatedEvent:
		r.enter(e.Connection.CallID, named(wire.Party(r.dn), "", opencti.Established, false))
	case *wire.QueuedEvent:
		r.calling(e.Connection.CallID, e.CallingDevice, isExternal(e.NetworkCallingDevice, e.AssociatedCallingDevice))
		r.enter(e.Connection.CallID, named(e.Queue, "", opencti.Queued, false))
	case *wire.DeliveredEvent:
		r.calling(e.Connection.CallID, e.CallingDevice, isExternal(e.NetworkCallingDevice, e.AssociatedCallingDevice))
		r.leave(e.Connection.CallID, e.LastRedirectionDevice.Number())
		r.enter(e.Connection.CallID, named(e.AlertingDevice, e.Connection.DeviceID.Number, opencti.Delivered,
			isExternal(e.NetworkCalledDevice, e.AssociatedCalledDevice)))
	case *wire.NetworkReachedEvent:
		r.enter(e.Connection.CallID, named(e.CalledDevice, e.Connection.DeviceID.Number, opencti.Delivered, true))
	case *wire.EstablishedEvent:
		r.calling(e.Connection.CallID, e.CallingDevice, isExternal(e.NetworkCallingDevice, e.AssociatedCallingDevice))
		r.leave(e.Connection.CallID, e.LastRedirectionDevice.Number())
		r.enter(e.Connection.CallID, named(e.AnsweringDevice, e.Connection.DeviceID.Number, opencti.Established,
			isExternal(e.NetworkCalledDevice, e.AssociatedCalledDevice)))
	case *wire.HeldEvent:
		r.enter(e.Connection.CallID, named(e.HoldingDevice, "", opencti.Held, false))
	case *wire.RetrievedEvent:
		r.enter(e.Connection.CallID, named(e.RetrievingDevice, "", opencti.Established, false))
	case *wire.FailedEvent:
		r.enter(e.Connection.CallID, named(e.FailingDevice, "", opencti.Failed, false))
	case *wire.DivertedEvent:
		r.left(e.Connection.CallID, e.DivertingDevice.Number(), e.Connection.DeviceID.Number)
	case *wire.ConnectionClearedEvent:
		r.left(e.Connection.CallID, e.Connection.DeviceID.Number, e.ReleasingDevice.Number())
	case *wire.CallClearedEvent:
		r.end(e.Call.CallID)
	}
}

// left ends the call when it is this device that left.
func (r *roster) left(callID string, names ...string) {
	if names[0] == r.dn {
		r.end(callID)
		return
	}
	r.leave(callID, slices.DeleteFunc(names, func(name string) bool { return name == r.dn })...)
}

func isExternal(network, associated *wire.PartyID) bool { return network != nil || associated != nil }
