package csta

import (
	"context"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Snapshot implements opencti.Device: SnapshotDevice, SnapshotCall for each call, since
// only that has the data and the parties, GetAgentState, and what not every switch has:
// GetDoNotDisturb and GetMicrophoneMute.
func (d *device) Snapshot(ctx context.Context) (opencti.DeviceSnapshot, error) {
	a, err := d.c.request(ctx, &wire.SnapshotDevice{SnapshotObject: wire.Device(d.dn)}, d.keepCalls)
	if err != nil {
		return opencti.DeviceSnapshot{}, err
	}
	snapshot := opencti.DeviceSnapshot{Order: a.order}
	calls := a.message.(*wire.SnapshotDeviceResponse).Snapshot.Calls
	for _, info := range calls[:min(len(calls), callsBound)] {
		call, err := d.snapshotCall(ctx, info)
		if hasCode(err, opencti.NoSuchCall) {
			continue // it ended meanwhile; its event follows
		}
		if err != nil {
			return opencti.DeviceSnapshot{}, err
		}
		snapshot.Calls = append(snapshot.Calls, call)
	}
	if err := d.snapshotPhone(ctx, &snapshot); err != nil {
		return opencti.DeviceSnapshot{}, err
	}
	snapshot.Agent, err = d.agentState(ctx)
	return snapshot, err
}

func (d *device) keepCalls(a answer) {
	r, ok := a.message.(*wire.SnapshotDeviceResponse)
	if !ok {
		return
	}
	var ids []string
	for _, c := range r.Snapshot.Calls {
		ids = append(ids, c.Connection.CallID)
	}
	d.phone().keep(ids)
}

// snapshotPhone asks for the telephone's features. The microphone matters to who talks.
func (d *device) snapshotPhone(ctx context.Context, snapshot *opencti.DeviceSnapshot) error {
	m, err := d.c.optional(ctx, &wire.GetDoNotDisturb{Device: wire.Device(d.dn)}, nil)
	if err != nil {
		return err
	}
	if r, ok := m.(*wire.GetDoNotDisturbResponse); ok {
		snapshot.DoNotDisturb = r.On
	}
	i := slices.IndexFunc(snapshot.Calls, func(c opencti.Call) bool { return c.State == opencti.Established })
	if i < 0 {
		return nil
	}
	request := &wire.GetMicrophoneMute{Device: wire.Device(d.dn)}
	if m, err = d.c.optional(ctx, request, d.phone().keepMicrophone); err != nil {
		return err
	}
	if r, ok := m.(*wire.GetMicrophoneMuteResponse); ok {
		snapshot.Calls[i].Muted = isMuted(r)
	}
	return nil
}

func (p *phone) keepMicrophone(a answer) {
	if r, ok := a.message.(*wire.GetMicrophoneMuteResponse); ok {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.muted = isMuted(r)
	}
}

// isMuted: what is spoken goes out by any microphone that is on.
func isMuted(r *wire.GetMicrophoneMuteResponse) bool {
	on := slices.ContainsFunc(r.Microphones, func(m wire.MicrophoneMute) bool { return !m.Mute })
	return len(r.Microphones) > 0 && !on
}

// snapshotCall asks for one call. A switch without SnapshotCall gives what it told of the
// device.
func (d *device) snapshotCall(ctx context.Context, info wire.SnapshotDeviceInfo) (opencti.Call, error) {
	var call opencti.Call
	_, err := d.c.request(ctx, &wire.SnapshotCall{SnapshotObject: info.Connection}, func(a answer) {
		if r, ok := a.message.(*wire.SnapshotCallResponse); ok {
			call = d.phone().snapshot(info, r)
		}
	})
	if hasCode(err, opencti.NotCapable) {
		return callWithoutDetails(info), nil
	}
	return call, err
}

func callWithoutDetails(info wire.SnapshotDeviceInfo) opencti.Call {
	id := info.Connection.CallID
	return opencti.Call{CallID: id, InteractionID: id, CallType: opencti.UnknownType,
		State: localState(info.State.States())}
}

// snapshot remembers what the switch says of a call, and makes the call of it.
func (p *phone) snapshot(info wire.SnapshotDeviceInfo, r *wire.SnapshotCallResponse) opencti.Call {
	id := info.Connection.CallID
	data := r.Variables()
	variables, told := separate(data)
	parties := p.partiesOf(r)

	p.mu.Lock()
	c, known := p.calls[id]
	if !known {
		c = p.add(id)
		c.made = r.CallingDevice.Number() == p.dn
		c.handedOn = told.passedTo(p.dn, c.made, len(parties))
		c.consult = c.handedOn && c.made
	}
	c.parties = parties[:min(len(parties), partiesBound)]
	c.data = data
	c.identify(told, r.CallLinkageData)
	p.mu.Unlock()

	call := opencti.Call{
		CallID: id, InteractionID: c.interactionID, ANI: r.CallingDevice.Number(), DNIS: r.CalledDevice.Number(),
		Queue: lastQueue(r.DeviceHistory), Variables: variables, CallType: callType(r),
		State: localState(p.statesOf(info, r)), NetworkReached: c.reached,
	}
	if call.InteractionID == "" {
		call.InteractionID = id
	}
	if c.handedOn {
		call.OriginalCallType = c.original
		if call.OriginalCallType == "" && !c.consult {
			call.OriginalCallType = call.CallType
		}
		call.CallType = opencti.Consult
	}
	if call.ANI != p.dn { // else it was made here
		call.OfferedBy = offeredBy(c, r)
	}
	for _, q := range c.parties {
		call.Parties = append(call.Parties, opencti.Party{ID: q.id, DN: q.dn, State: q.state, Role: q.role})
		if q.dn != p.dn && q.dn != "" {
			call.OtherDNs = append(call.OtherDNs, q.dn)
		}
	}
	return call
}

// identify takes over what tells which interaction a call belongs to: our names in its data
// always, the switch's ids unless it is known already.
func (c *record) identify(told lineage, linkage *wire.CallLinkageData) {
	if told.interactionID != "" {
		c.interactionID, c.named = told.interactionID, true
	}
	if told.original != "" {
		c.original = told.original
	}
	for _, id := range []string{linkage.ThreadID(), linkage.GlobalID()} {
		if c.interactionID == "" {
			c.interactionID = id
		}
	}
}

// passedTo guesses, for a call that was not seen before, whether it was handed on to this
// device: the data stays with the call, also at those who handed it on. Who consults made
// the call and is alone with the other; who was consulted did neither.
func (l lineage) passedTo(dn string, made bool, parties int) bool {
	switch {
	case l.interactionID == "":
		return false
	case l.from == dn:
		return made && parties <= 2
	}
	return !made
}

func callType(r *wire.SnapshotCallResponse) opencti.CallType {
	switch {
	case r.AssociatedCallingDevice != nil:
		return opencti.Inbound
	case r.AssociatedCalledDevice != nil:
		return opencti.Outbound
	case r.CallingDevice.Number() != "" && r.CalledDevice.Number() != "":
		return opencti.Internal
	}
	return opencti.UnknownType
}

// offeredBy goes by where the call was last.
func offeredBy(c *record, r *wire.SnapshotCallResponse) opencti.OfferedBy {
	var last wire.EventCause
	if n := len(r.DeviceHistory); n > 0 {
		last = r.DeviceHistory[n-1].Cause
	}
	switch {
	case last == wire.CauseDistributed, last == wire.CauseEnterDistribution:
		return opencti.ByQueue
	case last == wire.CauseSingleStepTransfer:
		return opencti.ByBlindTransfer
	case last == wire.CauseTransfer:
		return opencti.ByTransfer
	case c.handedOn:
		return opencti.ByConsult
	case r.CallCharacteristics != nil && r.CallCharacteristics.ACDCall:
		return opencti.ByQueue
	}
	return opencti.ByDirect
}

// lastQueue is the device that distributed the call last.
func lastQueue(history []wire.HistoryItem) string {
	for _, h := range slices.Backward(history) {
		if h.Cause == wire.CauseDistributed || h.Cause == wire.CauseEnterDistribution {
			return h.OldDevice.Number()
		}
	}
	return ""
}

// partiesOf lists who is in the call. Roles that cannot be seen now are those of before.
func (p *phone) partiesOf(r *wire.SnapshotCallResponse) []party {
	var out []party
	for _, info := range r.Snapshot.Parties {
		q := named(&info.DeviceOnCall, info.Connection.DeviceID.Number, partyStates[info.State], false)
		q.at = info.Connection.DeviceID.Number
		calls := q.dn != "" && q.dn == r.CallingDevice.Number() || q.dn == "" && r.CallingDevice.Number() == ""
		called := q.dn != "" && q.dn == r.CalledDevice.Number()
		if calls && q.dn == "" {
			q.id = caller
		}
		if calls && r.AssociatedCallingDevice != nil || called && r.AssociatedCalledDevice != nil {
			q.role = opencti.RoleCustomer
		}
		if role := p.roleOf(info.Connection.CallID, q.id); role != "" && q.role == opencti.RoleAgent {
			q.role = role
		}
		if q.id != "" {
			out = append(out, q)
		}
	}
	return out
}

func (r *roster) roleOf(callID, partyID string) opencti.PartyRole {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.calls[callID]; c != nil {
		for _, p := range c.parties {
			if p.id == partyID {
				return p.role
			}
		}
	}
	return ""
}

// partyStates gives the state of a party of the call.
var partyStates = map[wire.LocalConnectionState]opencti.EventName{
	wire.StateInitiated: opencti.Initiated, wire.StateAlerting: opencti.Delivered, wire.StateConnected: opencti.Established,
	wire.StateHold: opencti.Held, wire.StateQueued: opencti.Queued, wire.StateFail: opencti.Failed,
}

// statesOf returns the states of the connections, the device's own first.
func (p *phone) statesOf(info wire.SnapshotDeviceInfo, r *wire.SnapshotCallResponse) []wire.LocalConnectionState {
	var own, others []wire.LocalConnectionState
	for _, q := range r.Snapshot.Parties {
		if q.Connection.DeviceID.Number == p.dn || q.DeviceOnCall.Number() == p.dn {
			own = append(own, q.State)
		} else {
			others = append(others, q.State)
		}
	}
	if len(own) == 0 {
		return info.State.States()
	}
	return append(own, others...)
}

// localState gives the call's state at the device, whose own connection comes first. A call
// that is connected here, and not yet at the other side, is on its way.
func localState(states []wire.LocalConnectionState) opencti.EventName {
	switch {
	case len(states) == 0:
		return opencti.Established // not told; most calls are
	case states[0] == wire.StateAlerting:
		return opencti.Offering
	case partyStates[states[0]] == "":
		return opencti.Established // in words that no edition has
	case states[0] != wire.StateConnected:
		return partyStates[states[0]]
	case len(states) == 1:
		return opencti.Initiated
	}
	others := states[1:]
	for _, s := range []wire.LocalConnectionState{wire.StateConnected, wire.StateHold} {
		if slices.Contains(others, s) {
			return opencti.Established
		}
	}
	for _, s := range []wire.LocalConnectionState{wire.StateAlerting, wire.StateQueued, wire.StateFail} {
		if slices.Contains(others, s) {
			return partyStates[s]
		}
	}
	return opencti.Established
}
