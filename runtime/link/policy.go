package link

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// compileRules compiles the document's rules; without any, the driver's own.
func compileRules(about opencti.Description, own *v1alpha1.EventRules) (*rules.Set, error) {
	if own == nil {
		return rules.Compile(about.Rules)
	}
	set, err := rules.Decode(own)
	if err != nil {
		return nil, err
	}
	return rules.Compile(set)
}

// compilePools makes the sessions' policies of the pools'.
func compilePools(pools []v1alpha1.SlotPool) (map[string]session.Policy, error) {
	out := make(map[string]session.Policy, len(pools))
	for i := range pools {
		p, err := policyOf(&pools[i].PoolPolicy)
		if err != nil {
			return nil, fmt.Errorf("pool %s: %w", pools[i].Name, err)
		}
		out[pools[i].Name] = p
	}
	return out, nil
}

func policyOf(p *v1alpha1.PoolPolicy) (session.Policy, error) {
	list, err := rules.DecodeTreatments(p.CallTreatment)
	if err != nil {
		return session.Policy{}, err
	}
	treatments, err := rules.CompileTreatments(list)
	return session.Policy{
		Mode:                opencti.TelephonyMode(p.TelephonyMode),
		Unavailable:         reasons(p.ReasonCodes.Unavailable),
		Logout:              reasons(p.ReasonCodes.Logout),
		UnavailableRequired: slices.Contains(p.ReasonCodes.Required, v1alpha1.RequiredUnavailable),
		LogoutRequired:      slices.Contains(p.ReasonCodes.Required, v1alpha1.RequiredLogout),
		Treatments:          treatments,
	}, err
}

func reasons(codes []v1alpha1.ReasonCode) []session.Reason {
	var out []session.Reason
	for _, c := range codes {
		out = append(out, session.Reason{Code: c.Code, Label: c.Label})
	}
	return out
}

// policy is that of an agent's session. The link is locked.
func (l *Link) policy(agentID string) session.Policy {
	agent, ok := l.agents[agentID]
	if !ok {
		return session.Policy{}
	}
	p := l.pools[agent.Pool]
	p.Pool, p.Queues = agent.Pool, agent.Queues
	return p
}

// adopt gives the open sessions what is in force now. For an agent who is in no pool any more
// that is what was: nothing becomes possible by it. The link is locked.
func (l *Link) adopt() {
	for _, m := range l.sessions {
		policy := m.Policy()
		if _, ok := l.agents[m.AgentID()]; ok {
			policy = l.policy(m.AgentID())
		}
		m.Adopt(l.class(), policy, l.rules)
	}
}

// Queues lists the queues that the pools' agents work for, sorted.
func (l *Link) Queues() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queues("")
}

// PoolQueues lists those of one pool's agents.
func (l *Link) PoolQueues(pool string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queues(pool)
}

func (l *Link) queues(pool string) []string {
	found := map[string]bool{}
	for _, a := range l.agents {
		if pool != "" && a.Pool != pool {
			continue
		}
		for _, q := range a.Queues {
			found[q] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// HasPool says whether the pool brings agents to this link.
func (l *Link) HasPool(pool string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.pools[pool]
	return ok
}

// Sessions gives all open sessions, sorted by key, and a channel that is closed when
// sessions open or close.
func (l *Link) Sessions() ([]*session.Session, <-chan struct{}) {
	return l.sessionsOf(func(*member) bool { return true })
}

// PoolSessions gives the open sessions of a pool, sorted by key, and a channel that is
// closed when sessions open or close.
func (l *Link) PoolSessions(pool string) ([]*session.Session, <-chan struct{}) {
	return l.sessionsOf(func(m *member) bool { return m.Pool() == pool })
}

func (l *Link) sessionsOf(wanted func(*member) bool) ([]*session.Session, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*session.Session
	for _, key := range slices.Sorted(maps.Keys(l.sessions)) {
		if m := l.sessions[key]; wanted(m) {
			out = append(out, m.Session)
		}
	}
	return out, l.changed
}
