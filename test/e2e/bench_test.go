//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/test/harness"
)

// rounds of each side; the two sides take turns, so that both meet the same noise.
const rounds = 7

// How long from kubectl apply until the link is Ready, against a bare Deployment of
// the same image with two pods, in the same cluster and the same minutes.
func BenchmarkAppliedToReady(b *testing.B) {
	var link, bare []time.Duration
	for i := range rounds {
		bare = append(bare, timed(b, bareDeployment(fmt.Sprintf("bare-%d", i)), deploymentReady))
		link = append(link, timed(b, anotherLink(fmt.Sprintf("bench-%d", i)), linkReady))
	}
	report(b, "link", link)
	report(b, "bare-deployment", bare)
	b.ReportMetric(float64(median(link)-median(bare))/1e6, "ms-more-than-bare")
	b.ReportMetric(float64(median(link))/float64(median(bare)), "ratio")
	b.ReportMetric(0, "ns/op")
}

func report(b *testing.B, name string, d []time.Duration) {
	b.Logf("%s: median %s, all %v", name, median(d), d)
	b.ReportMetric(float64(median(d).Milliseconds()), name+"-ms")
}

func median(d []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(d))
	return s[len(s)/2].Round(time.Millisecond)
}

// timed creates an object, waits until it is ready, and removes it with its pods.
func timed(b *testing.B, o client.Object, ready func(client.Object) bool) time.Duration {
	b.Helper()
	started := time.Now()
	if err := h.Client.Create(b.Context(), o); err != nil {
		b.Fatal(err)
	}
	err := harness.Eventually(b.Context(), 60*time.Second, func(ctx context.Context) error {
		if err := h.Client.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}
		if !ready(o) {
			return fmt.Errorf("%s is not ready", o.GetName())
		}
		return nil
	})
	took := time.Since(started)
	if err != nil {
		b.Fatal(err)
	}
	if err := h.Client.Delete(b.Context(), o, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		b.Fatal(err)
	}
	err = harness.Eventually(b.Context(), 60*time.Second, func(ctx context.Context) error {
		if err := h.Client.Get(ctx, client.ObjectKeyFromObject(o), o); !apierrors.IsNotFound(err) {
			return fmt.Errorf("%s is still there: %w", o.GetName(), err)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return took
}

func anotherLink(name string) client.Object {
	return &v1alpha1.CTILink{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1alpha1.CTILinkSpec{
			ImplementationClass: "simulator",
			ConfigFrom:          []v1alpha1.ConfigSource{{SecretRef: &v1alpha1.LocalObjectReference{Name: "ctisim-login"}}},
		},
	}
}

func linkReady(o client.Object) bool {
	return meta.IsStatusConditionTrue(o.(*v1alpha1.CTILink).Status.Conditions, v1alpha1.ConditionReady)
}

// bareDeployment runs the same image without an operator; ctisim answers its probe
// at once.
func bareDeployment(name string) client.Object {
	labels := map[string]string{"app": name}
	nonRoot, none, readOnly := true, false, true
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(2)),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					AutomountServiceAccountToken: &none,
					SecurityContext:              &corev1.PodSecurityContext{RunAsNonRoot: &nonRoot, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
					Containers: []corev1.Container{{
						Name: "ctisim", Image: h.Image, Command: []string{"/ctisim"},
						SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &none, ReadOnlyRootFilesystem: &readOnly, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
						ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
							HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt32(8088)},
						}},
					}},
				},
			},
		},
	}
}

func deploymentReady(o client.Object) bool {
	return o.(*appsv1.Deployment).Status.ReadyReplicas == 2
}

// What the programs take when nothing happens: resident memory, from the machine
// that the nodes run on.
func BenchmarkIdleMemory(b *testing.B) {
	bothPods(b)
	for program, prefix := range map[string]string{"operator": "/operator", "runtime": "/runtime\x00--slot=" + slotName} {
		sizes := residentMiB(b, prefix)
		if len(sizes) == 0 {
			b.Fatalf("no process %q runs on this machine", prefix)
		}
		b.Logf("%s: %.1f MiB each", program, sizes)
		b.ReportMetric(slices.Max(sizes), program+"-MiB")
	}
	b.ReportMetric(0, "ns/op")
}

func residentMiB(b *testing.B, prefix string) []float64 {
	b.Helper()
	pids, err := processes(prefix)
	if err != nil {
		b.Fatal(err)
	}
	var out []float64
	for _, pid := range pids {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.Lines(string(status)) {
			var kib float64
			if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kib); err == nil {
				out = append(out, kib/1024)
			}
		}
	}
	return out
}
