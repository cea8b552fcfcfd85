package switchmodel

import (
	"crypto/subtle"
	"slices"
)

// AgentRequest asks for an agent's state (ECMA-269 §22.1.15, Set Agent State).
type AgentRequest struct {
	Device   DeviceID
	Agent    AgentID // needed to log on; otherwise whoever is logged on
	Password string
	Queue    string // concerns this queue only; number or name
	State    AgentState
	Reason   string
}

// SetAgentState does what is asked, now or when the agent's calls are over:
// then it returns the pending state. To be in that state already is no error
// and no event (ECMA-269 §9.5.1).
func (s *Switch) SetAgentState(r AgentRequest) (pending AgentState, err error) {
	defer s.enter()()
	phone := s.extension(r.Device)
	if phone == nil {
		return "", ErrInvalidDevice
	}
	if r.State == LoggedOn {
		return "", s.requestLogOn(phone, r, ByAgent)
	}
	a := phone.agent
	switch {
	case a == nil:
		return "", ErrInvalidAgentState
	case r.Agent != "" && r.Agent != a.id:
		return "", ErrInvalidAgent
	}
	return s.change(a, r, ByAgent)
}

// change does what was asked of an agent who is logged on.
func (s *Switch) change(a *agent, r AgentRequest, by Who) (pending AgentState, err error) {
	var q *queue
	if r.Queue != "" {
		if q = s.queue(r.Queue); q == nil || !slices.Contains(a.queues, q) {
			return "", ErrInvalidQueue
		}
	}
	next := by.asked(r.State)
	switch {
	case r.State == LoggedOff:
		return s.requestLogOff(a, q, by)
	case r.State == NotReady:
		next.reason = r.Reason
	case r.State != Ready && r.State != WorkingAfterCall:
		return "", ErrInvalidAgentState
	}
	if q == nil || len(a.queues) == 1 || r.State == WorkingAfterCall {
		return s.requestState(a, next), nil
	}
	return s.requestQueueState(a, q, next), nil
}

// LoggedOn can be asked for; what follows is another state.
const LoggedOn AgentState = "loggedOn"

func (s *Switch) requestLogOn(phone *extension, r AgentRequest, by Who) error {
	if !contains(s.cfg.Agents, string(r.Agent)) {
		return ErrInvalidAgent
	}
	if subtle.ConstantTimeCompare([]byte(r.Password), []byte(s.cfg.Password)) != 1 {
		return ErrInvalidPassword
	}
	queues := s.queuesOf(r.Agent)
	if r.Queue != "" {
		q := s.queue(r.Queue)
		if q == nil || !slices.Contains(queues, q) {
			return ErrInvalidQueue
		}
		queues = []*queue{q}
	}
	if here := phone.agent; here != nil {
		if here.id != r.Agent {
			return ErrDeviceTaken
		}
		s.addQueues(here, by, queues...)
		return nil
	}
	if s.agents[r.Agent] != nil {
		return ErrAgentElsewhere
	}
	s.logOn(r.Agent, phone, queues, by)
	return nil
}

func (s *Switch) requestLogOff(a *agent, q *queue, by Who) (AgentState, error) {
	if q != nil && len(a.queues) > 1 {
		s.leaveQueues(a, by, q)
		return "", nil
	}
	if a.state != Busy {
		s.logOff(a, by.asked(LoggedOff))
		return "", nil
	}
	if s.cfg.RefuseLogoutWhileBusy {
		return "", ErrInvalidAgentState
	}
	s.intends(a, by.asked(LoggedOff))
	return LoggedOff, nil
}

// requestState changes the state for all queues.
func (s *Switch) requestState(a *agent, next standing) (pending AgentState) {
	switch {
	case a.state == Busy:
		s.intends(a, next)
		if next.state == Ready {
			a.aside = nil
		}
		return next.state
	case a.state == Ready && next.state == Ready && len(a.aside) > 0:
		back := a.aside
		a.aside = nil
		s.tellState(a, Ready)
		s.available(a, back)
	case a.state != next.state || a.reason != next.reason:
		a.served, a.pending, a.aside = false, nil, nil
		s.enters(a, next)
	}
	return ""
}

// intends: the state follows when the agent's calls are over.
func (s *Switch) intends(a *agent, next standing) {
	changed := a.pending == nil || a.pending.state != next.state || a.pending.reason != next.reason
	a.pending = &next
	if changed {
		s.tellAgent(AgentBusy, a, next.cause)
	}
}

// AgentAt shows who is logged on at a device; nil: nobody.
func (s *Switch) AgentAt(id DeviceID) (*Agent, error) {
	defer s.enter()()
	phone := s.extension(id)
	if phone == nil {
		return nil, ErrInvalidDevice
	}
	if phone.agent == nil {
		return nil, nil
	}
	return s.agentView(phone.agent), nil
}

// Agents lists who is logged on.
func (s *Switch) Agents() []Agent {
	defer s.enter()()
	views := make([]Agent, 0, len(s.agents))
	for _, a := range s.seated() {
		views = append(views, *s.agentView(a))
	}
	return views
}
