package plan

import (
	"slices"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// Freeze gives each paused pool the agents that the slots have of it, so that what
// a person changes meanwhile waits. The other pools stay as they are.
func Freeze(pools []v1alpha1.AgentPool, slots []v1alpha1.CTISlot) []v1alpha1.AgentPool {
	out := slices.Clone(pools)
	for i := range out {
		if v1alpha1.IsPaused(&out[i]) {
			out[i].Spec.Agents, out[i].Spec.AgentRanges = agentsInForce(out[i].Name, slots), nil
		}
	}
	return out
}

// AnyPaused says whether Freeze would do anything.
func AnyPaused(pools []v1alpha1.AgentPool) bool {
	return slices.ContainsFunc(pools, func(p v1alpha1.AgentPool) bool { return v1alpha1.IsPaused(&p) })
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
