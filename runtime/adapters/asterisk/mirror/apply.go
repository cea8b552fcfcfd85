package mirror

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
)

// handlers are the events that change what is known.
var handlers = map[string]func(*Mirror, ami.Message){
	"Newchannel":        (*Mirror).newChannel,
	"Newstate":          (*Mirror).channelChanged,
	"NewCallerid":       (*Mirror).channelChanged,
	"NewConnectedLine":  (*Mirror).channelChanged,
	"Rename":            (*Mirror).renamed,
	"VarSet":            (*Mirror).varSet,
	"Hangup":            (*Mirror).hungUp,
	"HangupRequest":     (*Mirror).hangupRequested,
	"SoftHangupRequest": (*Mirror).hangupRequested,
	"Hold":              func(m *Mirror, msg ami.Message) { m.held(msg, true) },
	"Unhold":            func(m *Mirror, msg ami.Message) { m.held(msg, false) },
	"MusicOnHoldStart":  (*Mirror).hearsMusic,
	"DialBegin":         (*Mirror).dialBegins,
	"DialState":         (*Mirror).dialGoesOn,
	"DialEnd":           (*Mirror).dialEnds,
	"BridgeEnter":       (*Mirror).bridgeEntered,
	"BridgeLeave":       (*Mirror).bridgeLeft,
	"BridgeDestroy":     func(m *Mirror, msg ami.Message) { delete(m.bridges, msg.Get("BridgeUniqueid")) },
	"BlindTransfer":     (*Mirror).blindTransfer,
	"AttendedTransfer":  (*Mirror).attendedTransfer,
	"AgentCalled":       (*Mirror).agentCalled,
	"AgentLogin":        (*Mirror).agentLogsIn,
	"QueueCallerJoin":   func(m *Mirror, msg ami.Message) { m.waiting(msg, msg.Get("Queue")) },
	"QueueCallerLeave":  func(m *Mirror, msg ami.Message) { m.waiting(msg, "") },
	"QueueCallerAbandon": func(m *Mirror, msg ami.Message) {
		if c := m.channel(msg, ""); c != nil {
			c.leaving = true
		}
	},
	"QueueMemberAdded":   (*Mirror).memberChanged,
	"QueueMemberPause":   (*Mirror).memberChanged,
	"QueueMemberStatus":  (*Mirror).memberChanged,
	"QueueMemberRemoved": (*Mirror).memberRemoved,
	"DeviceStateChange":  (*Mirror).deviceStateChanged,
}

// channel finds the channel of a message, by the prefix of its headers, brings it up to date
// and marks what it concerns.
func (m *Mirror) channel(msg ami.Message, prefix string) *Channel {
	c := m.channels[msg.Get(prefix+"Uniqueid")]
	if c == nil {
		return nil
	}
	m.touch(c)
	m.update(c, msg, prefix)
	return c
}

func (m *Mirror) newChannel(msg ami.Message) {
	c := m.channel(msg, "")
	if c == nil {
		c = &Channel{UID: msg.Get("Uniqueid"), Name: msg.Get("Channel")}
		if c.UID == "" || c.Name == "" {
			return
		}
		m.add(c)
		m.update(c, msg, "")
	}
	if c.state == ring && !local(c.Name) {
		c.dialled = c.extension
	}
	m.touch(c)
}

func (m *Mirror) channelChanged(msg ami.Message) {
	c := m.channel(msg, "")
	if c == nil {
		return
	}
	switch c.state {
	case ringing:
		c.sounding = true
	case up:
		c.failed = "" // whoever answers instead, a mailbox
	}
}

func (m *Mirror) renamed(msg ami.Message) {
	if c := m.channels[msg.Get("Uniqueid")]; c != nil {
		m.touch(c)
		m.rename(c, msg.Get("Newname"))
	}
}

func (m *Mirror) varSet(msg ami.Message) {
	if c := m.channel(msg, ""); c != nil {
		m.assign(c, strings.TrimLeft(msg.Get("Variable"), "_"), msg.Get("Value"))
	}
}

