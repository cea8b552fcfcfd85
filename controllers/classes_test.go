package controllers_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

func TestClassComesToWhatItInherits(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("leaf", extends("middle")))
	classIs(t, "leaf", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonParentMissing)
	create(t, linkObject(ns, "support", "leaf"))
	linkIs(t, ns, "support", v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonClassNotReady)

	// The grandparent arrives last: what hangs on it mends itself.
	create(t, classObject("middle", extends("root")))
	create(t, classObject("root"))
	classIs(t, "leaf", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	linkIs(t, ns, "support", v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)

	got := get(t, "", "leaf", &v1alpha1.ImplementationClass{}).Status
	got.Conditions = nil
	root := classObject("root").Spec
	want := v1alpha1.ImplementationClassStatus{
		ObservedGeneration: 1, Driver: "csta", Handover: "Overlap", Activities: root.Activities, Parameters: root.Parameters,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

func TestClassesThatExtendEachOther(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("hen", extends("egg")))
	create(t, classObject("egg", extends("hen")))
	for _, name := range []string{"hen", "egg"} {
		classIs(t, name, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonExtendsLoop)
	}
	create(t, linkObject(ns, "support", "hen"))
	linkIs(t, ns, "support", v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonClassNotReady)

	egg := get(t, "", "egg", &v1alpha1.ImplementationClass{})
	before := egg.DeepCopy()
	egg.Spec = classObject("egg").Spec
	if err := admin.Patch(t.Context(), egg, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	classIs(t, "hen", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	linkIs(t, ns, "support", v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
}
