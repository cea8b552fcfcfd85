package controllers_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/certs"
)

// closing is a link of a class that serves, and is then deleted.
func closing(t *testing.T) *stepper {
	t.Helper()
	s := newStepper(t, newNamespace(t))
	create(t, linkObject(s.namespace, "support", "closing"))
	create(t, poolObject(s.namespace, "day", "support", "4001"))
	s.serveSlot()
	linkIs(t, s.namespace, "support", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	return s
}

// gone says whether the link is no more.
func (s *stepper) gone() bool {
	err := exists(s.namespace, "support", &v1alpha1.CTILink{})
	if err != nil && !apierrors.IsNotFound(err) {
		s.t.Fatal(err)
	}
	return err != nil
}

// told lists the Events so far.
func (s *stepper) told() (out []string) {
	for {
		select {
		case e := <-s.recorder.Events:
			out = append(out, e)
		default:
			return out
		}
	}
}

func (s *stepper) closesInOrder() {
	s.t.Helper()
	if s.gone() {
		s.t.Fatal("the link went before its sessions were closed")
	}
	slot := get(s.t, s.namespace, "support-0", &v1alpha1.CTISlot{})
	if !slot.Spec.IsClosing() || len(slot.Spec.Agents) != 1 {
		s.t.Errorf("the document is %v, want phase Closing and its agents", slot.Spec)
	}
	linkIs(s.t, s.namespace, "support", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonClosing)
}

func (s *stepper) wantGone(events ...string) {
	s.t.Helper()
	if !s.gone() {
		s.t.Fatal("the link is held back")
	}
	if got := slices.DeleteFunc(s.told(), func(e string) bool { return !strings.HasPrefix(e, "Warning "+v1alpha1.ReasonCloseIncomplete) }); !slices.Equal(got, events) {
		s.t.Errorf("told %q, want %q", got, events)
	}
}

const incomplete = "Warning CloseIncomplete The link went before slot support-0 had closed its sessions: "

func TestClosing(t *testing.T) {
	create(t, classObject("closing"))
	const late = incomplete + "they took longer than 1m0s. Agents may still be logged in at the CTI server."
	const nobody = incomplete + "none of its pods was ready. Agents may still be logged in at the CTI server."
	for name, tc := range map[string]struct {
		// delete the link in this way.
		delete func(*stepper)
		// end the closing; the link must wait for it.
		end    func(*stepper)
		events []string
	}{
		"in order": {delete: (*stepper).deleteLink, end: func(s *stepper) {
			report(s.t, s.namespace, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected, closed)
		}},
		"out of time, since the switch is gone": {delete: func(s *stepper) {
			report(s.t, s.namespace, "support-0", metav1.ConditionFalse, v1alpha1.ReasonDisconnected)
			s.deleteLink()
		}, end: func(s *stepper) { s.clock.SetTime(time.Now().Add(time.Minute)) }, events: []string{late}},
		"pods die meanwhile": {delete: (*stepper).deleteLink, end: func(s *stepper) {
			readyPods(s.t, s.namespace, "support-0", 0)
		}, events: []string{nobody}},
		"slot deleted by somebody": {delete: (*stepper).deleteLink, end: func(s *stepper) {
			if err := admin.Delete(s.t.Context(), get(s.t, s.namespace, "support-0", &v1alpha1.CTISlot{})); err != nil {
				s.t.Fatal(err)
			}
		}},
		"operator restarts meanwhile": {delete: (*stepper).deleteLink, end: func(s *stepper) {
			s.restart()
			report(s.t, s.namespace, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected, closed)
		}},
		"class missing, manifest wrong": {delete: func(s *stepper) {
			change(s.t, s.namespace, "support", func(l *v1alpha1.CTILink) { l.Spec.ImplementationClass = "gone" })
			s.deleteLink()
		}, end: func(s *stepper) {
			report(s.t, s.namespace, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected, closed)
		}},
		"paused": {delete: func(s *stepper) {
			change(s.t, s.namespace, "support", func(l *v1alpha1.CTILink) {
				l.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
			})
			s.deleteLink()
		}, end: func(s *stepper) {
			report(s.t, s.namespace, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected, closed)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := closing(t)
			s.told()
			tc.delete(s)
			s.settle()
			s.closesInOrder()
			tc.end(s)
			s.settle()
			s.wantGone(tc.events...)
		})
	}
}

// TestClosingIsBounded: neither a broken API nor patience that has grown holds the
// link back longer.
func TestClosingIsBounded(t *testing.T) {
	create(t, classObject("closing"))
	s := closing(t)
	s.deleteLink()
	deleted := get(t, s.namespace, "support", &v1alpha1.CTILink{}).DeletionTimestamp
	for _, tc := range []struct{ passed, want time.Duration }{
		{-time.Hour, time.Minute}, // our clock is behind
		{0, time.Minute},
		{59 * time.Second, time.Second},
	} {
		s.clock.SetTime(deleted.Add(tc.passed))
		if result, err := s.reconcile(s.link, "support"); err != nil || result.RequeueAfter != tc.want {
			t.Errorf("after %v it looks again in %v, %v; want %v", tc.passed, result.RequeueAfter, err, tc.want)
		}
	}
}

// TestClosingInANamespaceThatGoes: nothing can be made there any more, and the link
// must not hold the namespace back.
func TestClosingInANamespaceThatGoes(t *testing.T) {
	create(t, classObject("closing"))
	s := closing(t)
	if err := admin.Delete(t.Context(), get(t, "", s.namespace, &corev1.Namespace{})); err != nil {
		t.Fatal(err)
	}
	// A reconcile that did not see it yet.
	if _, err := s.step(); err != nil {
		t.Errorf("before the link is deleted: %v", err)
	}
	s.deleteLink() // as the namespace controller does
	s.settle()
	s.closesInOrder()
	if err := admin.DeleteAllOf(t.Context(), &v1alpha1.CTISlot{}, client.InNamespace(s.namespace)); err != nil {
		t.Fatal(err)
	}
	s.settle()
	s.wantGone()
}

// TestFinalizerComesFirst: without it nothing is made, or sessions could outlive
// their link.
func TestFinalizerComesFirst(t *testing.T) {
	create(t, classObject("closing"))
	s := newStepper(t, newNamespace(t))
	create(t, linkObject(s.namespace, "support", "closing"))
	if _, err := (&certs.Store{Client: s.client, Namespace: operatorNamespace, Clock: s.clock}).Authority(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.cut = s.writes
	tried, err := s.step()
	if !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	if tried != 2 { // the finalizer, and the status that says so
		t.Errorf("%d writes were tried without a finalizer", tried)
	}
}

// TestNoChildrenNoFinalizer: a link that never got children needs no operator to go.
func TestNoChildrenNoFinalizer(t *testing.T) {
	s := newStepper(t, newNamespace(t))
	create(t, linkObject(s.namespace, "support", "no-such-class"))
	s.settle()
	if l := get(t, s.namespace, "support", &v1alpha1.CTILink{}); len(l.Finalizers) > 0 {
		t.Errorf("finalizers %v", l.Finalizers)
	}
}

// TestForeignSlotIsNotClosed: a slot of the name that belongs to another link.
func TestForeignSlotIsNotClosed(t *testing.T) {
	create(t, classObject("closing"))
	s := newStepper(t, newNamespace(t))
	foreign := &v1alpha1.CTISlot{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "support-0"},
		Spec: v1alpha1.CTISlotSpec{LinkName: "support", Class: "x", Driver: "x"}}
	create(t, foreign)
	create(t, linkObject(s.namespace, "support", "closing"))
	s.settle()
	linkIs(t, s.namespace, "support", v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonNameTaken)
	s.deleteLink()
	s.settle()
	s.wantGone()
	if got := get(t, s.namespace, "support-0", &v1alpha1.CTISlot{}); got.Spec.IsClosing() {
		t.Error("somebody else's slot was closed")
	}
}
