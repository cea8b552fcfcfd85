package mirror

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Call is a call as the telephone with the number DN sees it. Calls in a Change are copies.
type Call struct {
	// ID is the leg's UID; further calls of the same leg have a number behind it.
	ID, DN string
	// Leg is the UID of the telephone's channel.
	Leg   string
	State opencti.EventName
	// Out: the telephone made the call. Consult: while it has another one on hold.
	Out, Consult bool
	// OfferedBy is how a call that came in came here; Original the type of the call that it is for.
	OfferedBy opencti.OfferedBy
	Original  opencti.CallType
	Linked    string
	ANI, DNIS string
	Queue     string
	// CallerExternal: the caller is outside. FarExternal: whom this telephone called is.
	CallerExternal, FarExternal bool
	// NetworkReached: it left for where no more is told.
	NetworkReached bool
	Conference     bool
	Muted          bool
	Parties        []Party
	Data           map[string]string

	leg     *Channel
	carrier *Channel   // of a call to an always-connected leg
	index   int        // of the leg's calls, from 1
	parked  []*Channel // the other parties, while they are on hold at the switch
	with    []*Channel // who was there last, connected
	rang    []*Channel // who was there last, not yet
	via     []*Channel // the channels to which the leg led last
	talked  bool
}

// Party is one of a call's participants; ID is the UID of its channel.
type Party struct {
	ID, DN string
	State  opencti.EventName
	Role   opencti.PartyRole
}

// Names of changes.
const (
	Dialing      = "Dialing"
	Ringing      = "Ringing"
	FarRinging   = "FarRinging"
	InQueue      = "InQueue"
	Talking      = "Talking"
	Hold         = "Hold"
	Unhold       = "Unhold"
	Conference   = "Conference"
	Transfer     = "Transfer"
	DialFailed   = "DialFailed"
	Hangup       = "Hangup"
	Parties      = "Parties"
	CallData     = "CallData"
	DoNotDisturb = "DoNotDisturb"
)

// Why a call ended, in Change.Why.
const (
	Abandoned         = "abandoned" // the caller gave up
	NoAnswer          = "noAnswer"  // it rings elsewhere now
	AnsweredElsewhere = "answeredElsewhere"
	Declined          = "declined"
	Transferred       = "transferred" // this telephone sent it elsewhere
	Merged            = "merged"      // it became one with another of the same telephone
	FarGone           = "farEnd"      // the others left
	Normal            = "normal"
)

// Change is one thing that happened to a call of a telephone, or to an agent.
type Change struct {
	Name string
	DN   string
	Call Call
	// Own: the telephone made the conference, or came back to it. Of Conference.
	Own bool
	// Ended: the call is over, Why says why. Lost are the parties that wait on hold for a
	// telephone that is gone, by their UIDs.
	Ended bool
	Why   string
	Lost  []string

	Agent Agent // of agents' changes
	On    bool  // of DoNotDisturb
}

// settle derives the calls of a leg and tells what differs.
func (m *Mirror) settle(leg *Channel) {
	if leg.gone {
		m.endAll(leg)
		return
	}
	if m.gathers(leg.bridge) {
		m.alone[leg] = leg.bridge.entered
		return
	}
	for _, call := range slices.Clone(leg.calls) {
		switch {
		case call.carrier != nil:
			m.settleCarried(call)
		case call.parked != nil:
			m.settleParked(leg, call)
		}
	}
	if leg.stays {
		return
	}
	active := leg.active()
	if leg.transferred {
		for _, call := range slices.Clone(leg.calls) {
			m.endCall(call, Transferred)
		}
		return
	}
	state, others := m.look(leg)
	if active == nil {
		if state == "" {
			return
		}
		active = m.beginCall(leg, state)
	}
	m.advance(active, state, others)
}

// gathering is how long those who meet in a conference are waited for, so that it is told once.
const gathering = 250 * time.Millisecond

func (m *Mirror) gathers(b *bridge) bool {
	return b != nil && b.conference && m.clock.Sub(b.entered) < gathering
}

// active is the leg's call that is not parked.
func (c *Channel) active() *Call {
	for _, call := range c.calls {
		if call.parked == nil {
			return call
		}
	}
	return nil
}

