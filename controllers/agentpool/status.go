package agentpool

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
)

func (s *scope) updateStatus() {
	status, generation := &s.pool.Status, s.pool.Generation
	status.ObservedGeneration = generation
	status.Agents = new(int32(len(s.mine.Agents)))
	status.Sessions = new(s.sessions())

	accepted, stalled := s.accepted()
	conditions.Set(&status.Conditions, generation, v1alpha1.ConditionAccepted, accepted.Status, accepted.Reason, accepted.Message)
	switch {
	case stalled:
		conditions.Summarize(&status.Conditions, generation, conditions.Verdict{Stalled: true, Reason: accepted.Reason, Message: accepted.Message})
	default:
		conditions.Summarize(&status.Conditions, generation, s.verdict())
	}
}

func (s *scope) sessions() int32 {
	var n int32
	for _, slot := range s.slots {
		for _, p := range slot.Status.SessionsByPool {
			if p.Pool == s.pool.Name {
				n += p.Sessions
			}
		}
	}
	return n
}

// accepted says whether all of the pool's agents have their place.
func (s *scope) accepted() (c metav1.Condition, stalled bool) {
	switch {
	case s.link == nil:
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonLinkNotFound, Message: fmt.Sprintf(
			"spec.linkRef.name names CTILink %q, which does not exist in this namespace; apply it or name another.", s.pool.Spec.LinkRef.Name)}, true
	case s.mine.Problem != nil:
		return metav1.Condition{Status: metav1.ConditionFalse, Reason: s.mine.Problem.Reason, Message: s.mine.Problem.Message}, true
	}
	return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAccepted, Message: "The link exists and every agent of the pool has a place."}, false
}

// verdict: an accepted pool is ready with its link, once the slots know its agents.
func (s *scope) verdict() conditions.Verdict {
	switch {
	case !s.inDocuments():
		return conditions.Verdict{Reason: v1alpha1.ReasonProgressing, Message: "The agents of the pool are not in the link's slots yet."}
	case !conditions.IsCurrent(s.link.Status.Conditions, v1alpha1.ConditionReady, s.link.Generation):
		return conditions.Verdict{Reason: v1alpha1.ReasonLinkNotReady, Message: fmt.Sprintf(
			"CTILink %q is not ready; its own conditions say why.", s.link.Name)}
	}
	return conditions.Verdict{Ready: true, Message: "The link is ready and knows the agents of the pool."}
}

// inDocuments compares the slots' agents with the pool's, and asks that the slots
// work by those documents.
func (s *scope) inDocuments() bool {
	got := map[string]v1alpha1.SlotAgent{}
	for _, slot := range s.slots {
		if slot.Status.ObservedGeneration != slot.Generation {
			return false
		}
		for _, a := range slot.Spec.Agents {
			if a.Pool == s.pool.Name {
				got[a.ID] = a
			}
		}
	}
	if len(got) != len(s.mine.Agents) {
		return false
	}
	for _, a := range s.mine.Agents {
		if !equality.Semantic.DeepEqual(got[a.ID], a) {
			return false
		}
	}
	return true
}

// announce tells people once what they would want to be told.
func (r *Reconciler) announce(s *scope) {
	now, changed := conditions.Changed(s.before.Status.Conditions, s.pool.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case !changed:
	case now.Status == metav1.ConditionTrue:
		r.Recorder.Eventf(s.pool, nil, corev1.EventTypeNormal, now.Reason, "Reconcile", "%s", now.Message)
	case meta.IsStatusConditionTrue(s.pool.Status.Conditions, v1alpha1.ConditionStalled):
		r.Recorder.Eventf(s.pool, nil, corev1.EventTypeWarning, now.Reason, "Reconcile", "%s", now.Message)
	}
}
