package session

import (
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Where a call goes on under a new id, or becomes one with another: interactionId, type
// and data live on. Where two become one, the first call lives on and takes the
// consult's data, whose values win.

// goOn gives the call of a change its new id; a call that has the id becomes one with it.
func (s *state) goOn(ch *change, newID string, now time.Time) {
	c := ch.call
	before := []string{c.CallID}
	delete(s.calls, c.CallID)
	s.tombs.bury(c, ch.event.Name, now)
	if other := s.calls[newID]; other != nil {
		ch.joined = other.State
		for _, id := range other.formerly {
			if s.calls[id] == nil { // the switch may use it again already
				before = append(before, id)
			}
		}
		c = s.join(c, other, now)
		ch.call = c
	}
	ch.event.PreviousCallIDs, c.formerly = before, before
	c.CallID, c.knownAs = newID, ""
	s.calls[newID] = c
	delete(s.tombs, newID)
}

// join makes one call of two and gives the one that lives on. Both are of this device.
func (s *state) join(a, b *call, now time.Time) *call {
	first, consult := inOrder(a, b)
	first.Variables, _ = merge(first.Variables, consult.Variables)
	if consult.State != opencti.Held {
		first.Muted = consult.Muted
	}
	if first.AnsweredAt == nil {
		first.AnsweredAt = consult.AnsweredAt
	}
	if first.State != consult.State {
		first.enter(opencti.Established, now)
	}
	consult.leaveManual()
	s.unlink(consult)
	first.consulted = false
	return first
}

// inOrder says which of two calls was first, and which is the consult about it.
func inOrder(a, b *call) (first, consult *call) {
	switch {
	case a.consults == b:
		return b, a
	case b.consults == a:
		return a, b
	case byStart(a, b) < 0:
		return a, b
	}
	return b, a
}

// adoptInteraction makes an incoming consult the call that it was about, whose id the event
// tells by which the two became one: unless that one's id came along with the call's data,
// as it does when a desktop asked for the consult. It does so once.
func (c *call) adoptInteraction(told string) (changed bool) {
	if told == "" || c.OfferedBy != opencti.ByConsult || c.passedOn {
		return false
	}
	for _, v := range c.Variables {
		if v == c.InteractionID {
			return false
		}
	}
	changed = c.InteractionID != told
	c.InteractionID, c.provisional, c.passedOn = told, false, true
	return changed
}

// link says that a call is a consult about another.
func (c *call) link(first *call, purpose opencti.Activity) {
	c.linked, c.consults, c.purpose = true, first, purpose
	first.passedOn, first.provisional = true, false
	about := first.lineage()
	c.InteractionID, c.provisional = about.InteractionID, false
	c.CallType = opencti.Consult
	if c.OriginalCallType == "" && about.CallType != opencti.UnknownType && about.CallType != opencti.Consult {
		c.OriginalCallType = about.CallType
	}
}

// unlink lets go of a call that is over.
func (s *state) unlink(gone *call) {
	for _, c := range s.calls {
		if c.consults == gone {
			c.consults = nil
		}
	}
	if first := gone.consults; first != nil && first.State == opencti.Held {
		first.consulted, first.consultedFor = true, gone.purpose
	}
}

// dialledHere are the states of a call that this device made.
var dialledHere = []opencti.EventName{opencti.Initiated, opencti.Delivered, opencti.Queued, opencti.Established}

// guessConsult finds the call that a consult is about which was made at the telephone:
// there is just one on hold without a consult of its own.
func (s *state) guessConsult(c *call) {
	if c.linked || c.passedOn || c.offered || c.CallType != opencti.Consult || !slices.Contains(dialledHere, c.State) {
		return
	}
	var about *call
	for _, h := range s.calls {
		if h.State != opencti.Held || h == c || s.consultOf(h) != nil {
			continue
		}
		if about != nil {
			return
		}
		about = h
	}
	if about != nil {
		c.link(about, "")
	}
}

// consultOf gives the consult about a call.
func (s *state) consultOf(first *call) *call {
	for _, c := range s.calls {
		if c.consults == first {
			return c
		}
	}
	return nil
}