// parks says whether others wait on hold for this leg.
func (c *Channel) parks() bool {
	return slices.ContainsFunc(c.calls, func(call *Call) bool { return call.parked != nil })
}

// loneliness is how long a leg that is up has nobody, until it is taken for connected with
// something that Asterisk itself does, an announcement or a mailbox.
const loneliness = time.Second

// look says in which state the leg is, "" for no opinion, and who is at its other side.
func (m *Mirror) look(leg *Channel) (opencti.EventName, []*Channel) {
	others := m.far(leg)
	if leg.state != up || leg.bridge != nil || len(leg.dials) > 0 || leg.waits != "" {
		delete(m.alone, leg)
	}
	switch {
	case leg.bridge != nil && leg.bridge.holding:
		return "", nil
	case len(others) == 0 && m.waitsIn(leg) != "":
		return opencti.Queued, nil
	case leg.bridge != nil && len(others) > 0 && !slices.ContainsFunc(others, (*Channel).isUp):
		return progress(others), others // beyond a Local channel it still rings
	case leg.state == up && leg.bridge != nil && len(others) > 0 && (leg.holding || m.justUnheld(leg)):
		return opencti.Held, others
	case leg.state == up && leg.bridge != nil && (len(others) > 0 || leg.bridge.conference):
		return opencti.Established, others
	case progress(leg.dials) == opencti.Delivered:
		return opencti.Delivered, others
	case len(leg.dials) > 0:
		return opencti.Initiated, others
	case leg.failed != "" && (leg.state == up || leg.state == ring):
		return opencti.Failed, nil
	case leg.state == up:
		return m.lonely(leg), others // of who calls it, if it was called
	case leg.state == ringing && leg.originated:
		return opencti.Initiated, nil
	case leg.state == ringing && leg.dialer != nil:
		return opencti.Offering, others
	case leg.state == ring || leg.state == dialing:
		return opencti.Initiated, nil
	}
	return "", nil
}

// afterthought is how long the end of a hold is kept back: Asterisk ends it, too, in the moment
// before a transfer.
const afterthought = 100 * time.Millisecond

func (m *Mirror) justUnheld(leg *Channel) bool {
	call := leg.active()
	if call == nil || call.State != opencti.Held || m.clock.Sub(leg.unheld) >= afterthought {
		return false
	}
	m.alone[leg] = leg.unheld
	return true
}

func (c *Channel) isUp() bool { return c.state == up }

// progress says how far a dial is, by those whom it rings.
func progress(dialled []*Channel) opencti.EventName {
	if slices.ContainsFunc(dialled, func(d *Channel) bool { return d.sounding || d.state == ringing }) {
		return opencti.Delivered
	}
	return opencti.Initiated
}

// lonely is for a leg that is up with nobody: it may be about to be connected.
func (m *Mirror) lonely(leg *Channel) opencti.EventName {
	if leg.bridge != nil || leg.parks() || leg.connected {
		return ""
	}
	since, known := m.alone[leg]
	if !known {
		m.alone[leg] = m.clock
		return ""
	}
	if m.clock.Sub(since) < loneliness {
		return ""
	}
	return opencti.Established
}

func (m *Mirror) beginCall(leg *Channel, state opencti.EventName) *Call {
	call := &Call{ID: m.NextCall(leg.UID), DN: leg.dn, Leg: leg.UID, leg: leg, Linked: leg.Linked}
	leg.serials++
	call.index = leg.serials
	leg.calls = append(leg.calls, call)
	again := leg.connected && state != opencti.Established && state != opencti.Held
	call.Out = leg.originated || !leg.called || leg.parks() || again
	if call.Out {
		m.describeOutgoing(call)
	} else {
		m.describeIncoming(call)
		if state == opencti.Established {
			m.advance(call, opencti.Offering, m.far(leg)) // it was answered at once
		}
	}
	return call
}

// NextCall gives the ID of the next call of a leg.
func (m *Mirror) NextCall(uid string) string {
	if leg := m.channels[uid]; leg != nil && leg.serials > 0 {
		return uid + "/" + strconv.Itoa(leg.serials+1)
	}
	return uid
}

