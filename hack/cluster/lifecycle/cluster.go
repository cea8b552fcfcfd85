// Package lifecycle brings the cluster up and down and its nodes on and off: the commands, without their flags.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ctilink/ctilink-operator/hack/cluster/build"
	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/hack/cluster/machine"
	"github.com/ctilink/ctilink-operator/hack/cluster/progress"
)

// lockFile is one for the host: addresses and link names are the same wherever the state is kept.
const lockFile = "/run/lock/ctilink-cluster.lock"

// Cluster is the cluster of this host.
type Cluster struct {
	Dirs     layout.Dirs
	Builder  build.Builder
	Progress *progress.Printer
}

// exclusively runs work while no other command changes the cluster.
func (c Cluster) exclusively(ctx context.Context, work func() error) error {
	if os.Geteuid() != 0 {
		return errors.New("this needs root: namespaces, a bridge and cgroups")
	}
	release, err := cache.Lock(ctx, lockFile, func() { c.Progress.Step("waiting for another cluster command to end") })
	if err != nil {
		return err
	}
	defer release()
	return work()
}

// Up brings up the control plane and nodes 1..nodes; what runs already is left alone.
func (c Cluster) Up(ctx context.Context, nodes int, audit bool) error {
	if _, err := layout.Nodes(nodes); err != nil || nodes < 1 {
		return fmt.Errorf("--nodes %d: want 1 to %d", nodes, layout.MaxNodes)
	}
	return c.exclusively(ctx, func() error { return c.up(ctx, nodes, audit) })
}

func (c Cluster) up(ctx context.Context, count int, audit bool) error {
	if !c.Builder.Built() {
		c.Progress.Step("building what the cluster consists of; the first time takes about ten minutes on two cores")
	}
	if err := c.refuseOthers(); err != nil {
		return err
	}
	if err := c.Builder.Everything(ctx); err != nil {
		return err
	}
	if err := c.prepare(audit); err != nil {
		return err
	}
	nodes, err := c.withExisting(count)
	if err != nil {
		return err
	}
	started, err := c.startMissing(ctx, count, nodes)
	if err != nil {
		return err
	}
	return c.untilUp(ctx, nodes, started)
}

// refuseOthers stops before two clusters fight over addresses and links.
func (c Cluster) refuseOthers() error {
	others, err := machine.Others(c.Dirs)
	if err != nil || len(others) == 0 {
		return err
	}
	return fmt.Errorf("a cluster with its state in %s runs on this host: `%s=%s cluster down` first",
		others[0].Root, layout.Variable, others[0].Root)
}

// startMissing boots the control plane and the first count nodes where they do not run, all at once, and says when.
func (c Cluster) startMissing(ctx context.Context, count int, nodes []layout.Machine) (map[string]time.Time, error) {
	if err := machine.EnsureBridge(nodes[0]); err != nil {
		return nil, err
	}
	wanted, err := layout.Nodes(count)
	if err != nil {
		return nil, err
	}
	started := map[string]time.Time{}
	running, err := machine.Running(c.Dirs)
	if err != nil {
		return nil, err
	}
	for _, m := range append([]layout.Machine{layout.ControlPlane()}, wanted...) {
		if running[m.Name] != 0 && machine.IsPlugged(m) {
			continue
		}
		if _, err := machine.Kill(ctx, c.Dirs, m); err != nil {
			return nil, err
		}
		started[m.Name] = time.Now()
		if err := c.start(ctx, m, nodes); err != nil {
			return nil, err
		}
	}
	return started, nil
}

func (c Cluster) start(ctx context.Context, m layout.Machine, nodes []layout.Machine) error {
	if err := c.ensurePKI(nodes); err != nil {
		return err
	}
	if err := machine.Start(ctx, c.Dirs, m, c.environment()); err != nil {
		return err
	}
	c.Progress.Step("%s boots", m.Name)
	return nil
}

// environment tells the machine's pid 1, which runs this program too, where everything is.
func (c Cluster) environment() []string {
	return []string{
		cache.Variable + "=" + c.Builder.Cache.Dir,
		layout.Variable + "=" + c.Dirs.Root,
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	}
}

// prepare makes the state directory, with a copy of this program for the machines to run.
func (c Cluster) prepare(audit bool) error {
	if err := c.claim(); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dirs.Images(), 0o755); err != nil {
		return err
	}
	if err := copyExecutable(c.Dirs.Executable()); err != nil {
		return err
	}
	if audit {
		return c.writeAuditPolicy()
	}
	return nil
}

// claim marks the state directory as ours, and refuses one that is somebody else's.
func (c Cluster) claim() error {
	if _, err := os.Stat(c.Dirs.Marker()); err == nil {
		return nil
	}
	if entries, err := os.ReadDir(c.Dirs.Root); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s holds something that is not a cluster: choose another CTILINK_CLUSTER_DIR", c.Dirs.Root)
	}
	if err := os.MkdirAll(c.Dirs.Root, 0o755); err != nil {
		return err
	}
	return os.WriteFile(c.Dirs.Marker(), []byte("The state of a cluster; `cluster down` removes it.\n"), 0o644)
}

// copyExecutable copies this program to path, whole or not at all: a machine may be running the old one.
func copyExecutable(path string) error {
	source, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer source.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	partial := path + ".partial"
	target, err := os.OpenFile(partial, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, target.Close()); err != nil {
		return err
	}
	return os.Rename(partial, path)
}
