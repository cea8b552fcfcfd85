//go:build e2e

package e2e

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// says checks that the object's newest generation has the condition; the object is
// read anew.
func says(ctx context.Context, o client.Object, kind string, status metav1.ConditionStatus, reason string) error {
	c, err := condition(ctx, o, kind)
	if err != nil {
		return err
	}
	if c.Status != status || c.Reason != reason || c.ObservedGeneration != o.GetGeneration() {
		return fmt.Errorf("%s says %s is %s for %s at generation %d (%q), want %s for %s at generation %d",
			o.GetName(), kind, c.Status, c.Reason, c.ObservedGeneration, c.Message, status, reason, o.GetGeneration())
	}
	return nil
}

// condition reads the object anew and gives one of its conditions.
func condition(ctx context.Context, o client.Object, kind string) (metav1.Condition, error) {
	if err := h.Client.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
		return metav1.Condition{}, err
	}
	c := findCondition(o, kind)
	if c == nil {
		return metav1.Condition{}, fmt.Errorf("%s has no condition %s", o.GetName(), kind)
	}
	return *c, nil
}

func findCondition(o client.Object, kind string) *metav1.Condition {
	return meta.FindStatusCondition(conditionsOf(o), kind)
}

func conditionsOf(o client.Object) []metav1.Condition {
	switch o := o.(type) {
	case *v1alpha1.CTILink:
		return o.Status.Conditions
	case *v1alpha1.AgentPool:
		return o.Status.Conditions
	case *v1alpha1.CTISlot:
		return o.Status.Conditions
	case *v1alpha1.ImplementationClass:
		return o.Status.Conditions
	}
	panic(fmt.Sprintf("%T has no conditions", o))
}
