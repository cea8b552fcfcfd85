package plan

import (
	"slices"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// Freeze gives each pool that is paused, or whose policy is wrong, the agents and the
// policy that the slots have of it: what a person changes meanwhile waits, and a mistake
// changes nothing. The other pools stay as they are.
func Freeze(pools []v1alpha1.AgentPool, slots []v1alpha1.CTISlot) []v1alpha1.AgentPool {
	out := slices.Clone(pools)
	for i := range out {
		if stays(out[i]) {
			spec := &out[i].Spec
			spec.Agents, spec.AgentRanges = agentsInForce(out[i].Name, slots), nil
			spec.PoolPolicy = policyInForce(out[i].Name, slots)
		}
	}
	return out
}

// AnyStays says whether Freeze would do anything.
func AnyStays(pools []v1alpha1.AgentPool) bool { return slices.ContainsFunc(pools, stays) }

func stays(p v1alpha1.AgentPool) bool {
	return v1alpha1.IsPaused(&p) || CheckPolicy(p.Spec.PoolPolicy) != nil
}

func policyInForce(pool string, slots []v1alpha1.CTISlot) v1alpha1.PoolPolicy {
	for _, s := range slots {
		for _, p := range s.Spec.Pools {
			if p.Name != pool {
				continue
			}
			policy := *p.PoolPolicy.DeepCopy()
			if CheckPolicy(policy) != nil {
				policy.CallTreatment = nil // an older operator took it for good
			}
			return policy
		}
	}
	return v1alpha1.PoolPolicy{}
}

func agentsInForce(pool string, slots []v1alpha1.CTISlot) (out []v1alpha1.Agent) {
	for _, s := range slots {
		for _, a := range s.Spec.Agents {
			if a.Pool == pool {
				out = append(out, *a.Agent.DeepCopy())
			}
		}
	}
	return out
}
