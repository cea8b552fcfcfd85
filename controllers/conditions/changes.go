package conditions

import (
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// Wanted lets by what people do to an object: its spec, its pause, its deletion. It
// leaves out status writes, our own among them.
var Wanted = predicate.Or(predicate.GenerationChangedPredicate{}, predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		return v1alpha1.IsPaused(e.ObjectOld) != v1alpha1.IsPaused(e.ObjectNew) ||
			e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero()
	},
})
