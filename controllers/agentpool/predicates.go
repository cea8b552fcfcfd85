package agentpool

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
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

	// linkChanges leaves out the counts in a link's status.
	linkChanges = builder.WithPredicates(predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld.(*v1alpha1.CTILink), e.ObjectNew.(*v1alpha1.CTILink)
		return before.Generation != after.Generation ||
			!equality.Semantic.DeepEqual(before.Status.Conditions, after.Status.Conditions)
	}})
)

func linkName(o client.Object) string { return o.GetName() }

func slotLink(o client.Object) string { return o.(*v1alpha1.CTISlot).Spec.LinkName }

// poolsOf maps a link, or its slot, to the link's pools. A conflict between pools
// comes and goes with the agents in the slot's document, so that pools need not
// watch each other.
func (r *Reconciler) poolsOf(link func(client.Object) string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		key := client.ObjectKey{Namespace: o.GetNamespace(), Name: link(o)}
		pools, err := index.Pools(ctx, r.Client, key)
		if err != nil {
			log.FromContext(ctx).Error(err, "Cannot list the pools of a link", "CTILink", key)
			return nil
		}
		out := make([]reconcile.Request, len(pools))
		for i := range pools {
			out[i] = reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&pools[i])}
		}
		return out
	})
}
