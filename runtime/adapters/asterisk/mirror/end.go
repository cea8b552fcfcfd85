package mirror

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// park puts a channel on hold for the leg that was connected with it.
func (m *Mirror) park(c *Channel) {
	if c.parked != nil {
		return
	}
	for _, call := range c.met {
		leg := call.leg
		if leg == c || leg.gone || leg.active() != call || !call.knew(c) {
			continue
		}
		before := call.State
		call.parked = []*Channel{c}
		c.parked, c.handedOn, c.atHold = call, true, m.holds(c)
		m.touch(leg)
		m.touch(c)
		call.State = opencti.Held
		m.describe(call, call.parked)
		if before != opencti.Held {
			m.tell(Change{Name: Hold, DN: call.DN, Call: call.copy()})
		}
		return
	}
}

// people gives who is in a bridge, or at the other end of Local channels that are.
func (m *Mirror) people(b *bridge) (out []*Channel) {
	for _, c := range b.members {
		if !nobody(c.Name) {
			out = append(out, m.ends(c)...)
		}
	}
	return out
}

// parkAll has everybody who is still in a bridge wait there for a leg that has left it.
func (m *Mirror) parkAll(leg *Channel, b *bridge) {
	call := leg.active()
	others := m.people(b)
	if call == nil || len(others) == 0 {
		return
	}
	before := call.State
	call.parked, call.State = others, opencti.Held
	for _, p := range others {
		p.atHold = false
		if !b.conference {
			p.parked = call
		}
		m.touch(p)
	}
	call.meet(others)
	m.describe(call, others)
	if before != opencti.Held {
		m.tell(Change{Name: Hold, DN: call.DN, Call: call.copy()})
	}
}

// holds says whether a channel is where the dialplan keeps those who are on hold.
func (m *Mirror) holds(c *Channel) bool {
	return c.context == m.HoldContext && c.extension == m.HoldExtension
}

// settleParked looks where the parties are that wait for this leg.
func (m *Mirror) settleParked(leg *Channel, call *Call) {
	call.parked = slices.DeleteFunc(call.parked, func(p *Channel) bool { return p.gone })
	if len(call.parked) == 0 {
		call.parked = []*Channel{}
		m.endCall(call, FarGone)
		return
	}
	for _, p := range call.parked {
		if p.parked == nil && p.bridge != nil { // they talk with each other meanwhile
			if p.bridge.has(leg) {
				m.unpark(leg, call)
				return
			}
			continue
		}
		others := m.far(p)
		if p.bridge == nil && p.atHold && !m.holds(p) {
			m.passOn(leg, call, nil) // it was sent elsewhere
			return
		}
		if p.bridge == nil || len(m.neighbours(p)) == 0 {
			continue
		}
		if slices.Contains(others, leg) {
			m.unpark(leg, call)
			return
		}
		if p.bridge.conference || slices.ContainsFunc(others, func(o *Channel) bool { return o.leaving }) {
			continue // the leg may still come
		}
		m.passOn(leg, call, others)
		return
	}
	before := call.copy()
	if m.describe(call, call.parked); !sameData(before, *call) {
		m.tell(Change{Name: CallData, DN: call.DN, Call: call.copy()})
	}
}

// unpark: the leg is with its party again. The call that it had in between is over, or has
// become one with this one.
func (m *Mirror) unpark(leg *Channel, call *Call) {
	others := m.far(leg)
	conference := leg.bridge != nil && leg.bridge.conference
	between := leg.active()
	for _, p := range call.parked {
		p.parked, p.unparked = nil, m.now
	}
	call.parked = nil
	switch {
	case between != nil && conference && call.Consult:
		m.endCall(call, Merged) // the consult came in first
		call = between
	case between != nil && conference:
		m.endCall(between, Merged)
	case between != nil:
		m.endCall(between, FarGone)
	}
	call.State = opencti.Established
	m.describe(call, others)
	name := Unhold
	if conference || len(others) > 1 {
		name, call.Conference = Conference, true
	}
	call.meet(others)
	m.tell(Change{Name: name, DN: call.DN, Call: call.copy(), Own: name == Conference})
}

