package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
)

// MaxAgents is what one slot document may hold.
const MaxAgents = 10_000

// Pool is what an AgentPool contributes to its link.
type Pool struct {
	Name   string
	Policy v1alpha1.PoolPolicy
	Agents []v1alpha1.SlotAgent
	// Problem is nil when every agent of the pool got its place.
	Problem *Problem
}

// ExpandPools lists the agents of a link's pools, oldest pool first. An agent id
// that two pools claim belongs to the older one; the younger keeps the rest of its
// agents and has a Problem. A pool whose policy is wrong contributes nothing; Freeze
// gives it what is in force.
func ExpandPools(pools []v1alpha1.AgentPool) []Pool {
	owner := map[string]string{}
	var out []Pool
	for _, pool := range byAge(pools) {
		p := Pool{Name: pool.Name, Policy: *pool.Spec.PoolPolicy.DeepCopy()}
		if p.Problem = CheckPolicy(p.Policy); p.Problem != nil {
			out = append(out, p)
			continue
		}
		if agentsIn(pool.Spec)+uint64(len(owner)) > MaxAgents {
			p.Problem = refuse(messages.TooManyAgents, "max", strconv.Itoa(MaxAgents))
			out = append(out, p)
			continue
		}
		p.claim(pool.Spec, owner)
		out = append(out, p)
	}
	return out
}

func byAge(pools []v1alpha1.AgentPool) []v1alpha1.AgentPool {
	return slices.SortedFunc(slices.Values(pools), func(a, b v1alpha1.AgentPool) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
}

// claim takes every agent of the pool that no older pool has.
func (p *Pool) claim(spec v1alpha1.AgentPoolSpec, owner map[string]string) {
	conflicts, rival, field := 0, "", ""
	take := func(a v1alpha1.Agent, where string) {
		switch owner[a.ID] {
		case "":
			owner[a.ID] = p.Name
			p.Agents = append(p.Agents, v1alpha1.SlotAgent{Agent: a, Pool: p.Name})
		case p.Name:
			// Listed twice in this pool: what is listed first, one by one
			// before ranges, says more.
		default:
			if conflicts++; conflicts == 1 {
				rival, field = owner[a.ID], where
			}
		}
	}
	for i, a := range spec.Agents {
		take(*a.DeepCopy(), fmt.Sprintf("spec.agents[%d].id", i))
	}
	for i, r := range spec.AgentRanges {
		for a := range agentsOf(r) {
			take(a, fmt.Sprintf("spec.agentRanges[%d]", i))
		}
	}
	if conflicts > 0 {
		p.Problem = refuse(messages.AgentConflict, "field", field, "rival", rival, "count", strconv.Itoa(conflicts))
	}
}

// agentsOf counts a range up, keeping leading zeros: "0099" is followed by "0100".
func agentsOf(r v1alpha1.AgentRange) func(yield func(v1alpha1.Agent) bool) {
	return func(yield func(v1alpha1.Agent) bool) {
		first, dn := number(r.First), number(r.FirstDN)
		for i := range rangeSize(r) {
			a := v1alpha1.Agent{ID: fmt.Sprintf("%0*d", len(r.First), first+i), Queues: slices.Clone(r.Queues)}
			if r.FirstDN != "" {
				a.DNs = []string{fmt.Sprintf("%0*d", len(r.FirstDN), dn+i)}
			}
			if !yield(a) {
				return
			}
		}
	}
}

// agentsIn counts before anything is expanded: a range may claim 10^18 agents.
func agentsIn(spec v1alpha1.AgentPoolSpec) uint64 {
	n := uint64(len(spec.Agents))
	for _, r := range spec.AgentRanges {
		if n += rangeSize(r); n > MaxAgents {
			break // 64 such ranges would overflow
		}
	}
	return n
}

func rangeSize(r v1alpha1.AgentRange) uint64 {
	first, last := number(r.First), number(r.Last)
	if last < first || r.First == "" {
		return 0
	}
	return last - first + 1
}

// number reads what the schema has checked: at most 18 digits.
func number(digits string) uint64 {
	n, _ := strconv.ParseUint(digits, 10, 64)
	return n
}
