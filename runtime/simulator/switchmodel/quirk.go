package switchmodel

import "time"

// Quirk is something that the switch does otherwise than usual when it is told to.
type Quirk string

// The quirks.
const (
	// ReusesCallIDs gives new calls the ids of those that ended last.
	ReusesCallIDs Quirk = "reusesCallIDs"
	// RingsUnanswered takes a call of a queue back after Delay; the agent's reason is
	// Reason.
	RingsUnanswered Quirk = "ringsUnanswered"
	// ReservesAgents lets a call of a queue ring only Delay after its agent was chosen.
	ReservesAgents Quirk = "reservesAgents"
	// WrapsUp ends automatic work after Delay.
	WrapsUp Quirk = "wrapsUp"
	// FailsDialling lets a call that is made fail, Delay after it was initiated.
	FailsDialling Quirk = "failsDialling"
	// SharesLine lets calls for Device ring at With, too.
	SharesLine Quirk = "sharesLine"
	// BringsDataLate attaches a caller's data only after Delay.
	BringsDataLate Quirk = "bringsDataLate"
	// LosesSight tells nothing of a call to outside after NetworkReached.
	LosesSight Quirk = "losesSight"
	// WithholdsNumbers shows a caller from outside as a line of the trunk.
	WithholdsNumbers Quirk = "withholdsNumbers"
)

// Oddity says where, how often and how a quirk shows. What is not set does not
// matter.
type Oddity struct {
	Device DeviceID // only there
	Times  int      // 0: until it is ended
	Delay  time.Duration
	Reason string
	With   DeviceID
}

type oddities map[Quirk]*Oddity

// Behave begins a quirk, anew if it is there already.
func (s *Switch) Behave(q Quirk, o Oddity) {
	defer s.enter()()
	s.oddities[q] = &o
	if q == RingsUnanswered {
		s.ringOut()
	}
}

// BehaveAsUsual ends a quirk.
func (s *Switch) BehaveAsUsual(q Quirk) {
	defer s.enter()()
	delete(s.oddities, q)
}

// Left says how often a quirk will still show; 0 also when that is not counted.
func (s *Switch) Left(q Quirk) int {
	defer s.enter()()
	if o := s.oddities[q]; o != nil {
		return o.Times
	}
	return 0
}

// odd says whether a quirk shows at a device now, and counts.
func (s *Switch) odd(q Quirk, at DeviceID) (Oddity, bool) {
	o := s.oddities[q]
	if o == nil || o.Device != "" && o.Device != at {
		return Oddity{}, false
	}
	if o.Times == 1 {
		delete(s.oddities, q)
	}
	if o.Times > 0 {
		o.Times--
	}
	return *o, true
}

// KeepLinkage says whose global id survives from now on, and returns what held
// before.
func (s *Switch) KeepLinkage(side Side) (before Side) {
	defer s.enter()()
	before, s.cfg.SurvivingLinkage = s.cfg.SurvivingLinkage, side
	return before
}

// JumpClock makes the times that the switch tells wrong; its timers run on.
func (s *Switch) JumpClock(by time.Duration) {
	defer s.enter()()
	s.skew = by
}

// clock is the time of day as this switch has it.
func (s *Switch) clock() time.Time { return s.now().Add(s.skew) }
