package implementationclass

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ctilink/ctilink-operator/controllers/index"
)

// specChanges leaves out our own status writes.
var specChanges = builder.WithPredicates(predicate.GenerationChangedPredicate{})

// descendants maps a class to all that extend it.
func (r *Reconciler) descendants() handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		family, err := index.Family(ctx, r.Client, o.GetName())
		if err != nil {
			log.FromContext(ctx).Error(err, "Cannot list the classes that extend a class", "ImplementationClass", o.GetName())
			return nil
		}
		var out []reconcile.Request
		for _, name := range family[1:] {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKey{Name: name}})
		}
		return out
	})
}
