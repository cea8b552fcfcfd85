package ctilink

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	applyappsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/certs"
	"github.com/ctilink/ctilink-operator/controllers/children"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/index"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// nameTakenRetry: the object in the way is not watched, since it is not ours.
const nameTakenRetry = 30 * time.Second

// atOnce bounds the requests of one reconcile that are under way.
const atOnce = 5

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
	// updates are what is done to each slot, told what people know of it.
	updates map[string]*update
	told    map[string]told

	observed []observedSlot
}

// observedSlot is what the caches know of one slot.
type observedSlot struct {
	v1alpha1.CTISlot
	pods           appsv1.DeploymentStatus
	podsGeneration int64
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
	if plan.AnyStays(pools) {
		if pools, err = r.freeze(ctx, key, pools); errors.Is(err, errStale) {
			return ctrl.Result{RequeueAfter: conditions.StaleDelay}, nil
		} else if err != nil {
			return ctrl.Result{}, err
		}
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

// freeze leaves paused pools, and those with a mistake, as they are in the slots. The cache must
// show what was applied last, or a change from before the pause would be undone.
func (r *Reconciler) freeze(ctx context.Context, link client.ObjectKey, pools []v1alpha1.AgentPool) ([]v1alpha1.AgentPool, error) {
	slots, err := index.Slots(ctx, r.Client, link)
	if err != nil {
		return nil, err
	}
	for i := range slots {
		if !r.children.Fresh(&slots[i]) {
			return nil, errStale
		}
	}
	return plan.Freeze(pools, slots), nil
}

// errStale: the cache lags behind our own writes.
var errStale = errors.New("the cache does not show yet what was applied last")

// applicable says whether there is a plan to carry out.
func (s *scope) applicable() bool { return s.authority != nil && s.problem == nil }

// held says whether the children of the link will not outlive their sessions.
func (s *scope) held() bool {
	return controllerutil.ContainsFinalizer(s.link, v1alpha1.FinalizerClosing)
}

func (s *scope) tlsSecret() string {
	return plan.TLSSecret(s.link.Name, s.authority.SecretHash(plan.ServerNamesOf(s.link), s.period))
}

// applyChildren makes the children be as planned.
func (r *Reconciler) applyChildren(ctx context.Context, s *scope) (ctrl.Result, error) {
	if !s.held() {
		return ctrl.Result{}, nil
	}
	errs := r.applyAll(ctx, s, s.plan.Children)
	return s.failure(append(errs, r.applyAll(ctx, s, s.plan.Pods)...))
}

// applyAll applies several children at once: a new link waits for its slowest child,
// not for the sum of them.
func (r *Reconciler) applyAll(ctx context.Context, s *scope, list []runtime.ApplyConfiguration) []error {
	errs := make([]error, len(list))
	applied := make([]metav1.Object, len(list))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, child := range list {
		group.Go(func() error {
			applied[i], errs[i] = r.children.Apply(ctx, s.link, child)
			return nil
		})
	}
	_ = group.Wait() // the errors are all in errs
	for i, child := range list {
		if errs[i] != nil {
			continue
		}
		switch child.(type) {
		case *plan.SlotApplyConfiguration:
			s.updates[applied[i].GetName()].now.document = applied[i].GetGeneration()
		case *applyappsv1.DeploymentApplyConfiguration:
			s.updates[applied[i].GetName()].now.pods = applied[i].GetGeneration()
		}
	}
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// failure keeps the first error for the status and returns those that are worth
// trying again with growing patience. A name that is taken is for a person to mend,
// and a namespace on its way out for nobody.
func (s *scope) failure(errs []error) (ctrl.Result, error) {
	var result ctrl.Result
	var again []error
	for _, err := range errs {
		if s.failed == nil {
			s.failed = err
		}
		var taken *children.NameTakenError
		switch {
		case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		case errors.As(err, &taken):
			result.RequeueAfter = nameTakenRetry
		default:
			again = append(again, err)
		}
	}
	return result, errors.Join(again...)
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
		s.observed = append(s.observed, observedSlot{CTISlot: slot, pods: d.Status, podsGeneration: d.Generation})
	}
	return ctrl.Result{}, nil
}
