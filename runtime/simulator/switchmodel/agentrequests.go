package switchmodel

import (
	"cmp"
	"crypto/subtle"
	"maps"
	"slices"
)

// AgentRequest asks for an agent's state (ECMA-269 §22.1.15, Set Agent State).
type AgentRequest struct {
	Device   DeviceID
	Agent    AgentID // needed to log on; otherwise whoever is logged on
	Password string
	Queue    string // log on to, or off from, this queue only; number or name
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
		return "", s.requestLogOn(phone, r)
	}
	a := phone.agent
	switch {
	case a == nil:
		return "", ErrInvalidAgentState
	case r.Agent != "" && r.Agent != a.id:
		return "", ErrInvalidAgent
	}
	switch r.State {
	case LoggedOff:
		return s.requestLogOff(a, r)
	case NotReady:
		return s.requestState(a, standing{state: NotReady, reason: r.Reason, cause: CauseNormal}), nil
	case Ready, WorkingAfterCall:
		return s.requestState(a, standing{state: r.State, cause: CauseNormal}), nil
	}
	return "", ErrInvalidAgentState
}

// LoggedOn can be asked for; what follows is another state.
const LoggedOn AgentState = "loggedOn"

func (s *Switch) requestLogOn(phone *extension, r AgentRequest) error {
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
		s.addQueues(here, queues)
		return nil
	}
	if s.agents[r.Agent] != nil {
		return ErrAgentElsewhere
	}
	s.logOn(r.Agent, phone, queues)
	return nil
}

// addQueues lets somebody who is logged on serve more queues.
func (s *Switch) addQueues(a *agent, queues []*queue) {
	for _, q := range queues {
		if slices.Contains(a.queues, q) {
			continue
		}
		a.queues = append(a.queues, q)
		if a.state == Ready {
			q.idle = append(q.idle, a)
			s.distribute(q)
		}
	}
}

func (s *Switch) requestLogOff(a *agent, r AgentRequest) (AgentState, error) {
	if r.Queue != "" {
		left, err := s.leaveGroup(a, r.Queue)
		if err != nil || left {
			return "", err
		}
	}
	if a.state != Busy {
		s.logOff(a, CauseNormal)
		return "", nil
	}
	if s.cfg.RefuseLogoutWhileBusy {
		return "", ErrInvalidAgentState
	}
	a.pending = &standing{state: LoggedOff, cause: CauseNormal}
	return LoggedOff, nil
}

// leaveGroup takes an agent out of one queue; leaving the last is logging off.
func (s *Switch) leaveGroup(a *agent, name string) (left bool, err error) {
	q := s.queue(name)
	if q == nil || !slices.Contains(a.queues, q) {
		return false, ErrInvalidQueue
	}
	if len(a.queues) == 1 {
		return false, nil
	}
	q.idle = slices.DeleteFunc(q.idle, func(other *agent) bool { return other == a })
	a.queues = slices.DeleteFunc(a.queues, func(other *queue) bool { return other == q })
	return true, nil
}

func (s *Switch) requestState(a *agent, next standing) (pending AgentState) {
	if a.state == Busy {
		a.pending = &next
		return next.state
	}
	if a.state == next.state && a.reason == next.reason {
		return ""
	}
	a.served, a.pending = false, nil
	s.enters(a, next)
	return ""
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
	return phone.agent.view(), nil
}

// Agents lists who is logged on.
func (s *Switch) Agents() []Agent {
	defer s.enter()()
	agents := slices.SortedFunc(maps.Values(s.agents), func(a, b *agent) int { return cmp.Compare(a.id, b.id) })
	views := make([]Agent, 0, len(agents))
	for _, a := range agents {
		views = append(views, *a.view())
	}
	return views
}
