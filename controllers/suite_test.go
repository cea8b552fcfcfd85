package controllers_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	controllerconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/yaml"

	"github.com/ctilink/ctilink-operator/controllers"
)

var subjects = []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: operatorUser}}

const (
	operatorNamespace = "ctilink-system"
	operatorUser      = "ctilink-operator"
	runtimeImage      = "example.test/ctilink:1"
)

var (
	// admin may do everything; tests act through it.
	admin client.Client
	// operatorConfig has the rights of config/rbac and no others: what the code
	// needs and the roles lack makes tests fail.
	operatorConfig *rest.Config
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runSuite(m))
}

func runSuite(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	env, err := startAPIServer()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop the API server:", err)
		}
	}()
	if err := prepare(env); err != nil {
		fmt.Fprintln(os.Stderr, "prepare the API server:", err)
		return 1
	}
	return m.Run()
}

func startAPIServer() (*envtest.Environment, error) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return nil, errors.New(`these tests need a real API server, and KUBEBUILDER_ASSETS does not say where it is; run
	export KUBEBUILDER_ASSETS="$(go run ./hack/cluster assets)"`)
	}
	env := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("..", "config", "crd")},
		ErrorIfCRDPathMissing: true,
	}
	env.ControlPlane.GetAPIServer().Configure().
		Append("enable-admission-plugins", "OwnerReferencesPermissionEnforcement")
	_, err := env.Start()
	return env, err
}

// prepare makes the operator's namespace, user and roles.
func prepare(env *envtest.Environment) error {
	scheme, err := controllers.NewScheme()
	if err != nil {
		return err
	}
	if admin, err = client.New(env.Config, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	user, err := env.AddUser(envtest.User{Name: operatorUser}, nil)
	if err != nil {
		return err
	}
	operatorConfig = user.Config()
	operatorConfig.QPS = -1
	role, classes, namespaced, runtime := &rbacv1.ClusterRole{}, &rbacv1.ClusterRole{}, &rbacv1.Role{}, &rbacv1.ClusterRole{}
	if err := errors.Join(readManifest("rbac/operator.yaml", role), readManifest("rbac/operator-classes.yaml", classes),
		readManifest("rbac/operator-namespace.yaml", namespaced), readManifest("rbac/runtime.yaml", runtime)); err != nil {
		return err
	}
	namespaced.Namespace = operatorNamespace
	for _, o := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}},
		role, classes, namespaced, runtime,
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: classes.Name}, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: classes.Name},
		},
		&rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: namespaced.Name}, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: namespaced.Name},
		},
	} {
		if err := admin.Create(context.Background(), o); err != nil {
			return err
		}
	}
	return nil
}

// readManifest reads a single object of config/.
func readManifest(path string, into client.Object) error {
	body, err := os.ReadFile(filepath.Join("..", "config", path))
	if err != nil {
		return err
	}
	return yaml.UnmarshalStrict(body, into)
}

// newNamespace makes a namespace of the test's own, where the operator has its
// rights and nowhere else: the narrow install of the chart.
func newNamespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	create(t, ns)
	create(t, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns.Name, Name: "ctilink-operator"}, Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "ctilink-operator"},
	})
	return ns.Name
}

// startOperator runs an operator that watches one namespace, and stops it at the
// end of the test or when the returned function is called.
func startOperator(t *testing.T, namespace string) (stop func()) {
	t.Helper()
	return startOperatorWith(t, namespace, operatorConfig)
}

func startOperatorWith(t *testing.T, namespace string, config *rest.Config) (stop func()) {
	t.Helper()
	scheme, err := controllers.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	mgr, err := ctrl.NewManager(config, manager.Options{
		Scheme:     scheme,
		Cache:      controllers.CacheOptions(namespace),
		Metrics:    server.Options{BindAddress: "0"},
		Controller: controllerconfig.Controller{SkipNameValidation: new(true)},

		LeaderElection:                true,
		LeaderElectionID:              "ctilink-operator",
		LeaderElectionNamespace:       operatorNamespace,
		LeaderElectionReleaseOnCancel: true,
		RetryPeriod:                   new(50 * time.Millisecond),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := controllers.Setup(t.Context(), mgr, controllers.Options{RuntimeImage: runtimeImage, Namespace: operatorNamespace}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("operator: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// eventually waits until f has nothing to complain about.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, 20*time.Second, true, func(context.Context) (bool, error) {
		last = f()
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("after 20 s still: %v", last)
	}
}

func create(t *testing.T, o client.Object) {
	t.Helper()
	if err := admin.Create(t.Context(), o); err != nil {
		t.Fatalf("create %T %s: %v", o, o.GetName(), err)
	}
	t.Cleanup(func() {
		// Classes are the cluster's; the rest goes with the API server.
		if o.GetNamespace() == "" && !strings.HasPrefix(o.GetName(), "test-") {
			_ = admin.Delete(context.Background(), o)
		}
	})
}

func get[T client.Object](t *testing.T, namespace, name string, o T) T {
	t.Helper()
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, o); err != nil {
		t.Fatalf("get %T %s: %v", o, name, err)
	}
	return o
}
