package implementationclass

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
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
		conditions.Set(&status.Conditions, generation, v1alpha1.ConditionAccepted, metav1.ConditionFalse, s.problem.Reason, s.problem.Message)
		conditions.Set(&status.Conditions, generation, v1alpha1.ConditionReady, metav1.ConditionFalse, s.problem.Reason, s.problem.Message)
		return
	}
	conditions.Set(&status.Conditions, generation, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted, "The class and its parents are valid.")
	conditions.Set(&status.Conditions, generation, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "Links can use the class.")
}

// announce tells people once that a class can no longer be used.
func (r *Reconciler) announce(s *scope) {
	c, changed := conditions.Changed(s.before.Status.Conditions, s.class.Status.Conditions, v1alpha1.ConditionAccepted)
	if changed && c.Status == metav1.ConditionFalse {
		r.Recorder.Eventf(s.class, nil, corev1.EventTypeWarning, c.Reason, "Resolve", "%s", c.Message)
	}
}
