package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

func TestNothingIsWrittenTwice(t *testing.T) {
	ns := newNamespace(t)
	stop := startOperator(t, ns)
	create(t, classObject("once"))
	create(t, linkObject(ns, "support", "once", func(s *v1alpha1.CTILinkSpec) {
		s.ConfigFrom = []v1alpha1.ConfigSource{{SecretRef: &v1alpha1.LocalObjectReference{Name: "login"}}}
	}))
	create(t, poolObject(ns, "day", "support", "4001"))
	agentsAre(t, ns, "support-0", "4001/day")
	serve(t, ns, "support")
	poolIs(t, ns, "day", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	before := versions(t, ns)
	if len(before) != 14 {
		t.Fatalf("found %d objects of the link: %v", len(before), before)
	}

	// A second reconcile, and one whose effect on the link can be waited for.
	touch(t, ns, "support-0", 7)
	touch(t, ns, "support-0", 0)
	if diff := cmp.Diff(before, versions(t, ns)); diff != "" {
		t.Errorf("a second reconcile wrote (-before +after):\n%s", diff)
	}

	stop()
	startOperator(t, ns)
	touch(t, ns, "support-0", 7)
	touch(t, ns, "support-0", 0)
	if diff := cmp.Diff(before, versions(t, ns)); diff != "" {
		t.Errorf("a restarted operator wrote (-before +after):\n%s", diff)
	}
}

// touch changes a count in the slot and waits until the link shows it, so that a
// reconcile has certainly run.
func touch(t *testing.T, namespace, slot string, sessions int32) {
	t.Helper()
	report(t, namespace, slot, metav1.ConditionTrue, v1alpha1.ReasonConnected, func(s *v1alpha1.CTISlotStatus) { s.Sessions = sessions })
	eventually(t, func() error {
		if n := get(t, namespace, strings.TrimSuffix(slot, "-0"), &v1alpha1.CTILink{}).Status.Sessions; n == nil || *n != sessions {
			return fmt.Errorf("the link shows %v sessions, want %d", n, sessions)
		}
		return nil
	})
}

// versions lists what the operator wrote in a namespace: a child by its
// resourceVersion, a slot by its generation (the test itself writes its status).
func versions(t *testing.T, namespace string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, list := range []client.ObjectList{
		&appsv1.DeploymentList{}, &corev1.ServiceList{}, &corev1.ServiceAccountList{}, &corev1.SecretList{},
		&rbacv1.RoleBindingList{}, &networkingv1.NetworkPolicyList{}, &policyv1.PodDisruptionBudgetList{},
		&coordinationv1.LeaseList{}, &v1alpha1.CTISlotList{}, &v1alpha1.AgentPoolList{}, &v1alpha1.CTILinkList{},
	} {
		if err := admin.List(t.Context(), list, client.InNamespace(namespace)); err != nil {
			t.Fatal(err)
		}
		eachObject(t, list, func(o client.Object) {
			version := o.GetResourceVersion()
			switch o.(type) {
			case *rbacv1.RoleBinding:
				if metav1.GetControllerOf(o) == nil {
					return // the operator's own rights
				}
			case *v1alpha1.CTISlot, *v1alpha1.CTILink:
				version = fmt.Sprint("generation ", o.GetGeneration())
			}
			out[fmt.Sprintf("%T/%s", o, o.GetName())] = version
		})
	}
	return out
}

func TestChildThatSomebodyChangedIsPutRight(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("drift"))
	create(t, linkObject(ns, "support", "drift"))
	serve(t, ns, "support")

	d := get(t, ns, "support-0", &appsv1.Deployment{})
	d.Spec.Replicas = new(int32(7))
	if err := admin.Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	lease := get(t, ns, "support-0", &coordinationv1.Lease{})
	for _, o := range []client.Object{get(t, ns, "support", &corev1.Service{}), lease} {
		if err := admin.Delete(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() error {
		if n := *get(t, ns, "support-0", &appsv1.Deployment{}).Spec.Replicas; n != 2 {
			return fmt.Errorf("the Deployment has %d replicas", n)
		}
		return errors.Join(exists(ns, "support", &corev1.Service{}), exists(ns, "support-0", &coordinationv1.Lease{}))
	})
}

func exists(namespace, name string, o client.Object) error {
	return admin.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: name}, o)
}

