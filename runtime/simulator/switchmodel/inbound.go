package switchmodel

import (
	"fmt"
	"strings"
	"time"
)

// Caller is how an outside party behaves that no human plays.
type Caller struct {
	Patience time.Duration // gives up unanswered after this; 0: never
	TalkTime time.Duration // hangs up this long after the answer; 0: never
}

// InboundCall is a call from outside.
type InboundCall struct {
	From string // the caller's number
	// To is an extension, an agent or a queue's number. With Queue it is only
	// what the caller dialled.
	To    string
	Queue string // number or name
	Data  map[string]string
	// Withheld: the number is not shown.
	Withheld bool
	Caller
}

// Trunk is the line by which all calls from and to outside go.
const Trunk DeviceID = "T1"

// withheld is the device of a caller whose number is not shown: the trunk's
// channel.
func withheld(c *call) DeviceID { return DeviceID(fmt.Sprintf("%s#%d", Trunk, c.order)) }

// Withheld says whether a device stands for a number that is not shown.
func (d DeviceID) Withheld() bool { return strings.HasPrefix(string(d), string(Trunk)+"#") }

// bringLate takes the data from a new call and attaches it later, to whatever the
// caller's call has become. What was attached meanwhile stays.
func (s *Switch) bringLate(n *connection, after time.Duration) {
	data := n.call.data
	n.call.data = nil
	n.late = s.after(after, func() {
		n.late = nil
		n.call.data = merged(data, n.call.data)
		s.emit(Event{Kind: CallInformation, Call: n.call.view(), Device: n.device, Cause: CauseNormal})
	})
}

// Inbound lets somebody call from outside.
func (s *Switch) Inbound(in InboundCall) (*Call, error) {
	defer s.enter()()
	if in.From == "" || s.internal(in.From) {
		return nil, ErrInvalidDevice
	}
	q, phone := s.queue(in.To), s.phoneOf(in.To)
	if in.Queue != "" {
		q = s.queue(in.Queue)
	}
	switch {
	case in.Queue != "" && q == nil:
		return nil, ErrInvalidQueue
	case q == nil && phone == nil:
		return nil, ErrInvalidDestination
	}
	called := DeviceID(in.To)
	if q != nil && (called == "" || in.To == q.Name) {
		called = q.ID
	}
	c := s.newCall(DeviceID(in.From), called, in.Data)
	c.fromOutside = true
	if _, odd := s.odd(WithholdsNumbers, ""); odd || in.Withheld {
		c.calling = withheld(c)
	}
	n := s.join(c, c.calling, nil, Connected)
	n.caller = in.Caller
	if o, odd := s.odd(BringsDataLate, ""); odd && len(in.Data) > 0 {
		s.bringLate(n, o.Delay)
	}
	if in.Patience > 0 {
		s.leaveAfter(n, in.Patience)
	}
	s.route(c, q, phone, CauseNewCall)
	return c.view(), nil
}

// HangUp lets the party who called hang up.
func (s *Switch) HangUp(id CallID) error {
	defer s.enter()()
	c, ok := s.calls[id]
	if !ok {
		return ErrInvalidCall
	}
	n := c.at(c.calling)
	if n == nil {
		return ErrCallerLeft
	}
	s.clear(n, CauseNormalClearing)
	return nil
}
