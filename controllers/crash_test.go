package controllers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// scenario is something that people do, and what then must come about.
type scenario struct {
	// before comes about undisturbed.
	before func(*stepper)
	// act is what people do; the reconciles after it are disturbed.
	act func(*stepper)
	// after plays the pods until all is done.
	after func(*stepper)
}

func scenarios() map[string]scenario {
	made := func(s *stepper) {
		create(s.t, linkObject(s.namespace, "support", "crash"))
		create(s.t, poolObject(s.namespace, "day", "support", "4001"))
	}
	serving := func(s *stepper) { made(s); s.serveSlot() }
	return map[string]scenario{
		"made": {before: func(*stepper) {}, act: made, after: (*stepper).serveSlot},
		"changed": {before: serving, after: (*stepper).serveSlot, act: func(s *stepper) {
			change(s.t, s.namespace, "support", func(l *v1alpha1.CTILink) {
				l.Spec.Config["mode"] = "fast"
				l.Spec.Runtime.PriorityClassName = "high"
			})
		}},
		"paused and resumed": {before: serving, after: (*stepper).serveSlot, act: func(s *stepper) {
			annotate := func(a map[string]string) {
				change(s.t, s.namespace, "support", func(l *v1alpha1.CTILink) { l.Annotations = a })
			}
			annotate(map[string]string{v1alpha1.AnnotationPaused: "true"})
			if _, err := s.step(); err != nil {
				s.t.Fatal(err)
			}
			change(s.t, s.namespace, "support", func(l *v1alpha1.CTILink) { l.Spec.Config["mode"] = "fast" })
			annotate(nil)
		}},
		"deleted": {before: serving, act: (*stepper).deleteLink, after: func(s *stepper) {
			s.settle()
			report(s.t, s.namespace, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected, closed)
			s.settle()
			if err := exists(s.namespace, "support", &v1alpha1.CTILink{}); client.IgnoreNotFound(err) != nil || err == nil {
				s.t.Errorf("the link is held back: %v", err)
			}
		}},
		"deleted without pods": {before: func(s *stepper) { made(s); s.settle() }, act: (*stepper).deleteLink, after: (*stepper).settle},
	}
}

func (s *stepper) deleteLink() {
	s.t.Helper()
	if err := admin.Delete(s.t.Context(), get(s.t, s.namespace, "support", &v1alpha1.CTILink{})); err != nil {
		s.t.Fatal(err)
	}
}

// closed is what the holder writes when a closing slot has closed its sessions.
func closed(s *v1alpha1.CTISlotStatus) {
	meta.SetStatusCondition(&s.Conditions, metav1.Condition{Type: v1alpha1.ConditionClosed, Status: metav1.ConditionTrue,
		Reason: v1alpha1.ReasonClosed, Message: "Closed", ObservedGeneration: s.ObservedGeneration})
}

// TestEveryPrefixConverges kills the operator after each of its writes, before or
// after the write reached the API server, and starts another: whatever the prefix,
// the same objects come about.
func TestEveryPrefixConverges(t *testing.T) {
	create(t, classObject("crash"))
	for name, sc := range scenarios() {
		t.Run(name, func(t *testing.T) {
			want, writes := play(t, sc, func(s *stepper) (int, error) { return s.step() })
			if writes == 0 {
				t.Fatal("there was nothing to cut")
			}
			for n := range writes {
				for what, answerOnly := range map[string]bool{"write": false, "answer": true} {
					t.Run(fmt.Sprintf("%s %d lost", what, n+1), func(t *testing.T) {
						t.Parallel()
						got, _ := play(t, sc, func(s *stepper) (int, error) { return s.kill(n, answerOnly) })
						if diff := cmp.Diff(want, got); diff != "" {
							t.Errorf("(-undisturbed +killed):\n%s", diff)
						}
					})
				}
			}
		})
	}
}

// kill cuts a step off after n writes and starts another process.
func (s *stepper) kill(n int, answerOnly bool) (int, error) {
	s.cut, s.answerOnly = s.writes+n, answerOnly
	done, err := s.step()
	if !errors.Is(err, errCut) {
		return done, fmt.Errorf("nothing was cut after %d writes: %w", n, err)
	}
	s.restart()
	return done, nil
}

// TestStaleCacheConverges lets the operator act several times on what it read
// before its own writes, with its memory and as a new process.
func TestStaleCacheConverges(t *testing.T) {
	create(t, classObject("crash"))
	for name, sc := range scenarios() {
		want, _ := play(t, sc, func(s *stepper) (int, error) { return s.step() })
		for who, restarted := range map[string]bool{"same process": false, "new process": true} {
			t.Run(name+"/"+who, func(t *testing.T) {
				t.Parallel()
				got, _ := play(t, sc, func(s *stepper) (int, error) {
					s.lag()
					seen := s.seen
					for range 3 {
						_, err := s.step() // a conflict is an answer, too
						t.Logf("lagging: %v", err)
						if restarted {
							s.restart()
							s.seen = seen
						}
					}
					s.seen = nil
					return 0, nil
				})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-fresh +stale):\n%s", diff)
				}
			})
		}
	}
}

