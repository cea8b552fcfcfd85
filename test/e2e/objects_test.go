//go:build e2e

package e2e

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// Builders of the objects of the tests, and changes to them.

// password is that of the quickstart's switch.
const password = "try-me"

func in(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: namespace, Name: name} }

// link is a link to the quickstart's switch, with one pod.
func link(name string, changes ...func(client.Object)) client.Object {
	l := &v1alpha1.CTILink{ObjectMeta: in(name), Spec: v1alpha1.CTILinkSpec{
		ImplementationClass: "simulator", Runtime: v1alpha1.RuntimeSpec{Standby: v1alpha1.StandbyDisabled},
		ConfigFrom: []v1alpha1.ConfigSource{{SecretRef: &v1alpha1.LocalObjectReference{Name: "ctisim-login"}}},
	}}
	for _, change := range changes {
		change(l)
	}
	return l
}

func ofLink(change func(*v1alpha1.CTILinkSpec)) func(client.Object) {
	return func(o client.Object) { change(&o.(*v1alpha1.CTILink).Spec) }
}

func withClass(name string) func(client.Object) {
	return ofLink(func(s *v1alpha1.CTILinkSpec) { s.ImplementationClass = name })
}

func withSecret(name string) func(client.Object) {
	return ofLink(func(s *v1alpha1.CTILinkSpec) { s.ConfigFrom[0].SecretRef.Name = name })
}

func withConfig(key, value string) func(client.Object) {
	return ofLink(func(s *v1alpha1.CTILinkSpec) { s.Config = map[string]string{key: value} })
}

var withoutConfig = ofLink(func(s *v1alpha1.CTILinkSpec) { s.Config = nil })

// withNodes asks for nodes of a kind; "" for any.
func withNodes(kind string) func(client.Object) {
	return ofLink(func(s *v1alpha1.CTILinkSpec) {
		if s.Runtime.NodeSelector = nil; kind != "" {
			s.Runtime.NodeSelector = map[string]string{"kind": kind}
		}
	})
}

func withAnnotation(key, value string) func(client.Object) {
	return func(o client.Object) {
		a := o.GetAnnotations()
		if a == nil {
			a = map[string]string{}
		}
		if a[key] = value; value == "" {
			delete(a, key)
		}
		o.SetAnnotations(a)
	}
}

func pool(name, link, agent string) client.Object {
	return &v1alpha1.AgentPool{ObjectMeta: in(name), Spec: v1alpha1.AgentPoolSpec{
		LinkRef: v1alpha1.LocalObjectReference{Name: link}, Agents: []v1alpha1.Agent{{ID: agent}},
	}}
}

func withAgent(id string) func(client.Object) {
	return func(o client.Object) { o.(*v1alpha1.AgentPool).Spec.Agents[0].ID = id }
}

func withLink(name string) func(client.Object) {
	return func(o client.Object) { o.(*v1alpha1.AgentPool).Spec.LinkRef.Name = name }
}

// extending is a class with nothing of its own.
func extending(name, parent string) client.Object {
	return &v1alpha1.ImplementationClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ImplementationClassSpec{Extends: parent}}
}

// ofDriver is a class with a parent and a driver of its own.
func ofDriver(name, parent, driver string) client.Object {
	c := extending(name, parent)
	withDriver(driver)(c)
	return c
}

func withParent(name string) func(client.Object) {
	return func(o client.Object) { o.(*v1alpha1.ImplementationClass).Spec.Extends = name }
}

func withDriver(name string) func(client.Object) {
	return func(o client.Object) { o.(*v1alpha1.ImplementationClass).Spec.Driver = name }
}

// secret has keys and values in turns.
func secret(name string, pairs ...string) client.Object {
	s := &corev1.Secret{ObjectMeta: in(name), Data: map[string][]byte{}}
	for i := 0; i < len(pairs); i += 2 {
		s.Data[pairs[i]] = []byte(pairs[i+1])
	}
	return s
}

func withKey(key, value string) func(client.Object) {
	return func(o client.Object) { o.(*corev1.Secret).Data[key] = []byte(value) }
}

// create makes the object, for the time of the test.
func create(o client.Object) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		made := o.DeepCopyObject().(client.Object)
		must(t, h.Client.Create(t.Context(), made))
		t.Cleanup(func() {
			if err := h.Client.Delete(context.Background(), made); client.IgnoreNotFound(err) != nil {
				t.Error(err)
			}
		})
	}
}

// edit changes the object as it is in the cluster, as kubectl edit does.
func edit(o client.Object, change func(client.Object)) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		must(t, retry.RetryOnConflict(retry.DefaultRetry, func() error {
			if err := h.Client.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
				return err
			}
			change(o)
			return h.Client.Update(t.Context(), o)
		}))
	}
}

// anotherSwitch is a switch like the quickstart's, with a login of its own.
func anotherSwitch(t *testing.T, name, login string) (client.Object, client.Object) {
	t.Helper()
	var d appsv1.Deployment
	var s corev1.Service
	must(t, h.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "ctisim"}, &d))
	must(t, h.Client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "ctisim"}, &s))
	labels := map[string]string{"app.kubernetes.io/name": name}
	d.ObjectMeta, d.Status = in(name), appsv1.DeploymentStatus{}
	d.Spec.Selector.MatchLabels, d.Spec.Template.Labels = labels, labels
	d.Spec.Template.Spec.Containers[0].Env[0].ValueFrom.SecretKeyRef.Name = login
	s.ObjectMeta, s.Spec = in(name), corev1.ServiceSpec{Selector: labels, Ports: s.Spec.Ports}
	return &d, &s
}
