package session

import (
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// resync replaces the state by what the CTI server says. It returns the calls that
// are gone; their ends were missed. What only the session knew is kept.
func (s *state) resync(snap opencti.DeviceSnapshot, now time.Time) (gone []*call) {
	old, former := s.calls, s.former(now)
	s.calls = make(map[string]*call, len(snap.Calls))
	for i := range snap.Calls {
		if len(s.calls) == callsBound {
			break
		}
		told := &snap.Calls[i]
		c := old[told.CallID]
		if f := former[told.CallID]; f != nil && f.isStill(told) {
			c = f
			delete(former, told.CallID)
		}
		if c == nil || !c.inherited && !c.is(told) {
			c = s.begin(told.CallID, now)
		} else {
			delete(old, told.CallID)
			s.calls[told.CallID] = c
			delete(s.tombs, told.CallID)
		}
		c.restate(told, now)
	}
	for _, c := range old {
		gone = append(gone, c)
		c.leaveManual()
		if _, again := s.calls[c.CallID]; !again {
			s.tombs.bury(c, opencti.Released, now)
		}
		s.unlink(c)
	}
	for _, c := range former {
		s.unlink(c)
	}
	slices.SortFunc(gone, byStart)
	s.doNotDisturb = snap.DoNotDisturb
	s.resyncAgent(snap, now)
	s.inheritAgent(snap, now)
	s.inherited = nil
	return gone
}

// is says whether a call of the snapshot is this one: a switch uses ids again.
func (c *call) is(told *opencti.Call) bool {
	same := func(a, b string) bool { return a == "" || b == "" || a == b }
	return same(c.ANI, told.ANI) || c.InteractionID == told.InteractionID
}

// restate takes over a call of a snapshot.
func (c *call) restate(told *opencti.Call, now time.Time) {
	k := *told
	k.StartedAt, k.AnsweredAt, k.Since, k.Treatment, k.Capabilities = c.StartedAt, c.AnsweredAt, c.Since, c.Treatment, nil
	if !c.provisional {
		k.InteractionID = c.InteractionID // the switch may give another one since a merge
	}
	keep(&k.InteractionID, k.CallID)
	c.knownAs = told.InteractionID
	c.provisional = c.provisional && k.InteractionID == k.CallID
	if k.CallType == "" || k.CallType == opencti.UnknownType || c.CallType == opencti.Consult {
		k.CallType = c.CallType
	}
	keep(&k.OriginalCallType, c.OriginalCallType)
	keep(&k.OfferedBy, c.OfferedBy)
	keep(&k.ANI, c.ANI)
	keep(&k.DNIS, c.DNIS)
	keep(&k.Queue, c.Queue)
	if k.Variables == nil {
		k.Variables = c.Variables
	}
	k.Variables, _ = merge(nil, k.Variables)
	if k.Parties == nil {
		k.Parties, k.OtherDNs = c.Parties, c.OtherDNs
	}
	k.NetworkReached = k.State == opencti.Delivered && (k.NetworkReached || c.NetworkReached)
	state := k.State
	if _, ok := byState[state]; !ok {
		state = opencti.Established // in words that no call has
	}
	k.State = c.State
	c.Call = k
	c.enter(state, now)
	if state == opencti.Offering {
		c.offered = true
		if c.OfferedBy == "" {
			c.OfferedBy = opencti.ByDirect
		}
	}
}

// keep lets a text that the snapshot lacks stay as it was.
func keep[T ~string](told *T, known T) {
	if *told == "" {
		*told = known
	}
}
