package mirror

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// An agent's leg may be connected all day (AgentLogin, agents.conf): it waits in a bridge with
// music, and calls come to it through a Local channel, their carrier, which rings in the place
// of a telephone. A tone answers; then leg and carrier are in a bridge of their own, until the
// leg goes back to its music.

func (m *Mirror) agentLogsIn(msg ami.Message) {
	if c := m.channel(msg, ""); c != nil {
		m.connect(c)
	}
}

// connect makes a channel the telephone's always-connected leg. That it was dialled for this is
// no call.
func (m *Mirror) connect(c *Channel) {
	c.stays = true
	for _, call := range slices.Clone(c.calls) {
		m.endCall(call, Normal)
	}
}

// offer rings at the always-connected leg of a queue's member, if it has one.
func (m *Mirror) offer(carrier *Channel, dn string) {
	i := slices.IndexFunc(m.legs[dn], func(c *Channel) bool { return c.stays })
	if i < 0 || !local(carrier.Name) || carrier.carries {
		return
	}
	carrier.carries = true
	leg := m.legs[dn][i]
	call := &Call{ID: carrier.UID, DN: dn, Leg: leg.UID, leg: leg, carrier: carrier, index: -1, Linked: carrier.Linked, State: opencti.Offering}
	leg.calls = append(leg.calls, call)
	m.touch(leg)
}

// settleCarried derives a call that came through a carrier.
func (m *Mirror) settleCarried(call *Call) {
	leg, carrier := call.leg, call.carrier
	others := m.far(carrier)
	together := slices.Contains(m.far(leg), carrier) || leg.bridge != nil && !leg.bridge.holding
	switch {
	case carrier.gone && call.Parties == nil:
		leg.calls = slices.DeleteFunc(leg.calls, func(other *Call) bool { return other == call }) // it never rang
	case carrier.gone && !call.talked:
		m.endCall(call, m.whyNotAnswered(carrier, call))
	case carrier.gone || call.talked && leg.bridge != nil && leg.bridge.holding:
		m.endCall(call, Normal)
	case call.Parties == nil && (carrier.state != ringing && carrier.state != up || carrier.dialer == nil):
		return // it does not ring yet, or who calls is told in a moment
	case call.Parties == nil:
		m.describeCarried(call, others)
		m.tell(Change{Name: Ringing, DN: call.DN, Call: call.copy()})
	default:
		m.advanceCarried(call, together, without(others, leg))
	}
}

func without(channels []*Channel, c *Channel) []*Channel {
	return slices.DeleteFunc(slices.Clone(channels), func(other *Channel) bool { return other == c })
}

func (m *Mirror) describeCarried(call *Call, others []*Channel) {
	caller, queue := m.origin(call.carrier)
	call.Queue, call.OfferedBy = queue, opencti.ByQueue
	if caller != nil {
		call.ANI, call.DNIS, call.CallerExternal = m.number(caller), caller.dialled, caller.external
	}
	call.Parties, call.Data = m.parties(call, without(others, call.leg)), m.data(nil, append([]*Channel{call.carrier}, others...))
}

func (m *Mirror) advanceCarried(call *Call, together bool, others []*Channel) {
	before := call.copy()
	switch {
	case together && call.leg.holding:
		call.State = opencti.Held
	case together:
		call.State, call.talked = opencti.Established, true
	}
	call.Linked, call.Muted = call.carrier.Linked, call.leg.variable(MutedVariable) != ""
	if len(others) > 0 {
		call.Parties = m.parties(call, others)
	}
	call.Data = m.data(call.Data, append([]*Channel{call.carrier}, others...))
	switch {
	case before.State != call.State:
		m.tell(Change{Name: nameOf(before.State, call.State), DN: call.DN, Call: call.copy()})
	case !slices.Equal(before.Parties, call.Parties):
		m.tell(Change{Name: Parties, DN: call.DN, Call: call.copy()})
	case !sameData(before, *call):
		m.tell(Change{Name: CallData, DN: call.DN, Call: call.copy()})
	}
}
