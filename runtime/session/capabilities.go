package session

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// talking are the activities on a call that is established, or of which no more is told.
var talking = setOf(opencti.HoldCall, opencti.HangUpCall, opencti.SendDTMF, opencti.TransferInitiate, opencti.ConferenceInitiate,
	opencti.BlindTransfer, opencti.DropParty, opencti.AttachData, opencti.MuteCall, opencti.UnmuteCall)

// byState are the activities on one call by its state. possible narrows them down.
var byState = map[opencti.EventName]activities{
	opencti.Offering:    setOf(opencti.AnswerCall, opencti.DeclineCall, opencti.AttachData),
	opencti.Initiated:   setOf(opencti.HangUpCall),
	opencti.Delivered:   setOf(opencti.HangUpCall, opencti.AttachData),
	opencti.Queued:      setOf(opencti.HangUpCall, opencti.AttachData),
	opencti.Established: talking,
	opencti.Held:        setOf(opencti.RetrieveCall, opencti.SendDTMF, opencti.AttachData),
	opencti.Failed:      setOf(opencti.HangUpCall),
}

// capabilities are the activities that a desktop has on the call now.
func (s *Session) capabilities(c *call) activities { return s.allowed & s.possible(c) }

// possible are the activities that the states of the calls allow on this one.
func (s *Session) possible(c *call) activities {
	out := byState[c.State]
	if c.State == opencti.Delivered && c.NetworkReached {
		out = talking
	}
	if c.others(s.dn) < 2 {
		out &^= setDropParty
	}
	if c.Muted {
		out &^= setMute
	} else {
		out &^= setUnmute
	}
	answered := c.State == opencti.Established || c.State == opencti.Held
	if c.offered && !c.claimed() && (answered || c.State == opencti.Offering) {
		out |= setAccept
	}
	if n := len(s.state.calls); n <= pairsBound && (n > 1 || c.consulted) {
		out |= s.possibleOfPairs(c)
	}
	return out
}

var (
	setDropParty = setOf(opencti.DropParty)
	setMute      = setOf(opencti.MuteCall)
	setUnmute    = setOf(opencti.UnmuteCall)
	setAccept    = setOf(opencti.AcceptInteraction)
)

func (s *Session) possibleOfPairs(c *call) activities {
	var out activities
	for a, pairing := range pairings {
		if s.pairs(a, pairing, c) {
			out |= bits[a]
		}
	}
	return out
}

// pairs says whether the call is one of two for the activity.
func (s *Session) pairs(a opencti.Activity, p pairing, c *call) bool {
	if p.cancels && c.State == opencti.Held && c.consulted {
		return s.serves(a, c.consultedFor)
	}
	for _, other := range s.state.calls {
		held, active := c, other
		if c.State != opencti.Held {
			held, active = other, c
		}
		if s.fits(a, p, held, active) == fitting {
			return true
		}
	}
	return false
}

// possibleNow are the activities that need no call.
func (s *Session) possibleNow() activities {
	out := s.allowed & setOf(opencti.MakeCall, opencti.SetDoNotDisturb, opencti.GetStatistics, opencti.Resync)
	for _, a := range []opencti.Activity{opencti.LoginAgent, opencti.LogoutAgent, opencti.SetAgentReady, opencti.SetAgentNotReady} {
		if s.allowed.has(a) && s.agentMay(a) {
			out |= bits[a]
		}
	}
	return out
}

// agentMay says whether there is a way to ask for an activity of the agent.
func (s *Session) agentMay(a opencti.Activity) bool {
	switch {
	case s.agentID == "":
		return false
	case a != opencti.LoginAgent:
		return s.state.agent.State != opencti.LoggedOut && (a != opencti.SetAgentReady || !s.isReady())
	case !s.state.agent.LoggedIn():
		return true
	}
	// Logged in to some of the agent's queues.
	return slices.ContainsFunc(s.policy.Queues, func(q string) bool {
		_, in, known := s.state.inQueue(q)
		return known && !in
	})
}
