// Package implementationclass says of every ImplementationClass what it comes to
// with its parents, or why it cannot be used.
package implementationclass

import (
	"context"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/index"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// Options are what a Reconciler works with.
type Options struct {
	Client   client.Client
	Recorder events.EventRecorder
}

// Reconciler writes the status of ImplementationClasses.
type Reconciler struct {
	Options
	status conditions.Writer
}

// New makes a Reconciler.
func New(o Options) *Reconciler {
	return &Reconciler{Options: o, status: conditions.Writer{Client: o.Client}}
}

var _ reconcile.Reconciler = (*Reconciler)(nil)

// scope is one reconcile.
type scope struct {
	class   *v1alpha1.ImplementationClass
	before  *v1alpha1.ImplementationClass
	result  plan.Class
	problem *plan.Problem
}

// SetupWithManager registers the controller and its watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, options controller.Options) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("implementationclass").
		For(&v1alpha1.ImplementationClass{}, specChanges).
		Watches(&v1alpha1.ImplementationClass{}, r.descendants(), specChanges).
		WithOptions(options).
		Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	class := &v1alpha1.ImplementationClass{}
	if err := r.Client.Get(ctx, req.NamespacedName, class); err != nil {
		r.status.Forget(req.NamespacedName)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !class.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	if !r.status.Fresh(class) {
		return ctrl.Result{RequeueAfter: conditions.StaleDelay}, nil
	}
	s := &scope{class: class, before: class.DeepCopy()}
	if err := r.resolve(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	s.updateStatus()
	if err := r.status.Patch(ctx, s.before, s.class); err != nil {
		return ctrl.Result{}, err
	}
	r.announce(s)
	return ctrl.Result{}, nil
}

func (r *Reconciler) resolve(ctx context.Context, s *scope) error {
	parents, err := index.Ancestry(ctx, r.Client, s.class.Spec.Extends)
	if err != nil {
		return err
	}
	s.result, s.problem = plan.ResolveClass(s.class, parents)
	return nil
}
