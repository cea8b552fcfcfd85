package agentpool

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/messages"
)

func (s *scope) updateStatus() {
	status, generation := &s.pool.Status, s.pool.Generation
	status.ObservedGeneration = generation
	status.Agents = new(int32(len(s.mine.Agents)))
	status.Sessions = new(s.sessions())
	status.TelephonyMode = s.mine.Policy.Mode()

	problem := s.problem()
	if problem.Reason != "" {
		conditions.Set(&status.Conditions, generation, v1alpha1.ConditionAccepted, metav1.ConditionFalse, problem.Reason, problem.Text)
		conditions.Summarize(&status.Conditions, generation, conditions.Verdict{Why: problem})
		return
	}
	accepted := messages.PoolAccepted.Say()
	conditions.Set(&status.Conditions, generation, v1alpha1.ConditionAccepted, metav1.ConditionTrue, accepted.Reason, accepted.Text)
	conditions.Summarize(&status.Conditions, generation, s.verdict())
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

// problem says what is wrong with the pool, or why an agent of it has no place.
func (s *scope) problem() messages.Sentence {
	switch {
	case s.link == nil:
		return messages.LinkNotFound.Say("link", s.pool.Spec.LinkRef.Name)
	case s.wrong != nil:
		return messages.Sentence{Reason: s.wrong.Reason, Text: s.wrong.Message, Stalled: true}
	case s.mine.Problem != nil:
		return messages.Sentence{Reason: s.mine.Problem.Reason, Text: s.mine.Problem.Message, Stalled: true}
	}
	return messages.Sentence{}
}

// verdict: an accepted pool is ready with its link, once the slots know its agents.
func (s *scope) verdict() conditions.Verdict {
	switch {
	case !s.inDocuments():
		return conditions.Verdict{Why: messages.PoolNotInSlots.Say()}
	case !conditions.IsCurrent(s.link.Status.Conditions, v1alpha1.ConditionReady, s.link.Generation):
		return conditions.Verdict{Why: messages.LinkNotReady.Say("link", s.link.Name)}
	}
	return conditions.Verdict{Ready: true, Why: messages.PoolReady.Say()}
}

// inDocuments compares the slots' agents and policy with the pool's, and asks that the
// slots work by those documents.
func (s *scope) inDocuments() bool {
	got := map[string]v1alpha1.SlotAgent{}
	for _, slot := range s.slots {
		if slot.Status.ObservedGeneration != slot.Generation || !s.decides(slot) {
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

// decides says whether the slot has the pool's policy, if it has the pool at all.
func (s *scope) decides(slot v1alpha1.CTISlot) bool {
	for _, p := range slot.Spec.Pools {
		if p.Name == s.pool.Name {
			return equality.Semantic.DeepEqual(p.PoolPolicy, s.mine.Policy)
		}
	}
	return len(s.mine.Agents) == 0
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
