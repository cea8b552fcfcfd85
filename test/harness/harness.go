// Package harness brings up what the demo and the end-to-end tests run on: the local
// cluster, the image in it, the operator by Helm, manifests, and the ways in. It
// drives the same programs that a person would.
package harness

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// Harness is a cluster with what is needed to work on it.
type Harness struct {
	// Root is the repository's folder.
	Root       string
	Kubeconfig string
	Config     *rest.Config
	Client     client.WithWatch
	// Image is the reference of the image in the cluster.
	Image string
	// Progress is called before each step that takes a while.
	Progress func(step string)
}

// Options of New.
type Options struct {
	Root  string
	Nodes int
	// Audit lets the API server write its audit log, if it is this that starts it.
	Audit    bool
	Progress func(step string)
}

// New brings the cluster up, or finds it up, with the image of bin/ in it.
func New(ctx context.Context, o Options) (*Harness, error) {
	h := &Harness{Root: o.Root, Progress: o.Progress}
	if h.Progress == nil {
		h.Progress = func(string) {}
	}
	h.Progress(fmt.Sprintf("Bringing up a Kubernetes cluster, nodes: %d (the very first time it is built: some ten minutes)", o.Nodes))
	if err := h.stream(ctx, h.tool("cluster"), "up", "--nodes", fmt.Sprint(o.Nodes), fmt.Sprintf("--audit=%t", o.Audit)); err != nil {
		return nil, fmt.Errorf("bring up the cluster: %w", err)
	}
	path, err := h.output(ctx, h.tool("cluster"), "kubeconfig")
	if err != nil {
		return nil, err
	}
	h.Kubeconfig = strings.TrimSpace(path)
	if h.Config, err = clientcmd.BuildConfigFromFlags("", h.Kubeconfig); err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	h.Config.QPS, h.Config.Burst = 100, 200
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if h.Client, err = client.NewWithWatch(h.Config, client.Options{Scheme: scheme}); err != nil {
		return nil, fmt.Errorf("client of the cluster: %w", err)
	}
	return h, h.load(ctx)
}

// Root finds the repository's folder from the working directory.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("run this inside the repository")
}

// tool is a program of bin/, as make builds them.
func (h *Harness) tool(name string) string { return filepath.Join(h.Root, "bin", name) }

// cached is a pinned program of the cluster's cache, e.g. helm.
func (h *Harness) cached(ctx context.Context, name string) (string, error) {
	path, err := h.output(ctx, h.tool("cluster"), "tool", name)
	return strings.TrimSpace(path), err
}

// stream runs a program whose output is for the person who waits.
func (h *Harness) stream(ctx context.Context, name string, args ...string) error {
	cmd := h.command(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// output runs a program and gives what it prints; its errors are in the error.
func (h *Harness) output(ctx context.Context, name string, args ...string) (string, error) {
	return h.pipe(ctx, nil, name, args...)
}

func (h *Harness) pipe(ctx context.Context, in []byte, name string, args ...string) (string, error) {
	cmd := h.command(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if in != nil {
		cmd.Stdin = bytes.NewReader(in)
	}
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

func (h *Harness) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = h.Root
	cmd.Env = append(os.Environ(), "KUBECONFIG="+h.Kubeconfig)
	return cmd
}

// Cluster runs a command of the cluster program, e.g. node-down 2.
func (h *Harness) Cluster(ctx context.Context, args ...string) (string, error) {
	return h.output(ctx, h.tool("cluster"), args...)
}

// Kubectl runs kubectl and gives what it prints.
func (h *Harness) Kubectl(ctx context.Context, args ...string) (string, error) {
	kubectl, err := h.cached(ctx, "kubectl")
	if err != nil {
		return "", err
	}
	return h.output(ctx, kubectl, args...)
}

// Apply applies a manifest file as a person would, with the sample's image replaced
// by the one in the cluster.
func (h *Harness) Apply(ctx context.Context, file string) error {
	b, err := os.ReadFile(filepath.Join(h.Root, file))
	if err != nil {
		return err
	}
	return h.ApplyText(ctx, bytes.ReplaceAll(b, []byte(SampleImage), []byte(h.Image)))
}

// ApplyText applies manifests.
func (h *Harness) ApplyText(ctx context.Context, manifests []byte) error {
	kubectl, err := h.cached(ctx, "kubectl")
	if err != nil {
		return err
	}
	_, err = h.pipe(ctx, manifests, kubectl, "apply", "--server-side", "-f", "-")
	return err
}

// Eventually tries until it works or the time is up; it gives the last reason.
func Eventually(ctx context.Context, limit time.Duration, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", limit, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ToolsDir is the folder that has kubectl.
func (h *Harness) ToolsDir(ctx context.Context) (string, error) {
	kubectl, err := h.cached(ctx, "kubectl")
	return filepath.Dir(kubectl), err
}
