//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// killProcess sends SIGKILL to the holder's runtime, from the machine that the nodes
// run on: no grace, no signal handler, no release of anything.
func killProcess(t *testing.T, s *scene) {
	t.Helper()
	kill(t, runtimeProcess(t, s.holder))
}

// killSwitch does so to ctisim: it is back within a second, and remembers nothing.
func killSwitch(t *testing.T) {
	t.Helper()
	kill(t, process(t, "/ctisim\x00", "HOSTNAME=ctisim-"))
}

func kill(t *testing.T, pid int) {
	t.Helper()
	t.Logf("kill -9 %d", pid)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
}

// runtimeProcess is the runtime of a pod.
func runtimeProcess(t *testing.T, pod *corev1.Pod) int {
	t.Helper()
	return process(t, "/runtime\x00", "POD_NAME="+pod.Name+"\x00")
}

// process finds the one process by its command line and environment.
func process(t *testing.T, command, environment string) int {
	t.Helper()
	pids, err := processes(command)
	must(t, err)
	for _, pid := range pids {
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || !bytes.Contains(environ, []byte(environment)) {
			continue
		}
		return pid
	}
	t.Fatalf("no process %q with %q runs on this machine", command, environment)
	return 0
}

// processes lists the processes whose command line begins so. The nodes run on this
// machine, so their containers' processes are among them.
func processes(prefix string) ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var out []int
	for _, file := range files {
		cmdline, err := os.ReadFile(file)
		if err != nil || !bytes.HasPrefix(cmdline, []byte(prefix)) {
			continue // gone, or another program
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		out = append(out, pid)
	}
	return out, nil
}
