package controllers_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

func TestLinkFollowsItsSlots(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("follow"))
	create(t, linkObject(ns, "support", "follow"))
	create(t, poolObject(ns, "day", "support", "4001", "4002"))

	linkIs(t, ns, "support", v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	linkIs(t, ns, "support", v1alpha1.ConditionConnected, metav1.ConditionFalse, v1alpha1.ReasonNoHolder)
	linkIs(t, ns, "support", v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonNoHolder)
	poolIs(t, ns, "day", v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	agentsAre(t, ns, "support-0", "4001/day", "4002/day")

	serve(t, ns, "support")
	linkIs(t, ns, "support", v1alpha1.ConditionReconciling, metav1.ConditionFalse, v1alpha1.ReasonReady)
	poolIs(t, ns, "day", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

	// Another document: not ready until a pod has applied it.
	create(t, poolObject(ns, "night", "support", "4003"))
	linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	report(t, ns, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected, func(s *v1alpha1.CTISlotStatus) {
		s.Sessions = 2
		s.SessionsByPool = []v1alpha1.PoolSessions{{Pool: "day", Sessions: 2}}
	})
	linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	poolIs(t, ns, "night", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

	want := v1alpha1.CTILinkStatus{ObservedGeneration: 1, Slots: new(int32(1)), Pools: new(int32(2)), Agents: new(int32(3)), Sessions: new(int32(2)),
		Endpoint: "https://support." + ns + ".svc:8443", TokenSecret: "support-desktop-token"}
	eventually(t, func() error {
		got := get(t, ns, "support", &v1alpha1.CTILink{}).Status
		got.Conditions = nil
		if diff := cmp.Diff(want, got); diff != "" {
			return errors.New("status (-want +got):\n" + diff)
		}
		if n := get(t, ns, "day", &v1alpha1.AgentPool{}).Status.Sessions; n == nil || *n != 2 {
			return fmt.Errorf("the pool has %v sessions", n)
		}
		return nil
	})
}

func TestLinkSaysWhyItIsNotReady(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("why"))
	create(t, linkObject(ns, "support", "why"))
	serve(t, ns, "support")

	for _, tc := range []struct {
		reason, want string
		stalled      metav1.ConditionStatus
	}{
		{v1alpha1.ReasonConnecting, v1alpha1.ReasonConnecting, metav1.ConditionFalse},
		{v1alpha1.ReasonDisconnected, v1alpha1.ReasonDisconnected, metav1.ConditionFalse},
		{v1alpha1.ReasonAuthFailed, v1alpha1.ReasonAuthFailed, metav1.ConditionTrue},
		{v1alpha1.ReasonLicence, v1alpha1.ReasonLicence, metav1.ConditionTrue},
		{"SomethingNobodyKnows", v1alpha1.ReasonDisconnected, metav1.ConditionFalse},
	} {
		report(t, ns, "support-0", metav1.ConditionFalse, tc.reason)
		linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionFalse, tc.want)
		l := get(t, ns, "support", &v1alpha1.CTILink{})
		for _, c := range l.Status.Conditions {
			if strings.Contains(c.Message, "secret-marker") {
				t.Errorf("%s: a peer's words reached the status: %s", tc.reason, c.Message)
			}
			if c.Type == v1alpha1.ConditionStalled && c.Status != tc.stalled {
				t.Errorf("%s: Stalled is %s, want %s", tc.reason, c.Status, tc.stalled)
			}
		}
	}
	report(t, ns, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected)
	linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	readyPods(t, ns, "support-0", 0)
	linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNoHolder)
}

func TestMistakeMendsItselfAndKeepsWhatWorks(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, linkObject(ns, "support", "late"))
	create(t, poolObject(ns, "day", "missing", "4001"))
	linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonClassNotFound)
	linkIs(t, ns, "support", v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonClassNotFound)
	poolIs(t, ns, "day", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonLinkNotFound)

	create(t, classObject("late"))
	serve(t, ns, "support")

	create(t, linkObject(ns, "missing", "late"))
	poolIs(t, ns, "day", v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)

	// A bad configuration is refused whole; the last good one stays in force.
	good := get(t, ns, "support-0", &v1alpha1.CTISlot{})
	change(t, ns, "support", func(l *v1alpha1.CTILink) { l.Spec.Config["colour"] = "red" })
	linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonInvalidConfig)
	linkIs(t, ns, "support", v1alpha1.ConditionConnected, metav1.ConditionTrue, v1alpha1.ReasonConnected)
	if diff := cmp.Diff(good.Spec, get(t, ns, "support-0", &v1alpha1.CTISlot{}).Spec); diff != "" {
		t.Errorf("a refused configuration changed the slot (-want +got):\n%s", diff)
	}
	change(t, ns, "support", func(l *v1alpha1.CTILink) { delete(l.Spec.Config, "colour") })
	linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
}

func change(t *testing.T, namespace, name string, f func(*v1alpha1.CTILink)) {
	t.Helper()
	l := get(t, namespace, name, &v1alpha1.CTILink{})
	before := l.DeepCopy()
	f(l)
	if err := admin.Patch(t.Context(), l, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

func TestDeletedLinkIsNotReconciled(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("deleted"))
	create(t, linkObject(ns, "support", "deleted"))
	create(t, poolObject(ns, "day", "support", "4001"))
	poolIs(t, ns, "day", v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	if err := admin.Delete(t.Context(), get(t, ns, "support", &v1alpha1.CTILink{})); err != nil {
		t.Fatal(err)
	}
	poolIs(t, ns, "day", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonLinkNotFound)
	if err := exists(ns, "support", &v1alpha1.CTILink{}); !apierrors.IsNotFound(err) {
		t.Errorf("the link is held back: %v", err)
	}
}

func TestPeopleAreToldOnce(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, linkObject(ns, "support", "told"))
	linkIs(t, ns, "support", v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonClassNotFound)
	create(t, classObject("told"))
	serve(t, ns, "support")
	touch(t, ns, "support-0", 1)
	report(t, ns, "support-0", metav1.ConditionFalse, v1alpha1.ReasonDisconnected)
	report(t, ns, "support-0", metav1.ConditionFalse, v1alpha1.ReasonConnecting)
	linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonConnecting)

	eventually(t, func() error {
		var list eventsv1.EventList
		if err := admin.List(t.Context(), &list, client.InNamespace(ns)); err != nil {
			return err
		}
		got := map[string]int{}
		for _, e := range list.Items {
			if e.Regarding.Kind == "CTILink" {
				got[e.Type+" "+e.Reason]++
			}
		}
		// Between Disconnected and Connecting the operator may see the latter alone.
		lost := got["Warning Disconnected"] + got["Warning Connecting"]
		delete(got, "Warning Disconnected")
		delete(got, "Warning Connecting")
		want := map[string]int{"Warning ClassNotFound": 1, "Normal Ready": 1}
		if diff := cmp.Diff(want, got); diff != "" || lost != 1 {
			return fmt.Errorf("%d times lost, events (-want +got):\n%s", lost, diff)
		}
		return nil
	})
}
