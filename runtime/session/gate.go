package session

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// permit refuses what mode, class and the table of activities forbid, whatever the state,
// and completes what the session knows better: device and agent.
func (s *Session) permit(r *opencti.Request) error {
	spec, ok := opencti.SpecOf(r.Activity)
	if !ok {
		return opencti.Errorf(opencti.InvalidRequest, "there is no activity %q", r.Activity)
	}
	s.mu.Lock()
	mode, class := s.policy.mode(), s.class
	s.mu.Unlock()
	if !class.permits(mode, r.Activity) {
		return opencti.Errorf(opencti.NotPermittedInMode, "%s is not possible in the telephony mode %s of this agent's pool", r.Activity, mode)
	}
	if err := class.offers(r.Activity); err != nil {
		return err
	}
	if r.DN != "" && r.DN != s.dn {
		return opencti.Errorf(opencti.InvalidRequest, "dn is not the device of this session; leave it out")
	}
	if r.AgentID != "" && r.AgentID != s.agentID {
		return opencti.Errorf(opencti.InvalidRequest, "agentId is not the agent of this session; leave it out")
	}
	r.DN, r.AgentID = s.dn, s.agentID
	for _, id := range []*string{&r.CallID, &r.HeldCallID, &r.ConsultCallID} {
		if *id == "-1" { // the guide's "not set"
			*id = ""
		}
	}
	return complete(spec, r)
}

// complete checks the properties by themselves.
func complete(spec opencti.Spec, r *opencti.Request) error {
	for _, p := range spec.Required {
		var missing bool
		switch p {
		case opencti.PropCallID:
			missing = r.CallID == ""
		case opencti.PropDestinationNumber:
			r.DestinationNumber = strings.TrimSpace(r.DestinationNumber)
			missing = r.DestinationNumber == ""
			if !missing && !isNumber(r.DestinationNumber) {
				return opencti.Errorf(opencti.InvalidDestination,
					"destinationNumber is no number or address: it has %d characters at most, all printable", numberBound)
			}
		case opencti.PropDigits:
			missing = r.Digits == ""
			if strings.Trim(r.Digits, "0123456789*#ABCD") != "" {
				return opencti.Errorf(opencti.InvalidRequest, "digits may hold 0 to 9, *, # and A to D")
			}
		case opencti.PropParty:
			missing = r.Party == ""
		case opencti.PropQueue:
			missing = r.Queue == ""
		case opencti.PropVariables:
			missing = len(r.Variables) == 0
		}
		if missing {
			return opencti.Errorf(opencti.InvalidRequest, "%s is missing", p)
		}
	}
	return nil
}

const numberBound = 128

// isNumber says whether a text may be something to dial: a number however written, an
// agent, a queue, an address such as sip:jane@example.org.
func isNumber(text string) bool {
	dialled := false
	if !utf8.ValidString(text) {
		return false
	}
	for _, c := range text {
		if !unicode.IsPrint(c) {
			return false
		}
		dialled = dialled || unicode.IsLetter(c) || unicode.IsDigit(c) || c == '*' || c == '#'
	}
	return dialled && len(text) <= numberBound
}

// admit refuses what the state forbids, so that it never reaches the CTI server, and
// completes the request with the calls that are meant, and their data. It gives the
// requests to send, one after the other. The session is locked.
func (s *Session) admit(r opencti.Request) ([]opencti.Request, error) {
	switch r.Activity {
	case opencti.LoginAgent, opencti.LogoutAgent, opencti.SetAgentReady, opencti.SetAgentNotReady:
		return s.admitAgent(r)
	case opencti.MakeCall, opencti.SetDoNotDisturb:
		return []opencti.Request{r}, nil
	}
	var err error
	if pairing, ok := pairings[r.Activity]; ok {
		err = s.admitPair(&r, pairing)
	} else {
		err = s.admitCall(&r)
	}
	if err != nil {
		return nil, err
	}
	return []opencti.Request{r}, nil
}

