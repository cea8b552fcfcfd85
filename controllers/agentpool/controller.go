// Package agentpool says of every AgentPool whether its agents can be served. The
// agents themselves reach the slots through the link's reconciler.
package agentpool

import (
	"context"
	"errors"
	"slices"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/index"
	"github.com/ctilink/ctilink-operator/controllers/messages"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// Options are what a Reconciler works with.
type Options struct {
	Client   client.Client
	Recorder events.EventRecorder
}

// Reconciler writes the status of AgentPools.
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
	pool   *v1alpha1.AgentPool
	before *v1alpha1.AgentPool

	// link is nil when there is none of the name.
	link *v1alpha1.CTILink
	// mine is what the pool contributes to the link, and wrong what is not accepted
	// of it.
	mine  plan.Pool
	wrong *plan.Problem
	slots []v1alpha1.CTISlot
}

// SetupWithManager registers the controller and its watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, options controller.Options) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("agentpool").
		For(&v1alpha1.AgentPool{}, wanted).
		Watches(&v1alpha1.CTILink{}, r.poolsOf(linkName), linkChanges).
		Watches(&v1alpha1.CTISlot{}, r.poolsOf(slotLink)).
		WithOptions(options).
		Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (_ ctrl.Result, err error) {
	pool := &v1alpha1.AgentPool{}
	if err := r.Client.Get(ctx, req.NamespacedName, pool); err != nil {
		if client.IgnoreNotFound(err) == nil {
			r.status.Forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !pool.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	if !r.status.Fresh(pool) {
		return ctrl.Result{RequeueAfter: conditions.StaleDelay}, nil
	}
	s := &scope{pool: pool, before: pool.DeepCopy()}
	if v1alpha1.IsPaused(pool) {
		conditions.Pause(&pool.Status.Conditions, pool.Generation, messages.PoolPaused.Say())
		return ctrl.Result{}, r.status.Patch(ctx, s.before, s.pool)
	}
	if err := errors.Join(r.findLink(ctx, s), r.findSlots(ctx, s), r.expand(ctx, s)); err != nil {
		return ctrl.Result{}, err
	}
	conditions.Resume(&pool.Status.Conditions)
	s.updateStatus()
	if err := r.status.Patch(ctx, s.before, s.pool); err != nil {
		return ctrl.Result{}, err
	}
	r.announce(s)
	return ctrl.Result{}, nil
}

func (s *scope) linkKey() client.ObjectKey {
	return client.ObjectKey{Namespace: s.pool.Namespace, Name: s.pool.Spec.LinkRef.Name}
}

func (r *Reconciler) findLink(ctx context.Context, s *scope) error {
	link := &v1alpha1.CTILink{}
	err := r.Client.Get(ctx, s.linkKey(), link)
	if err == nil {
		s.link = link
	}
	return client.IgnoreNotFound(err)
}

func (r *Reconciler) findSlots(ctx context.Context, s *scope) (err error) {
	s.slots, err = index.Slots(ctx, r.Client, s.linkKey())
	return err
}

// expand sees the pool among all pools of its link: whose agents are whose is
// decided between them.
func (r *Reconciler) expand(ctx context.Context, s *scope) error {
	pools, err := index.Pools(ctx, r.Client, s.linkKey())
	if err != nil {
		return err
	}
	s.wrong = plan.CheckPolicy(s.pool.Spec.PoolPolicy)
	all := plan.ExpandPools(plan.Freeze(pools, s.slots))
	if i := slices.IndexFunc(all, func(p plan.Pool) bool { return p.Name == s.pool.Name }); i >= 0 {
		s.mine = all[i]
	}
	return nil
}