func (m *Mirror) hungUp(msg ami.Message) {
	if c := m.channel(msg, ""); c != nil {
		c.elsewhere = msg.Get("Cause") == answeredElsewhere
		m.remove(c)
	}
}

// Causes (Q.850): of a telephone that turns a call away, and Asterisk's own of one whose call
// another has taken.
const (
	busyHere          = "17"
	rejected          = "21"
	answeredElsewhere = "26"
)

func (m *Mirror) hangupRequested(msg ami.Message) {
	if c := m.channel(msg, ""); c != nil {
		c.leaving = true
		cause := msg.Get("Cause")
		// HangupRequest is the telephone's, SoftHangupRequest Asterisk's.
		c.refused = c.refused || c.state == ringing && msg.Event() == "HangupRequest" && (cause == busyHere || cause == rejected)
	}
}

func (m *Mirror) held(msg ami.Message, on bool) {
	if c := m.channel(msg, ""); c != nil {
		c.holding = on
		if !on {
			c.unheld = m.clock
		}
	}
}

// hearsMusic: the dialplan's place of hold plays to a channel.
func (m *Mirror) hearsMusic(msg ami.Message) {
	if c := m.channel(msg, ""); c != nil && c.bridge == nil && m.holds(c) {
		m.park(c)
	}
}

func (m *Mirror) dialBegins(msg ami.Message) {
	from, to := m.channel(msg, ""), m.channel(msg, "Dest")
	if to == nil {
		return
	}
	to.called = true
	if from == nil {
		to.originated = to.dialer == nil
		return
	}
	to.dialer = from
	from.failed, from.answer, from.moving = "", nil, false
	if !slices.Contains(from.dials, to) {
		from.dials = append(from.dials, to)
	}
	m.touch(to)
}

func (m *Mirror) dialGoesOn(msg ami.Message) {
	m.channel(msg, "")
	to := m.channel(msg, "Dest")
	if to == nil {
		return
	}
	switch status := msg.Get("DialStatus"); {
	case status == "RINGING":
		to.sounding, to.unheard = true, false
	case to.external && !to.sounding && (status == "PROGRESS" || status == "PROCEEDING"):
		to.sounding, to.unheard = status == "PROGRESS", status == "PROGRESS"
	}
}

func (m *Mirror) dialEnds(msg ami.Message) {
	from, to := m.channel(msg, ""), m.channel(msg, "Dest")
	if from == nil || to == nil || !slices.Contains(from.dials, to) {
		return // some come twice
	}
	m.undial(from, to)
	to.ended = msg.Get("DialStatus")
	switch status := to.ended; {
	case status == "ANSWER":
		from.failed, from.answer = "", to
	case len(from.dials) == 0 && status != "CANCEL":
		from.failed = status
	}
}

// technologies of bridges whose members do not hear each other.
const holdingBridge = "holding_bridge"

func (m *Mirror) bridge(msg ami.Message) *bridge {
	id := msg.Get("BridgeUniqueid")
	b := m.bridges[id]
	if b == nil {
		if len(m.bridges) >= bridgesBound {
			return nil
		}
		b = &bridge{id: id}
		m.bridges[id] = b
	}
	b.holding = msg.Get("BridgeTechnology") == holdingBridge
	b.name = known(msg.Get("BridgeName"))
	b.conference = b.conference || msg.Get("BridgeCreator") == "ConfBridge"
	return b
}

func (m *Mirror) bridgeEntered(msg ami.Message) {
	c, b := m.channel(msg, ""), m.bridge(msg)
	if c == nil || b == nil {
		return
	}
	m.enter(c, b)
	b.entered = m.clock
	m.touch(c)
	if b.holding {
		return
	}
	if c.dialer != nil {
		m.undial(c.dialer, c)
		c.dialer = nil
	}
	c.connected, c.moving = true, false
}

