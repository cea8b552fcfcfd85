package ctilink

import (
	"context"
	"errors"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/certs"
	"github.com/ctilink/ctilink-operator/controllers/children"
	"github.com/ctilink/ctilink-operator/controllers/index"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// nameTakenRetry: the object in the way is not watched, since it is not ours.
const nameTakenRetry = 30 * time.Second

// phase is one step of a reconcile. It puts what it finds into the scope; the
// status is computed from there at the end, in one place.
type phase func(context.Context, *scope) (ctrl.Result, error)

// scope is one reconcile.
type scope struct {
	link   *v1alpha1.CTILink
	before *v1alpha1.CTILink

	// planned: the manifests could be read, and plan or problem says the rest.
	planned bool
	pools   int
	plan    plan.Plan
	problem *plan.Problem

	authority *certs.Authority
	period    int64

	// failed is the first child or Secret that could not be made.
	failed error
	// documents are the generations of the CTISlots as they were applied.
	documents map[string]int64

	observed []observedSlot
}

// observedSlot is what the caches know of one slot.
type observedSlot struct {
	v1alpha1.CTISlot
	readyPods int32
}

// plan reads the manifests and works out what must exist.
func (r *Reconciler) plan(ctx context.Context, s *scope) (ctrl.Result, error) {
	key := client.ObjectKeyFromObject(s.link)
	classes, err := index.Ancestry(ctx, r.Client, s.link.Spec.ImplementationClass)
	if err != nil {
		return ctrl.Result{}, err
	}
	pools, err := index.Pools(ctx, r.Client, key)
	if err != nil {
		return ctrl.Result{}, err
	}
	s.planned, s.pools = true, len(pools)
	if s.authority, s.failed = r.Certs.Authority(ctx); s.failed != nil {
		// Without certificates no children, but people still learn of mistakes.
		s.plan.Documents, s.problem = plan.Slots(s.link, pools, classes)
		return ctrl.Result{}, s.failed
	}
	period, left := certs.Period(key.Namespace, key.Name, r.Clock.Now())
	s.period = period
	s.plan, s.problem = plan.Make(plan.Input{
		Link:      s.link,
		Pools:     pools,
		Classes:   classes,
		Image:     r.Image,
		TLSSecret: s.tlsSecret(),
	})
	return ctrl.Result{RequeueAfter: left}, nil
}

// applicable says whether there is a plan to carry out.
func (s *scope) applicable() bool { return s.authority != nil && s.problem == nil }

func (s *scope) tlsSecret() string {
	return plan.TLSSecret(s.link.Name, s.authority.SecretHash(plan.ServerNamesOf(s.link), s.period))
}

// applyChildren makes the children be as planned.
func (r *Reconciler) applyChildren(ctx context.Context, s *scope) (ctrl.Result, error) {
	s.documents = map[string]int64{}
	var errs []error
	for _, child := range s.plan.Children {
		applied, err := r.children.Apply(ctx, s.link, child)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if slot, ok := child.(*plan.SlotApplyConfiguration); ok {
			s.documents[*slot.Name] = applied.GetGeneration()
		}
	}
	return s.failure(errs)
}

// failure keeps the first error for the status. A name that is taken is for a
// person to mend, and a namespace on its way out for nobody: neither is retried
// with growing patience.
func (s *scope) failure(errs []error) (ctrl.Result, error) {
	err := errors.Join(errs...)
	if err == nil {
		return ctrl.Result{}, nil
	}
	if s.failed == nil {
		s.failed = errs[0]
	}
	var taken *children.NameTakenError
	switch {
	case apierrors.HasStatusCause(errs[0], corev1.NamespaceTerminatingCause):
		return ctrl.Result{}, nil
	case errors.As(err, &taken):
		return ctrl.Result{RequeueAfter: nameTakenRetry}, nil
	}
	return ctrl.Result{}, err
}

// observe reads what the pods say of the slots.
func (r *Reconciler) observe(ctx context.Context, s *scope) (ctrl.Result, error) {
	slots, err := index.Slots(ctx, r.Client, client.ObjectKeyFromObject(s.link))
	if err != nil {
		return ctrl.Result{}, err
	}
	for _, slot := range slots {
		d := &appsv1.Deployment{}
		if err := r.Client.Get(ctx, client.ObjectKeyFromObject(&slot), d); client.IgnoreNotFound(err) != nil {
			return ctrl.Result{}, err
		}
		s.observed = append(s.observed, observedSlot{CTISlot: slot, readyPods: d.Status.ReadyReplicas})
	}
	return ctrl.Result{}, nil
}
