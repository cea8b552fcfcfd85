package controllers_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

func podObject(namespace, name string, labels map[string]string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "runtime", Image: "x"}}},
	}
}

// TestHolderCostsMore: the pod that holds the slot is the last to be taken away.
func TestHolderCostsMore(t *testing.T) {
	create(t, classObject("holder"))
	s := newStepper(t, newNamespace(t))
	create(t, linkObject(s.namespace, "support", "holder"))
	s.serveSlot()
	labels := get(t, s.namespace, "support-0", &v1alpha1.CTISlot{}).Labels
	create(t, podObject(s.namespace, "support-0-a", labels))
	create(t, podObject(s.namespace, "support-0-b", labels))
	create(t, podObject(s.namespace, "stranger", nil))
	for _, holder := range []string{"support-0-a", "support-0-b"} {
		report(t, s.namespace, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected, func(st *v1alpha1.CTISlotStatus) { st.Holder = holder })
		s.settle() // and writes no more
		for _, name := range []string{"support-0-a", "support-0-b", "stranger"} {
			want := ""
			if name == holder {
				want = "100"
			}
			if got := get(t, s.namespace, name, &corev1.Pod{}).Annotations[corev1.PodDeletionCost]; got != want {
				t.Errorf("%s holds: the deletion cost of %s is %q, want %q", holder, name, got, want)
			}
		}
	}
}

// TestHolderIsMarkedWhenItsPodIsSeen: the slot may name its holder before the
// operator's cache has the pod.
func TestHolderIsMarkedWhenItsPodIsSeen(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("holder"))
	create(t, linkObject(ns, "support", "holder"))
	serve(t, ns, "support") // held by support-0-pod, which does not exist
	create(t, podObject(ns, "support-0-pod", get(t, ns, "support-0", &v1alpha1.CTISlot{}).Labels))
	eventually(t, func() error {
		if cost := get(t, ns, "support-0-pod", &corev1.Pod{}).Annotations[corev1.PodDeletionCost]; cost != "100" {
			return fmt.Errorf("the deletion cost is %q", cost)
		}
		return nil
	})
}
