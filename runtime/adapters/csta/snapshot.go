package csta

import (
	"context"
	"errors"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Snapshot implements opencti.Device: SnapshotDevice, SnapshotCall for each call, since
// only that has the data and the parties, and GetAgentState.
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
	snapshot.Agent, err = d.agentState(ctx)
	return snapshot, err
}

func hasCode(err error, code opencti.ErrorCode) bool {
	e := new(opencti.Error)
	return errors.As(err, &e) && e.Code == code
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
	d.c.monitorOf(d.dn).parties.keep(ids)
}

// snapshotCall asks for one call. A switch without SnapshotCall gives what it told of the
// device.
func (d *device) snapshotCall(ctx context.Context, info wire.SnapshotDeviceInfo) (opencti.Call, error) {
	id := info.Connection.CallID
	request := &wire.SnapshotCall{SnapshotObject: info.Connection}
	a, err := d.c.request(ctx, request, func(a answer) {
		if r, ok := a.message.(*wire.SnapshotCallResponse); ok {
			d.c.monitorOf(d.dn).parties.replace(id, partiesOf(r))
		}
	})
	if hasCode(err, opencti.NotCapable) {
		return callWithoutDetails(info), nil
	}
	if err != nil {
		return opencti.Call{}, err
	}
	return d.call(id, info, a.message.(*wire.SnapshotCallResponse)), nil
}

func callWithoutDetails(info wire.SnapshotDeviceInfo) opencti.Call {
	id := info.Connection.CallID
	return opencti.Call{CallID: id, InteractionID: id, CallType: opencti.UnknownType,
		State: localState(info.State.States())}
}

