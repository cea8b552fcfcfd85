package controllers_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

func TestAgentThatTwoPoolsClaim(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("conflict"))
	create(t, linkObject(ns, "support", "conflict"))
	// Creation times have whole seconds: of two pools of the same second the name
	// decides.
	create(t, poolObject(ns, "a", "support", "4001", "4002"))
	create(t, poolObject(ns, "b", "support", "4002", "4003"))
	poolIs(t, ns, "b", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonAgentConflict)
	poolIs(t, ns, "b", v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonAgentConflict)
	agentsAre(t, ns, "support-0", "4001/a", "4002/a", "4003/b")
	serve(t, ns, "support")
	poolIs(t, ns, "a", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

	// The older pool goes, and the younger gets all of its agents.
	if err := admin.Delete(t.Context(), get(t, ns, "a", &v1alpha1.AgentPool{})); err != nil {
		t.Fatal(err)
	}
	poolIs(t, ns, "b", v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAccepted)
	agentsAre(t, ns, "support-0", "4002/b", "4003/b")
}

func agentsAre(t *testing.T, namespace, slot string, want ...string) {
	t.Helper()
	eventually(t, func() error {
		s := &v1alpha1.CTISlot{}
		if err := exists(namespace, slot, s); err != nil {
			return err
		}
		var got []string
		for _, a := range s.Spec.Agents {
			got = append(got, fmt.Sprintf("%s/%s", a.ID, a.Pool))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return errors.New("agents (-want +got):\n" + diff)
		}
		return nil
	})
}
