package implementationclass

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/messages"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

func (s *scope) updateStatus() {
	status, generation := &s.class.Status, s.class.Generation
	status.ObservedGeneration = generation
	status.Driver = s.result.Driver
	status.Parameters = s.result.Parameters
	status.Activities = s.result.Activities
	status.Handover = s.result.Handover
	status.Rules = ruleNames(s.result)
	if s.problem != nil {
		status.Driver, status.Parameters, status.Activities, status.Handover, status.Rules = "", nil, nil, "", nil
		why := messages.Sentence{Reason: s.problem.Reason, Text: s.problem.Message, Stalled: true}
		conditions.Set(&status.Conditions, generation, v1alpha1.ConditionAccepted, metav1.ConditionFalse, why.Reason, why.Text)
		conditions.Summarize(&status.Conditions, generation, conditions.Verdict{Why: why})
		return
	}
	accepted := messages.ClassAccepted.Say()
	conditions.Set(&status.Conditions, generation, v1alpha1.ConditionAccepted, metav1.ConditionTrue, accepted.Reason, accepted.Text)
	conditions.Summarize(&status.Conditions, generation, conditions.Verdict{Ready: true, Why: messages.ClassReady.Say()})
}

// ruleNames lists what may be overridden; nil when the driver's own rules hold.
func ruleNames(class plan.Class) *v1alpha1.RuleNames {
	if !class.HasRules() {
		return nil
	}
	out := &v1alpha1.RuleNames{DecidedBy: v1alpha1.DecidedByIdentify}
	if class.Rules.SetEventType != "" {
		out.DecidedBy = v1alpha1.DecidedBySetEventType
	}
	for _, r := range class.Rules.Identify {
		out.Identify = append(out.Identify, r.Name)
	}
	for _, f := range class.Rules.Filter {
		out.Filter = append(out.Filter, f.Name)
	}
	return out
}

// announce tells people once that a class can no longer be used.
func (r *Reconciler) announce(s *scope) {
	c, changed := conditions.Changed(s.before.Status.Conditions, s.class.Status.Conditions, v1alpha1.ConditionAccepted)
	if changed && c.Status == metav1.ConditionFalse {
		r.Recorder.Eventf(s.class, nil, corev1.EventTypeWarning, c.Reason, "Resolve", "%s", c.Message)
	}
}
