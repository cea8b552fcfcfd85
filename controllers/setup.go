// Package controllers wires the reconcilers to a manager: manifests → plan →
// children → status.
//
// Each kind has its reconciler in a package of its own; plan is pure and decides
// what must exist; children, conditions, index and certs are what the reconcilers
// share. Nothing here speaks to a CTI server or reads a tenant's Secret.
package controllers

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/agentpool"
	"github.com/ctilink/ctilink-operator/controllers/certs"
	"github.com/ctilink/ctilink-operator/controllers/ctilink"
	"github.com/ctilink/ctilink-operator/controllers/implementationclass"
	"github.com/ctilink/ctilink-operator/controllers/index"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// Options are what the reconcilers need to know beside the cluster.
type Options struct {
	// RuntimeImage of the pods.
	RuntimeImage string
	// Namespace of the operator, where its certificate authority lives.
	Namespace string
}

// workers per kind: a reconcile mostly waits for the API server.
const workers = 10

// reconcileTimeout frees a worker from an API server that does not answer.
const reconcileTimeout = time.Minute

// NewScheme knows our kinds and Kubernetes' own.
func NewScheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		return nil, err
	}
	return s, v1alpha1.AddToScheme(s)
}

// Setup registers all reconcilers.
func Setup(ctx context.Context, mgr ctrl.Manager, options Options) error {
	// Secrets and objects without our label are beyond the caches.
	direct, err := client.New(mgr.GetConfig(), client.Options{Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(), HTTPClient: mgr.GetHTTPClient()})
	if err != nil {
		return err
	}
	if err := index.Register(ctx, mgr.GetFieldIndexer()); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	c, recorder := mgr.GetClient(), mgr.GetEventRecorder("ctilink-operator")
	for _, r := range []interface {
		SetupWithManager(ctrl.Manager, controller.Options) error
	}{
		implementationclass.New(implementationclass.Options{Client: c, Recorder: recorder}),
		ctilink.New(ctilink.Options{
			Client:   c,
			Direct:   direct,
			Certs:    &certs.Store{Client: direct, Namespace: options.Namespace, Clock: clock.RealClock{}},
			Clock:    clock.RealClock{},
			Recorder: recorder,
			Image:    options.RuntimeImage,
		}),
		agentpool.New(agentpool.Options{Client: c, Recorder: recorder}),
	} {
		if err := r.SetupWithManager(mgr, controller.Options{
			MaxConcurrentReconciles: workers,
			ReconciliationTimeout:   reconcileTimeout,
			EnableWarmup:            new(true), // the next leader starts with warm caches
		}); err != nil {
			return err
		}
	}
	return nil
}

// CacheOptions hold our kinds whole, and of Kubernetes' own kinds nothing but what
// carries our label. No namespaces means all of them.
func CacheOptions(namespaces ...string) cache.Options {
	managed := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{plan.LabelManagedBy: plan.ManagedBy})}
	out := cache.Options{
		ReaderFailOnMissingInformer: true,
		DefaultTransform:            cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&appsv1.Deployment{}:            managed,
			&corev1.Pod{}:                   managed,
			&corev1.Service{}:               managed,
			&corev1.ServiceAccount{}:        managed,
			&rbacv1.RoleBinding{}:           managed,
			&networkingv1.NetworkPolicy{}:   managed,
			&policyv1.PodDisruptionBudget{}: managed,
			&coordinationv1.Lease{}:         managed,
		},
	}
	for _, ns := range namespaces {
		if out.DefaultNamespaces == nil {
			out.DefaultNamespaces = map[string]cache.Config{}
		}
		out.DefaultNamespaces[ns] = cache.Config{}
	}
	return out
}
