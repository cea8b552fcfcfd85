package session

import (
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// possible are the activities on a call by its state (Full mode).
var possible = map[opencti.EventName][]opencti.Activity{
	opencti.Offering:    {opencti.AnswerCall},
	opencti.Initiated:   {opencti.HangUpCall},
	opencti.Delivered:   {opencti.HangUpCall},
	opencti.Queued:      {opencti.HangUpCall},
	opencti.Established: {opencti.HoldCall, opencti.HangUpCall},
	opencti.Held:        {opencti.RetrieveCall},
	opencti.Failed:      {opencti.HangUpCall},
}

// active are the states of a call that HangUpCall without a callId may mean: never
// a held or a ringing one.
var active = []opencti.EventName{opencti.Established, opencti.Initiated, opencti.Delivered, opencti.Queued, opencti.Failed}

// capabilities are the activities that the call's state and the class allow.
func capabilities(c *opencti.Call, supported []opencti.Activity) []opencti.Activity {
	out := []opencti.Activity{}
	for _, a := range possible[c.State] {
		if slices.Contains(supported, a) {
			out = append(out, a)
		}
	}
	return out
}

// admit refuses what the table of activities, the class or the state forbid, so
// that it never reaches the CTI server, and completes what the session knows
// better: device, agent, and the call that is meant.
func (s *Session) admit(r *opencti.Request) error {
	spec, ok := opencti.SpecOf(r.Activity)
	if !ok {
		return opencti.Errorf(opencti.InvalidRequest, "there is no activity %q", r.Activity)
	}
	if !slices.Contains(s.class.Supported, r.Activity) {
		return opencti.Errorf(opencti.NotSupportedByClass, "this link's implementation class does not offer %s", r.Activity)
	}
	if r.DN != "" && r.DN != s.dn {
		return opencti.Errorf(opencti.InvalidRequest, "dn is not the device of this session; leave it out")
	}
	if r.AgentID != "" && r.AgentID != s.agentID {
		return opencti.Errorf(opencti.InvalidRequest, "agentId is not the agent of this session; leave it out")
	}
	r.DN, r.AgentID = s.dn, s.agentID
	if slices.Contains(spec.Required, opencti.PropDestinationNumber) && r.DestinationNumber == "" {
		return opencti.Errorf(opencti.InvalidRequest, "destinationNumber is missing")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, agentActivity := agentRules[r.Activity]; agentActivity {
		return s.admitAgent(r)
	}
	return s.admitCall(r)
}

// agentRules says for each agent activity whether the agent must be logged in.
var agentRules = map[opencti.Activity]bool{
	opencti.LoginAgent: false, opencti.LogoutAgent: true, opencti.SetAgentReady: true, opencti.SetAgentNotReady: true,
}

func (s *Session) admitAgent(r *opencti.Request) error {
	if s.agentID == "" {
		return opencti.Errorf(opencti.InvalidRequest, "this session has no agent; open one with agentId")
	}
	if agentRules[r.Activity] && s.state.agent.State == opencti.LoggedOut {
		return opencti.Errorf(opencti.NotLoggedIn, "agent %s is not logged in; use LoginAgent first", s.agentID)
	}
	if r.Activity == opencti.LoginAgent && s.state.agent.LoggedIn() && r.Queue == "" {
		return opencti.Errorf(opencti.AlreadyLoggedIn, "agent %s is logged in already", s.agentID)
	}
	if r.WorkMode != "" && r.Activity == opencti.SetAgentNotReady && r.WorkMode != opencti.AfterCallWorkMode {
		return opencti.Errorf(opencti.InvalidRequest, "workMode must be %s or absent", opencti.AfterCallWorkMode)
	}
	return nil
}

func (s *Session) admitCall(r *opencti.Request) error {
	if r.Activity == opencti.MakeCall {
		return nil
	}
	call, err := s.meant(r)
	if err != nil {
		return err
	}
	if !slices.Contains(possible[call.State], r.Activity) {
		return opencti.Errorf(opencti.InvalidState, "%s is not possible: the call is %s", r.Activity, call.State)
	}
	r.CallID = call.CallID
	return nil
}

// meant finds the call of a request. AnswerCall and HangUpCall may leave the choice
// to the session (guide, "AnswerCall activity": callId unset or -1).
func (s *Session) meant(r *opencti.Request) (*opencti.Call, error) {
	if r.CallID == "-1" {
		r.CallID = ""
	}
	if r.CallID != "" {
		if c, ok := s.state.calls[r.CallID]; ok {
			return c, nil
		}
		return nil, opencti.Errorf(opencti.NoSuchCall, "callId names no call at this device; its calls are in the session's snapshot")
	}
	switch r.Activity {
	case opencti.AnswerCall:
		if c := s.state.only(opencti.Offering); c != nil {
			return c, nil
		}
		return nil, s.ambiguous(opencti.NoAlertingCall, "no call is ringing at this device", opencti.Offering)
	case opencti.HangUpCall:
		if c := s.state.only(active...); c != nil {
			return c, nil
		}
		return nil, s.ambiguous(opencti.NoActiveCall, "there is no active call at this device", active...)
	}
	return nil, opencti.Errorf(opencti.InvalidRequest, "callId is missing")
}

// ambiguous tells none apart from several.
func (s *Session) ambiguous(none opencti.ErrorCode, text string, states ...opencti.EventName) error {
	for _, c := range s.state.calls {
		if slices.Contains(states, c.State) {
			return opencti.Errorf(opencti.InvalidRequest, "several calls could be meant; set callId")
		}
	}
	return opencti.Errorf(none, "%s", text)
}
