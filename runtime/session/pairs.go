package session

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// pairing says which two calls an activity takes: one on hold, and one that is not. How a
// desktop names them, and in which order, is its own affair (the guide contradicts
// itself); what they are is decided by their states.
type pairing struct {
	active []opencti.EventName
	// began is the activity with which the consult must have begun, where the class is
	// bound to the purpose.
	began opencti.Activity
	// cancels: the call that is not on hold ends, so it must be the consult.
	cancels bool
	// merges: the two become one, or are connected with each other.
	merges bool
}

var (
	reached   = []opencti.EventName{opencti.Established, opencti.Delivered, opencti.Queued}
	notOnHold = []opencti.EventName{opencti.Established, opencti.Delivered, opencti.Queued, opencti.Initiated, opencti.Failed}

	pairings = map[opencti.Activity]pairing{
		opencti.TransferCall:     {active: reached, began: opencti.TransferInitiate, merges: true},
		opencti.ConferenceCall:   {active: reached, began: opencti.ConferenceInitiate, merges: true},
		opencti.CancelTransfer:   {active: notOnHold, began: opencti.TransferInitiate, cancels: true},
		opencti.CancelConference: {active: notOnHold, began: opencti.ConferenceInitiate, cancels: true},
		opencti.AlternateCall:    {active: []opencti.EventName{opencti.Established}},
	}
)

// pairsBound is how many calls a device may have for two of them to be a pair. No
// telephone has as many; beyond it each would have to be held against each.
const pairsBound = 16

// suits says whether the call can be the one of the pair that is not on hold.
func (p pairing) suits(c *call) bool {
	return slices.Contains(p.active, c.State) || slices.Contains(p.active, c.effective())
}

// effective is the state, but Established for a call that left the switch's sight: its
// answer will not be told.
func (c *call) effective() opencti.EventName {
	if c.State == opencti.Delivered && c.NetworkReached {
		return opencti.Established
	}
	return c.State
}

// serves says whether a consult that began so may end by the activity.
func (s *Session) serves(a, began opencti.Activity) bool {
	must := pairings[a].began
	return !s.class.PurposeBound || must == "" || began == "" || began == must
}

func errPurpose(began opencti.Activity) error {
	return opencti.Errorf(opencti.InvalidState, "this consult began with %s, and this link's implementation class ends it as such", began)
}

// misfit is why two calls are no pair for an activity. It is asked with every event, so
// that words are found only where somebody reads them.
type misfit int

const (
	fitting misfit = iota
	noneIsHeld
	bothAreHeld
	notReached
	consultIsHeld
	otherPurpose
)

// fits says whether two calls are a pair for the activity.
func (s *Session) fits(a opencti.Activity, p pairing, held, active *call) misfit {
	consult := consultOf(held, active)
	switch {
	case held.State != opencti.Held:
		return noneIsHeld
	case active.State == opencti.Held:
		return bothAreHeld
	case !p.suits(active):
		return notReached
	case p.cancels && consult == held:
		return consultIsHeld
	case !s.serves(a, consult.purpose):
		return otherPurpose
	}
	return fitting
}

// consultOf is the call of a pair that is about the other.
func consultOf(held, active *call) *call {
	if !held.isPairWith(active) {
		return active
	}
	_, consult := inOrder(held, active)
	return consult
}

// refusePair says why two calls are no pair for the activity, nil if they are.
func (s *Session) refusePair(a opencti.Activity, p pairing, held, active *call) error {
	switch s.fits(a, p, held, active) {
	case noneIsHeld:
		return opencti.Errorf(opencti.NoHeldCall, "%s needs a call on hold; these are %s and %s", a, held.State, active.State)
	case bothAreHeld:
		return opencti.Errorf(opencti.NoActiveCall, "%s needs a call that is not on hold; both are", a)
	case notReached:
		return opencti.Errorf(opencti.InvalidState, "%s is not possible: the call that is not on hold is %s", a, active.State)
	case consultIsHeld:
		return opencti.Errorf(opencti.InvalidState, "the consult is the call on hold: use AlternateCall or RetrieveCall first")
	case otherPurpose:
		return errPurpose(consultOf(held, active).purpose)
	}
	return nil
}

