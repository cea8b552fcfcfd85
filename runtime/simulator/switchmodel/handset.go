package switchmodel

import "slices"

// Handset is what a person does at a telephone. A call needs to be named only
// where the telephone has more than one that it could be; the newest is meant
// otherwise.
type Handset struct {
	s     *Switch
	phone *extension
}

// Handset takes a telephone into a person's hands.
func (s *Switch) Handset(id DeviceID) (Handset, error) {
	defer s.enter()()
	phone := s.extension(id)
	if phone == nil {
		return Handset{}, ErrInvalidDevice
	}
	return Handset{s, phone}, nil
}

// Any is the newest call in a state that fits.
const Any CallID = ""

// choose finds the newest call in one of the states.
func (h Handset) choose(call CallID, states ...ConnectionState) *connection {
	for _, n := range slices.Backward(h.phone.connections) {
		if (call == Any || n.call.id == call) && slices.Contains(states, n.state) {
			return n
		}
	}
	return nil
}

// with does something with a call that is chosen, or says that there is none.
func (h Handset) with(call CallID, none error, do func(*connection) error, states ...ConnectionState) error {
	defer h.s.enter()()
	n := h.choose(call, states...)
	if n == nil {
		return none
	}
	return do(n)
}

// OffHook takes a line and hears the dial tone.
func (h Handset) OffHook() error {
	defer h.s.enter()()
	_, err := h.line()
	return err
}

func (h Handset) line() (*connection, error) {
	switch {
	case h.phone.occupied(nil):
		return nil, ErrDeviceBusy
	case len(h.phone.connections) >= maxLines:
		return nil, ErrNoLine
	}
	return h.s.offHook(h.phone, "", nil, CauseNewCall), nil
}

// Dial dials a number, off-hook or not.
func (h Handset) Dial(to string) (err error) {
	defer h.s.enter()()
	if to == "" || h.s.phoneOf(to) == h.phone {
		return ErrInvalidDestination
	}
	n := h.choose(Any, Initiated)
	if n == nil {
		if n, err = h.line(); err != nil {
			return err
		}
	}
	n.call.called = DeviceID(to)
	h.s.originate(n, CauseNewCall)
	return nil
}

// Answer picks up.
func (h Handset) Answer(call CallID) error {
	return h.with(call, ErrNotAlerting, h.s.pickUp, Alerting)
}

// HangUp ends the call that the person talks in. A call that rings or is held
// must be named.
func (h Handset) HangUp(call CallID) error {
	states := []ConnectionState{Initiated, Connected}
	if call != Any {
		states = append(states, Alerting, Hold)
	}
	return h.with(call, ErrNotConnected, h.s.hangUp, states...)
}

// Hold holds.
func (h Handset) Hold() error {
	return h.with(Any, ErrNotConnected, func(n *connection) error {
		h.s.hold(n, CauseNormal)
		return nil
	}, Connected)
}

// Retrieve takes a call back from hold.
func (h Handset) Retrieve(call CallID) error {
	return h.with(call, ErrNotHeld, h.s.takeBack, Hold)
}

// Consult holds the call and dials somebody about it.
func (h Handset) Consult(to string) error {
	return h.with(Any, ErrNotConnected, func(n *connection) error {
		_, err := h.s.consult(n, to, nil)
		return err
	}, Connected)
}

// GiveAway sends a call that rings elsewhere, or else transfers the active one
// without a word.
func (h Handset) GiveAway(to string) error {
	return h.with(Any, ErrNotConnected, func(n *connection) error {
		if rings := h.choose(Any, Alerting); rings != nil {
			return h.s.deflect(rings, to, nil)
		}
		_, err := h.s.giveAway(n, to, nil)
		return err
	}, Alerting, Connected)
}

// Transfer connects the held call and the active one.
func (h Handset) Transfer() error {
	return h.withPair(func(held, active *connection) error {
		_, err := h.s.transfer(held, active)
		return err
	})
}

// Conference makes one call of the held and the active one.
func (h Handset) Conference() error {
	return h.withPair(func(held, active *connection) error {
		_, err := h.s.conference(held, active)
		return err
	})
}

// Alternate changes between the held call and the active one.
func (h Handset) Alternate() error {
	return h.withPair(func(held, active *connection) error {
		h.s.alternate(held, active)
		return nil
	})
}

// Reconnect ends the active call and goes back to the held one.
func (h Handset) Reconnect() error {
	return h.withPair(func(held, active *connection) error {
		h.s.reconnect(held, active)
		return nil
	})
}

// withPair finds the active call and a held one: that of its consult where
// there is one, the newest otherwise.
func (h Handset) withPair(do func(held, active *connection) error) error {
	return h.with(Any, ErrNotConnected, func(active *connection) error {
		held := h.choose(Any, Hold)
		for _, n := range h.phone.connections {
			if n.state == Hold && (n.consults == active || active.consults == n) {
				held = n
			}
		}
		if held == nil {
			return ErrNotHeld
		}
		return do(held, active)
	}, Connected)
}

// TransferWhileRinging consults somebody and transfers before there is an answer.
func (h Handset) TransferWhileRinging(to string) error {
	return h.with(Any, ErrNotConnected, func(n *connection) error {
		id, err := h.s.consult(n, to, nil)
		if err != nil {
			return err
		}
		held, active, err := h.s.pair(n.id(), id)
		if err != nil {
			return err
		}
		_, err = h.s.transfer(held, active)
		return err
	}, Connected)
}

// Pickup answers a call that rings at another telephone.
func (h Handset) Pickup(from string) error {
	defer h.s.enter()()
	ringing := h.s.phoneOf(from)
	if ringing == nil {
		return ErrInvalidDevice
	}
	return h.s.pickup(h.phone, ringing)
}

// Set asks for an agent's state with the keys of the telephone. Who logs on needs
// no password: he stands there.
func (h Handset) Set(r AgentRequest) error {
	defer h.s.enter()()
	r.Device = h.phone.id
	if r.State == LoggedOn {
		r.Password = h.s.cfg.Password
		return h.s.requestLogOn(h.phone, r, ByPhone)
	}
	if h.phone.agent == nil {
		return ErrInvalidAgentState
	}
	_, err := h.s.change(h.phone.agent, r, ByPhone)
	return err
}

// Digits presses keys during a call.
func (h Handset) Digits(digits string) error {
	return h.with(Any, ErrNotConnected, func(n *connection) error { return h.s.sendDigits(n, digits) }, Connected)
}

// Mute switches the microphone off or on.
func (h Handset) Mute(on bool) {
	defer h.s.enter()()
	h.s.mute(h.phone, on)
}

// DoNotDisturb takes no calls, or takes them again.
func (h Handset) DoNotDisturb(on bool) {
	defer h.s.enter()()
	h.s.doNotDisturb(h.phone, on)
}
