package csta

import (
	"maps"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// merger is what TransferedEvent and ConferencedEvent have in common.
type merger struct {
	name        string
	primary     wire.ConnectionID
	secondary   *wire.ConnectionID
	by          *wire.PartyID // who did it
	added       *wire.PartyID
	connections []wire.ConnectionPair
	data        wire.EventData
	details     wire.MergeDetails
}

func (p *phone) transferred(e *wire.TransferedEvent) hearing {
	m := merger{"Transfered", e.PrimaryOldCall, e.SecondaryOldCall, e.TransferringDevice, e.TransferredToDevice,
		e.Connections, e.EventData, e.MergeDetails}
	f := fields{}.device("transferringDevice", e.TransferringDevice).device("transferredToDevice", e.TransferredToDevice)
	return p.merged(m, f.data(e.EventData))
}

func (p *phone) conferenced(e *wire.ConferencedEvent) hearing {
	m := merger{"Conferenced", e.PrimaryOldCall, e.SecondaryOldCall, e.ConferencingDevice, e.AddedParty,
		e.Connections, e.EventData, e.MergeDetails}
	f := fields{}.device("conferencingDevice", e.ConferencingDevice).device("addedParty", e.AddedParty)
	return p.merged(m, f.data(e.EventData))
}

// merged tells what becomes of this device's calls where two became one: the call that
// this device keeps, under its new id, and the end of others.
func (p *phone) merged(m merger, common fields) hearing {
	if m.details.CallLinkageDataList != nil {
		linkage := m.details.CallLinkageDataList.New
		common.text("globalCallID", linkage.GlobalID()).text("threadID", linkage.ThreadID())
	}
	data, _ := common["variables"].(map[string]string)
	here := m.by.Number() == p.dn
	newID, kept := m.survivor(p.dn, p.consultsWith)
	if kept == "" && !here && len(m.connections) == 0 {
		return hearing{lost: opencti.Errorf(opencti.Rejected, "the switch does not say what two calls became").WithDetail(m.name)}
	}
	if here {
		p.handOver(m.newCall(), data)
	}
	was := p.partiesIn(m.old())
	var out []opencti.RawEvent
	// What ends comes first: the call that stays may get the id of one that ends.
	for _, callID := range m.old() {
		p.settle(m.name, callID)
		if callID != kept && (here || p.knows(callID)) {
			out = append(out, p.ended(m.name, callID, maps.Clone(common)))
		}
	}
	if kept == "" {
		return hearing{events: out}
	}
	f := maps.Clone(common)
	p.merge(m, newID, kept, was)
	f["callID"] = newID
	p.note(m.name, f)
	f["callID"], f["newCallID"], f["role"] = kept, newID, string(opencti.Remaining)
	return hearing{events: append(out, p.raw(m.name, f))}
}

// ended tells that a call is over at this device: another goes on in its stead, here or
// without it.
func (p *phone) ended(name, callID string, f fields) opencti.RawEvent {
	f["callID"], f["role"] = callID, string(opencti.Transferring)
	p.note(name, f)
	p.end(callID)
	return opencti.RawEvent{Name: name, DN: p.dn, Fields: f}
}

func (m merger) old() []string {
	old := []string{m.primary.CallID}
	if m.secondary != nil && m.secondary.CallID != "" && m.secondary.CallID != m.primary.CallID {
		old = append(old, m.secondary.CallID)
	}
	return old
}

// newCall is the id of the call that goes on, wherever.
func (m merger) newCall() string {
	for _, c := range m.connections {
		if c.New != nil && c.New.CallID != "" {
			return c.New.CallID
		}
	}
	return ""
}

// survivor finds this device's new connection and the old call that becomes it: not the
// consult, if the switch names both. Where it names none, the primary call does.
func (m merger) survivor(dn string, isConsult func(callID string) bool) (newID, kept string) {
	for _, c := range m.connections {
		if c.New == nil || c.New.DeviceID.Number != dn {
			continue
		}
		was := m.primary.CallID
		if c.Old != nil && slices.Contains(m.old(), c.Old.CallID) {
			was = c.Old.CallID
		}
		if newID == "" || isConsult(kept) && !isConsult(was) {
			newID, kept = c.New.CallID, was
		}
	}
	return newID, kept
}

func (r *roster) knows(callID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[callID] != nil
}

func (r *roster) partiesIn(callIDs []string) (out []party) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, callID := range callIDs {
		if c := r.calls[callID]; c != nil {
			out = append(out, c.parties...)
		}
	}
	return out
}

// merge makes the record of the call that goes on of that which is kept, with the parties of
// both.
func (r *roster) merge(m merger, newID, kept string, was []party) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := record{}
	if c := r.calls[kept]; c != nil {
		next = *c
	}
	delete(r.calls, kept)
	if next.consult && !next.made && !next.named {
		next.interactionID = "" // it was a consult by telephone: now it is the call that it was about
	}
	next.consult, next.parties = false, nil
	c := r.add(newID)
	next.age = c.age
	*c = next
	seen := map[string]bool{}
	for _, pair := range m.connections[:min(len(m.connections), partiesBound)] {
		if p := r.renamed(m, pair, was, c); p.id != "" && !seen[p.id] {
			seen[p.id] = true
			c.parties = append(c.parties, p)
		}
	}
}

// renamed is a party of the call that two became: who it was in the old ones, in the new.
func (r *roster) renamed(m merger, pair wire.ConnectionPair, was []party, c *record) party {
	if pair.New == nil {
		return party{}
	}
	at := pair.New.DeviceID.Number
	p, known := whoWas(pair, was)
	p.at = at
	switch {
	case p.id == r.dn && partyStates[m.data.LocalConnectionInfo] != "":
		p.state = partyStates[m.data.LocalConnectionInfo]
	case !known, at == m.by.Number():
		p.state = opencti.Established
	}
	switch {
	case m.data.Cause == wire.CauseSilentParticipation && p.id == m.added.Number():
		p.role = opencti.RoleObserver
	case m.name == "Transfered" && p.role == opencti.RoleConsulted:
		p.role = opencti.RoleAgent // now it is the one who talks
	case !known && p.role == opencti.RoleAgent && c.fromOutside() && !hasCustomer(c.parties):
		p.role = opencti.RoleCustomer // whom who was consulted did not see before
	}
	return p
}

// fromOutside: the call was handed on to here, and began or ended outside.
func (c *record) fromOutside() bool {
	return c.handedOn && (c.original == opencti.Inbound || c.original == opencti.Outbound)
}

func hasCustomer(parties []party) bool {
	return slices.ContainsFunc(parties, func(p party) bool { return p.role == opencti.RoleCustomer })
}

// whoWas finds who a connection belonged to in the old calls, or makes the party new.
func whoWas(pair wire.ConnectionPair, was []party) (p party, known bool) {
	device := pair.New.DeviceID.Number
	number, told := device, true
	if e := pair.Endpoint; e != nil {
		told = e.DeviceID != nil
		if told {
			number = e.DeviceID.Number
		}
	}
	for _, q := range was {
		if told && q.id == number || q.at != "" && pair.Old != nil && q.at == pair.Old.DeviceID.Number {
			return q, true
		}
	}
	if !told {
		for _, q := range was {
			if q.dn == "" {
				return q, true
			}
		}
		return party{id: device, role: opencti.RoleAgent}, false
	}
	return named(wire.Party(number), "", opencti.Established, false), false
}

// handOver remembers what became of a call that was transferred here.
func (p *phone) handOver(callID string, data map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handed = handover{callID, data}
}