// admitPair sorts the two calls of a request by what they are.
func (s *Session) admitPair(r *opencti.Request, p pairing) error {
	if len(s.state.calls) > pairsBound {
		return opencti.Errorf(opencti.InvalidState, "%s is not possible: there are more than %d calls at this device", r.Activity, pairsBound)
	}
	named, err := s.named(r)
	if err != nil {
		return err
	}
	if p.cancels {
		if first := s.consultGone(named); first != nil {
			if !s.serves(r.Activity, first.consultedFor) {
				return errPurpose(first.consultedFor)
			}
			r.CallID, r.HeldCallID, r.ConsultCallID = "", first.CallID, ""
			return nil
		}
	}
	held, active, err := s.choose(r.Activity, p, named)
	if err != nil {
		return err
	}
	first, consult := inOrder(held, active)
	if !first.isPairWith(consult) {
		first, consult = held, active
	}
	r.CallID, r.HeldCallID, r.ConsultCallID = active.CallID, held.CallID, consult.CallID
	if p.merges {
		r.Lineage = first.lineage()
		r.Variables, _ = merge(first.Variables, consult.Variables)
	}
	return nil
}

// isPairWith says whether one of the calls is a consult about the other.
func (c *call) isPairWith(o *call) bool { return c.consults == o || o.consults == c }

// named gives the calls that the request names, each once.
func (s *Session) named(r *opencti.Request) ([]*call, error) {
	var out []*call
	for _, by := range []struct {
		property opencti.Property
		id       string
	}{{opencti.PropCallID, r.CallID}, {opencti.PropHeldCallID, r.HeldCallID}, {opencti.PropConsultCallID, r.ConsultCallID}} {
		if by.id == "" {
			continue
		}
		c, ok := s.state.calls[by.id]
		if !ok {
			return nil, noSuchCall(by.property)
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	if len(out) > 2 {
		return nil, opencti.Errorf(opencti.InvalidRequest, "callId, heldCallId and consultCallId name three calls; %s takes two", r.Activity)
	}
	return out, nil
}

// consultGone gives the call on hold whose consult is over: what is left of cancelling is
// to retrieve it.
func (s *Session) consultGone(named []*call) *call {
	if len(named) == 0 {
		named = s.state.in(opencti.Held)
	}
	if len(named) == 1 && named[0].State == opencti.Held && named[0].consulted {
		return named[0]
	}
	return nil
}

// choose finds the pair. What is not named must be clear from the states, or from which
// call is a consult about which.
func (s *Session) choose(a opencti.Activity, p pairing, named []*call) (held, active *call, err error) {
	switch len(named) {
	case 2:
		held, active = named[0], named[1]
		if active.State == opencti.Held && held.State != opencti.Held {
			held, active = active, held
		}
		return held, active, s.refusePair(a, p, held, active)
	case 1:
		return s.partner(a, p, named[0])
	}
	for _, c := range s.state.calls {
		if c.consults == nil || (c.State == opencti.Held) == (c.consults.State == opencti.Held) {
			continue
		}
		if held != nil {
			return nil, nil, severalPairs(a)
		}
		held, active = c, c.consults
		if held.State != opencti.Held {
			held, active = active, held
		}
	}
	if held != nil {
		return held, active, s.refusePair(a, p, held, active)
	}
	onHold := s.state.in(opencti.Held)
	switch len(onHold) {
	case 0:
		return nil, nil, noneOnHold
	case 1:
		return s.partner(a, p, onHold[0])
	}
	if len(s.state.in(p.active...)) == 0 {
		return nil, nil, noneActive
	}
	return nil, nil, severalPairs(a)
}

var (
	noneOnHold = opencti.Errorf(opencti.NoHeldCall, "no call is on hold at this device")
	noneActive = opencti.Errorf(opencti.NoActiveCall, "there is no call at this device that is not on hold and has reached somebody")
)

func severalPairs(a opencti.Activity) error {
	return opencti.Errorf(opencti.InvalidRequest, "several calls could be meant; %s needs callId and heldCallId", a)
}

// partner finds the other call of a pair.
func (s *Session) partner(a opencti.Activity, p pairing, c *call) (held, active *call, err error) {
	isHeld := c.State == opencti.Held
	if !isHeld && !p.suits(c) {
		return nil, nil, opencti.Errorf(opencti.InvalidState, "%s is not possible: the call is %s", a, c.State)
	}
	var found []*call
	for _, o := range s.state.calls {
		opposite := (o.State == opencti.Held) != isHeld
		if opposite && o.isPairWith(c) {
			found = []*call{o}
			break
		}
		if opposite && (!isHeld || p.suits(o)) {
			found = append(found, o)
		}
	}
	switch {
	case len(found) > 1:
		return nil, nil, severalPairs(a)
	case len(found) == 0 && isHeld:
		return nil, nil, noneActive
	case len(found) == 0:
		return nil, nil, noneOnHold
	}
	held, active = c, found[0]
	if !isHeld {
		held, active = active, held
	}
	return held, active, s.refusePair(a, p, held, active)
}
