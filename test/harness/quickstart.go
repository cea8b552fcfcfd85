package harness

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// What config/samples/quickstart.yaml has.
const (
	QuickstartFile = "config/samples/quickstart.yaml"
	Namespace      = "contact-centre"
	Link           = "support"
	Pool           = "support-agents"
	Slot           = "support-0"
	Switch         = "ctisim"
)

// Quickstart applies the quickstart and waits until it is at work with the image in the
// cluster. On a cluster that had another image what is Ready may be what was before: so
// the pods come first, then who holds the slot, then what the link itself answers.
func (h *Harness) Quickstart(ctx context.Context) error {
	if err := h.Apply(ctx, QuickstartFile); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return h.rolledOut(ctx, Switch) },
		func(ctx context.Context) error { return h.rolledOut(ctx, Slot) },
		h.held,
		h.connected,
	} {
		if err := Eventually(ctx, 2*time.Minute, step); err != nil {
			return err
		}
	}
	_, err := h.Kubectl(ctx, "-n", Namespace, "wait", "--for=condition=Ready", "ctilink/"+Link, "agentpool/"+Pool, "--timeout=90s")
	if err != nil {
		status, _ := h.Kubectl(ctx, "-n", Namespace, "get", "ctilinks,agentpools,ctislots", "-o", "wide") // the error that counts is the wait's
		return fmt.Errorf("%w\n%s", err, status)
	}
	return nil
}

// rolledOut says whether the Deployment asks for the image and runs nothing else.
func (h *Harness) rolledOut(ctx context.Context, name string) error {
	var d appsv1.Deployment
	if err := h.Client.Get(ctx, client.ObjectKey{Namespace: Namespace, Name: name}, &d); err != nil {
		return err
	}
	if image := d.Spec.Template.Spec.Containers[0].Image; image != h.Image {
		return fmt.Errorf("deployment %s asks for the image %s, not for %s yet", name, image, h.Image)
	}
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	s := d.Status
	if s.ObservedGeneration < d.Generation || s.UpdatedReplicas != want || s.Replicas != want || s.AvailableReplicas != want {
		return fmt.Errorf("deployment %s is not rolled out: of %d pods %d are new, %d are there, %d are available",
			name, want, s.UpdatedReplicas, s.Replicas, s.AvailableReplicas)
	}
	return nil
}

// held says whether a pod with the image holds the slot; one that is on its way out may
// still do.
func (h *Harness) held(ctx context.Context) error {
	var slot v1alpha1.CTISlot
	if err := h.Client.Get(ctx, client.ObjectKey{Namespace: Namespace, Name: Slot}, &slot); err != nil {
		return err
	}
	var pod corev1.Pod
	if err := h.Client.Get(ctx, client.ObjectKey{Namespace: Namespace, Name: slot.Status.Holder}, &pod); err != nil {
		return fmt.Errorf("the holder of slot %s: %w", Slot, err)
	}
	if pod.DeletionTimestamp != nil || pod.Spec.Containers[0].Image != h.Image {
		return fmt.Errorf("slot %s is still held by pod %s, which is going", Slot, pod.Name)
	}
	return nil
}

// connected asks the link itself.
func (h *Harness) connected(ctx context.Context) error {
	desktops, err := h.Desktops(ctx, Namespace, Link)
	if err != nil {
		return err
	}
	info, err := desktops.Info(ctx)
	if err != nil {
		return err
	}
	if info.State != "Connected" {
		return fmt.Errorf("link %s is %s", Link, info.State)
	}
	return nil
}
