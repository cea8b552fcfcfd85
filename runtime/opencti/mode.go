package opencti

import "slices"

// TelephonyMode decides which activities a desktop has and which events it sees
// (guide, "Selecting the telephony mode").
type TelephonyMode string

// The telephony modes.
const (
	Simple               TelephonyMode = "Simple"
	SimpleWithAgentState TelephonyMode = "SimpleWithAgentState"
	Full                 TelephonyMode = "Full"
)

// TelephonyModes lists them.
func TelephonyModes() []TelephonyMode { return []TelephonyMode{Simple, SimpleWithAgentState, Full} }

// Permits says whether a desktop may ask for the activity in this mode.
func (m TelephonyMode) Permits(a Activity) bool {
	s, ok := SpecOf(a)
	return ok && slices.Contains(s.Modes, m)
}

// offers are the events of an offered call that also simple modes see: what settles or
// ends the offer.
var offers = []EventName{Offering, Established, Abandoned, Diverted, Released, CallInfo}

// Shows says whether the mode sees the event. offered says of an event of a call that
// it settles, ends or concerns one that is offered here and not yet answered.
func (m TelephonyMode) Shows(n EventName, offered bool) bool {
	t, _ := TypeOf(n)
	switch {
	case m == Full, t == TypeLinkState, t == TypeRequestFailed, t == TypeSnapshot:
		return true
	case t == TypeAgentState:
		return m == SimpleWithAgentState
	}
	return offered && slices.Contains(offers, n)
}
