package mirror

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// OnHold is the function that says of a channel whether it was put on hold.
const OnHold = "CHANNEL(onhold)"

// HeldMark is what HeldVariable says: whose call the channel is that waits on hold at the
// switch, and the next call of that leg.
type HeldMark struct{ Leg, Call, Next string }

// String writes it for the variable.
func (h HeldMark) String() string { return h.Leg + "|" + h.Call + "|" + h.Next }

func heldMarkOf(c *Channel) (HeldMark, bool) {
	p, ok := parts(c.variable(HeldVariable))
	return HeldMark{p[0], p[1], p[2]}, ok
}

// AwayMark is what AwayVariable says: the conference that waits for the leg, the leg's call
// there, and its next call.
type AwayMark struct{ Room, Call, Next string }

// String writes it for the variable.
func (a AwayMark) String() string { return a.Room + "|" + a.Call + "|" + a.Next }

func awayMarkOf(c *Channel) (AwayMark, bool) {
	p, ok := parts(c.variable(AwayVariable))
	return AwayMark{p[0], p[1], p[2]}, ok
}

func parts(mark string) (out [3]string, ok bool) {
	said := strings.Split(mark, "|")
	copy(out[:], said)
	return out, len(said) == len(out)
}

// Mark says when a list was asked for: what appears later is not in it.
func (m *Mirror) Mark() int { return m.serial }

// Lists are Asterisk's answers to Status, BridgeList, QueueStatus and DeviceStateList.
type Lists struct {
	Channels, Bridges, Members, Devices []ami.Message
	// Mark is that of the moment before the first was asked for.
	Mark int
}

// Resync puts lists in the place of what was known, and returns what that changes.
func (m *Mirror) Resync(l Lists, at time.Time) []Change {
	m.begin(at)
	for _, c := range m.channels {
		m.touch(c)
	}
	for _, msg := range l.Bridges {
		m.bridge(msg)
	}
	found := m.restoreChannels(l.Channels)
	for _, c := range m.channels {
		if found[c.UID] == nil && c.serial <= l.Mark {
			m.remove(c)
		}
	}
	m.members = map[string]map[string]*member{}
	for _, msg := range l.Members {
		m.restoreMember(msg)
	}
	m.end()
	for _, msg := range l.Devices {
		m.deviceStateChanged(msg)
	}
	for dn := range m.agents {
		m.settleAgent(dn)
	}
	for dn := range m.members {
		m.settleAgent(dn)
	}
	return m.changes
}

// listed is a channel with what only lists say of it.
type listed struct {
	*Channel
	application, data string
	onHold, fresh     bool
}

func (m *Mirror) restoreChannels(messages []ami.Message) map[string]*listed {
	found := map[string]*listed{}
	for _, msg := range messages {
		if uid := msg.Get("Uniqueid"); uid != "" && msg.Get("Channel") != "" {
			found[uid] = m.restoreChannel(uid, msg)
		}
	}
	for _, c := range found {
		if c.fresh {
			m.restoreDial(c, found)
		}
	}
	for _, c := range found {
		if !c.fresh {
			continue
		}
		for _, other := range m.far(c.Channel) {
			if l := found[other.UID]; l != nil && c.bridge != nil && l.onHold && c.dn != "" {
				c.holding = true
			}
		}
		m.restoreHeld(c.Channel)
		m.restoreAway(c.Channel)
	}
	m.restoreCarried(found)
	return found
}

func (m *Mirror) restoreChannel(uid string, msg ami.Message) *listed {
	c := m.channels[uid]
	out := &listed{Channel: c, application: msg.Get("Application"), data: msg.Get("Data"), fresh: c == nil}
	if c == nil {
		c = &Channel{UID: uid, Name: msg.Get("Channel")}
		m.add(c)
		out.Channel = c
	}
	m.update(c, msg, "")
	for _, line := range msg.All("Variable") {
		if name, value, ok := strings.Cut(line, "="); ok && name == OnHold {
			out.onHold = value == "1"
		} else if ok && value != "(null)" { // how it writes what is not set
			m.set(c, name, value)
		}
	}
	if b := m.bridges[msg.Get("BridgeID")]; b != nil {
		m.enter(c, b)
	} else if id := msg.Get("BridgeID"); id != "" {
		m.enter(c, m.bridge(ami.Message{{Key: "BridgeUniqueid", Value: id}}))
	} else {
		m.leave(c)
	}
	if out.fresh {
		out.describe(msg)
	}
	m.touch(c)
	return out
}

