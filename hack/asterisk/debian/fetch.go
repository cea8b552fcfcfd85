// Package debian brings Asterisk, as Debian packages, into the cache: downloaded by apt with
// lists and a status of its own, checked by the host's keyring, unpacked side by side. Nothing
// is installed, no maintainer script runs, the host's apt is only asked for its mirror.
package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
)

// ErrUnavailable says that the packages cannot be had here: no apt, or no way to the mirror.
var ErrUnavailable = errors.New("the Debian packages of Asterisk cannot be had")

// suite is the only one of Debian that has Asterisk.
const suite = "sid"

var packages = []string{"asterisk", "asterisk-core-sounds-en-gsm"}

// unwanted parts of packages: two thirds of their files.
var unwanted = []string{"./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/perl*", "./usr/lib/*/perl*",
	"./usr/share/zoneinfo", "./usr/share/i18n", "./usr/share/misc"}

// Tree is an unpacked Asterisk with everything that it needs.
type Tree struct{ Dir string }

// patience is how long downloading and unpacking may take, or waiting for another process that does.
const patience = 8 * time.Minute

// Fetch returns Asterisk, from the cache where it is there. progress tells people what takes long.
func Fetch(ctx context.Context, c cache.Cache, progress func(format string, args ...any)) (Tree, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("%w: not within %v", ErrUnavailable, patience))
	defer cancel()
	dir, err := c.Ensure(ctx, "debian-asterisk", cache.Key(suite, append(packages, unwanted...)...), func(dir string) error {
		work, err := os.MkdirTemp("", "asterisk-debian-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		progress("downloading Asterisk and what it needs (80 MB)")
		a, err := newApt(ctx, work)
		if err != nil {
			return err
		}
		if err := a.download(ctx); err != nil {
			return err
		}
		progress("unpacking Asterisk")
		return unpack(ctx, a.archives(), dir)
	})
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return Tree{dir}, err
}

// apt is apt-get with directories of its own, which knows one suite and nothing installed.
type apt struct{ dir string }

func newApt(ctx context.Context, dir string) (apt, error) {
	site, err := mirror(ctx)
	if err != nil {
		return apt{}, err
	}
	for _, d := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return apt{}, err
		}
	}
	for name, content := range map[string]string{
		"status":       "",
		"sources.list": fmt.Sprintf("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n", site, suite),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return apt{}, err
		}
	}
	return apt{dir}, nil
}

// mirror is where this machine gets Debian from.
func mirror(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").Output()
	if err != nil {
		return "", fmt.Errorf("%w: apt-get indextargets: %w", ErrUnavailable, err)
	}
	for uri := range strings.FieldsSeq(string(out)) {
		if !strings.Contains(uri, "security") {
			return uri, nil
		}
	}
	return "", fmt.Errorf("%w: apt knows no mirror; run `apt-get update` as root", ErrUnavailable)
}

func (a apt) archives() string { return filepath.Join(a.dir, "cache/archives") }

func (a apt) download(ctx context.Context) error {
	if err := a.get(ctx, "update"); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	args := append([]string{"install", "--yes", "--download-only", "--no-install-recommends"}, packages...)
	if err := a.get(ctx, args...); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

func (a apt) get(ctx context.Context, args ...string) error {
	options := []string{"-q", "-o", "Acquire::Languages=none", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30", "-o", "Dir::State=" + a.dir, "-o", "Dir::State::lists=" + a.dir + "/lists",
		"-o", "Dir::State::status=" + a.dir + "/status", "-o", "Dir::Cache=" + a.dir + "/cache",
		"-o", "Dir::Etc::sourcelist=" + a.dir + "/sources.list", "-o", "Dir::Etc::sourceparts=-"}
	if os.Geteuid() == 0 { // apt's own user cannot write here
		options = append(options, "-o", "APT::Sandbox::User=root")
	}
	return run(exec.CommandContext(ctx, "apt-get", append(options, args...)...))
}

// unpack lays the packages out in one tree, in which /bin, /lib and /sbin are links as on every
// Debian since bookworm.
func unpack(ctx context.Context, archives, to string) error {
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} {
		if err := os.MkdirAll(filepath.Join(to, "usr", name), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join("usr", name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	debs, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err != nil || len(debs) == 0 {
		return fmt.Errorf("%w: nothing was downloaded", ErrUnavailable)
	}
	exclude := ""
	for _, u := range unwanted {
		exclude += " --exclude='" + u + "'"
	}
	for _, deb := range debs {
		script := `set -o pipefail; dpkg-deb --fsys-tarfile "$0" | tar -x --keep-directory-symlink --no-same-owner -C "$1"` + exclude
		if err := run(exec.CommandContext(ctx, "bash", "-c", script, deb, to)); err != nil {
			return err
		}
	}
	return nil
}

// run runs a command that says nothing unless it fails.
func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, strings.Join(lines[max(0, len(lines)-10):], "\n"))
	}
	return nil
}

// Command makes the command line that runs a program of the tree with its own loader and
// libraries: the host's may be older, and nothing needs root or a chroot.
func (t Tree) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	libraries := t.Libraries()
	loader := filepath.Join(libraries, "ld-linux-x86-64.so.2")
	if runtime.GOARCH == "arm64" {
		loader = filepath.Join(libraries, "ld-linux-aarch64.so.1")
	}
	return exec.CommandContext(ctx, loader, append([]string{"--library-path", libraries, filepath.Join(t.Dir, program)}, args...)...)
}

// Libraries is the directory of this architecture's libraries.
func (t Tree) Libraries() string {
	triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
	return filepath.Join(t.Dir, "usr/lib", triplet)
}
