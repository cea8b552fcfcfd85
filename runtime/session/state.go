package session

import (
	"maps"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// tombstoneLife is how long a late event of an ended call is recognised as such.
// Switches use a callId again, but not within seconds.
const tombstoneLife = 10 * time.Second

// No telephone has as many calls, no call as much data. Beyond it a CTI server went mad:
// what it tells is not remembered, so that memory stays bounded.
const (
	callsBound    = 256
	endedBound    = 1024
	callDataBound = 64 << 10 // bytes of a call's variables
)

// state is what a session knows: the agent, and every call at the device. Its
// methods are the only way to change it; each leaves it legal.
type state struct {
	agent opencti.AgentState
	calls map[string]*opencti.Call
	ended map[string]time.Time // tombstones by callId
}

func newState() state {
	return state{
		agent: opencti.AgentState{State: opencti.Unknown},
		calls: map[string]*opencti.Call{},
		ended: map[string]time.Time{},
	}
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

// late says whether an event is of a time before the call's state: who talks, or
// has the call on hold, does not dial any more. (Ringing again is possible: a held
// call that comes back.)
func late(n, state opencti.EventName) bool {
	return (state == opencti.Established || state == opencti.Held) &&
		(n == opencti.Initiated || n == opencti.Delivered || n == opencti.Queued)
}

// applyCall changes the state by a call event. It returns nil when the event
// changes nothing: a doubled event, or a late one of a call that is over.
func (s *state) applyCall(name opencti.EventName, d rules.Data, now time.Time) *Event {
	id := d.String("callId")
	if id == "" {
		return nil
	}
	call, known := s.calls[id]
	if !known && !s.mayAppear(id, name, now) {
		return nil
	}
	ev := &Event{Name: name, Cause: d.String("cause")}
	if name.Ends() {
		delete(s.calls, id)
		s.bury(id, now)
		ev.Ended, ev.Call = true, clone(call)
		ev.Call.State, ev.Call.Since = name, now
		return ev
	}
	if !known {
		call = &opencti.Call{CallID: id, InteractionID: id, CallType: opencti.UnknownType, Since: now, StartedAt: now}
		s.calls[id] = call
		delete(s.ended, id)
	}
	changed := update(call, d) || !known
	if next, ok := stateAfter[name]; ok && call.State != next && !late(name, call.State) {
		call.State, call.Since, changed = next, now, true
		if next == opencti.Established && call.AnsweredAt == nil {
			call.AnsweredAt = &now
		}
	}
	if newID := d.String("newCallId"); newID != "" && newID != id {
		s.rename(call, newID, now)
		ev.PreviousCallIDs, changed = []string{id}, true
	}
	if !changed {
		return nil
	}
	ev.Call = clone(call)
	return ev
}

// mayAppear says whether an event may bring a call that the session does not
// know. An ending of an unknown call never does; a state of a call that has just
// ended is late.
func (s *state) mayAppear(id string, name opencti.EventName, now time.Time) bool {
	if len(s.calls) >= callsBound {
		return false
	}
	s.sweep(now)
	if begins(name) {
		return true
	}
	if _, late := s.ended[id]; late {
		return false
	}
	_, hasState := stateAfter[name]
	return hasState
}

// sweep removes the tombstones that are old enough.
func (s *state) sweep(now time.Time) {
	for id, t := range s.ended {
		if now.Sub(t) > tombstoneLife {
			delete(s.ended, id)
		}
	}
}

// bury marks a call as ended. Where there are too many tombstones, any other makes room.
func (s *state) bury(id string, now time.Time) {
	for other := range s.ended {
		if len(s.ended) < endedBound {
			break
		}
		delete(s.ended, other)
	}
	s.ended[id] = now
}

func (s *state) rename(call *opencti.Call, newID string, now time.Time) {
	delete(s.calls, call.CallID)
	s.bury(call.CallID, now)
	call.CallID = newID
	s.calls[newID] = call
	delete(s.ended, newID)
}

// update takes over what the event tells about the call; what it does not tell
// stays. It says whether anything changed.
func update(c *opencti.Call, d rules.Data) bool {
	changed := false
	text := func(to *string, field string) {
		if v := d.String(field); v != "" && v != *to {
			*to, changed = v, true
		}
	}
	text(&c.InteractionID, "interactionId")
	text(&c.ANI, "ani")
	text(&c.DNIS, "dnis")
	text(&c.Queue, "queue")
	text((*string)(&c.CallType), "callType")
	text((*string)(&c.OfferedBy), "offeredBy")
	if dns := d.Strings("otherDns"); dns != nil && !slices.Equal(dns, c.OtherDNs) {
		c.OtherDNs, changed = dns, true
	}
	if merged, differs := merge(c.Variables, d.Map("variables")); differs {
		c.Variables, changed = merged, true
	}
	if ps := parties(d.Maps("parties")); ps != nil && !slices.Equal(ps, c.Parties) {
		c.Parties, changed = ps, true
	}
	return changed
}

// merge makes a new map, if anything differs: the old one may be in an event that is being
// encoded.
func merge(old, told map[string]string) (merged map[string]string, differs bool) {
	merged = maps.Clone(old)
	if merged == nil {
		merged = make(map[string]string, len(told))
	}
	size := 0
	for k, v := range old {
		size += sizeOf(k, v)
	}
	for k, v := range told {
		was, known := merged[k]
		grown := size + sizeOf(k, v)
		if known {
			grown -= sizeOf(k, was)
		}
		if known && was == v || grown > callDataBound {
			continue
		}
		merged[k], size, differs = v, grown, true
	}
	return merged, differs
}

// sizeOf is what a variable takes in memory, about.
func sizeOf(name, value string) int { return len(name) + len(value) + 32 }

func queues(in []map[string]string) []opencti.QueueState {
	var out []opencti.QueueState
	for _, q := range in {
		out = append(out, opencti.QueueState{Name: q["name"], State: opencti.EventName(q["state"])})
	}
	return out
}

func parties(in []map[string]string) []opencti.Party {
	var out []opencti.Party
	for _, p := range in {
		out = append(out, opencti.Party{ID: p["id"], DN: p["dn"], State: opencti.EventName(p["state"]), Role: opencti.PartyRole(p["role"])})
	}
	return out
}

// applyAgent changes the agent's state; nil when nothing changes. Unavailable for
// another reason is a change.
func (s *state) applyAgent(name opencti.EventName, d rules.Data, now time.Time) *Event {
	next := opencti.AgentState{
		State: name, NativeState: d.String("nativeState"), WorkMode: d.String("workMode"), ReasonCode: d.String("reasonCode"),
		PendingState: opencti.EventName(d.String("pendingState")), PendingReasonCode: d.String("pendingReasonCode"),
		Queues: queues(d.Maps("queues")), Since: now,
	}
	if next.Queues == nil && next.LoggedIn() {
		next.Queues = s.agent.Queues
	}
	if sameAgent(next, s.agent) {
		return nil
	}
	if next.State == s.agent.State && next.ReasonCode == s.agent.ReasonCode {
		next.Since = s.agent.Since
	}
	s.agent = next
	return &Event{Name: name, Cause: d.String("cause"), Agent: &next}
}

func sameAgent(a, b opencti.AgentState) bool {
	return a.State == b.State && a.ReasonCode == b.ReasonCode && a.WorkMode == b.WorkMode &&
		a.PendingState == b.PendingState && a.PendingReasonCode == b.PendingReasonCode && slices.Equal(a.Queues, b.Queues)
}

// resync replaces the state by what the CTI server says. It returns the calls that
// are gone; their ends were missed. Times that only the session knew are kept.
func (s *state) resync(snap opencti.DeviceSnapshot, now time.Time) (gone []*opencti.Call) {
	old := s.calls
	s.calls = map[string]*opencti.Call{}
	for i := range snap.Calls {
		c := snap.Calls[i]
		if c.InteractionID == "" {
			c.InteractionID = c.CallID
		}
		if c.CallType == "" {
			c.CallType = opencti.UnknownType
		}
		c.Since, c.StartedAt = now, now
		if o, ok := old[c.CallID]; ok {
			c.StartedAt, c.AnsweredAt = o.StartedAt, o.AnsweredAt
			if o.State == c.State {
				c.Since = o.Since
			}
		}
		if c.State == opencti.Established && c.AnsweredAt == nil {
			c.AnsweredAt = &now
		}
		s.calls[c.CallID] = &c
		delete(s.ended, c.CallID)
	}
	for id, c := range old {
		if _, still := s.calls[id]; !still {
			s.bury(id, now)
			gone = append(gone, clone(c))
		}
	}
	slices.SortFunc(gone, byStart)
	next := snap.Agent
	if next.State == "" {
		next.State = opencti.Unknown
	}
	if next.Since.IsZero() {
		next.Since = now
		if next.State == s.agent.State && next.ReasonCode == s.agent.ReasonCode {
			next.Since = s.agent.Since
		}
	}
	s.agent = next
	return gone
}

func byStart(a, b *opencti.Call) int {
	if c := a.StartedAt.Compare(b.StartedAt); c != 0 {
		return c
	}
	return slices.Compare([]byte(a.CallID), []byte(b.CallID))
}

// ordered lists copies of the calls, oldest first.
func (s *state) ordered() []*opencti.Call {
	out := make([]*opencti.Call, 0, len(s.calls))
	for _, c := range s.calls {
		out = append(out, clone(c))
	}
	slices.SortFunc(out, byStart)
	return out
}

// only gives the one call that is in one of the states; nil when there is none
// or more than one.
func (s *state) only(states ...opencti.EventName) *opencti.Call {
	var found *opencti.Call
	for _, c := range s.calls {
		if slices.Contains(states, c.State) {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// clone makes a copy that nobody changes any more. Lists and maps inside are
// replaced, never written to, so they may be shared.
func clone(c *opencti.Call) *opencti.Call {
	k := *c
	return &k
}
