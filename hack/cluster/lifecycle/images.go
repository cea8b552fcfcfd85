package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ctilink/ctilink-operator/hack/cluster/component"
	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/hack/cluster/machine"
	"github.com/ctilink/ctilink-operator/hack/image/archive"
)

// LoadImages imports docker-archives into every node that runs, and keeps them for those that boot later.
func (c Cluster) LoadImages(ctx context.Context, archives []string) error {
	return c.exclusively(ctx, func() error {
		running, err := c.running()
		if err != nil {
			return err
		}
		if len(running) == 0 {
			return errors.New("no node is running: `cluster up` first")
		}
		for _, path := range archives {
			if err := c.loadImage(ctx, path, running); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c Cluster) loadImage(ctx context.Context, path string, nodes []layout.Machine) error {
	tags, err := archive.Tags(path)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := c.importInto(ctx, node, path); err != nil {
			return err
		}
		c.Progress.Step("%s has %s", node.Name, strings.Join(tags, ", "))
	}
	return copyFile(path, filepath.Join(c.Dirs.Images(), fileName(tags))) // what could be imported is worth keeping
}

// importInto reaches the node's containerd through its root directory as /proc shows it.
func (c Cluster) importInto(ctx context.Context, node layout.Machine, path string) error {
	running, err := machine.Running(c.Dirs)
	if err != nil {
		return err
	}
	socket := fmt.Sprintf("/proc/%d/root%s", running[node.Name], component.ContainerdSocket)
	out, err := exec.CommandContext(ctx, c.Builder.Programs().Ctr, component.ImportImage(socket, path)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("import into %s: %w\n%s", node.Name, err, out)
	}
	return nil
}

// fileName makes a later archive of the same images replace an earlier one.
func fileName(tags []string) string {
	return strings.NewReplacer("/", "_", ":", "_").Replace(strings.Join(tags, "+")) + ".tar"
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	partial := to + ".partial"
	target, err := os.Create(partial)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, target.Close()); err != nil {
		return err
	}
	return os.Rename(partial, to)
}