// describe guesses the past of a channel that was there before us.
func (c *listed) describe(msg ami.Message) {
	c.called = strings.HasPrefix(c.application, "AppDial") || strings.HasPrefix(c.application, "AppQueue")
	if !c.called {
		c.dialled = msg.Get("DNID")
	}
	c.connected = c.bridge != nil && !c.bridge.holding
	c.sounding = c.state == ringing
	c.stays = c.application == "AgentLogin"
	if c.application == "Queue" && c.bridge == nil {
		c.waits, _, _ = strings.Cut(c.data, ",")
	}
}

// restoreDial finds who calls a channel, and the queue that did: the channel of the same call
// that runs the application.
func (m *Mirror) restoreDial(c *listed, found map[string]*listed) {
	if !c.called {
		return
	}
	wanted := "Dial"
	if c.application == "AppQueue" {
		wanted = "Queue"
	}
	var dialer *listed
	for _, other := range found {
		if other.Linked != c.Linked || other.application != wanted || other.Channel == c.Channel {
			continue
		}
		if dialer == nil || strings.Contains(other.data, deviceOf(c.Name)) {
			dialer = other
		}
	}
	if dialer == nil {
		return
	}
	if wanted == "Queue" {
		c.queue, _, _ = strings.Cut(dialer.data, ",")
	}
	if c.state != up {
		c.dialer = dialer.Channel
		dialer.dials = append(dialer.dials, c.Channel)
		dialer.waits = ""
	}
}

// restoreHeld ties a channel that waits on hold to its leg.
func (m *Mirror) restoreHeld(c *Channel) {
	mark, ok := heldMarkOf(c)
	leg := m.channels[mark.Leg]
	if !ok || leg == nil || c.bridge != nil || !m.holds(c) {
		return
	}
	c.parked = m.restoreWaiting(leg, mark.Call, mark.Next, []*Channel{c})
	c.atHold = true
}

// restoreAway ties a leg that consults out of a conference to those who are in it.
func (m *Mirror) restoreAway(leg *Channel) {
	mark, ok := awayMarkOf(leg)
	if !ok || leg.dn == "" {
		return
	}
	for _, b := range m.bridges {
		if !b.conference || b.name != mark.Room || b.has(leg) {
			continue
		}
		if others := m.people(b); len(others) > 0 {
			m.restoreWaiting(leg, mark.Call, mark.Next, others).Conference = true
		}
	}
}

// restoreWaiting makes the call of a leg whose parties wait for it; next is the leg's next call.
func (m *Mirror) restoreWaiting(leg *Channel, id, next string, parked []*Channel) *Call {
	first := parked[0]
	if i := slices.IndexFunc(parked, func(c *Channel) bool { return c.external }); i > 0 {
		first = parked[i]
	}
	call := &Call{ID: id, DN: leg.dn, Leg: leg.UID, leg: leg, index: 1, State: opencti.Held, Out: !leg.called, parked: parked}
	if call.Out {
		call.ANI, call.DNIS, call.FarExternal = leg.dn, leg.dialled, first.external
	} else {
		call.ANI, call.DNIS, call.CallerExternal, call.OfferedBy = m.number(first), first.dialled, first.external, opencti.ByDirect
	}
	call.meet(parked)
	leg.calls = append(leg.calls, call)
	leg.serials, leg.connected = 1, true
	if _, n, ok := strings.Cut(next, "/"); ok {
		if next, err := strconv.Atoi(n); err == nil {
			leg.serials = next - 1
		}
	}
	m.describe(call, parked)
	return call
}

// restoreCarried finds the calls that always-connected legs have.
func (m *Mirror) restoreCarried(found map[string]*listed) {
	for _, c := range found {
		if !c.fresh || c.application != "AppQueue" || !local(c.Name) {
			continue
		}
		half := m.half(c.Channel)
		if half == nil || half.bridge == nil {
			continue
		}
		for _, leg := range half.bridge.members {
			if leg.stays {
				c.offeredTo = leg.dn
				m.offer(c.Channel, leg.dn)
				m.describeCarried(leg.calls[len(leg.calls)-1], m.far(c.Channel))
			}
		}
	}
}

// restoreMember takes a line of QueueStatus, whose names differ from those of events.
func (m *Mirror) restoreMember(msg ami.Message) {
	if msg.Event() != "QueueMember" {
		return
	}
	dn, queue := m.member(msg.Get("Location")), msg.Get("Queue")
	if dn == "" || queue == "" || len(m.members) >= membersBound {
		return
	}
	if m.members[dn] == nil {
		m.members[dn] = map[string]*member{}
	}
	m.members[dn][queue] = memberOf(msg)
}

// Calls gives the calls of a telephone, in the order in which its legs appeared.
func (m *Mirror) Calls(dn string) []Call {
	var out []Call
	for _, leg := range m.legs[dn] {
		for _, call := range leg.calls {
			out = append(out, call.copy())
		}
	}
	return out
}
