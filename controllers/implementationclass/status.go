package implementationclass

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/messages"
)

func (s *scope) updateStatus() {
	status, generation := &s.class.Status, s.class.Generation
	status.ObservedGeneration = generation
	status.Driver = s.result.Driver
	status.Parameters = s.result.Parameters
	status.Activities = s.result.Activities
	status.Handover = s.result.Handover
	if s.problem != nil {
		status.Driver, status.Parameters, status.Activities, status.Handover = "", nil, nil, ""
		why := messages.Sentence{Reason: s.problem.Reason, Text: s.problem.Message, Stalled: true}
		conditions.Set(&status.Conditions, generation, v1alpha1.ConditionAccepted, metav1.ConditionFalse, why.Reason, why.Text)
		conditions.Summarize(&status.Conditions, generation, conditions.Verdict{Why: why})
		return
	}
	accepted := messages.ClassAccepted.Say()
	conditions.Set(&status.Conditions, generation, v1alpha1.ConditionAccepted, metav1.ConditionTrue, accepted.Reason, accepted.Text)
	conditions.Summarize(&status.Conditions, generation, conditions.Verdict{Ready: true, Why: messages.ClassReady.Say()})
}

// announce tells people once that a class can no longer be used.
func (r *Reconciler) announce(s *scope) {
	c, changed := conditions.Changed(s.before.Status.Conditions, s.class.Status.Conditions, v1alpha1.ConditionAccepted)
	if changed && c.Status == metav1.ConditionFalse {
		r.Recorder.Eventf(s.class, nil, corev1.EventTypeWarning, c.Reason, "Resolve", "%s", c.Message)
	}
}
