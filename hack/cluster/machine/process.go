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

// Find returns the pid of the machine's first process, 0 when it is not running. It asks the kernel, not a pid file:
// a file may outlive its process, and the number be somebody else's.
func Find(dirs layout.Dirs, m layout.Machine) (int, error) {
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, dir := range processes {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err == nil && isMachine(pid, dirs, m) {
			return pid, nil
		}
	}
	return 0, nil
}

// isMachine guards every kill: the command line is the machine's, and the process is pid 1 of another pid namespace.
func isMachine(pid int, dirs layout.Dirs, m layout.Machine) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	commandLine, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil || !slices.Equal(splitCommandLine(commandLine), commandLineOf(dirs, m)) {
		return false
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil || !isInit(string(status)) {
		return false
	}
	theirs, err := os.Readlink(filepath.Join(dir, "ns/pid"))
	if err != nil {
		return false
	}
	ours, err := os.Readlink("/proc/self/ns/pid")
	return err == nil && theirs != ours
}

func commandLineOf(dirs layout.Dirs, m layout.Machine) []string {
	return []string{dirs.Executable(), InitCommand, m.Name}
}

func splitCommandLine(text []byte) []string {
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
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
	pid, err := Find(dirs, m)
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
	if !isMachine(pid, dirs, m) {
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
