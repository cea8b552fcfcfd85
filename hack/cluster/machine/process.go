// Package machine starts and ends the cluster's machines from the host's side. A machine is a process that is pid 1 of
// mount, uts, ipc, net and pid namespaces of its own: one SIGKILL ends everything in it, like a power cut.
package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

// InitCommand is the subcommand that runs as pid 1.
const InitCommand = "init"

// Process is a machine that runs on this host.
type Process struct {
	Root string // its cluster's state directory
	Name string
	PID  int
}

// Running returns the pids of the cluster's machines by name. It asks the kernel, not pid files: a file may outlive
// its process, and the number be somebody else's.
func Running(dirs layout.Dirs) (map[string]int, error) {
	processes, err := scan()
	running := map[string]int{}
	for _, p := range processes {
		if p.Root == dirs.Root {
			running[p.Name] = p.PID
		}
	}
	return running, err
}

// Others returns the machines of clusters with another state directory.
func Others(dirs layout.Dirs) ([]Process, error) {
	processes, err := scan()
	return slices.DeleteFunc(processes, func(p Process) bool { return p.Root == dirs.Root }), err
}

func scan() ([]Process, error) {
	found, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var processes []Process
	for _, dir := range found {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if process, ok := identify(pid); ok {
			processes = append(processes, process)
		}
	}
	return processes, nil
}

// identify guards every kill: the command line is a machine's, and the process is pid 1 of another pid namespace.
func identify(pid int) (Process, bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return Process{}, false
	}
	process, ok := parseCommandLine(string(line))
	if !ok {
		return Process{}, false
	}
	process.PID = pid
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil || !isInit(string(status)) {
		return Process{}, false
	}
	theirs, err := os.Readlink(filepath.Join(dir, "ns/pid"))
	if err != nil {
		return Process{}, false
	}
	ours, err := os.Readlink("/proc/self/ns/pid")
	return process, err == nil && theirs != ours
}

func commandLineOf(dirs layout.Dirs, m layout.Machine) []string {
	return []string{dirs.Executable(), InitCommand, m.Name}
}

// parseCommandLine is commandLineOf read back, from /proc/PID/cmdline.
func parseCommandLine(text string) (Process, bool) {
	args := strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
	if len(args) != 3 {
		return Process{}, false
	}
	process := Process{Root: filepath.Dir(filepath.Dir(args[0])), Name: args[2]}
	m, err := layout.ByName(process.Name)
	if err != nil {
		return Process{}, false
	}
	return process, slices.Equal(args, commandLineOf(layout.Dirs{Root: process.Root}, m))
}

// isInit reads the NSpid line of /proc/PID/status: the pid in each namespace, the innermost last (proc(5)).
func isInit(status string) bool {
	for line := range strings.Lines(status) {
		if pids, found := strings.CutPrefix(line, "NSpid:"); found {
			fields := strings.Fields(pids)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}

// Kill cuts the machine's power and waits until all of its processes are gone.
func Kill(ctx context.Context, dirs layout.Dirs, m layout.Machine) (was bool, err error) {
	running, err := Running(dirs)
	pid := running[m.Name]
	if err != nil || pid == 0 {
		return false, err
	}
	handle, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", m.Name, err)
	}
	defer unix.Close(handle)
	// The handle is of whatever has this pid now, and stays so: checked after it was opened, the check holds.
	if now, ok := identify(pid); !ok || now.Root != dirs.Root || now.Name != m.Name {
		return false, nil
	}
	if err := unix.PidfdSendSignal(handle, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return false, fmt.Errorf("%s: %w", m.Name, err)
	}
	return true, waitForEnd(ctx, handle, m)
}

// waitForEnd waits for pid 1, which ends only after everything in its namespace has (pid_namespaces(7)).
func waitForEnd(ctx context.Context, handle int, m layout.Machine) error {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) && ctx.Err() == nil {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(handle), Events: unix.POLLIN}}, 200)
		if n > 0 {
			return nil
		}
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return fmt.Errorf("%s: its processes did not end", m.Name)
}