func (s *Session) admitCall(r *opencti.Request) error {
	c, err := s.meant(r)
	if err != nil {
		return err
	}
	if !s.possible(c).has(r.Activity) {
		return c.refuse(r.Activity)
	}
	r.CallID = c.CallID
	switch r.Activity {
	case opencti.DropParty:
		return s.admitParty(r, c)
	case opencti.TransferInitiate, opencti.ConferenceInitiate, opencti.BlindTransfer:
		r.Lineage = c.lineage()
		r.Variables, _ = merge(c.Variables, r.Variables)
	}
	return nil
}

// meant finds the call of a request. Some activities may leave the choice to the session
// (guide, "AnswerCall activity": callId unset or -1; "HangUpCall activity").
func (s *Session) meant(r *opencti.Request) (*call, error) {
	if r.CallID != "" {
		if c, ok := s.state.calls[r.CallID]; ok {
			return c, nil
		}
		return nil, noSuchCall("callId")
	}
	choice, ok := choices[r.Activity]
	if !ok {
		return nil, opencti.Errorf(opencti.InvalidRequest, "callId is missing")
	}
	switch found := s.state.in(choice.states...); len(found) {
	case 0:
		return nil, opencti.Errorf(choice.none, "%s", choice.text)
	case 1:
		return found[0], nil
	}
	return nil, opencti.Errorf(opencti.InvalidRequest, "several calls could be meant; set callId")
}

func noSuchCall(property opencti.Property) error {
	return opencti.Errorf(opencti.NoSuchCall, "%s names no call at this device; its calls are in the session's snapshot", property)
}

// choice says which call is meant where none is named.
type choice struct {
	states []opencti.EventName
	none   opencti.ErrorCode
	text   string
}

var choices = map[opencti.Activity]choice{
	opencti.AnswerCall:  {[]opencti.EventName{opencti.Offering}, opencti.NoAlertingCall, "no call is ringing at this device"},
	opencti.DeclineCall: {[]opencti.EventName{opencti.Offering}, opencti.NoAlertingCall, "no call is ringing at this device"},
	opencti.MuteCall:    {[]opencti.EventName{opencti.Established}, opencti.NoActiveCall, "there is no active call at this device"},
	opencti.UnmuteCall:  {[]opencti.EventName{opencti.Established}, opencti.NoActiveCall, "there is no active call at this device"},
	// Never a held or a ringing one.
	opencti.HangUpCall: {[]opencti.EventName{opencti.Established, opencti.Initiated, opencti.Delivered, opencti.Queued, opencti.Failed},
		opencti.NoActiveCall, "there is no active call at this device"},
}

// refuse says why an activity is not possible on the call.
func (c *call) refuse(a opencti.Activity) error {
	claims := a == opencti.AcceptInteraction
	switch {
	case claims && c.claimed():
		return opencti.Errorf(opencti.SameState, "the interaction of this call has been started, by this desktop or another")
	case claims && !c.offered:
		return opencti.Errorf(opencti.InvalidState, "%s is for calls that were offered here", a)
	case a == opencti.MuteCall && c.Muted, a == opencti.UnmuteCall && !c.Muted && c.State == opencti.Established:
		return opencti.Errorf(opencti.SameState, "the call is so already")
	case a == opencti.DropParty && c.State == opencti.Established:
		return opencti.Errorf(opencti.InvalidState, "the call is no conference; use HangUpCall")
	}
	return opencti.Errorf(opencti.InvalidState, "%s is not possible: the call is %s", a, c.State)
}

// admitParty finds the party by its id or its device.
func (s *Session) admitParty(r *opencti.Request, c *call) error {
	if r.Party == s.dn {
		return opencti.Errorf(opencti.InvalidRequest, "party is this device; use HangUpCall")
	}
	for _, p := range c.Parties {
		if isParty(p, r.Party) && !isParty(p, s.dn) {
			r.Party = p.ID
			return nil
		}
	}
	return opencti.Errorf(opencti.InvalidRequest, "party names nobody in this call; its parties are in the session's snapshot")
}
