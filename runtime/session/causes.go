package session

import (
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

const (
	// causeLife bounds how long after a request an event may still be its doing, or its
	// failure be told.
	causeLife = 30 * time.Second
	// underwayBound bounds the requests that are remembered for it.
	underwayBound = 64
)

// underway is a request that was sent, with the events that it should lead to.
type underway struct {
	id       string
	activity opencti.Activity
	about    string // the call about which it is
	ofAgent  bool
	effects  []effect
	shown    bool // an event has shown that something came of it
	quiet    bool // perhaps no event will
	until    time.Time
	timer    *time.Timer // ends the patience, once it is accepted
}

// requestID is the request's, or empty for none.
func (u *underway) requestID() string {
	if u == nil {
		return ""
	}
	return u.id
}

// effect is one event that a request leads to.
type effect struct {
	call   string              // it is about this call; empty: any, or none
	events []opencti.EventName // it is one of these,
	ends   bool                // or the one that ends the call
	begins bool                // it brings a call that this device makes
	// agent: it tells an agent's state for which this holds.
	agent func(opencti.AgentState) bool
}

// sighting is an event as far as it shows what a request led to.
type sighting struct {
	name   opencti.EventName
	calls  []string // ids of the call, before and after
	ended  bool
	begins bool
	agent  *opencti.AgentState
}

func (e *effect) is(g sighting) bool {
	switch {
	case e.agent != nil || g.agent != nil:
		return e.agent != nil && g.agent != nil && e.agent(*g.agent)
	case e.begins:
		return g.begins && g.name != opencti.Offering
	case e.call != "" && !slices.Contains(g.calls, e.call):
		return false
	}
	return e.ends && g.ended || slices.Contains(e.events, g.name)
}

// on makes the effect of an event of a call.
func on(call string, events ...opencti.EventName) effect { return effect{call: call, events: events} }

// end makes the effect of a call's end, or of one of the events.
func end(call string, events ...opencti.EventName) effect {
	return effect{call: call, events: events, ends: true}
}

// effectsOf lists what a request leads to. The session is locked.
func (s *Session) effectsOf(r opencti.Request) []effect {
	switch r.Activity {
	case opencti.LoginAgent, opencti.LogoutAgent, opencti.SetAgentReady, opencti.SetAgentNotReady:
		return []effect{{agent: agentEffect(r)}}
	case opencti.AnswerCall:
		return []effect{on(r.CallID, opencti.Established)}
	case opencti.DeclineCall, opencti.HangUpCall:
		return []effect{end(r.CallID)}
	case opencti.HoldCall:
		return []effect{on(r.CallID, opencti.Held)}
	case opencti.RetrieveCall:
		return []effect{on(r.CallID, opencti.Retrieved, opencti.Established)}
	case opencti.MakeCall:
		return []effect{{begins: true}}
	case opencti.TransferInitiate, opencti.ConferenceInitiate:
		return []effect{on(r.CallID, opencti.Held), {begins: true}}
	case opencti.TransferCall:
		return []effect{end(r.HeldCallID, opencti.Transferred), end(r.CallID, opencti.Transferred)}
	case opencti.ConferenceCall:
		return []effect{end(r.HeldCallID, opencti.Conferenced), end(r.CallID, opencti.Conferenced)}
	case opencti.CancelTransfer, opencti.CancelConference:
		retrieved := on(r.HeldCallID, opencti.Retrieved, opencti.Established)
		if r.CallID == "" {
			return []effect{retrieved}
		}
		return []effect{end(r.CallID), retrieved}
	case opencti.BlindTransfer:
		return []effect{end(r.CallID, opencti.Transferred)}
	case opencti.DropParty:
		return []effect{end(r.CallID, opencti.PartyInfo)}
	case opencti.AlternateCall:
		return []effect{on(r.CallID, opencti.Held), on(r.HeldCallID, opencti.Retrieved, opencti.Established)}
	case opencti.AttachData, opencti.MuteCall, opencti.UnmuteCall:
		return []effect{on(r.CallID, opencti.CallInfo, opencti.PartyInfo)}
	case opencti.SetDoNotDisturb, opencti.Resync:
		return []effect{on("", opencti.SnapshotEvent)}
	}
	return nil
}

// agentEffect says which states of the agent a request leads to, now or when the call is over.
func agentEffect(r opencti.Request) func(opencti.AgentState) bool {
	inQueue := func(a opencti.AgentState, states ...opencti.EventName) bool {
		return slices.ContainsFunc(a.Queues, func(q opencti.QueueState) bool {
			return q.Name == r.Queue && (len(states) == 0 || slices.Contains(states, q.State))
		})
	}
	switch r.Activity {
	case opencti.LoginAgent:
		return func(a opencti.AgentState) bool {
			return a.LoggedIn() && (r.Queue == "" || a.Queues == nil || inQueue(a))
		}
	case opencti.LogoutAgent:
		return func(a opencti.AgentState) bool {
			return !a.LoggedIn() || a.PendingState == opencti.LoggedOut || r.Queue != "" && !inQueue(a)
		}
	}
	to := []opencti.EventName{opencti.Available}
	if r.Activity == opencti.SetAgentNotReady {
		to = []opencti.EventName{opencti.Unavailable, opencti.AfterCallWork}
	}
	return func(a opencti.AgentState) bool {
		return slices.Contains(to, a.State) || slices.Contains(to, a.PendingState) || inQueue(a, to...)
	}
}

// mayBeQuiet says whether nothing may follow a request that works.
func (s *Session) mayBeQuiet(r opencti.Request, effects []effect) bool {
	switch r.Activity {
	case opencti.SendDTMF, opencti.Resync:
		return true
	case opencti.AttachData:
		c, ok := s.state.calls[r.CallID]
		if !ok {
			return true
		}
		_, differs := merge(c.Variables, r.Variables)
		return !differs
	case opencti.SetDoNotDisturb:
		return r.Enabled == s.state.doNotDisturb
	case opencti.LoginAgent, opencti.LogoutAgent, opencti.SetAgentReady, opencti.SetAgentNotReady:
		// The state may follow when the call is over; switches tell little of single
		// queues, and some nothing at all.
		a := s.state.agent
		return a.State == opencti.Busy || a.State == opencti.Unknown || r.Queue != "" && a.Queues == nil && a.LoggedIn() ||
			effects[0].agent(a)
	}
	return false
}

// expect is called before the request is sent.
func (s *Session) expect(r opencti.Request) *underway {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	effects := s.effectsOf(r)
	u := &underway{
		id: r.ID, activity: r.Activity, about: r.CallID, effects: effects, quiet: s.mayBeQuiet(r, effects), until: now.Add(causeLife),
		ofAgent: len(effects) == 1 && effects[0].agent != nil,
	}
	s.underway = slices.DeleteFunc(s.underway, func(u *underway) bool { return now.After(u.until) })
	if len(s.underway) == underwayBound {
		s.drop(s.underway[0])
	}
	s.underway = append(s.underway, u)
	if u.ofAgent {
		s.state.asking++
	}
	return u
}

// answered is called with the CTI server's answer. What it accepted must show within the
// session's patience.
func (s *Session) answered(u *underway, accepted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.ofAgent {
		s.state.asking--
		s.state.askedAt = time.Now()
	}
	switch {
	case !accepted:
		s.drop(u)
	case !u.shown && !u.quiet && slices.Contains(s.underway, u):
		u.timer = time.AfterFunc(s.patience, func() { s.nothingCame(u) })
	}
}

func (s *Session) nothingCame(u *underway) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.shown || !slices.Contains(s.underway, u) {
		return
	}
	s.drop(u)
	s.tellFailure(u.id, u.activity, opencti.Errorf(opencti.Timeout, "the CTI server accepted but nothing came of it"))
}