func (d *device) call(id string, info wire.SnapshotDeviceInfo, r *wire.SnapshotCallResponse) opencti.Call {
	call := opencti.Call{
		CallID: id, InteractionID: r.CallLinkageData.GlobalID(),
		ANI: r.CallingDevice.Number(), DNIS: r.CalledDevice.Number(),
		Queue: lastQueue(r.DeviceHistory), Variables: r.Variables(),
		CallType: callType(r), OfferedBy: opencti.ByDirect,
	}
	if call.InteractionID == "" {
		call.InteractionID = id
	}
	if call.Queue != "" || r.CallCharacteristics != nil && r.CallCharacteristics.ACDCall {
		call.OfferedBy = opencti.ByQueue
	}
	if call.ANI == d.dn {
		call.OfferedBy = "" // it was made here
	}
	call.State = localState(d.statesOf(info, r))
	for _, p := range partiesOf(r) {
		call.Parties = append(call.Parties, opencti.Party{ID: p.id, DN: p.dn, State: p.state, Role: p.role})
		if p.dn != d.dn && p.dn != "" {
			call.OtherDNs = append(call.OtherDNs, p.dn)
		}
	}
	return call
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

// lastQueue is the device that distributed the call last.
func lastQueue(history []wire.HistoryItem) string {
	for _, h := range slices.Backward(history) {
		if h.Cause == wire.CauseDistributed || h.Cause == wire.CauseEnterDistribution {
			return h.OldDevice.Number()
		}
	}
	return ""
}

func partiesOf(r *wire.SnapshotCallResponse) []party {
	var out []party
	for _, info := range r.Snapshot.Parties {
		p := named(&info.DeviceOnCall, info.Connection.DeviceID.Number, partyStates[info.State], false)
		caller := p.dn != "" && p.dn == r.CallingDevice.Number() || p.dn == "" && r.CallingDevice.Number() == ""
		called := p.dn != "" && p.dn == r.CalledDevice.Number()
		if caller && r.AssociatedCallingDevice != nil || called && r.AssociatedCalledDevice != nil {
			p.role = opencti.RoleCustomer
		}
		if p.id != "" {
			out = append(out, p)
		}
	}
	return out
}

// partyStates gives the state of a party of the call.
var partyStates = map[wire.LocalConnectionState]opencti.EventName{
	wire.StateInitiated: opencti.Initiated, wire.StateAlerting: opencti.Delivered, wire.StateConnected: opencti.Established,
	wire.StateHold: opencti.Held, wire.StateQueued: opencti.Queued, wire.StateFail: opencti.Failed,
}

// statesOf returns the states of the connections, the device's own first.
func (d *device) statesOf(info wire.SnapshotDeviceInfo, r *wire.SnapshotCallResponse) []wire.LocalConnectionState {
	var own, others []wire.LocalConnectionState
	for _, p := range r.Snapshot.Parties {
		if p.Connection.DeviceID.Number == d.dn || p.DeviceOnCall.Number() == d.dn {
			own = append(own, p.State)
		} else {
			others = append(others, p.State)
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

// agentState asks for the agent's state; a device without an agent has none.
func (d *device) agentState(ctx context.Context) (opencti.AgentState, error) {
	a, err := d.c.request(ctx, &wire.GetAgentState{Device: wire.Device(d.dn)}, d.keepQueues)
	switch {
	case hasCode(err, opencti.NotCapable):
		return opencti.AgentState{State: opencti.Unknown}, nil
	case hasCode(err, opencti.InvalidState), hasCode(err, opencti.AuthenticationFailed):
		// Some switches refuse to speak of an agent who is not there.
		return loggedOut, nil
	case err != nil:
		return opencti.AgentState{}, err
	}
	r := a.message.(*wire.GetAgentStateResponse)
	for _, entry := range r.Agents {
		if entry.LoggedOn && (d.agentID == "" || entry.AgentID == "" || entry.AgentID == d.agentID) {
			return agentStateOf(entry, r.Extensions.Agent()), nil
		}
	}
	return loggedOut, nil
}

// keepQueues runs in the reader: the events that follow change what it sets.
func (d *device) keepQueues(a answer) {
	r, ok := a.message.(*wire.GetAgentStateResponse)
	if !ok {
		return
	}
	m := d.c.monitorOf(d.dn)
	m.queues = nil
	for _, entry := range r.Agents {
		if entry.LoggedOn {
			for _, q := range agentStateOf(entry, wire.AgentData{}).Queues {
				m.queues = append(m.queues, q.Name)
			}
		}
	}
	m.queues = m.queues[:min(len(m.queues), queuesBound)]
}

var loggedOut = opencti.AgentState{State: opencti.LoggedOut, NativeState: string(wire.AgentNull)}

// agentStates translates the states, the one that outweighs others first: an agent who is
// busy for one queue is busy.
var agentStates = []struct {
	csta wire.AgentState
	name opencti.EventName
}{
	{wire.AgentBusy, opencti.Busy},
	{wire.AgentWorkingAfterCall, opencti.AfterCallWork},
	{wire.AgentReady, opencti.Available},
	{wire.AgentNotReady, opencti.Unavailable},
	{wire.AgentNull, opencti.LoggedIn},
}

func agentStateOf(entry wire.AgentStateEntry, own wire.AgentData) opencti.AgentState {
	out := opencti.AgentState{State: opencti.LoggedIn, WorkMode: own.WorkMode,
		ReasonCode: own.ReasonCode, PendingReasonCode: own.PendingReasonCode}
	weight := len(agentStates)
	for _, info := range entry.Info {
		for i, s := range agentStates {
			if s.csta == info.State && i < weight {
				weight, out.State, out.NativeState = i, s.name, string(s.csta)
			}
		}
		if info.PendingState != "" {
			out.PendingState = pendingStates[info.PendingState]
		}
		if info.Group != nil && info.Group.Number != "" {
			out.Queues = append(out.Queues, opencti.QueueState{Name: info.Group.Number})
		}
	}
	if out.State == opencti.AfterCallWork {
		out.WorkMode = opencti.AfterCallWorkMode
	}
	return out
}

var pendingStates = map[wire.AgentState]opencti.EventName{
	wire.AgentReady: opencti.Available, wire.AgentNotReady: opencti.Unavailable,
	wire.AgentWorkingAfterCall: opencti.AfterCallWork, wire.AgentNull: opencti.LoggedOut,
}