func (m *Mirror) bridgeLeft(msg ami.Message) {
	c := m.channels[msg.Get("Uniqueid")]
	if c == nil {
		return
	}
	was := c.context + "," + c.extension
	b := c.bridge
	waits := slices.ContainsFunc(m.far(c), func(o *Channel) bool { return o.sentToWait() && waitsFor(o, c) })
	if m.gathers(b) {
		b.entered = time.Time{} // they met, if only for a moment
		for _, member := range slices.Clone(b.members) {
			if member.dn != "" {
				m.settle(member)
			}
		}
	}
	m.channel(msg, "")
	m.leave(c)
	moved := was != c.context+","+c.extension
	switch {
	case m.holds(c) && (moved || c.sentToWait()):
		m.park(c)
	case m.holds(c): // it may be on its way to be held again; its place stayed the same
	case moved || waits:
		c.handedOn, c.moving = true, true
	}
	// A telephone that transfers by itself leaves its call on hold and goes to another; one
	// that leaves a conference for a consult comes back. Who is sent elsewhere goes on holding.
	leaves := c.holding && !moved || b != nil && b.conference && moved && c.context == m.ConsultContext
	if c.dn != "" && leaves && b != nil && !c.leaving && !c.transferred {
		c.holding = false
		m.parkAll(c, b)
	}
}

// sentToWait says whether a channel was sent where it waits on hold, which may be where it was
// already.
func (c *Channel) sentToWait() bool { return c.variables[HeldVariable].set > c.unparked }

func waitsFor(c, leg *Channel) bool {
	mark, ok := heldMarkOf(c)
	return ok && mark.Leg == leg.UID
}

// ends gives the channel itself, or what is at the other end of a Local one.
func (m *Mirror) ends(c *Channel) []*Channel {
	if !local(c.Name) {
		return []*Channel{c}
	}
	if half := m.half(c); half != nil {
		return m.far(half)
	}
	return nil
}

func (m *Mirror) blindTransfer(msg ami.Message) {
	if msg.Get("Result") != "Success" {
		return
	}
	if c := m.channel(msg, "Transferer"); c != nil {
		c.transferred = true
	}
	if c := m.channel(msg, "Transferee"); c != nil {
		c.handedOn = true
	}
}

func (m *Mirror) attendedTransfer(msg ami.Message) {
	if msg.Get("Result") != "Success" {
		return
	}
	for _, prefix := range []string{"OrigTransferer", "SecondTransferer"} {
		if c := m.channel(msg, prefix); c != nil {
			c.transferred = true
		}
	}
}

func (m *Mirror) agentCalled(msg ami.Message) {
	m.channel(msg, "")
	if c := m.channel(msg, "Dest"); c != nil {
		c.queue, c.offeredTo = msg.Get("Queue"), m.member(msg.Get("Interface"))
		m.offer(c, c.offeredTo)
	}
}

func (m *Mirror) waiting(msg ami.Message, queue string) {
	if c := m.channel(msg, ""); c != nil {
		c.waits = queue
	}
}

// doNotDisturb is the custom device whose state says so, as FreePBX has it: BUSY, or UNAVAILABLE where
// it is off, which in a hint counts for nothing.
const doNotDisturb = "Custom:DND"

var disturbed = []string{"INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"}

func (m *Mirror) deviceStateChanged(msg ami.Message) {
	dn, ok := strings.CutPrefix(msg.Get("Device"), doNotDisturb)
	if !ok || dn == "" {
		return
	}
	on := slices.Contains(disturbed, msg.Get("State"))
	if on != m.disturb[dn] && len(m.disturb) < membersBound {
		m.disturb[dn] = on
		m.changes = append(m.changes, Change{Name: DoNotDisturb, DN: dn, On: on})
		m.settleAgent(dn)
	}
}

// measure learns how far Asterisk's clock is from ours, where it tells (timestampevents).
func (m *Mirror) measure(msg ami.Message) {
	seconds, err := strconv.ParseFloat(msg.Get("Timestamp"), 64)
	if err != nil || seconds <= 0 || seconds >= 1<<33 {
		return
	}
	skew := time.Unix(0, int64(seconds*1e9)).Sub(m.clock)
	if (skew - m.skew).Abs() > 2*time.Second { // else it is the time that the message took
		m.skew = skew
	}
}
