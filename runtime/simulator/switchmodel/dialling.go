package switchmodel

import "time"

// route takes a call to a queue or a telephone.
func (s *Switch) route(c *call, q *queue, phone *extension, cause Cause) {
	switch {
	case q != nil:
		s.enqueue(c, q, CauseEnteringDistribution)
	case phone.refuses():
		s.turnAway(c, phone)
	default:
		s.alert(c, phone, nil, cause)
	}
}

// turnAway: a telephone that is not to be disturbed may have somebody else for its
// calls. Any other is busy.
func (s *Switch) turnAway(c *call, phone *extension) {
	to := s.cfg.DoNotDisturbTo
	switch {
	case !phone.doNotDisturb:
		s.fail(c, phone.id, CauseBusy)
	case to == "" || s.takes(c, to) != nil:
		s.fail(c, phone.id, CauseDoNotDisturb)
	default:
		s.emit(Event{Kind: Diverted, Call: c.view(), Device: phone.id, NewDestination: s.deviceOf(to), Cause: CauseDoNotDisturb})
		c.lastRedirection = phone.id
		s.dial(c, to, CauseDoNotDisturb)
	}
}

// refuses: the telephone takes no call that is for it alone.
func (x *extension) refuses() bool {
	return x.doNotDisturb || x.occupied(nil) || len(x.connections) >= maxLines
}

// fail leaves the caller with a tone until he hangs up. The telephone that was
// not reached keeps no trace of it.
func (s *Switch) fail(c *call, failing DeviceID, cause Cause) {
	s.join(c, failing, nil, Fail)
	s.emit(Event{Kind: Failed, Call: c.view(), Device: failing, Cause: cause})
	if n := c.at(c.calling); n != nil && c.fromOutside && n.leaving == nil {
		s.leaveAfter(n, toneTime)
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
	n := s.offHook(phone, to, data, CauseMakeCall)
	s.originate(n, CauseNewCall)
	return n.id(), nil
}

// offHook takes a line for a call to a number, which may be dialled later.
func (s *Switch) offHook(phone *extension, to string, data map[string]string, cause Cause) *connection {
	n := s.join(s.newCall(phone.id, DeviceID(to), data), phone.id, phone, Initiated)
	s.emit(Event{Kind: ServiceInitiated, Call: n.call.view(), Device: n.device, Cause: cause})
	s.seized(phone)
	return n
}

// originate sends a call to the number that was dialled.
func (s *Switch) originate(n *connection, cause Cause) {
	s.cancel(n.leaving)
	if o, odd := s.odd(FailsDialling, n.device); odd {
		n.leaving = s.after(o.Delay, func() { s.originateInVain(n, cause) })
		return
	}
	s.become(n, Connected)
	s.emit(Event{Kind: Originated, Call: n.call.view(), Device: n.device, Cause: cause})
	s.dial(n.call, string(n.call.called), cause)
}

// originateInVain: the switch took the call and cannot make it after all.
func (s *Switch) originateInVain(n *connection, cause Cause) {
	s.become(n, Connected)
	s.emit(Event{Kind: Originated, Call: n.call.view(), Device: n.device, Cause: cause})
	s.fail(n.call, n.call.called, CauseNoResources)
}

func (s *Switch) dial(c *call, to string, cause Cause) {
	q, phone := s.queue(to), s.phoneOf(to)
	switch {
	case q != nil || phone != nil:
		s.route(c, q, phone, cause)
	case isOutside(to):
		s.dialOutside(c, DeviceID(to))
	default:
		s.fail(c, DeviceID(to), CauseNotObtainable)
	}
}

// dialOutside reaches a party who answers after a while. What happens beyond some
// networks is not told.
func (s *Switch) dialOutside(c *call, number DeviceID) {
	c.toOutside = c.toOutside || c.called == number
	if _, odd := s.odd(LosesSight, ""); odd {
		s.join(c, number, nil, Connected)
		s.emit(Event{Kind: NetworkReached, Call: c.view(), Device: number, Cause: CauseNormal})
		return
	}
	s.emit(Event{Kind: NetworkReached, Call: c.view(), Device: number, Cause: CauseNormal})
	n := s.join(c, number, nil, Alerting)
	s.emit(Event{Kind: Delivered, Call: c.view(), Device: number, Cause: CauseNetworkSignal})
	n.ringing = s.after(s.cfg.AnswerDelay, func() { s.answer(n) })
}
