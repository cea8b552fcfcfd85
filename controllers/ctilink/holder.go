package ctilink

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// deletionCost of the holder; other pods cost 0. A Deployment that takes pods away
// takes the cheaper ones first, so that sessions move once and not twice.
const deletionCost = "100"

// markHolders puts the deletion cost on the pod that holds a slot and takes it from
// the others, when they are not so already.
func (r *Reconciler) markHolders(ctx context.Context, s *scope) (ctrl.Result, error) {
	for _, slot := range s.observed {
		if slot.Status.Holder == "" {
			continue // between two holders; the next one is marked
		}
		pods := &metav1.PartialObjectMetadataList{}
		pods.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
		if err := r.Client.List(ctx, pods, client.InNamespace(slot.Namespace), client.MatchingLabels(plan.SlotSelector(s.link.Name, slot.Labels))); err != nil {
			return ctrl.Result{}, err
		}
		for i := range pods.Items {
			if err := r.mark(ctx, &pods.Items[i], pods.Items[i].Name == slot.Status.Holder); err != nil {
				return ctrl.Result{}, err
			}
		}
	}
	return ctrl.Result{}, nil
}

func (r *Reconciler) mark(ctx context.Context, pod *metav1.PartialObjectMetadata, holder bool) error {
	before := pod.DeepCopy()
	switch {
	case holder:
		metav1.SetMetaDataAnnotation(&pod.ObjectMeta, corev1.PodDeletionCost, deletionCost)
	default:
		delete(pod.Annotations, corev1.PodDeletionCost)
	}
	if before.Annotations[corev1.PodDeletionCost] == pod.Annotations[corev1.PodDeletionCost] {
		return nil
	}
	pod.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
	return client.IgnoreNotFound(r.Client.Patch(ctx, pod, client.MergeFrom(before)))
}
