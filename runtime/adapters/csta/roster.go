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

// roster knows the calls at a device: CSTA tells who came or left, and desktops want all who
// are there. The reader changes it, requests read it.
type roster struct {
	dn string

	mu    sync.Mutex
	last  uint64 // age of the newest record
	calls map[string]*record
}

// record is what is known of a call.
type record struct {
	age     uint64
	parties []party
	data    map[string]string // as told last, our names among it
	lineage
	named bool // the lineage stands in the call's data, in our names
	// handedOn: it came here, or was made here, on account of another call.
	handedOn bool
	consult  bool // and that other call is still another
	made     bool // by this device
	reached  bool // it left the switch's sight
}

// party is a device in a call.
type party struct {
	id    string // the number; where there is none, caller or the connection's device
	dn    string // empty: withheld or not known
	at    string // the connection's device, empty: not told yet
	state opencti.EventName
	role  opencti.PartyRole
}

// caller is the id of a calling party without a number.
const caller = "caller"

func newRoster(dn string) roster { return roster{dn: dn, calls: map[string]*record{}} }

// add remembers a call. The one that is remembered longest makes room: that it ended was
// never told. r.mu is held.
func (r *roster) add(callID string) *record {
	if len(r.calls) >= callsBound {
		oldest := ""
		for id, c := range r.calls {
			if oldest == "" || c.age < r.calls[oldest].age {
				oldest = id
			}
		}
		delete(r.calls, oldest)
	}
	r.last++
	c := &record{age: r.last}
	r.calls[callID] = c
	return c
}

// of returns the parties in the form of RawEvent.Fields.
func (r *roster) of(callID string) []map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.calls[callID]
	if c == nil {
		return nil
	}
	var out []map[string]string
	for _, p := range c.parties {
		m := map[string]string{"id": p.id, "state": string(p.state), "role": string(p.role)}
		if p.dn != "" {
			m["dn"] = p.dn
		}
		out = append(out, m)
	}
	return out
}

// keep forgets all calls but those of a snapshot.
func (r *roster) keep(callIDs []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.calls, func(id string, _ *record) bool { return !slices.Contains(callIDs, id) })
}

func (r *roster) end(callID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.calls, callID)
}

// dataOf is the data of a call as told last, with our names.
func (r *roster) dataOf(callID string) map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.calls[callID]; c != nil {
		return maps.Clone(c.data)
	}
	return nil
}

func (r *roster) originalType(callID string) opencti.CallType {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.calls[callID]; c != nil {
		return c.original
	}
	return ""
}

func (r *roster) isConsult(callID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.calls[callID]
	return c != nil && c.consult
}

// consultsWith says whether a call was made here about another that is still there.
func (r *roster) consultsWith(callID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.calls[callID]
	return c != nil && c.consult && c.made
}

// consulting remembers that a call was made about another.
func (r *roster) consulting(callID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if callID == "" {
		return
	}
	c := r.calls[callID]
	if c == nil {
		c = r.add(callID)
	}
	c.consult, c.handedOn, c.made = true, true, true
}

// connectionOf finds the connection of a party; false: it is not known.
func (r *roster) connectionOf(callID, partyID string) (wire.ConnectionID, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.calls[callID]; c != nil {
		for _, p := range c.parties {
			if p.id == partyID && p.at != "" {
				return wire.Connection(callID, p.at), true
			}
		}
	}
	return wire.ConnectionID{}, false
}

// enter adds a party, or changes the state of one who is there.
func (r *roster) enter(callID string, p party) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.calls[callID]
	if c == nil || p.id == "" {
		return
	}
	i := slices.IndexFunc(c.parties, func(q party) bool { return q.id == p.id })
	switch {
	case i < 0 && len(c.parties) >= partiesBound:
		return
	case i < 0:
		c.parties = append(c.parties, p)
		return
	}
	c.parties[i].state = p.state
	if p.at != "" {
		c.parties[i].at = p.at
	}
	if p.role != opencti.RoleAgent {
		c.parties[i].role = p.role
	}
}

// calling adds who calls; events repeat the caller whatever the caller's state is.
func (r *roster) calling(callID string, who *wire.PartyID, external bool) {
	p := named(who, caller, opencti.Established, external)
	r.mu.Lock()
	c := r.calls[callID]
	known := c == nil || slices.ContainsFunc(c.parties, func(q party) bool { return q.id == p.id })
	r.mu.Unlock()
	if !known {
		r.enter(callID, p)
	}
}

// leave removes a party by the first of the names that is one's.
func (r *roster) leave(callID string, names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.calls[callID]
	if c == nil {
		return
	}
	for _, name := range names {
		i := slices.IndexFunc(c.parties, func(p party) bool { return p.id == name || p.at == name })
		if name == "" || i < 0 {
			continue
		}
		c.parties = slices.Delete(slices.Clone(c.parties), i, i+1)
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

// called makes the party to whom a connection belongs that an event tells of.
func (r *roster) called(who *wire.PartyID, c wire.ConnectionID, state opencti.EventName, external bool, cause wire.EventCause) party {
	p := named(who, c.DeviceID.Number, state, external)
	p.at = c.DeviceID.Number
	switch {
	case cause == wire.CauseSilentParticipation:
		p.role = opencti.RoleObserver
	case r.isConsult(c.CallID):
		p.role = opencti.RoleConsulted
	}
	return p
}

// own makes the party that this device is.
func (r *roster) own(state opencti.EventName) party {
	p := named(wire.Party(r.dn), "", state, false)
	p.at = r.dn
	return p
}

func isExternal(network, associated *wire.PartyID) bool { return network != nil || associated != nil }
