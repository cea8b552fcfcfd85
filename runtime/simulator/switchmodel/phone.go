package switchmodel

// Phone shows a telephone at one moment.
type Phone struct {
	Device       DeviceID `json:"device"`
	Muted        bool     `json:"muted"`
	DoNotDisturb bool     `json:"doNotDisturb"`
	Calls        []Call   `json:"calls"`
}

func (x *extension) view() *Phone {
	v := &Phone{Device: x.id, Muted: x.muted, DoNotDisturb: x.doNotDisturb, Calls: make([]Call, 0, len(x.connections))}
	for _, n := range x.connections {
		v.Calls = append(v.Calls, *n.call.view())
	}
	return v
}

// Phone shows a telephone with its calls, oldest first.
func (s *Switch) Phone(id DeviceID) (*Phone, error) {
	defer s.enter()()
	phone := s.extension(id)
	if phone == nil {
		return nil, ErrInvalidDevice
	}
	return phone.view(), nil
}

// SetMute switches a telephone's microphone off or on. To be so already is no
// event (ECMA-269 §9.5.1).
func (s *Switch) SetMute(id DeviceID, on bool) error {
	defer s.enter()()
	phone := s.extension(id)
	if phone == nil {
		return ErrInvalidDevice
	}
	s.mute(phone, on)
	return nil
}

func (s *Switch) mute(phone *extension, on bool) {
	if phone.muted == on {
		return
	}
	phone.muted = on
	s.emit(Event{Kind: MicrophoneMute, Phone: phone.view(), Device: phone.id, Cause: CauseNormal})
}

// SetDoNotDisturb lets a telephone be busy for calls that are for it alone, or
// take them again. Queues do not ask.
func (s *Switch) SetDoNotDisturb(id DeviceID, on bool) error {
	defer s.enter()()
	phone := s.extension(id)
	if phone == nil {
		return ErrInvalidDevice
	}
	s.doNotDisturb(phone, on)
	return nil
}

func (s *Switch) doNotDisturb(phone *extension, on bool) {
	if phone.doNotDisturb == on {
		return
	}
	phone.doNotDisturb = on
	s.emit(Event{Kind: DoNotDisturb, Phone: phone.view(), Device: phone.id, Cause: CauseNormal})
}
