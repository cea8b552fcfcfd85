// Package build makes the programs and images that the cluster consists of, into the cache: from Go modules and
// Debian packages, without a registry and without installing anything.
package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
	"github.com/ctilink/ctilink-operator/hack/cluster/progress"
)

// Builder builds into a cache and says what it does.
type Builder struct {
	Cache    cache.Cache
	Progress *progress.Printer
}

// Everything builds all that a cluster needs.
func (b Builder) Everything(ctx context.Context) error {
	for _, build := range []func(context.Context) error{b.ControlPlane, b.node} {
		if err := build(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ControlPlane builds kube-apiserver, kubectl and etcd: what envtest needs.
func (b Builder) ControlPlane(ctx context.Context) error {
	if err := b.kube(ctx, apiSet); err != nil {
		return err
	}
	return b.debian(ctx, etcdSet)
}

func (b Builder) node(ctx context.Context) error {
	for _, build := range []func(context.Context) error{
		func(ctx context.Context) error { return b.debian(ctx, nodeSet) },
		b.images,
		func(ctx context.Context) error { return b.kube(ctx, clusterSet) },
	} {
		if err := build(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Assets returns a directory with kube-apiserver, kubectl and etcd side by side, as envtest wants them.
func (b Builder) Assets(ctx context.Context) (string, error) {
	if err := b.ControlPlane(ctx); err != nil {
		return "", err
	}
	programs := b.Programs()
	wanted := []string{programs.APIServer, programs.Kubectl, programs.Etcd}
	return b.Cache.Ensure(ctx, "assets", cache.Key(kubeVersion, wanted...), func(dir string) error {
		for _, program := range wanted {
			if err := os.Symlink(program, filepath.Join(dir, filepath.Base(program))); err != nil {
				return err
			}
		}
		return nil
	})
}

// Programs are the paths of the built programs; they are known before anything is built.
type Programs struct {
	APIServer, ControllerManager, Scheduler, Etcd string
	Kubelet, KubeProxy, Kubectl                   string
	Containerd, Ctr, Runc                         string
	CNIDir                                        string   // directory of the network plugins
	LibraryPath                                   string   // LD_LIBRARY_PATH of what comes from Debian
	BinDirs                                       []string // PATH of what starts programs by name
	SystemImages                                  []string // archives that every node imports
}

// Environment lets the programs from Debian packages find their libraries and one another.
func (p Programs) Environment() []string {
	path := strings.Join(append(slices.Clone(p.BinDirs), "/usr/sbin", "/usr/bin", "/sbin", "/bin"), ":")
	return []string{"HOME=/root", "PATH=" + path, "LD_LIBRARY_PATH=" + p.LibraryPath}
}

// Programs returns where everything is.
func (b Builder) Programs() Programs {
	api, cluster := b.kubeDir(apiSet), b.kubeDir(clusterSet)
	etcd, node := b.debianDir(etcdSet), b.debianDir(nodeSet)
	return Programs{
		APIServer:         filepath.Join(api, "kube-apiserver"),
		Kubectl:           filepath.Join(api, "kubectl"),
		ControllerManager: filepath.Join(cluster, "kube-controller-manager"),
		Scheduler:         filepath.Join(cluster, "kube-scheduler"),
		Kubelet:           filepath.Join(cluster, "kubelet"),
		KubeProxy:         filepath.Join(cluster, "kube-proxy"),
		Etcd:              filepath.Join(etcd, "usr/bin/etcd"),
		Containerd:        filepath.Join(node, "usr/bin/containerd"),
		Ctr:               filepath.Join(node, "usr/bin/ctr"),
		Runc:              filepath.Join(node, "usr/sbin/runc"),
		CNIDir:            filepath.Join(node, "usr/lib/cni"),
		LibraryPath:       libraryPath(node),
		BinDirs:           []string{filepath.Join(node, "usr/bin"), filepath.Join(node, "usr/sbin")},
		SystemImages: []string{
			filepath.Join(b.imagesDir(), "pause.tar"),
			filepath.Join(b.imagesDir(), "coredns.tar"),
		},
	}
}

// Built says whether everything that a cluster needs is in the cache.
func (b Builder) Built() bool {
	for _, dir := range []string{b.kubeDir(apiSet), b.kubeDir(clusterSet), b.debianDir(etcdSet), b.debianDir(nodeSet), b.imagesDir()} {
		if _, err := os.Stat(dir); err != nil {
			return false
		}
	}
	return true
}

// run runs a command that says nothing unless it fails.
func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, lastLines(string(out), 20))
	}
	return nil
}
