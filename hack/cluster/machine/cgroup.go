package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

// hierarchy is one mounted cgroup tree.
type hierarchy struct {
	dir     string
	unified bool // cgroup v2
}

// hierarchies reads the mounted trees from /proc/mounts. Beside v1 trees a v2 tree may be mounted that has no
// controllers (systemd's hybrid mode).
func hierarchies(mounts string) []hierarchy {
	var trees []hierarchy
	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] != "cgroup" && fields[2] != "cgroup2" {
			continue
		}
		tree := hierarchy{dir: fields[1], unified: fields[2] == "cgroup2"}
		if !slices.Contains(trees, tree) {
			trees = append(trees, tree)
		}
	}
	return trees
}

func mountedHierarchies() ([]hierarchy, error) {
	mounts, err := os.ReadFile("/proc/mounts")
	return hierarchies(string(mounts)), err
}

// createCgroups makes the node's cgroup in every hierarchy: the kubelet wants its cgroupRoot to exist.
func createCgroups(m layout.Machine) error {
	trees, err := mountedHierarchies()
	if err != nil {
		return err
	}
	pureV2 := len(trees) == 1 && trees[0].unified
	for _, tree := range trees {
		switch {
		case !tree.unified:
			err = createV1(tree.dir, m)
		case pureV2:
			err = createV2(tree.dir, m)
		}
		if err != nil {
			return fmt.Errorf("cgroup of %s: %w", m.Name, err)
		}
	}
	return nil
}

// createV1 also fills cpuset: a cpuset group without CPUs and memory nodes takes no processes (cpusets(7)).
func createV1(tree string, m layout.Machine) error {
	for parent, dir := range steps(tree, m) {
		if err := makeDir(dir); err != nil {
			return err
		}
		for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(parent, name))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name), value, 0o644)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// createV2 hands every controller down to the node's group: a group has those that its parent lists in
// cgroup.subtree_control (Linux: Documentation/admin-guide/cgroup-v2.rst, "Enabling and Disabling").
// UNPROVEN: written from that documentation; no machine with cgroup v2 alone was at hand.
func createV2(tree string, m layout.Machine) error {
	for parent, dir := range steps(tree, m) {
		if err := handDown(parent); err != nil {
			return err
		}
		if err := makeDir(dir); err != nil {
			return err
		}
	}
	return handDown(filepath.Join(tree, m.Cgroup()))
}

// handDown enables for the children of dir whatever dir itself has.
func handDown(dir string) error {
	controllers, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, controller := range strings.Fields(string(controllers)) {
		// one at a time: a controller that the host keeps to itself must not stop the others
		err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
		if err != nil && slices.Contains([]string{"cpu", "cpuset", "memory", "pids"}, controller) { // the kubelet needs these
			return fmt.Errorf("controller %s: %w", controller, err)
		}
	}
	return nil
}

// steps yields, from the top, each parent and child on the way to the machine's group.
func steps(tree string, m layout.Machine) func(yield func(parent, dir string) bool) {
	return func(yield func(parent, dir string) bool) {
		parent := tree
		for _, name := range strings.Split(strings.Trim(m.Cgroup(), "/"), "/") {
			dir := filepath.Join(parent, name)
			if !yield(parent, dir) {
				return
			}
			parent = dir
		}
	}
}

func makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// RemoveCgroups removes the cgroups of dead machines: path is a machine's Cgroup, or "/"+layout.CgroupName for all.
func RemoveCgroups(path string) error {
	trees, err := mountedHierarchies()
	if err != nil {
		return err
	}
	var failed error
	for _, tree := range trees {
		failed = errors.Join(failed, removeTree(filepath.Join(tree.dir, path)))
	}
	return failed
}

// removeTree tries for a while: a group is busy until the kernel is done with the processes that died in it.
func removeTree(root string) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := removeDirs(root)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// removeDirs removes directories from the leaves up; the files in them are the kernel's.
func removeDirs(root string) error {
	var dirs []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, dir := range slices.Backward(dirs) {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
