package mirror

// Place is where a call is among channels: what a request has to name. Channels are given by
// their names.
type Place struct {
	Call Call
	// Leg is the telephone's channel, Connected whether it is in a bridge now.
	Leg       string
	Connected bool
	// Parked are the other parties, while they wait on hold at the switch; Far the others.
	Parked, Far []string
	// Shared: the leg has another call, too. Failed: its dial came to nothing.
	Shared, Failed bool
	// Carrier brings the call to a leg that is always connected.
	Carrier string
	// Direct are the channels with which the leg is connected, or which it calls.
	Direct []string
	// Room is the name of the conference of Asterisk's that they are in.
	Room string
	// Next is the ID of the next call of the leg.
	Next string
}

// Find gives the place of a telephone's call.
func (m *Mirror) Find(dn, id string) (Place, bool) {
	for _, leg := range m.legs[dn] {
		for _, call := range leg.calls {
			if call.ID == id {
				return m.place(leg, call), true
			}
		}
	}
	return Place{}, false
}

func (m *Mirror) place(leg *Channel, call *Call) Place {
	out := Place{Call: call.copy(), Leg: leg.Name, Shared: len(leg.calls) > 1, Failed: leg.failed != "", Next: m.NextCall(leg.UID)}
	if call.carrier != nil {
		out.Carrier, out.Shared = call.carrier.Name, false
	}
	for _, p := range call.parked {
		out.Parked = append(out.Parked, p.Name)
	}
	if call.parked != nil {
		if b := call.parked[0].bridge; b != nil && b.conference {
			out.Room = b.name
		}
		return out
	}
	out.Connected = leg.bridge != nil
	if leg.bridge != nil && leg.bridge.conference {
		out.Room = leg.bridge.name
	}
	for _, n := range m.neighbours(leg) {
		out.Direct = append(out.Direct, n.Name)
	}
	for _, f := range m.far(leg) {
		out.Far = append(out.Far, f.Name)
	}
	return out
}

// Name gives the name of a channel by its UID; empty: there is none.
func (m *Mirror) Name(uid string) string {
	if c := m.channels[uid]; c != nil {
		return c.Name
	}
	return ""
}

// Up says whether a channel, by its UID, has been answered.
func (m *Mirror) Up(uid string) bool {
	c := m.channels[uid]
	return c != nil && c.state == up
}

// Expect says what number a channel will call that is not there yet; see Originate's ChannelId.
func (m *Mirror) Expect(uid, number string) {
	if len(m.expected) >= membersBound {
		clear(m.expected)
	}
	m.expected[uid] = number
}

// Set takes over a variable that was set on a channel, by its name.
func (m *Mirror) Set(channel, variable, value string) []Change {
	m.begin(m.clock)
	c := m.byName[channel]
	if c == nil {
		return nil
	}
	m.assign(c, variable, value)
	m.touch(c)
	return m.end()
}

// Memberships lists the queues that an agent is logged in to.
func (m *Mirror) Memberships(dn string) []string {
	var out []string
	for _, q := range m.Agent(dn).Queues {
		out = append(out, q.Name)
	}
	return out
}

// Decline says that a leg's call is turned away by a request.
func (m *Mirror) Decline(uid string) []Change {
	if c := m.channels[uid]; c != nil {
		c.refused = true
	}
	return nil
}
