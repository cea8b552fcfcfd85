package controllers_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	apps "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// TestPortraitsClientsChangeAtWork: what old clients need reaches the slot's document without
// another pod, and a mistake in it changes nothing.
func TestPortraitsClientsChangeAtWork(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, driverClass("old-desks"))
	create(t, linkObject(ns, "support", "old-desks"))
	serve(t, ns, "support")
	pods := get(t, ns, "support-0", &apps.Deployment{}).Generation
	called := func(ours string) func(*v1alpha1.CTILink) {
		return func(l *v1alpha1.CTILink) {
			l.Spec.Desktop.Portrait = &v1alpha1.PortraitFront{SocketTimeoutSeconds: 300, Names: map[string]v1alpha1.PortraitName{ours: "MakeCall"}}
		}
	}

	change(t, ns, "support", called("MAKECALL"))
	want := &v1alpha1.PortraitFront{SocketTimeoutSeconds: 300, Names: map[string]v1alpha1.PortraitName{"MAKECALL": "MakeCall"}}
	inForce := func() error {
		if diff := cmp.Diff(want, get(t, ns, "support-0", &v1alpha1.CTISlot{}).Spec.Portrait); diff != "" {
			return errors.New("portrait (-want +got):\n" + diff)
		}
		return nil
	}
	eventually(t, inForce)
	says(t, ns, "support", v1alpha1.ConditionReconciling, v1alpha1.ReasonProgressing, "Slot support-0 takes over a change while it works: Portrait front changed.")

	change(t, ns, "support", called("MAKECAL"))
	linkAccepts(t, ns, "support", metav1.ConditionFalse, v1alpha1.ReasonInvalidConfig,
		"spec.desktop.portrait.names.MAKECAL is no name of the tables in docs/portrait.md; correct it or leave it out.")
	if err := inForce(); err != nil {
		t.Error(err)
	}
	if now := get(t, ns, "support-0", &apps.Deployment{}).Generation; now != pods {
		t.Errorf("the pods were replaced: generation %d, then %d", pods, now)
	}
}
