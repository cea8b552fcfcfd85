package switchmodel

import "strings"

// maxData bounds what is attached to a call, so that it fits every event.
const maxData = 16 << 10

// Attach adds to the data of a call; values of the same name are replaced
// (ECMA-269, Associate Data).
func (s *Switch) Attach(id ConnectionID, data map[string]string) error {
	defer s.enter()()
	n, err := s.connection(id)
	if err != nil {
		return err
	}
	all := merged(n.call.data, data)
	switch {
	case n.state == Fail:
		return ErrInvalidConnection
	case len(data) == 0:
		return ErrNoData
	case size(all) > maxData:
		return ErrTooMuchData
	}
	n.call.data = all
	s.emit(Event{Kind: CallInformation, Call: n.call.view(), Device: n.device, Cause: CauseNormal})
	return nil
}

func size(data map[string]string) int {
	total := 0
	for name, value := range data {
		total += len(name) + len(value)
	}
	return total
}

const (
	maxDigits     = 64  // of one request
	digitsPerCall = 512 // that are remembered
)

// SendDigits sends tones into a call that is established or held (ECMA-269,
// Generate Digits). The call remembers them.
func (s *Switch) SendDigits(id ConnectionID, digits string) error {
	defer s.enter()()
	n, err := s.connection(id)
	if err != nil {
		return err
	}
	return s.sendDigits(n, digits)
}

func (s *Switch) sendDigits(n *connection, digits string) error {
	switch {
	case !n.present() || n.phone == nil:
		return ErrNotConnected
	case digits == "" || len(digits) > maxDigits || strings.Trim(digits, "0123456789*#ABCD") != "":
		return ErrInvalidDigits
	}
	n.call.dialled(digits)
	s.emit(Event{Kind: DigitsGenerated, Call: n.call.view(), Device: n.device, Digits: digits, Cause: CauseNormal})
	return nil
}

// dialled remembers the newest digits.
func (c *call) dialled(digits string) {
	all := c.digits + digits
	c.digits = all[max(0, len(all)-digitsPerCall):]
}