// TestMissedEventsConverge changes the manifests and the children behind the
// operator's back; the next reconcile, whatever its cause, puts everything right.
func TestMissedEventsConverge(t *testing.T) {
	create(t, classObject("crash"))
	serving := scenarios()["changed"]
	want, _ := play(t, serving, func(s *stepper) (int, error) { return s.step() })
	for who, restarted := range map[string]bool{"same process": false, "new process": true} {
		t.Run(who, func(t *testing.T) {
			got, _ := play(t, serving, func(s *stepper) (int, error) {
				create(t, poolObject(s.namespace, "night", "support", "4002"))
				if err := errors.Join(
					admin.Delete(t.Context(), get(t, s.namespace, "night", &v1alpha1.AgentPool{})),
					admin.Delete(t.Context(), get(t, s.namespace, "support", &corev1.Service{})),
					admin.Delete(t.Context(), get(t, s.namespace, "support-0", &policyv1.PodDisruptionBudget{})),
					admin.Patch(t.Context(), get(t, s.namespace, "support", &networkingv1.NetworkPolicy{}),
						client.RawPatch(types.MergePatchType, []byte(`{"spec":{"podSelector":{"matchLabels":{"ctilink.io/link":"other"}}}}`))),
					admin.Patch(t.Context(), get(t, s.namespace, "support-0", &appsv1.Deployment{}),
						client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":7}}`))),
					admin.Patch(t.Context(), get(t, s.namespace, "support-0", &v1alpha1.CTISlot{}),
						client.RawPatch(types.MergePatchType, []byte(`{"spec":{"agents":[]}}`))),
				); err != nil {
					t.Fatal(err)
				}
				if restarted {
					s.restart()
				}
				return s.step()
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-seen +missed):\n%s", diff)
			}
		})
	}
}

// play runs a scenario in a namespace of its own and returns what came about.
func play(t *testing.T, sc scenario, disturbed func(*stepper) (int, error)) (map[string]string, int) {
	t.Helper()
	s := newStepper(t, newNamespace(t))
	sc.before(s)
	sc.act(s)
	n, err := disturbed(s)
	if err != nil {
		t.Fatal(err)
	}
	sc.after(s)
	return s.snapshot(), n
}

// snapshot is every object of the namespace without what differs between two runs
// by nature.
func (s *stepper) snapshot() map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for _, list := range []client.ObjectList{
		&appsv1.DeploymentList{}, &corev1.ServiceList{}, &corev1.ServiceAccountList{}, &corev1.SecretList{},
		&rbacv1.RoleBindingList{}, &networkingv1.NetworkPolicyList{}, &policyv1.PodDisruptionBudgetList{},
		&coordinationv1.LeaseList{}, &v1alpha1.CTISlotList{}, &v1alpha1.AgentPoolList{}, &v1alpha1.CTILinkList{},
	} {
		if err := admin.List(s.t.Context(), list, client.InNamespace(s.namespace)); err != nil {
			s.t.Fatal(err)
		}
		eachObject(s.t, list, func(o client.Object) {
			name, body := s.normal(o)
			out[name] = body
		})
	}
	return out
}

var (
	certificateName = regexp.MustCompile(`-tls-[0-9a-f]{10}`)
	// varying is what the API server, the clock or chance decides. Generations may
	// differ as well: a lost answer is a write more.
	varying = regexp.MustCompile(`"(uid|resourceVersion|creationTimestamp|lastTransitionTime|generation|observedGeneration|clusterIP)":("[^"]*"|[0-9]+),?`)
	ips     = regexp.MustCompile(`"clusterIPs":\[[^]]*\],?`)
)

func (s *stepper) normal(o client.Object) (name, body string) {
	s.t.Helper()
	o.SetManagedFields(nil)
	if secret, ok := o.(*corev1.Secret); ok {
		for k, v := range secret.Data {
			secret.Data[k] = fmt.Appendf(nil, "%v", len(v) > 0)
		}
	}
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := json.Marshal(u)
	if err != nil {
		s.t.Fatal(err)
	}
	scrub := func(in string) string {
		in = strings.ReplaceAll(in, s.namespace, "NAMESPACE")
		return certificateName.ReplaceAllString(in, "-tls-HASH")
	}
	return fmt.Sprintf("%T/%s", o, scrub(o.GetName())), ips.ReplaceAllString(varying.ReplaceAllString(scrub(string(text)), ""), "")
}
