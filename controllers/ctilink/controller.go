// Package ctilink turns a CTILink into its slots and pods, and tells people what
// became of them.
//
// It applies what controllers/plan says and reads CTISlots and Deployments for the
// rest. It never speaks to a CTI server or to a pod.
package ctilink

import (
	"context"
	"errors"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/certs"
	"github.com/ctilink/ctilink-operator/controllers/children"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/messages"
)

// Options are what a Reconciler works with.
type Options struct {
	Client client.Client
	// Direct does not cache: Secrets are created through it and never read.
	Direct   client.Client
	Certs    *certs.Store
	Clock    clock.PassiveClock
	Recorder events.EventRecorder
	// Image of the runtime pods.
	Image string
}

// Reconciler reconciles CTILinks.
type Reconciler struct {
	Options

	status   conditions.Writer
	children children.Applier
	secrets  secrets
	changes  changes
}

var _ reconcile.Reconciler = (*Reconciler)(nil)

// New makes a Reconciler.
func New(o Options) *Reconciler {
	return &Reconciler{
		Options: o,
		status:  conditions.Writer{Client: o.Client},
		secrets: secrets{client: o.Direct},
		children: children.Applier{
			Cached: o.Client,
			Direct: o.Direct,
			Typed: map[schema.GroupKind]func() client.Object{
				v1alpha1.GroupVersion.WithKind("CTISlot").GroupKind():        func() client.Object { return &v1alpha1.CTISlot{} },
				appsv1.SchemeGroupVersion.WithKind("Deployment").GroupKind(): func() client.Object { return &appsv1.Deployment{} },
			},
		},
	}
}

// SetupWithManager registers the controller and its watches.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, options controller.Options) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("ctilink").
		For(&v1alpha1.CTILink{}, wanted).
		Owns(&v1alpha1.CTISlot{}).
		Owns(&appsv1.Deployment{}, podChanges).
		Owns(&corev1.Service{}, builder.OnlyMetadata, drift).
		Owns(&corev1.ServiceAccount{}, builder.OnlyMetadata, drift).
		Owns(&rbacv1.RoleBinding{}, builder.OnlyMetadata, drift).
		Owns(&networkingv1.NetworkPolicy{}, builder.OnlyMetadata, drift).
		Owns(&policyv1.PodDisruptionBudget{}, builder.OnlyMetadata, drift).
		Owns(&coordinationv1.Lease{}, builder.OnlyMetadata, deletion).
		Watches(&v1alpha1.AgentPool{}, r.linkOfPool(), wanted).
		Watches(&v1alpha1.ImplementationClass{}, r.linksOfClass(), wanted).
		WatchesMetadata(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(linkOfPod), arrivals).
		WithOptions(options).
		Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (result ctrl.Result, err error) {
	link := &v1alpha1.CTILink{}
	if err := r.Client.Get(ctx, req.NamespacedName, link); err != nil {
		r.forget(req.NamespacedName, err)
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !r.status.Fresh(link) {
		return ctrl.Result{RequeueAfter: conditions.StaleDelay}, nil
	}
	switch {
	case !link.DeletionTimestamp.IsZero():
		return r.close(ctx, link)
	case v1alpha1.IsPaused(link):
		return ctrl.Result{}, r.pause(ctx, link)
	}
	log.FromContext(ctx).V(1).Info("Reconciling link", "generation", link.Generation)

	s := &scope{link: link, before: link.DeepCopy()}
	defer func() {
		s.updateStatus()
		patchErr := r.status.Patch(ctx, s.before, s.link)
		if patchErr == nil {
			r.announce(s)
		}
		if s.applicable() && podsMissing(s.link) {
			result = sooner(result, ctrl.Result{RequeueAfter: missingRetry})
		}
		if err = errors.Join(err, patchErr); err != nil {
			result = ctrl.Result{} // an error has a patience of its own
		}
	}()
	return r.run(ctx, s, r.plan, r.hold, r.classify, r.createSecrets, r.applyChildren, r.tell, r.observe, r.markHolders)
}

// pause leaves everything as it is and says so.
func (r *Reconciler) pause(ctx context.Context, link *v1alpha1.CTILink) error {
	before := link.DeepCopy()
	conditions.Pause(&link.Status.Conditions, link.Generation, messages.LinkPaused.Say())
	return r.status.Patch(ctx, before, link)
}

// run runs all phases, one failing or not: what can be done is done.
func (r *Reconciler) run(ctx context.Context, s *scope, phases ...phase) (ctrl.Result, error) {
	var errs []error
	var result ctrl.Result
	for _, p := range phases {
		next, err := p(ctx, s)
		errs, result = append(errs, err), sooner(result, next)
	}
	return result, errors.Join(errs...)
}

func sooner(a, b ctrl.Result) ctrl.Result {
	if a.RequeueAfter == 0 || b.RequeueAfter > 0 && b.RequeueAfter < a.RequeueAfter {
		return b
	}
	return a
}

func (r *Reconciler) forget(link client.ObjectKey, err error) {
	if client.IgnoreNotFound(err) == nil {
		r.status.Forget(link)
		r.secrets.forget(link)
		r.changes.forget(link)
		r.children.Forget(link.Namespace, link.Name)
	}
}
