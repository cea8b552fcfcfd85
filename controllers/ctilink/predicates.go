package ctilink

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/index"
)

var (
	wanted = builder.WithPredicates(conditions.Wanted)

	// drift is what others do to a child. That it was created was our own doing.
	drift = builder.WithPredicates(predicate.And(notCreated, predicate.Funcs{UpdateFunc: changed}))

	// deletion: a Lease is renewed every few seconds, and only its loss concerns
	// the operator.
	deletion = builder.WithPredicates(predicate.And(notCreated, predicate.Funcs{
		UpdateFunc: func(event.UpdateEvent) bool { return false },
	}))

	// podChanges is drift, and pods that became ready, ceased to be or were replaced.
	podChanges = builder.WithPredicates(predicate.And(notCreated, predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, after := e.ObjectOld.(*appsv1.Deployment), e.ObjectNew.(*appsv1.Deployment)
			return changed(e) || rollout(before) != rollout(after)
		},
	}))

	// arrivals are pods that may hold a slot by now.
	arrivals = builder.WithPredicates(predicate.Funcs{
		UpdateFunc: func(event.UpdateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
	})

	notCreated = predicate.Funcs{CreateFunc: func(event.CreateEvent) bool { return false }}
)

// rollout is what the status of a link says of its pods.
func rollout(d *appsv1.Deployment) [4]int64 {
	s := d.Status
	return [...]int64{s.ObservedGeneration, int64(s.Replicas), int64(s.UpdatedReplicas), int64(s.ReadyReplicas)}
}

// changed looks at the generation where a kind has one: a status is no drift.
func changed(e event.UpdateEvent) bool {
	if e.ObjectNew.GetGeneration() != 0 {
		return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration()
	}
	return e.ObjectOld.GetResourceVersion() != e.ObjectNew.GetResourceVersion()
}

// linkOfPool maps a pool to its link. A pool that changes its link comes by twice:
// the event handler maps the old and the new object.
func (r *Reconciler) linkOfPool() handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		pool := o.(*v1alpha1.AgentPool)
		return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: pool.Namespace, Name: pool.Spec.LinkRef.Name}}}
	})
}

// linkOfPod maps a pod to its link: their owner is a ReplicaSet.
func linkOfPod(_ context.Context, o client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: o.GetNamespace(), Name: o.GetLabels()[v1alpha1.LabelLink]}}}
}

// linksOfClass maps a class to the links that use it or a class that extends it.
func (r *Reconciler) linksOfClass() handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		links, err := r.usersOf(ctx, o.GetName())
		if err != nil {
			log.FromContext(ctx).Error(err, "Cannot list the links of a class", "ImplementationClass", o.GetName())
			return nil
		}
		out := make([]reconcile.Request, len(links))
		for i, l := range links {
			out[i] = reconcile.Request{NamespacedName: l}
		}
		return out
	})
}

func (r *Reconciler) usersOf(ctx context.Context, class string) ([]client.ObjectKey, error) {
	family, err := index.Family(ctx, r.Client, class)
	if err != nil {
		return nil, err
	}
	return index.Links(ctx, r.Client, family)
}
