package session

import (
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Memory is what a session knows of its calls and its agent that a CTI server does not
// tell whoever asks it anew: since when, and what desktops and call treatment made of it.
// A successor of this pod takes it over for what the CTI server confirms, and for nothing
// else. Its JSON form goes to pods of other versions: fields are added, never changed.
type Memory struct {
	Calls []CallMemory `json:"calls,omitempty"`
	Agent *AgentMemory `json:"agent,omitempty"`
}

// CallMemory is a call, without its parties.
type CallMemory struct {
	opencti.Call
	// KnownAs is the interactionId by which the CTI server knows the call, where it is
	// another one or told at all.
	KnownAs     string `json:"knownAs,omitempty"`
	Provisional bool   `json:"provisional,omitempty"`
	Offered     bool   `json:"offered,omitempty"`
	// Consults is the callId of the call that this is a consult about.
	Consults     string           `json:"consults,omitempty"`
	Purpose      opencti.Activity `json:"purpose,omitempty"`
	Linked       bool             `json:"linked,omitempty"`
	PassedOn     bool             `json:"passedOn,omitempty"`
	Consulted    bool             `json:"consulted,omitempty"`
	ConsultedFor opencti.Activity `json:"consultedFor,omitempty"`
}

// AgentMemory is since when the agent is in a state.
type AgentMemory struct {
	State      opencti.EventName `json:"state"`
	ReasonCode string            `json:"reasonCode,omitempty"`
	Since      time.Time         `json:"since"`
	LoginSince time.Time         `json:"loginSince"`
}

// Bounds of what is remembered of a session. No agent has as many calls.
const (
	callsRemembered = 16
	dataRemembered  = 2 << 10 // bytes of a call's variables; more is not remembered at all
)

// Memory tells what a successor must know. Before the first snapshot it is what the
// session itself took over.
func (s *Session) Memory() Memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.inherited != nil {
		return *s.state.inherited
	}
	var m Memory
	calls := s.state.ordered()
	for _, c := range calls[:min(len(calls), callsRemembered)] {
		m.Calls = append(m.Calls, c.memory())
	}
	if a := s.state.agent; a.State != opencti.Unknown {
		m.Agent = &AgentMemory{a.State, a.ReasonCode, a.Since, s.state.loginSince}
	}
	return m
}

func (c *call) memory() CallMemory {
	m := CallMemory{
		Call: c.Call, KnownAs: c.knownAs, Provisional: c.provisional, Offered: c.offered,
		Purpose: c.purpose, Linked: c.linked, PassedOn: c.passedOn, Consulted: c.consulted, ConsultedFor: c.consultedFor,
	}
	if c.consults != nil {
		m.Consults = c.consults.CallID
	}
	m.Parties, m.OtherDNs, m.Capabilities = nil, nil, nil
	size := 0
	for k, v := range m.Variables {
		size += sizeOf(k, v)
	}
	if size > dataRemembered {
		m.Variables = nil
	}
	return m
}

// remembered says that Memory gives something else now. The session is locked.
func (s *Session) remembered() {
	if s.recorder != nil {
		s.recorder.Changed()
	}
}

// inherit keeps what a former holder knew until the first snapshot.
func (s *state) inherit(m Memory) {
	if len(m.Calls) > 0 || m.Agent != nil {
		s.inherited = &m
	}
}

// former makes the calls of the former holder. The clock of its machine may have been
// ahead of ours: nothing began after now.
func (s *state) former(now time.Time) map[string]*call {
	if s.inherited == nil {
		return nil
	}
	past := func(t time.Time) time.Time {
		if t.IsZero() || t.After(now) {
			return now
		}
		return t
	}
	out := map[string]*call{}
	for _, m := range s.inherited.Calls[:min(len(s.inherited.Calls), callsRemembered)] {
		c := &call{
			Call: m.Call, knownAs: m.KnownAs, provisional: m.Provisional, offered: m.Offered, inherited: true,
			purpose: m.Purpose, linked: m.Linked, passedOn: m.PassedOn, consulted: m.Consulted, consultedFor: m.ConsultedFor,
		}
		c.StartedAt, c.Since = past(c.StartedAt), past(c.Since)
		if c.AnsweredAt != nil {
			at := past(*c.AnsweredAt)
			c.AnsweredAt = &at
		}
		if c.CallID != "" {
			out[c.CallID] = c
		}
	}
	for _, m := range s.inherited.Calls {
		if c := out[m.CallID]; c != nil && m.Consults != m.CallID {
			c.consults = out[m.Consults]
		}
	}
	return out
}

// isStill says whether a call of the snapshot is this one of the former holder's. Its id
// alone is no proof: a CTI server that was restarted begins to count anew.
func (c *call) isStill(told *opencti.Call) bool {
	own := func(id string) bool { return id != "" && id != told.CallID }
	sameCaller := told.ANI != "" && told.ANI == c.ANI
	switch {
	case c.State == opencti.Established && begins(told.State):
		return false // who talked is not rung
	case own(told.InteractionID):
		return told.InteractionID == c.knownAs || told.InteractionID == c.InteractionID || sameCaller && !own(c.knownAs)
	case told.ANI == "" && told.DNIS == "":
		return true // the class tells nothing but the id
	}
	return sameCaller || told.ANI == c.ANI && told.DNIS == c.DNIS
}

// inheritAgent keeps since when the agent is as the snapshot says, where it does not tell.
func (s *state) inheritAgent(snap opencti.DeviceSnapshot, now time.Time) {
	if s.inherited == nil || s.inherited.Agent == nil {
		return
	}
	was := s.inherited.Agent
	earlier := func(t *time.Time, than time.Time) {
		if !than.IsZero() && than.Before(*t) {
			*t = than
		}
	}
	if snap.Agent.Since.IsZero() && was.State == s.agent.State && was.ReasonCode == s.agent.ReasonCode {
		earlier(&s.agent.Since, was.Since)
	}
	if login(opencti.AgentState{State: was.State}) == login(s.agent) {
		earlier(&s.loginSince, was.LoginSince)
	}
}