// advance brings a call into a state, with its parties, and tells what is new.
func (m *Mirror) advance(call *Call, state opencti.EventName, others []*Channel) {
	leg := call.leg
	before := call.copy()
	connected := leg.bridge != nil && (state == opencti.Established || state == opencti.Held)
	if call.talked && len(others) == 0 && leg.parks() && leg.bridge == nil && len(leg.dials) == 0 && (!leg.moving || call.alone()) {
		m.endCall(call, FarGone) // a consult; the telephone stays, for the call that is on hold
		return
	}
	if state == "" || call.talked && state != opencti.Held && state != opencti.Established ||
		state == opencti.Initiated && call.State != "" { // from there it only goes on
		state = call.State
	}
	call.State = state
	m.describe(call, others)
	name := ""
	switch {
	case before.State != state:
		name = nameOf(before.State, state)
	case state == opencti.Offering && len(call.rang) > 0 && len(others) > 0 && !slices.ContainsFunc(others, call.rangWith):
		name, call.OfferedBy = Transfer, opencti.ByTransfer
		m.changeCaller(call, others[0])
	case connected && len(call.with) > 0 && len(others) > 0 && !slices.ContainsFunc(others, call.knew):
		name = Transfer
		m.changeCaller(call, others[0])
	case connected && len(others) > 1 && (!before.Conference || slices.ContainsFunc(others, func(o *Channel) bool { return !call.knew(o) })):
		name = Conference
	case !slices.Equal(before.Parties, call.Parties):
		name = Parties
	case !sameData(before, *call):
		name = CallData
	}
	if next := m.neighbours(leg); len(next) > 0 {
		call.via = next
	}
	if len(others) > 0 && !connected {
		call.rang = others
	}
	if connected && len(others) > 0 {
		call.talked = true
		call.meet(others)
		call.Conference = call.Conference || len(others) > 1
	}
	if name != "" {
		why := ""
		if name == DialFailed {
			why = strings.ToLower(leg.failed) // busy, noanswer, congestion, chanunavail
		}
		m.tell(Change{Name: name, DN: call.DN, Call: call.copy(), Why: why, Own: name == Conference && m.brings(call, others)})
	}
}

// brings says whether one of those who meet in a call is the party of another call of this
// telephone: then it is this telephone that makes the conference.
func (m *Mirror) brings(call *Call, others []*Channel) bool {
	for _, leg := range m.legs[call.DN] {
		for _, first := range leg.calls {
			if first != call && slices.ContainsFunc(others, first.knew) {
				return true
			}
		}
	}
	return false
}

// alone says whether everybody is gone who was there.
func (call *Call) alone() bool {
	return !slices.ContainsFunc(call.with, func(c *Channel) bool { return !c.gone })
}

// meet remembers who is there.
func (call *Call) meet(others []*Channel) {
	call.with = slices.Clone(others)
	for _, o := range others {
		if !slices.Contains(o.met, call) {
			o.met = append(o.met, call)
		}
	}
}

func sameData(a, b Call) bool {
	return maps.Equal(a.Data, b.Data) && a.Linked == b.Linked && a.ANI == b.ANI && a.DNIS == b.DNIS && a.Muted == b.Muted
}

func (call *Call) ledTo(c *Channel) bool { return slices.Contains(call.via, c) }

func (call *Call) rangWith(c *Channel) bool { return slices.Contains(call.rang, c) }

func (call *Call) knew(c *Channel) bool { return slices.Contains(call.with, c) }

// changeCaller: somebody else is at the other side now.
func (m *Mirror) changeCaller(call *Call, other *Channel) {
	if !call.Out {
		call.ANI, call.CallerExternal = m.number(other), other.external
	}
}

// nameOf says what happened.
func nameOf(before, after opencti.EventName) string {
	if before == opencti.Held && after == opencti.Established {
		return Unhold
	}
	return map[opencti.EventName]string{
		opencti.Initiated: Dialing, opencti.Offering: Ringing, opencti.Delivered: FarRinging, opencti.Queued: InQueue,
		opencti.Established: Talking, opencti.Held: Hold, opencti.Failed: DialFailed,
	}[after]
}

func (call *Call) copy() Call {
	out := *call
	out.parked, out.with, out.rang, out.via, out.leg, out.carrier = nil, nil, nil, nil, nil, nil
	return out
}

func (m *Mirror) tell(c Change) { m.changes = append(m.changes, c) }