func TestLeaseBelongsToThePods(t *testing.T) {
	ns := newNamespace(t)
	stop := startOperator(t, ns)
	create(t, classObject("lease"))
	create(t, linkObject(ns, "support", "lease"))
	linkIs(t, ns, "support", v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)

	lease := get(t, ns, "support-0", &coordinationv1.Lease{})
	lease.Spec.HolderIdentity = new("pod-uid+nonce")
	lease.Annotations = map[string]string{v1alpha1.AnnotationEpoch: "12"}
	if err := admin.Update(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	stop()
	startOperator(t, ns)
	serve(t, ns, "support")
	touch(t, ns, "support-0", 3)
	got := get(t, ns, "support-0", &coordinationv1.Lease{})
	if diff := cmp.Diff(lease.Spec, got.Spec); diff != "" || got.Annotations[v1alpha1.AnnotationEpoch] != "12" {
		t.Errorf("the operator touched the Lease: %v %s", got.Annotations, diff)
	}
}

func TestSecretsAreMadeOnceAndSurvive(t *testing.T) {
	ns := newNamespace(t)
	stop := startOperator(t, ns)
	create(t, classObject("secrets"))
	create(t, linkObject(ns, "support", "secrets"))
	linkIs(t, ns, "support", v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	var before corev1.SecretList
	if err := admin.List(t.Context(), &before, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	if len(before.Items) != 3 {
		t.Fatalf("%d Secrets, want 3", len(before.Items))
	}
	authority := get(t, operatorNamespace, "ctilink-ca", &corev1.Secret{})

	stop()
	startOperator(t, ns)
	serve(t, ns, "support")
	touch(t, ns, "support-0", 1)
	var after corev1.SecretList
	if err := admin.List(t.Context(), &after, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Items, after.Items); diff != "" {
		t.Errorf("Secrets changed: %s", diff)
	}
	if got := get(t, operatorNamespace, "ctilink-ca", &corev1.Secret{}); got.UID != authority.UID {
		t.Error("the authority was made again")
	}

	// A Secret that is lost comes back once the pods miss it.
	if err := admin.Delete(t.Context(), get(t, ns, "support-desktop-token", &corev1.Secret{})); err != nil {
		t.Fatal(err)
	}
	readyPods(t, ns, "support-0", 0)
	eventually(t, func() error { return exists(ns, "support-desktop-token", &corev1.Secret{}) })
}

func TestForeignServiceIsLeftAlone(t *testing.T) {
	ns := newNamespace(t)
	pbx := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "pbx"},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": "pbx"}, Ports: []corev1.ServicePort{{Port: 5038}}},
	}
	create(t, pbx)
	startOperator(t, ns)
	create(t, classObject("foreign"))
	create(t, linkObject(ns, "pbx", "foreign"))
	linkIs(t, ns, "pbx", v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonNameTaken)
	if got := get(t, ns, "pbx", &corev1.Service{}); got.ResourceVersion != pbx.ResourceVersion {
		t.Errorf("the Service was changed: %v", got.Spec)
	}
}

// TestLinkFollowsADeletedOne: the garbage collector, which this API server lacks,
// takes the children of a deleted link in any order, when its successor of the same
// name is already there.
func TestLinkFollowsADeletedOne(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("again"))
	create(t, linkObject(ns, "support", "again"))
	linkIs(t, ns, "support", v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	old := get(t, ns, "support", &v1alpha1.CTILink{})
	if err := admin.Delete(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	linkGoes(t, ns, "support")
	create(t, linkObject(ns, "support", "again"))
	linkIs(t, ns, "support", v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	linkIs(t, ns, "support", v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonNotStalled)

	collect := func(list client.ObjectList) {
		if err := admin.List(t.Context(), list, client.InNamespace(ns)); err != nil {
			t.Fatal(err)
		}
		eachObject(t, list, func(o client.Object) {
			if ref := metav1.GetControllerOf(o); ref != nil && ref.UID == old.UID {
				if err := admin.Delete(t.Context(), o); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	for _, list := range []client.ObjectList{
		&appsv1.DeploymentList{}, &corev1.ServiceList{}, &corev1.ServiceAccountList{}, &rbacv1.RoleBindingList{},
		&networkingv1.NetworkPolicyList{}, &policyv1.PodDisruptionBudgetList{}, &v1alpha1.CTISlotList{}, &coordinationv1.LeaseList{},
	} {
		collect(list)
	}
	linkIs(t, ns, "support", v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	collect(&corev1.SecretList{})
	eventually(t, func() error { return exists(ns, "support-session-key", &corev1.Secret{}) })
}

func TestPodsAreRestricted(t *testing.T) {
	ns := newNamespace(t)
	namespace := get(t, "", ns, &corev1.Namespace{})
	namespace.Labels["pod-security.kubernetes.io/enforce"] = "restricted"
	if err := admin.Update(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	startOperator(t, ns)
	create(t, classObject("restricted"))
	create(t, linkObject(ns, "support", "restricted"))
	linkIs(t, ns, "support", v1alpha1.ConditionProgrammed, metav1.ConditionTrue, v1alpha1.ReasonProgrammed)
	template := get(t, ns, "support-0", &appsv1.Deployment{}).Spec.Template
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Namespace, pod.Name = ns, "support-0-pod"
	if err := admin.Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Error(err)
	}
	pod.Spec.SecurityContext.RunAsNonRoot = new(false)
	pod.Spec.Containers[0].SecurityContext.RunAsNonRoot = nil
	if err := admin.Create(t.Context(), pod, client.DryRunAll); !apierrors.IsForbidden(err) {
		t.Errorf("a pod that may be root was not refused: %v", err)
	}
}
