package switchmodel

import (
	"maps"
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
	s.join(c, c.calling, nil, Connected)
	c.caller, c.fromOutside = in.Caller, true
	if in.Patience > 0 {
		c.givingUp = s.after(in.Patience, func() { s.callerHangsUp(c) })
	}
	s.route(c, q, phone)
	return c.view(), nil
}

// route takes a call to a queue or a telephone.
func (s *Switch) route(c *call, q *queue, phone *extension) {
	switch {
	case q != nil:
		s.enqueue(c, q, CauseEnteringDistribution)
	case phone.occupied(nil) || len(phone.connections) >= maxLines:
		s.fail(c, phone.id, CauseBusy)
	default:
		s.alert(c, phone, CauseNewCall)
	}
}

// fail leaves the caller with a tone until he hangs up. The telephone that was
// not reached keeps no trace of it.
func (s *Switch) fail(c *call, failing DeviceID, cause Cause) {
	s.join(c, failing, nil, Fail)
	s.emit(Event{Kind: Failed, Call: c.view(), Device: failing, Cause: cause})
	if c.fromOutside && c.givingUp == nil {
		c.givingUp = s.after(toneTime, func() { s.callerHangsUp(c) })
	}
}

// toneTime is how long somebody outside listens to a busy tone.
const toneTime = 5 * time.Second

// internal says whether a number belongs to this switch.
func (s *Switch) internal(number string) bool {
	return contains(s.cfg.Extensions, number) || contains(s.cfg.Agents, number) || s.queue(number) != nil
}

// phoneOf finds the telephone that a number rings: an extension's own, or the
// one where an agent sits.
func (s *Switch) phoneOf(number string) *extension {
	if a := s.agents[AgentID(number)]; a != nil {
		return a.phone
	}
	return s.extension(DeviceID(number))
}

// maxLines is how many calls a telephone has, all but one held.
const maxLines = 8

// MakeCall dials from a telephone. A number that leads nowhere is a call that
// fails, not a refusal: it was dialled.
func (s *Switch) MakeCall(from DeviceID, to string, data map[string]string) (ConnectionID, error) {
	defer s.enter()()
	phone := s.extension(from)
	switch {
	case phone == nil:
		return ConnectionID{}, ErrInvalidDevice
	case to == "" || s.phoneOf(to) == phone:
		return ConnectionID{}, ErrInvalidDestination
	case phone.occupied(nil):
		return ConnectionID{}, ErrDeviceBusy
	case len(phone.connections) >= maxLines:
		return ConnectionID{}, ErrNoLine
	}
	c := s.newCall(from, DeviceID(to), data)
	n := s.join(c, from, phone, Initiated)
	s.emit(Event{Kind: ServiceInitiated, Call: c.view(), Device: from, Cause: CauseMakeCall})
	s.seized(phone)
	s.become(n, Connected)
	s.emit(Event{Kind: Originated, Call: c.view(), Device: from, Cause: CauseNewCall})
	s.dial(c, to)
	return ConnectionID{Call: c.id, Device: from}, nil
}

func (s *Switch) dial(c *call, to string) {
	q, phone := s.queue(to), s.phoneOf(to)
	switch {
	case q != nil || phone != nil:
		s.route(c, q, phone)
	case isOutside(to):
		s.dialOutside(c)
	default:
		s.fail(c, c.called, CauseNotObtainable)
	}
}

// dialOutside reaches a party who answers after a while.
func (s *Switch) dialOutside(c *call) {
	c.toOutside = true
	s.emit(Event{Kind: NetworkReached, Call: c.view(), Device: c.called, Cause: CauseNormal})
	n := s.join(c, c.called, nil, Alerting)
	s.emit(Event{Kind: Delivered, Call: c.view(), Device: c.called, Cause: CauseNetworkSignal})
	n.ringing = s.after(s.cfg.AnswerDelay, func() { s.answer(n) })
}

// Answer picks up a telephone that rings.
func (s *Switch) Answer(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	switch {
	case err != nil:
		return err
	case n.state != Alerting || n.phone == nil:
		return ErrNotAlerting
	case n.phone.occupied(n):
		return ErrDeviceBusy
	}
	s.answer(n)
	return nil
}

// Hold holds a connected call.
func (s *Switch) Hold(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	switch {
	case err != nil:
		return err
	case n.state != Connected || n.phone == nil:
		return ErrNotConnected
	}
	s.become(n, Hold)
	s.emit(Event{Kind: Held, Call: n.call.view(), Device: n.device, Cause: CauseNormal})
	return nil
}

// Retrieve takes a call back from hold.
func (s *Switch) Retrieve(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	switch {
	case err != nil:
		return err
	case n.state != Hold:
		return ErrNotHeld
	case n.phone.occupied(n):
		return ErrDeviceBusy
	}
	s.become(n, Connected)
	s.emit(Event{Kind: Retrieved, Call: n.call.view(), Device: n.device, Cause: CauseNormal})
	return nil
}

// Clear hangs up. A ringing call of a queue goes back there.
func (s *Switch) Clear(id ConnectionID) error {
	defer s.enter()()
	n, err := s.connection(id)
	switch {
	case err != nil:
		return err
	case n.state == QueuedAt || n.state == Fail:
		return ErrNotClearable
	case n.state == Alerting && n.phone != nil && n.call.queue != nil:
		s.returnToQueue(n)
	default:
		s.clear(n, CauseNormalClearing)
	}
	return nil
}

// HangUp lets the party who called hang up.
func (s *Switch) HangUp(id CallID) error {
	defer s.enter()()
	c, ok := s.calls[id]
	if !ok {
		return ErrInvalidCall
	}
	s.callerHangsUp(c)
	return nil
}

func copyData(data map[string]string) map[string]string {
	if len(data) == 0 {
		return nil
	}
	return maps.Clone(data)
}
