package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
)

// debianSet is a group of Debian packages that is unpacked into one tree.
type debianSet struct {
	name     string
	packages []string
}

var (
	etcdSet = debianSet{name: "debian-etcd", packages: etcdPackages}
	nodeSet = debianSet{name: "debian-node", packages: nodePackages}
)

func (s debianSet) key() string { return cache.Key("bookworm", s.packages...) }

func (b Builder) debianDir(set debianSet) string { return b.Cache.Path(set.name, set.key()) }

func (b Builder) debian(ctx context.Context, set debianSet) error {
	_, err := b.Cache.Ensure(ctx, set.name, set.key(), func(dir string) error {
		b.Progress.Step("unpacking Debian's %s", strings.Join(set.packages[:min(4, len(set.packages))], ", "))
		downloads, err := os.MkdirTemp(dir, "download-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(downloads)
		if err := b.download(ctx, downloads, set.packages); err != nil {
			return err
		}
		return unpack(ctx, downloads, dir)
	})
	return err
}

// download fetches the packages; a second time after `apt-get update` where the lists are missing or old.
func (b Builder) download(ctx context.Context, dir string, packages []string) error {
	first := aptGet(ctx, dir, append([]string{"download"}, packages...)...)
	if first == nil {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%w\nthe package lists may be missing or old: run `apt-get update` as root", first)
	}
	b.Progress.Step("apt-get update")
	if err := aptGet(ctx, dir, "update"); err != nil {
		return err
	}
	return aptGet(ctx, dir, append([]string{"download"}, packages...)...)
}

func aptGet(ctx context.Context, dir string, args ...string) error {
	options := []string{"-q"}
	if os.Geteuid() == 0 { // apt's own user cannot write here, and apt would say so each time
		options = append(options, "-o", "APT::Sandbox::User=root")
	}
	cmd := exec.CommandContext(ctx, "apt-get", append(options, args...)...)
	cmd.Dir = dir
	return run(cmd)
}

func unpack(ctx context.Context, from, to string) error {
	packages, err := filepath.Glob(filepath.Join(from, "*.deb"))
	if err != nil {
		return err
	}
	for _, pkg := range packages {
		if err := run(exec.CommandContext(ctx, "dpkg-deb", "-x", pkg, to)); err != nil {
			return err
		}
	}
	return nil
}

// libraryPath is where Debian keeps this architecture's libraries, below root.
func libraryPath(root string) string {
	triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
	return filepath.Join(root, "usr/lib", triplet) + ":" + filepath.Join(root, "lib", triplet)
}
