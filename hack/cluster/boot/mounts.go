package boot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mountAll gives the machine a /proc, a /run and the few writable places of its own; the rest is the host's, as is.
// keep are directories that must stay visible although they lie below a place that is covered.
func mountAll(disk string, keep []string) error {
	// Until this is done the host would see our mounts.
	if err := mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	// Volumes of pods must propagate from the kubelet to the containers.
	if err := mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	kept, err := openAll(keep)
	if err != nil {
		return err
	}
	if err := mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return err
	}
	// The kubelet's device plugins, the network plugins' state and the links to the pods' logs have fixed places.
	for _, dir := range []string{"/var/lib", "/var/log", "/opt"} {
		if err := bindFromDisk(disk, dir); err != nil {
			return err
		}
	}
	for path, file := range kept {
		if err := uncover(path, file); err != nil {
			return err
		}
		file.Close()
	}
	return nil
}

func openAll(paths []string) (map[string]*os.File, error) {
	files := map[string]*os.File{}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		files[path] = file
	}
	return files, nil
}

func bindFromDisk(disk, dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil // the host has none to protect
	}
	source := filepath.Join(disk, strings.ReplaceAll(strings.TrimPrefix(dir, "/"), "/", "-"))
	if err := os.MkdirAll(source, 0o755); err != nil {
		return err
	}
	return mount(source, dir, "", unix.MS_BIND, "")
}

// uncover makes the directory that file is open on visible again at its path, if a mount hides it.
func uncover(path string, file *os.File) error {
	before, err := file.Stat()
	if err != nil {
		return err
	}
	if now, err := os.Stat(path); err == nil && os.SameFile(before, now) {
		return nil
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	return mount(fmt.Sprintf("/proc/self/fd/%d", file.Fd()), path, "", unix.MS_BIND|unix.MS_REC, "")
}

// kernelSettings are what the kubelet wants of the kernel and would write. They belong to the whole host.
var kernelSettings = map[string]string{
	"vm/overcommit_memory":      "1",
	"vm/panic_on_oom":           "0",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// pretendKernelSettings shows the kubelet the values it wants, so that it leaves the host's alone.
func pretendKernelSettings() error {
	for name, value := range kernelSettings {
		source := filepath.Join("/run/kernel-settings", name)
		if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(source, []byte(value+"\n"), 0o644); err != nil {
			return err
		}
		if err := mount(source, filepath.Join("/proc/sys", name), "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s: %w", target, err)
	}
	return nil
}
