package session

import (
	"slices"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// No telephone has as many calls, no call as much data. Beyond it a CTI server went mad:
// what it tells is not remembered, so that memory stays bounded.
const (
	callsBound    = 256
	callDataBound = 64 << 10 // bytes of a call's variables
)

// state is what a session knows: the agent, the device, and every call at it. Its
// methods are the only way to change it; each leaves it legal.
type state struct {
	agentState
	dn           string
	doNotDisturb bool
	calls        map[string]*call
	tombs        tombs
	// inherited is what the slot's former holder knew, until the first snapshot.
	inherited *Memory
}

func newState(dn string) state {
	return state{dn: dn, agentState: agentState{agent: opencti.AgentState{State: opencti.Unknown}}, calls: map[string]*call{}, tombs: tombs{}}
}

// change is what an event did to a call.
type change struct {
	call *call
	// was is the state before; empty: the call was not known. joined is that of the call
	// with which it became one.
	was, joined opencti.EventName
	event       *Event
}

// began says whether the event brought the call.
func (ch *change) began() bool { return ch.was == "" && ch.joined == "" }

// wasOffered says whether the event is about a call that was offered before it.
func (ch *change) wasOffered() bool {
	return ch.was == opencti.Offering || ch.joined == opencti.Offering
}

// stateAfter is the state in which an event leaves a call. Events that are not
// here leave it as it is.
var stateAfter = map[opencti.EventName]opencti.EventName{
	opencti.Offering: opencti.Offering, opencti.Initiated: opencti.Initiated, opencti.Delivered: opencti.Delivered,
	opencti.Queued: opencti.Queued, opencti.Established: opencti.Established, opencti.Held: opencti.Held,
	opencti.Retrieved: opencti.Established, opencti.Failed: opencti.Failed,
	opencti.Conferenced: opencti.Established, opencti.Transferred: opencti.Established,
}

// begins says whether an event can be the first of a call, also of one whose id
// has just been used.
func begins(n opencti.EventName) bool {
	return n == opencti.Offering || n == opencti.Initiated || n == opencti.Delivered || n == opencti.Queued
}

// follows gives the state after an event in a state; the same when the event is of a
// time before it: who talks, or has the call on hold, does not dial any more, and who
// talks is not rung. (A held call may ring again.) What others do with a call that rings
// here lets it ring, and who is transferred keeps it on hold.
func follows(state, n opencti.EventName) opencti.EventName {
	next, ok := stateAfter[n]
	talks, holds := state == opencti.Established, state == opencti.Held
	switch {
	case !ok, talks && begins(n), holds && begins(n) && n != opencti.Offering,
		n == opencti.Transferred && state != "", n == opencti.Conferenced && state == opencti.Offering:
		return state
	}
	return next
}

// leaves says whether the call is over at this device.
func leaves(n opencti.EventName, d rules.Data) bool {
	role := opencti.TransferRole(d.String("role"))
	return n.Ends() || n == opencti.Transferred &&
		(role == opencti.Transferring || role == "" && d.String("newCallId") == "")
}

// applyCall changes the state by a call event. It returns nil when the event
// changes nothing: a doubled event, or a late one of a call that is over.
func (s *state) applyCall(name opencti.EventName, d rules.Data, now time.Time) *change {
	id := d.String("callId")
	c, changed := s.calls[id], false
	switch over := leaves(name, d); {
	case id == "":
		return nil
	case over && c == nil:
		s.tombs.early(id, now)
		return nil
	case over:
		return s.finish(c, name, d, now)
	case c == nil:
		if c, changed = s.appear(id, name, d, now); c == nil {
			return nil
		}
	}
	ch := &change{call: c, was: c.State, event: &Event{Name: name, Cause: d.String("cause")}}
	if name == opencti.Transferred {
		ch.event.Role = opencti.Remaining
	}
	if newID := renames(name, d); newID != "" && newID != c.CallID {
		s.goOn(ch, newID, now)
		c, changed = ch.call, true
	}
	if name == opencti.Transferred || name == opencti.Conferenced {
		changed = c.adoptInteraction(d.String("interactionId")) || changed
	}
	if name == opencti.Conferenced && c.bequeathed != nil {
		merged, differs := merge(c.Variables, c.bequeathed)
		c.Variables, changed = merged, changed || differs
	}
	changed = c.update(d, s.dn) || changed
	next := follows(c.State, name)
	switch {
	case name == opencti.Retrieved:
		next = c.reached()
	case name == opencti.Conferenced && ch.was == opencti.Held && opencti.TransferRole(d.String("role")) == opencti.Remaining:
		next = opencti.Held // who had it on hold has the conference on hold
	}
	changed = c.enter(next, now) || changed
	if changed = c.offerBy(ch) || changed; !changed {
		return nil
	}
	return ch
}

// reached is the state of a call that is no longer on hold here: who was held before the
// other side answered is on the way again.
func (c *call) reached() opencti.EventName {
	connected, other := 0, opencti.Established
	for _, p := range c.Parties {
		switch p.State {
		case opencti.Established, opencti.Held:
			connected++
		case opencti.Delivered, opencti.Queued:
			other = p.State
		}
	}
	if connected > 1 {
		return opencti.Established
	}
	return other
}

// renames gives the id under which the call goes on.
func renames(n opencti.EventName, d rules.Data) string {
	if n != opencti.Transferred && n != opencti.Conferenced {
		return ""
	}
	return d.String("newCallId")
}

// appear gives the call of an event whose call is not known, nil when the event is late.
// Where a call goes on under another id, what it was before was missed.
func (s *state) appear(id string, name opencti.EventName, d rules.Data, now time.Time) (c *call, began bool) {
	if !s.mayAppear(id, name, d, now) {
		return nil, false
	}
	if newID := renames(name, d); newID != "" {
		id = newID
	}
	if c, known := s.calls[id]; known {
		return c, false
	}
	return s.begin(id, now), true
}

// finish ends a call by the one event that does.
func (s *state) finish(c *call, name opencti.EventName, d rules.Data, now time.Time) *change {
	ch := &change{call: c, was: c.State, event: &Event{Name: name, Cause: d.String("cause"), Ended: true}}
	if name == opencti.Transferred {
		ch.event.Role = opencti.Transferring
	}
	c.update(d, s.dn)
	s.remove(c, name, now)
	c.State, c.Since = name, now
	return ch
}

// begin makes a call.
func (s *state) begin(id string, now time.Time) *call {
	c := &call{provisional: true, Call: opencti.Call{
		CallID: id, InteractionID: id, CallType: opencti.UnknownType, Since: now, StartedAt: now,
	}}
	s.calls[id] = c
	delete(s.tombs, id)
	return c
}

// remove takes a call out; name is the event that ended it.
func (s *state) remove(c *call, name opencti.EventName, now time.Time) {
	delete(s.calls, c.CallID)
	s.tombs.bury(c, name, now)
	c.leaveManual()
	s.unlink(c)
}

// mayAppear says whether an event may bring a call that the session does not
// know. An ending of an unknown call never does; a state of a call that has just
// ended is late.
func (s *state) mayAppear(id string, name opencti.EventName, d rules.Data, now time.Time) bool {
	if len(s.calls) >= callsBound {
		return false
	}
	s.tombs.sweep(now)
	tomb, buried := s.tombs[id]
	if begins(name) {
		return !buried || !tomb.keepsOut(d.String("interactionId"), now)
	}
	_, hasState := stateAfter[name]
	return hasState && !buried
}

// offerBy says how a call that rings here came to do so. A transfer that is completed
// while it rings offers it anew, under its new id.
func (c *call) offerBy(ch *change) (changed bool) {
	if c.State != opencti.Offering {
		return false
	}
	c.offered = true
	was := c.OfferedBy
	switch ch.event.Name {
	case opencti.Transferred:
		ch.event.Name, c.OfferedBy = opencti.Offering, opencti.ByTransfer
		c.retype("", "")
	case opencti.Conferenced:
		ch.event.Name = opencti.Offering
	}
	if c.OfferedBy == "" {
		c.OfferedBy = opencti.ByDirect
		if c.CallType == opencti.Consult {
			c.OfferedBy = opencti.ByConsult
		}
	}
	return c.OfferedBy != was
}

func byStart(a, b *call) int {
	if c := a.StartedAt.Compare(b.StartedAt); c != 0 {
		return c
	}
	return strings.Compare(a.CallID, b.CallID)
}

// ordered lists the calls, oldest first.
func (s *state) ordered() []*call {
	out := make([]*call, 0, len(s.calls))
	for _, c := range s.calls {
		out = append(out, c)
	}
	slices.SortFunc(out, byStart)
	return out
}

// in lists the calls in one of the states, oldest first.
func (s *state) in(states ...opencti.EventName) []*call {
	var out []*call
	for _, c := range s.calls {
		if slices.Contains(states, c.State) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, byStart)
	return out
}
