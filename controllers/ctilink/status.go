package ctilink

import (
	"errors"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/children"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/messages"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// updateStatus computes the whole status from the scope. What could not be read
// leaves its part of the status as it was.
func (s *scope) updateStatus() {
	if !s.planned {
		return
	}
	status := &s.link.Status
	status.ObservedGeneration = s.link.Generation
	status.Endpoint = plan.Endpoint(s.link)
	status.TokenSecret = plan.TokenSecret(s.link.Name)
	status.Slots = new(int32(max(len(s.plan.Slots), len(s.observed))))
	status.Pools = new(int32(s.pools))
	status.Agents = new(int32(s.plan.Agents()))
	status.Sessions = new(s.sessions())
	conditions.Resume(&status.Conditions)
	accepted, programmed, connected := s.accepted(), s.programmed(), s.connected()
	s.set(v1alpha1.ConditionAccepted, accepted)
	s.set(v1alpha1.ConditionProgrammed, programmed)
	s.set(v1alpha1.ConditionConnected, connected)
	s.sink()
	conditions.Summarize(&status.Conditions, s.link.Generation, s.verdict(accepted, programmed, connected))
}

func (s *scope) sessions() (n int32) {
	for _, slot := range s.observed {
		n += slot.Status.Sessions
	}
	return n
}

// finding is the answer to one question, and why it is what it is.
type finding struct {
	yes bool
	messages.Sentence
}

func yes(why messages.Sentence) finding { return finding{true, why} }

func no(why messages.Sentence) finding { return finding{false, why} }

func (s *scope) set(kind string, f finding) {
	status := metav1.ConditionFalse
	if f.yes {
		status = metav1.ConditionTrue
	}
	conditions.Set(&s.link.Status.Conditions, s.link.Generation, kind, status, f.Reason, f.Text)
}

func (s *scope) verdict(accepted, programmed, connected finding) conditions.Verdict {
	for _, f := range []finding{accepted, programmed, connected, s.applied()} {
		if !f.yes {
			return conditions.Verdict{Why: f.Sentence, Underway: s.underway()}
		}
	}
	return conditions.Verdict{Ready: true, Why: messages.LinkReady.Say(), Underway: s.underway()}
}

// accepted: the manifests are valid and what they refer to exists.
func (s *scope) accepted() finding {
	if s.problem != nil {
		return no(messages.Sentence{Reason: s.problem.Reason, Text: s.problem.Message, Stalled: true})
	}
	return yes(messages.LinkAccepted.Say())
}

// programmed: the children are as planned.
func (s *scope) programmed() finding {
	var taken *children.NameTakenError
	switch {
	case s.problem != nil:
		why := messages.StaysInForce.Say()
		why.Reason = s.problem.Reason
		return no(why)
	case errors.As(s.failed, &taken) && taken.Leaving:
		return no(messages.PredecessorLeaves.Say())
	case errors.As(s.failed, &taken):
		return no(messages.NameTaken.Say("kind", taken.Kind, "name", taken.Name))
	case s.failed != nil:
		return no(messages.ApplyFailed.Say())
	}
	return yes(messages.LinkProgrammed.Say())
}

// connected: the adapter of every slot is connected.
func (s *scope) connected() finding {
	if len(s.observed) == 0 {
		return no(messages.NoSlot.Say())
	}
	for _, slot := range s.observed {
		if slot.Status.Holder == "" || slot.pods.ReadyReplicas == 0 {
			return no(messages.NoHolder.Say("slot", slot.Name, "link", s.link.Name))
		}
		c := meta.FindStatusCondition(slot.Status.Conditions, v1alpha1.ConditionConnected)
		if c == nil {
			return no(messages.Connecting.Say("slot", slot.Name))
		}
		if c.Status != metav1.ConditionTrue {
			return no(s.explain(slot, *c))
		}
	}
	return yes(messages.LinkConnected.Say())
}

// applied: every slot works by the newest document.
func (s *scope) applied() finding {
	for _, slot := range s.observed {
		c := meta.FindStatusCondition(slot.Status.Conditions, v1alpha1.ConditionApplied)
		if c != nil && c.Status == metav1.ConditionFalse && c.ObservedGeneration == s.newest(slot) {
			return no(s.explain(slot, *c))
		}
		if slot.Status.ObservedGeneration != s.newest(slot) {
			return no(messages.NotApplied.Say("slot", slot.Name))
		}
	}
	return finding{yes: true}
}

// newest is the generation of the slot's newest document: the cache may not show
// yet what was applied a moment ago.
func (s *scope) newest(slot observedSlot) int64 {
	if u := s.updates[slot.Name]; u != nil {
		return max(slot.Generation, u.now.document)
	}
	return slot.Generation
}

// announce tells people once what they would want to be told: that a link is ready,
// and that it no longer is.
func (r *Reconciler) announce(s *scope) {
	now, changed := conditions.Changed(s.before.Status.Conditions, s.link.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case !changed:
	case now.Status == metav1.ConditionTrue:
		r.Recorder.Eventf(s.link, nil, corev1.EventTypeNormal, now.Reason, "Connect", "%s", now.Message)
	case s.wasReady(), meta.IsStatusConditionTrue(s.link.Status.Conditions, v1alpha1.ConditionStalled):
		r.Recorder.Eventf(s.link, nil, corev1.EventTypeWarning, now.Reason, "Reconcile", "%s", now.Message)
	}
}

func (s *scope) wasReady() bool {
	return meta.IsStatusConditionTrue(s.before.Status.Conditions, v1alpha1.ConditionReady)
}
