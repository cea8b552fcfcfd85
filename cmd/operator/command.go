package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/go-logr/zapr"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/ctilink/ctilink-operator/controllers"
)

// gracefulStop lets running reconciles end; it stays below the pod's 30 s.
const gracefulStop = 20 * time.Second

// flags are what an admin may say.
type flags struct {
	runtimeImage    string
	namespace       string
	watchNamespaces []string
	metricsAddress  string
	healthAddress   string
	leaderElect     bool
	logLevel        string
}

func newCommand() *cobra.Command {
	f := &flags{}
	cmd := &cobra.Command{
		Use:   "operator",
		Short: "Turns CTILinks and AgentPools into CTI adapter pods",
		Long: `The operator watches CTILinks, AgentPools and ImplementationClasses and keeps
what they ask for: CTISlots, runtime pods, Services, certificates. It never speaks
to a CTI server itself; sessions and calls go on while it is away.

It finds the cluster through KUBECONFIG, the service account of its pod or
~/.kube/config, in that order.`,
		Example:       "  operator --runtime-image=ctilink/ctilink:1.0 --leader-elect",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), *f) },
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.runtimeImage, "runtime-image", "", "image of the runtime pods (required)")
	fs.StringVar(&f.namespace, "operator-namespace", os.Getenv("OPERATOR_NAMESPACE"), "namespace of the operator itself: its certificate authority and leader Lease live there (default $OPERATOR_NAMESPACE)")
	fs.StringSliceVar(&f.watchNamespaces, "watch-namespaces", nil, "namespaces to watch, separated by commas (default all)")
	fs.BoolVar(&f.leaderElect, "leader-elect", false, "elect a leader among several replicas")
	fs.StringVar(&f.metricsAddress, "metrics-bind-address", ":8080", `address of the Prometheus metrics, plain HTTP; "0" turns them off`)
	fs.StringVar(&f.healthAddress, "health-probe-bind-address", ":8081", "address of /healthz and /readyz")
	fs.StringVar(&f.logLevel, "log-level", "info", "debug, info or error")
	return cmd
}

func (f flags) check() error {
	switch {
	case f.runtimeImage == "":
		return errors.New("--runtime-image is missing: name the image of the runtime pods")
	case f.namespace == "":
		return errors.New("--operator-namespace is missing: name the namespace that the operator runs in, or set OPERATOR_NAMESPACE")
	}
	return nil
}

func run(ctx context.Context, f flags) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := setLogger(f.logLevel); err != nil {
		return err
	}
	mgr, err := newManager(ctx, f)
	if err != nil {
		return err
	}
	ctrl.Log.Info("Starting operator", "runtimeImage", f.runtimeImage, "namespace", f.namespace,
		"watchNamespaces", strings.Join(f.watchNamespaces, ","))
	return mgr.Start(ctx)
}

func newManager(ctx context.Context, f flags) (ctrl.Manager, error) {
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w", err)
	}
	config.QPS = -1 // the API server's own priority and fairness does it better
	scheme, err := controllers.NewScheme()
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(config, manager.Options{
		Scheme:                  scheme,
		Cache:                   controllers.CacheOptions(f.watchNamespaces...),
		Metrics:                 server.Options{BindAddress: f.metricsAddress},
		HealthProbeBindAddress:  f.healthAddress,
		LeaderElection:          f.leaderElect,
		LeaderElectionID:        "ctilink-operator",
		LeaderElectionNamespace: f.namespace,
		// run returns when the manager has stopped, so nothing is done after
		// the Lease is let go.
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       new(gracefulStop),
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(mgr.AddHealthzCheck("ping", healthz.Ping), mgr.AddReadyzCheck("ping", healthz.Ping)); err != nil {
		return nil, err
	}
	return mgr, controllers.Setup(ctx, mgr, controllers.Options{RuntimeImage: f.runtimeImage, Namespace: f.namespace})
}

// setLogger writes JSON to stderr, for all libraries too.
func setLogger(level string) error {
	l, err := zapcore.ParseLevel(level)
	if err != nil {
		return fmt.Errorf("--log-level: %w", err)
	}
	c := zap.NewProductionConfig()
	c.Level = zap.NewAtomicLevelAt(l)
	c.DisableStacktrace = true
	c.EncoderConfig.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	c.EncoderConfig.TimeKey = "time"
	z, err := c.Build()
	if err != nil {
		return err
	}
	log := zapr.NewLogger(z)
	ctrl.SetLogger(log)
	klog.SetLogger(log)
	return nil
}
