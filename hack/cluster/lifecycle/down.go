package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/hack/cluster/machine"
)

// Down ends every machine and removes links, cgroups and state. The cache stays.
func (c Cluster) Down(ctx context.Context) error {
	return c.exclusively(ctx, func() error {
		if err := c.refuseOthers(); err != nil {
			return err
		}
		for _, m := range layout.Machines() {
			was, err := machine.Kill(ctx, c.Dirs, m)
			if err != nil {
				return err
			}
			if was {
				c.Progress.Step("%s is off", m.Name)
			}
		}
		if err := errors.Join(machine.RemoveNetwork(), machine.RemoveCgroups("/"+layout.CgroupName), c.removeState()); err != nil {
			return err
		}
		c.Progress.Step("the cluster is down; nothing but the cache is left")
		return nil
	})
}

// removeState removes the state directory if it is marked as ours; the mark goes last, should this be interrupted.
func (c Cluster) removeState() error {
	if _, err := os.Stat(c.Dirs.Marker()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	entries, err := os.ReadDir(c.Dirs.Root)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(c.Dirs.Root, entry.Name())
		if path == c.Dirs.Marker() {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("state: %w", err)
		}
	}
	return os.RemoveAll(c.Dirs.Root)
}

// CleanCache removes everything that was built, unless a cluster runs on it.
func (c Cluster) CleanCache() error {
	running, err := machine.Running(c.Dirs)
	if err != nil {
		return err
	}
	if len(running) > 0 {
		return errors.New("the cluster runs from the cache: `cluster down` first")
	}
	if err := c.refuseOthers(); err != nil {
		return err
	}
	if err := os.RemoveAll(c.Builder.Cache.Dir); err != nil {
		return err
	}
	c.Progress.Step("removed %s", c.Builder.Cache.Dir)
	return nil
}
