package session

import (
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// admitAgent is admit for the activities of the agent.
func (s *Session) admitAgent(r opencti.Request) ([]opencti.Request, error) {
	if s.agentID == "" {
		return nil, opencti.Errorf(opencti.InvalidRequest, "this session has no agent; open one with agentId")
	}
	if r.Queue != "" && len(s.policy.Queues) > 0 && !slices.Contains(s.policy.Queues, r.Queue) {
		return nil, opencti.Errorf(opencti.InvalidQueue, "queue %s is none of agent %s's in the pool: %s", r.Queue, s.agentID, strings.Join(s.policy.Queues, ", "))
	}
	if r.Activity == opencti.LoginAgent {
		return s.admitLogin(r)
	}
	if s.state.agent.State == opencti.LoggedOut {
		return nil, opencti.Errorf(opencti.NotLoggedIn, "agent %s is not logged in; use LoginAgent first", s.agentID)
	}
	if _, in, known := s.state.inQueue(r.Queue); r.Queue != "" && known && !in && s.state.agent.LoggedIn() {
		return nil, opencti.Errorf(opencti.NotLoggedIn, "agent %s is not logged in to queue %s; use LoginAgent with it first", s.agentID, r.Queue)
	}
	var err error
	switch r.Activity {
	case opencti.LogoutAgent:
		err = checkReason(r, s.policy.Logout, s.policy.LogoutRequired)
	case opencti.SetAgentReady:
		err = s.admitReady(r)
	case opencti.SetAgentNotReady:
		err = s.admitNotReady(r)
	}
	return []opencti.Request{r}, err
}

// admitLogin takes a login without a queue apart: one for each of the agent's queues in
// which the agent is not yet.
func (s *Session) admitLogin(r opencti.Request) ([]opencti.Request, error) {
	if r.Queue != "" {
		if _, in, _ := s.state.inQueue(r.Queue); in {
			return nil, opencti.Errorf(opencti.AlreadyLoggedIn, "agent %s is logged in to queue %s already", s.agentID, r.Queue)
		}
		return []opencti.Request{r}, nil
	}
	var out []opencti.Request
	for _, q := range s.policy.Queues {
		if _, in, known := s.state.inQueue(q); known && !in {
			each := r
			each.Queue = q
			out = append(out, each)
		}
	}
	switch {
	case len(out) > 0:
		return out, nil
	case s.state.agent.LoggedIn():
		return nil, opencti.Errorf(opencti.AlreadyLoggedIn, "agent %s is logged in already", s.agentID)
	}
	return []opencti.Request{r}, nil
}

func (s *Session) admitReady(r opencti.Request) error {
	if r.WorkMode == "" && r.Queue == "" && s.isReady() || s.queueIs(r.Queue, opencti.Available) {
		return opencti.Errorf(opencti.SameState, "agent %s is available already", s.agentID)
	}
	return nil
}

// isReady says whether the agent is available, or will be without being asked.
func (s *Session) isReady() bool {
	a := &s.state.agent
	return a.State == opencti.Available && (a.PendingState == "" || a.PendingState == opencti.Available) ||
		a.State == opencti.Busy && a.PendingState == opencti.Available
}

func (s *Session) queueIs(queue string, state opencti.EventName) bool {
	q, in, _ := s.state.inQueue(queue)
	return queue != "" && in && q.State == state && s.state.agent.PendingState == ""
}

func (s *Session) admitNotReady(r opencti.Request) error {
	a := &s.state.agent
	switch r.WorkMode {
	case opencti.AfterCallWorkMode: // needs no reason
		if r.Queue == "" && (a.State == opencti.AfterCallWork && a.PendingState == "" || a.State == opencti.Busy && a.PendingState == opencti.AfterCallWork) {
			return opencti.Errorf(opencti.SameState, "agent %s is in after-call work already", s.agentID)
		}
		return nil
	case "":
	default:
		return opencti.Errorf(opencti.InvalidRequest, "workMode must be %s or absent", opencti.AfterCallWorkMode)
	}
	if err := checkReason(r, s.policy.Unavailable, s.policy.UnavailableRequired); err != nil {
		return err
	}
	now := a.State == opencti.Unavailable && a.ReasonCode == r.ReasonCode && a.PendingState == ""
	soon := a.State == opencti.Busy && a.PendingState == opencti.Unavailable && a.PendingReasonCode == r.ReasonCode
	if r.Queue == "" && (now || soon) {
		return opencti.Errorf(opencti.SameState, "agent %s is unavailable for this reason already", s.agentID)
	}
	return nil
}

// checkReason holds a reason code against the pool's list.
func checkReason(r opencti.Request, valid []Reason, required bool) error {
	switch {
	case r.ReasonCode == "" && required && len(valid) == 0:
		return opencti.Errorf(opencti.ReasonCodeRequired, "%s needs a reasonCode", r.Activity)
	case r.ReasonCode == "" && required:
		return opencti.Errorf(opencti.ReasonCodeRequired, "%s needs a reasonCode: %s", r.Activity, listed(valid))
	case r.ReasonCode == "" || len(valid) == 0:
		return nil
	}
	for _, v := range valid {
		if v.Code == r.ReasonCode {
			return nil
		}
	}
	return opencti.Errorf(opencti.InvalidReasonCode, "reasonCode %s is not one of %s for %s", r.ReasonCode, listed(valid), r.Activity)
}

func listed(reasons []Reason) string {
	var out []string
	for _, r := range reasons {
		if r.Label == "" {
			out = append(out, r.Code)
			continue
		}
		out = append(out, r.Code+" ("+r.Label+")")
	}
	return strings.Join(out, ", ")
}
