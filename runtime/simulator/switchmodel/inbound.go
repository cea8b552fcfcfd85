package switchmodel

import "time"

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
	Caller
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
	n := s.join(c, c.calling, nil, Connected)
	n.caller = in.Caller
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
