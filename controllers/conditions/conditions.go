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
	"github.com/ctilink/ctilink-operator/controllers/messages"
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
	// Why the object is ready or not.
	Why messages.Sentence
	// Underway is the work being done, if there is any: an object can be ready
	// meanwhile.
	Underway messages.Sentence
}

// Summarize writes Ready, Reconciling and Stalled.
func Summarize(list *[]metav1.Condition, generation int64, v Verdict) {
	set := func(kind string, value bool, why messages.Sentence) {
		status := metav1.ConditionFalse
		if value {
			status = metav1.ConditionTrue
		}
		Set(list, generation, kind, status, why.Reason, why.Text)
	}
	set(v1alpha1.ConditionReady, v.Ready, v.Why)
	idle := messages.NothingLeft.Say()
	switch {
	case !v.Ready && v.Why.Stalled:
		idle = messages.WaitingForPerson.Say()
		idle.Reason = v.Why.Reason
		v.Underway = messages.Sentence{}
	case !v.Ready && v.Underway.Reason == "":
		v.Underway = v.Why
	}
	if v.Underway.Reason != "" {
		set(v1alpha1.ConditionReconciling, true, v.Underway)
	} else {
		set(v1alpha1.ConditionReconciling, false, idle)
	}
	if !v.Ready && v.Why.Stalled {
		set(v1alpha1.ConditionStalled, true, v.Why)
	} else {
		set(v1alpha1.ConditionStalled, false, messages.NotStalled.Say())
	}
}

// Pause says that reconciling has stopped; what else the status says is left as it
// was then.
func Pause(list *[]metav1.Condition, generation int64, why messages.Sentence) {
	Set(list, generation, v1alpha1.ConditionPaused, metav1.ConditionTrue, why.Reason, why.Text)
	Set(list, generation, v1alpha1.ConditionReconciling, metav1.ConditionFalse, why.Reason, why.Text)
}

// Resume takes back what Pause said; Summarize says the rest.
func Resume(list *[]metav1.Condition) { meta.RemoveStatusCondition(list, v1alpha1.ConditionPaused) }

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