// RequestFailed tells the desktops that a request of this session which was accepted
// failed after all; of another's it tells nothing.
func (s *Session) RequestFailed(requestID string, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.underway, func(u *underway) bool { return u.id == requestID })
	if i < 0 {
		return
	}
	activity := s.underway[i].activity
	for _, u := range slices.Clone(s.underway) {
		if u.id == requestID {
			s.drop(u)
		}
	}
	s.tellFailure(requestID, activity, opencti.AsError(why))
}

func (s *Session) tellFailure(requestID string, a opencti.Activity, why *opencti.Error) {
	if why == nil {
		why = opencti.Errorf(opencti.Rejected, "the CTI server refused it after all")
	}
	failed := &Failure{requestID, a, FailureError{why.Code, why.Message, why.Retryable(), why.Detail}}
	s.tell(&Event{Name: opencti.RequestFailed, CausedBy: requestID, Failed: failed}, time.Now())
}

// drop forgets a request.
func (s *Session) drop(u *underway) {
	u.patient()
	s.underway = slices.DeleteFunc(s.underway, func(o *underway) bool { return o == u })
}

// patient ends the wait for an event.
func (u *underway) patient() {
	if u.timer != nil {
		u.timer.Stop()
		u.timer = nil
	}
}

func (s *Session) forgetAll() {
	for _, u := range s.underway {
		u.patient()
	}
	s.underway = nil
}

// causeOf finds the request that led to what is seen: each effect is seen once. One event
// may show several steps of the same request.
func (s *Session) causeOf(g sighting) *underway {
	var found *underway
	now := time.Now()
	for _, u := range s.underway {
		if found != nil && u.id != found.id || now.After(u.until) {
			continue
		}
		i := slices.IndexFunc(u.effects, func(e effect) bool { return e.is(g) })
		if i < 0 {
			continue
		}
		found, u.shown = u, true
		u.patient()
		u.effects = slices.Delete(u.effects, i, i+1)
	}
	return found
}

// renamed follows a call to its new id.
func (s *Session) renamed(from []string, to string) {
	for _, u := range s.underway {
		if slices.Contains(from, u.about) {
			u.about = to
		}
		for i := range u.effects {
			if slices.Contains(from, u.effects[i].call) {
				u.effects[i].call = to
			}
		}
	}
}
