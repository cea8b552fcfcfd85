package ctilink

import (
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/children"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
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
	accepted, programmed, connected := s.accepted(), s.programmed(), s.connected()
	s.set(v1alpha1.ConditionAccepted, v1alpha1.ReasonAccepted, accepted)
	s.set(v1alpha1.ConditionProgrammed, v1alpha1.ReasonProgrammed, programmed)
	s.set(v1alpha1.ConditionConnected, v1alpha1.ReasonConnected, connected)
	conditions.Summarize(&status.Conditions, s.link.Generation, s.verdict(accepted, programmed, connected))
}

func (s *scope) sessions() (n int32) {
	for _, slot := range s.observed {
		n += slot.Status.Sessions
	}
	return n
}

// finding is the answer to one question; the zero value of its reason says yes.
type finding struct {
	reason  string
	message string
	stalled bool
}

func yes(message string) finding { return finding{message: message} }

func (s *scope) set(kind, reason string, f finding) {
	status := metav1.ConditionTrue
	if f.reason != "" {
		status, reason = metav1.ConditionFalse, f.reason
	}
	conditions.Set(&s.link.Status.Conditions, s.link.Generation, kind, status, reason, f.message)
}

func (s *scope) verdict(accepted, programmed, connected finding) conditions.Verdict {
	for _, f := range []finding{accepted, programmed, connected, s.applied()} {
		if f.reason != "" {
			return conditions.Verdict{Stalled: f.stalled, Reason: f.reason, Message: f.message}
		}
	}
	return conditions.Verdict{Ready: true, Message: "Every slot has applied the newest document and is connected."}
}

// accepted: the manifests are valid and what they refer to exists.
func (s *scope) accepted() finding {
	if s.problem != nil {
		return finding{s.problem.Reason, s.problem.Message, true}
	}
	return yes("The class is known and the configuration is valid.")
}

// programmed: the children are as planned.
func (s *scope) programmed() finding {
	var taken *children.NameTakenError
	switch {
	case s.problem != nil:
		return finding{s.problem.Reason, "What was accepted before stays in force until the manifest is mended; see Accepted.", true}
	case errors.As(s.failed, &taken) && taken.Leaving:
		return finding{v1alpha1.ReasonProgressing, "The objects of a deleted link of the same name are not all gone yet.", false}
	case errors.As(s.failed, &taken):
		return finding{v1alpha1.ReasonNameTaken,
			fmt.Sprintf("%s %q exists and does not belong to this link; remove it, or give the link another name.", taken.Kind, taken.Name), true}
	case s.failed != nil:
		return finding{v1alpha1.ReasonApplyFailed, "An object of the link could not be written and is tried again; the operator's log says why.", false}
	}
	return yes("Every object of the link is applied.")
}

// connected: the adapter of every slot is connected.
func (s *scope) connected() finding {
	if len(s.observed) == 0 {
		return finding{v1alpha1.ReasonNoHolder, "No pod has taken a slot yet.", false}
	}
	for _, slot := range s.observed {
		if slot.Status.Holder == "" || slot.readyPods == 0 {
			return finding{v1alpha1.ReasonNoHolder,
				fmt.Sprintf("No pod of slot %s is ready; see kubectl describe pods -l %s=%s.", slot.Name, v1alpha1.LabelLink, s.link.Name), false}
		}
		c := meta.FindStatusCondition(slot.Status.Conditions, v1alpha1.ConditionConnected)
		if c == nil {
			return explain(slot.Name, v1alpha1.ReasonConnecting)
		}
		if c.Status != metav1.ConditionTrue {
			return explain(slot.Name, c.Reason)
		}
	}
	return yes("Every slot is connected to the CTI server.")
}

// applied: every slot works by the newest document.
func (s *scope) applied() finding {
	for _, slot := range s.observed {
		newest := max(slot.Generation, s.documents[slot.Name])
		c := meta.FindStatusCondition(slot.Status.Conditions, v1alpha1.ConditionApplied)
		if c != nil && c.Status == metav1.ConditionFalse && c.ObservedGeneration == newest {
			return explain(slot.Name, c.Reason)
		}
		if slot.Status.ObservedGeneration != newest {
			return explain(slot.Name, v1alpha1.ReasonProgressing)
		}
	}
	return finding{}
}

// explanations say in our words what a pod reports by its reason: the pod's own
// message could carry what a CTI server said.
var explanations = map[string]finding{
	v1alpha1.ReasonConnecting:    {message: "slot %s is connecting to the CTI server"},
	v1alpha1.ReasonDisconnected:  {message: "slot %s cannot reach the CTI server and keeps trying; check its address in spec.config and the network"},
	v1alpha1.ReasonProgressing:   {message: "slot %s has yet to apply the newest document"},
	v1alpha1.ReasonPending:       {message: "slot %s has yet to apply the newest document"},
	v1alpha1.ReasonAuthFailed:    {message: "the CTI server refuses the login of slot %s; check the credentials in the objects that spec.configFrom names", stalled: true},
	v1alpha1.ReasonLicence:       {message: "the CTI server has no licence left for slot %s; free or buy licences", stalled: true},
	v1alpha1.ReasonInvalidConfig: {message: "slot %s lacks a key or has a malformed one in the objects that spec.configFrom names; its own conditions say which", stalled: true},
	v1alpha1.ReasonUnknownDriver: {message: "the runtime image has no driver of the name that slot %s asks for; correct spec.driver of the class", stalled: true},
}

func explain(slot, reason string) finding {
	f, ok := explanations[reason]
	if !ok {
		reason = v1alpha1.ReasonDisconnected
		f = explanations[reason]
	}
	f.reason = reason
	f.message = sentence(fmt.Sprintf(f.message, slot))
	return f
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

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
