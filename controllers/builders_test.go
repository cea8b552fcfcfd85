package controllers_test

import (
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

func classObject(name string, change ...func(*v1alpha1.ImplementationClassSpec)) *v1alpha1.ImplementationClass {
	c := &v1alpha1.ImplementationClass{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.ImplementationClassSpec{
			Driver: "csta",
			Parameters: []v1alpha1.Parameter{
				{Name: "address", Type: "hostPort", Presence: v1alpha1.PresenceRequired},
				{Name: "mode", Type: "enum", Enum: []string{"fast", "safe"}, Default: "safe"},
				{Name: "password", Type: "string", Sensitivity: v1alpha1.SensitivitySecret},
			},
			Activities: []string{"AnswerCall"},
			Handover:   "Overlap",
		},
	}
	for _, f := range change {
		f(&c.Spec)
	}
	return c
}

func extends(parent string) func(*v1alpha1.ImplementationClassSpec) {
	return func(s *v1alpha1.ImplementationClassSpec) {
		*s = v1alpha1.ImplementationClassSpec{Extends: parent}
	}
}

func linkObject(namespace, name, class string, change ...func(*v1alpha1.CTILinkSpec)) *v1alpha1.CTILink {
	l := &v1alpha1.CTILink{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1alpha1.CTILinkSpec{
			ImplementationClass: class,
			Config:              map[string]string{"address": "pbx.example.test:4721"},
		},
	}
	for _, f := range change {
		f(&l.Spec)
	}
	return l
}

func poolObject(namespace, name, link string, agents ...string) *v1alpha1.AgentPool {
	p := &v1alpha1.AgentPool{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1alpha1.AgentPoolSpec{LinkRef: v1alpha1.LocalObjectReference{Name: link}},
	}
	for _, id := range agents {
		p.Spec.Agents = append(p.Spec.Agents, v1alpha1.Agent{ID: id})
	}
	return p
}

// is complains unless a condition has the status and the reason, and speaks of the
// object's own generation.
func is(o client.Object, list []metav1.Condition, kind string, status metav1.ConditionStatus, reason string) error {
	if err := clean(o, list); err != nil {
		return err
	}
	c := meta.FindStatusCondition(list, kind)
	if c == nil {
		return fmt.Errorf("%s has no condition %s", o.GetName(), kind)
	}
	if c.Status != status || c.Reason != reason || c.ObservedGeneration != o.GetGeneration() {
		return fmt.Errorf("%s: %s is %s, %s (%s) at generation %d; want %s, %s at %d", o.GetName(), kind,
			c.Status, c.Reason, c.Message, c.ObservedGeneration, status, reason, o.GetGeneration())
	}
	return nil
}

func linkIs(t *testing.T, namespace, name, kind string, status metav1.ConditionStatus, reason string) {
	t.Helper()
	eventually(t, func() error {
		l := get(t, namespace, name, &v1alpha1.CTILink{})
		return is(l, l.Status.Conditions, kind, status, reason)
	})
}

// linkGoes waits until the operator has let a deleted link go.
func linkGoes(t *testing.T, namespace, name string) {
	t.Helper()
	eventually(t, func() error {
		if err := exists(namespace, name, &v1alpha1.CTILink{}); !apierrors.IsNotFound(err) {
			return fmt.Errorf("the link is still there: %v", err)
		}
		return nil
	})
}

func poolIs(t *testing.T, namespace, name, kind string, status metav1.ConditionStatus, reason string) {
	t.Helper()
	eventually(t, func() error {
		p := get(t, namespace, name, &v1alpha1.AgentPool{})
		return is(p, p.Status.Conditions, kind, status, reason)
	})
}

func classIs(t *testing.T, name, kind string, status metav1.ConditionStatus, reason string) {
	t.Helper()
	eventually(t, func() error {
		c := get(t, "", name, &v1alpha1.ImplementationClass{})
		return is(c, c.Status.Conditions, kind, status, reason)
	})
}

// readyPods is what the Deployment controller would report.
func readyPods(t *testing.T, namespace, slot string, n int32) {
	t.Helper()
	d := get(t, namespace, slot, &appsv1.Deployment{})
	before := d.DeepCopy()
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation, Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: n, AvailableReplicas: n,
	}
	if err := admin.Status().Patch(t.Context(), d, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// report is what a runtime pod writes that holds the slot and has applied the
// newest document.
func report(t *testing.T, namespace, slot string, connected metav1.ConditionStatus, reason string, change ...func(*v1alpha1.CTISlotStatus)) {
	t.Helper()
	s := get(t, namespace, slot, &v1alpha1.CTISlot{})
	before := s.DeepCopy()
	s.Status.Holder = slot + "-pod"
	s.Status.Epoch = 1
	s.Status.ObservedGeneration = s.Generation
	set := func(kind string, status metav1.ConditionStatus, reason string) {
		meta.SetStatusCondition(&s.Status.Conditions, metav1.Condition{
			Type: kind, Status: status, Reason: reason, ObservedGeneration: s.Generation, Message: "the peer said: secret-marker"})
	}
	set(v1alpha1.ConditionApplied, metav1.ConditionTrue, v1alpha1.ReasonApplied)
	set(v1alpha1.ConditionConnected, connected, reason)
	for _, f := range change {
		f(&s.Status)
	}
	if err := admin.Status().Patch(t.Context(), s, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

// serve does what pods would do, as often as the document changes, until the link
// is ready.
func serve(t *testing.T, namespace, link string) {
	t.Helper()
	slot := link + "-0"
	linkIs(t, namespace, link, v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	readyPods(t, namespace, slot, 2)
	eventually(t, func() error {
		if s := get(t, namespace, slot, &v1alpha1.CTISlot{}); s.Status.ObservedGeneration != s.Generation {
			report(t, namespace, slot, metav1.ConditionTrue, v1alpha1.ReasonConnected)
		}
		l := get(t, namespace, link, &v1alpha1.CTILink{})
		return is(l, l.Status.Conditions, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	})
}

// wantEvents waits until each of the messages was told once about objects of a kind.
func wantEvents(t *testing.T, namespace, kind string, messages ...string) {
	t.Helper()
	eventually(t, func() error {
		var list eventsv1.EventList
		if err := admin.List(t.Context(), &list, client.InNamespace(namespace)); err != nil {
			return err
		}
		times := map[string]int32{}
		for _, e := range list.Items {
			if e.Regarding.Kind == kind {
				times[e.Note]++
				if e.Series != nil {
					times[e.Note] += e.Series.Count
				}
			}
		}
		for _, m := range messages {
			if times[m] != 1 {
				return fmt.Errorf("%q was told %d times; Events are %v", m, times[m], times)
			}
		}
		return nil
	})
}

func eachObject(t *testing.T, list client.ObjectList, f func(client.Object)) {
	t.Helper()
	err := meta.EachListItem(list, func(o runtime.Object) error {
		f(o.(client.Object))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
