package plan

import (
	"k8s.io/apimachinery/pkg/runtime"
	metav1 "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// Input is everything that a plan depends on.
type Input struct {
	Link    *v1alpha1.CTILink
	Pools   []v1alpha1.AgentPool
	Classes Lookup
	// Image of the runtime pods.
	Image string
	// TLSSecret names the Secret with the certificate in force.
	TLSSecret string
}

// Plan is what must exist for a link.
type Plan struct {
	Documents
	// Children are what the pods need, and Pods the Deployments, which are
	// applied after them.
	Children []runtime.ApplyConfiguration
	Pods     []runtime.ApplyConfiguration
}

// Make plans a link. Without slots there are no children either: what was applied
// before stays in force, so that a mistake in a manifest logs nobody out.
func Make(in Input) (Plan, *Problem) {
	documents, problem := Slots(in.Link, in.Pools, in.Classes)
	p := Plan{Documents: documents}
	if problem != nil {
		return p, problem
	}
	r := renderer{Input: in, owner: ownerReference(in.Link)}
	p.Children = append(p.Children, r.serviceAccount(), r.roleBinding(), r.service(), r.headlessService(), r.networkPolicy())
	for _, s := range p.Slots {
		p.Children = append(p.Children, r.lease(s), r.slot(s), r.disruptionBudget(s))
		p.Pods = append(p.Pods, r.deployment(s))
	}
	return p, nil
}

// renderer makes the children of one link.
type renderer struct {
	Input
	owner *metav1.OwnerReferenceApplyConfiguration
}

func ownerReference(link *v1alpha1.CTILink) *metav1.OwnerReferenceApplyConfiguration {
	return metav1.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).
		WithKind("CTILink").
		WithName(link.Name).
		WithUID(link.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}
