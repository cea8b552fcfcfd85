package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/hack/cluster/component"
	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/hack/cluster/machine"
	"github.com/ctilink/ctilink-operator/hack/cluster/pki"
)

// NodeDown cuts a node's power. Its disk stays.
func (c Cluster) NodeDown(ctx context.Context, n int) error {
	node, err := layout.Node(n)
	if err != nil {
		return err
	}
	return c.exclusively(ctx, func() error {
		was, err := machine.Kill(ctx, c.Dirs, node)
		if err != nil {
			return err
		}
		if !was {
			return fmt.Errorf("%s is not running", node.Name)
		}
		if err := machine.Unplug(node); err != nil {
			return err
		}
		if err := machine.RemoveCgroups(node.Cgroup()); err != nil {
			return err
		}
		c.Progress.Step("%s is off", node.Name)
		return c.routeServices()
	})
}

// NodeUp boots a node, with the disk it had.
func (c Cluster) NodeUp(ctx context.Context, n int) error {
	node, err := layout.Node(n)
	if err != nil {
		return err
	}
	return c.exclusively(ctx, func() error { return c.nodeUp(ctx, node) })
}

func (c Cluster) nodeUp(ctx context.Context, node layout.Machine) error {
	running, err := machine.Running(c.Dirs)
	if err != nil {
		return err
	}
	if running[layout.ControlPlane().Name] == 0 {
		return errors.New("the cluster is not up: `cluster up` first")
	}
	if err := c.prepare(false); err != nil {
		return err
	}
	nodes, err := c.withExisting(node.Node)
	if err != nil {
		return err
	}
	started := map[string]time.Time{}
	if running[node.Name] == 0 {
		started[node.Name] = time.Now()
		if err := c.start(ctx, node, nodes); err != nil {
			return err
		}
	}
	if err := c.routeServices(); err != nil {
		return err
	}
	return c.untilNodesReady(ctx, []layout.Machine{node}, started)
}

// routeServices sends the host's packets for Services through the first node that runs.
func (c Cluster) routeServices() error {
	running, err := c.running()
	if err != nil || len(running) == 0 {
		return err
	}
	return machine.EnsureBridge(running[0])
}

// running returns the nodes that run.
func (c Cluster) running() ([]layout.Machine, error) {
	nodes, err := layout.Nodes(layout.MaxNodes)
	if err != nil {
		return nil, err
	}
	pids, err := machine.Running(c.Dirs)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(nodes, func(node layout.Machine) bool { return pids[node.Name] == 0 }), nil
}

// withExisting returns nodes 1..n and those beyond that run.
func (c Cluster) withExisting(n int) ([]layout.Machine, error) {
	nodes, err := layout.Nodes(n)
	if err != nil {
		return nil, err
	}
	running, err := c.running()
	if err != nil {
		return nil, err
	}
	for _, node := range running {
		if node.Node > n {
			nodes = append(nodes, node)
		}
	}
	return nodes, nil
}

func (c Cluster) ensurePKI(nodes []layout.Machine) error {
	if err := pki.Ensure(c.Dirs, nodes); err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	return nil
}

func (c Cluster) writeAuditPolicy() error {
	policy, err := component.AuditPolicy()
	if err != nil {
		return err
	}
	return os.WriteFile(c.Dirs.AuditPolicy(), []byte(policy), 0o644)
}
