//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/test/harness"
)

const operatorName = "ctilink-operator"

// withoutOperator lets the slot move while no operator runs.
func withoutOperator(t *testing.T, s *scene) {
	t.Helper()
	scaleOperator(t, 0)
	deletePod(t, s)
}

// operatorReturns starts the operator again: it finds everything as it should be, and
// touches nothing.
func operatorReturns(t *testing.T, _ *scene) {
	settled(t)
	before := versions(t)
	scaleOperator(t, 2)
	operatorWorks(t)
	if diff := cmp.Diff(before, versions(t)); diff != "" {
		t.Errorf("a restarted operator changed children (-before +after):\n%s", diff)
	}
	t.Logf("A restarted operator left all %d children as they were", len(before))
}

func scaleOperator(t *testing.T, replicas int) {
	t.Helper()
	ctx := t.Context()
	_, err := h.Kubectl(ctx, "-n", harness.OperatorNamespace, "scale", "deployment/"+operatorName, "--replicas="+strconv.Itoa(replicas))
	must(t, err)
	eventually(t, time.Minute, func(ctx context.Context) error {
		var pods corev1.PodList
		err := h.Client.List(ctx, &pods, client.InNamespace(harness.OperatorNamespace), client.MatchingLabels{"app.kubernetes.io/name": operatorName})
		ready := 0
		for i := range pods.Items {
			if podReady(&pods.Items[i]) {
				ready++
			}
		}
		if err == nil && (ready != replicas || len(pods.Items) != replicas) {
			err = fmt.Errorf("%d of %d operators are ready, want %d", ready, len(pods.Items), replicas)
		}
		return err
	})
}

// settled waits until Kubernetes has nothing left to do for the slot's pods: neither
// will it write their Deployment's status.
func settled(t *testing.T) {
	t.Helper()
	bothPods(t)
	eventually(t, time.Minute, func(ctx context.Context) error {
		var pods corev1.PodList
		var d appsv1.Deployment
		err := errors.Join(
			h.Client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelLink: linkName}),
			h.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: slotName}, &d))
		if err == nil && (len(pods.Items) != 2 || d.Status.AvailableReplicas != 2 || d.Status.TerminatingReplicas != nil && *d.Status.TerminatingReplicas != 0) {
			err = fmt.Errorf("%d pods, Deployment %+v; want 2 and no change under way", len(pods.Items), d.Status)
		}
		return err
	})
}

// operatorWorks waits until the operator has come to a verdict on a link that was
// made after all others: its queue is worked off.
func operatorWorks(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	probe := &v1alpha1.CTILink{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe"}, Spec: v1alpha1.CTILinkSpec{ImplementationClass: "none-such"}}
	must(t, h.Client.Create(ctx, probe))
	defer func() { must(t, h.Client.Delete(ctx, probe)) }()
	started := time.Now()
	eventually(t, time.Minute, func(ctx context.Context) error {
		return says(ctx, probe, v1alpha1.ConditionAccepted, metav1.ConditionFalse, v1alpha1.ReasonClassNotFound)
	})
	t.Logf("The operator works again after %s", since(started))
}

// childKinds are what the operator makes for a link.
var childKinds = []schema.GroupVersionKind{
	{Group: "", Version: "v1", Kind: "Service"},
	{Group: "", Version: "v1", Kind: "ServiceAccount"},
	{Group: "", Version: "v1", Kind: "Secret"},
	{Group: "apps", Version: "v1", Kind: "Deployment"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"},
	{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
	{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
	{Group: "ctilink.io", Version: "v1alpha1", Kind: "CTISlot"},
	{Group: "coordination.k8s.io", Version: "v1", Kind: "Lease"},
}

// versions gives the resourceVersion of every child of the link; of those that the
// pods write, the Lease and the slot with its status, what the operator last wrote.
func versions(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, kind := range childKinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind)
		must(t, h.Client.List(t.Context(), list, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelLink: linkName}))
		if len(list.Items) == 0 {
			t.Errorf("the link has no %s with its label", kind.Kind)
		}
		for _, o := range list.Items {
			version := o.ResourceVersion
			if kind.Kind == "Lease" || kind.Kind == "CTISlot" {
				version = fmt.Sprintf("generation %d, %s", o.Generation, writtenBy(o.ManagedFields))
			}
			out[kind.Kind+" "+o.Name] = version
		}
	}
	return out
}

// writtenBy is when the operator last wrote an object; an apply without change does
// not count.
func writtenBy(fields []metav1.ManagedFieldsEntry) string {
	for _, f := range fields {
		if f.Manager == operatorName && f.Subresource == "" {
			return f.Time.UTC().Format(time.RFC3339)
		}
	}
	return "never"
}