// passOn: the waiting party was connected with somebody else: with whom this telephone
// consults, or anybody.
func (m *Mirror) passOn(leg *Channel, call *Call, others []*Channel) {
	consult := leg.active()
	withConsult := consult != nil && (slices.ContainsFunc(others, consult.knew) || slices.ContainsFunc(others, consult.rangWith))
	for _, p := range call.parked {
		withConsult = withConsult || consult != nil && slices.ContainsFunc(m.neighbours(p), consult.ledTo)
		p.parked, p.unparked = nil, m.now
	}
	call.parked = nil
	m.endCall(call, Transferred)
	if withConsult {
		m.endCall(consult, Transferred)
	}
}

// Drop ends a call of which Asterisk tells no end.
func (m *Mirror) Drop(id, why string) []Change {
	m.begin(m.clock)
	for _, c := range m.channels {
		for _, call := range c.calls {
			if call.ID == id {
				m.endCall(call, why)
				m.touch(c)
				return m.end()
			}
		}
	}
	return nil
}

// endCall takes a call off its leg and tells it.
func (m *Mirror) endCall(call *Call, why string) {
	leg := call.leg
	if call.State == opencti.Held && !leg.holding && why != Transferred && m.clock.Sub(leg.unheld) < afterthought {
		call.State = opencti.Established // its end of hold was kept back
		m.describe(call, call.with)
		m.tell(Change{Name: Unhold, DN: call.DN, Call: call.copy()})
	}
	leg.calls = slices.DeleteFunc(leg.calls, func(other *Call) bool { return other == call })
	leg.failed = ""
	change := Change{Name: Hangup, DN: call.DN, Ended: true, Why: why}
	if why == Transferred {
		change.Name = Transfer
	}
	for _, p := range call.parked {
		waits := p.parked == call && m.holds(p) && p.bridge == nil
		p.parked, p.unparked = nil, m.now
		if leg.gone && !p.gone && waits {
			change.Lost = append(change.Lost, p.UID)
		}
	}
	call.parked = nil
	change.Call = call.copy()
	m.tell(change)
}

// endAll ends the calls of a leg that is gone.
func (m *Mirror) endAll(leg *Channel) {
	for _, call := range slices.Clone(leg.calls) {
		switch {
		case leg.transferred:
			m.endCall(call, Transferred)
		case call.State == opencti.Offering:
			m.endCall(call, m.whyNotAnswered(leg, call))
		default:
			m.endCall(call, Normal)
		}
	}
}

// whyNotAnswered says why a call stopped ringing.
func (m *Mirror) whyNotAnswered(leg *Channel, call *Call) string {
	caller, _ := m.origin(leg)
	if i := slices.IndexFunc(call.rang, func(c *Channel) bool { return !c.gone }); caller == nil && i >= 0 {
		caller = call.rang[i] // the Local channels between went first
	}
	switch {
	case leg.refused:
		return Declined
	case caller == nil || caller.gone || caller.leaving:
		return Abandoned
	case m.answeredElsewhere(leg), caller.answer != nil && caller.answer != leg:
		return AnsweredElsewhere
	case caller.dn != "" && caller.waits == "" && (leg.ended == "" || leg.ended == "CANCEL"):
		return Abandoned // a colleague changed his mind: a consult that was cancelled
	}
	return NoAnswer
}

// answeredElsewhere says whether somebody who called this leg got an answer from another: that the
// dial of that one is over may be told later.
func (m *Mirror) answeredElsewhere(leg *Channel) bool {
	if leg.elsewhere {
		return true
	}
	for at := leg; at != nil && at.dialer != nil; at = m.half(at.dialer) {
		if other := at.dialer.answer; other != nil && other != at {
			return true
		}
		if slices.ContainsFunc(at.dialer.dials, func(other *Channel) bool { return other != at && other.isUp() }) {
			return true
		}
		if !local(at.dialer.Name) {
			return false
		}
	}
	return false
}
