// Package conditions puts the operator's verdict on an object into its status, the
// same way for every kind: kstatus's Ready, Reconciling and Stalled beside the
// kind's own conditions, written at most once per reconcile and only when something
// changed.
package conditions

import (
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// maxMessage keeps a status readable; the API server would take 32 KiB.
const maxMessage = 1024

// Set gives a condition its value at a generation.
func Set(list *[]metav1.Condition, generation int64, kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(list, metav1.Condition{
		Type: kind, Status: status, ObservedGeneration: generation, Reason: reason, Message: truncate(message),
	})
}

// Verdict is what a reconcile comes to.
type Verdict struct {
	Ready bool
	// Stalled: nothing will happen until a person mends something.
	Stalled bool
	Reason  string
	Message string
}

// Summarize writes Ready, Reconciling and Stalled.
func Summarize(list *[]metav1.Condition, generation int64, v Verdict) {
	switch {
	case v.Ready:
		Set(list, generation, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, v.Message)
		Set(list, generation, v1alpha1.ConditionReconciling, metav1.ConditionFalse, v1alpha1.ReasonReady, "There is nothing left to do.")
		Set(list, generation, v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonNotStalled, "")
	case v.Stalled:
		Set(list, generation, v1alpha1.ConditionReady, metav1.ConditionFalse, v.Reason, v.Message)
		Set(list, generation, v1alpha1.ConditionReconciling, metav1.ConditionFalse, v.Reason, "Waiting for a person; see Stalled.")
		Set(list, generation, v1alpha1.ConditionStalled, metav1.ConditionTrue, v.Reason, v.Message)
	default:
		Set(list, generation, v1alpha1.ConditionReady, metav1.ConditionFalse, v.Reason, v.Message)
		Set(list, generation, v1alpha1.ConditionReconciling, metav1.ConditionTrue, v.Reason, v.Message)
		Set(list, generation, v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonNotStalled, "")
	}
}

// IsCurrent says whether a condition is True and speaks of the generation.
func IsCurrent(list []metav1.Condition, kind string, generation int64) bool {
	c := meta.FindStatusCondition(list, kind)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == generation
}

// Changed says whether a condition went to another status or reason: the moments
// that are worth an Event.
func Changed(before, after []metav1.Condition, kind string) (metav1.Condition, bool) {
	old, now := meta.FindStatusCondition(before, kind), meta.FindStatusCondition(after, kind)
	if now == nil {
		return metav1.Condition{}, false
	}
	return *now, old == nil || old.Status != now.Status || old.Reason != now.Reason
}

func truncate(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	s = s[:maxMessage-len("…")]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
