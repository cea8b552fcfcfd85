package lifecycle

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/hack/cluster/machine"
)

// Exec runs a command in all of the machine's namespaces, with the environment of its own programs.
func (c Cluster) Exec(ctx context.Context, m layout.Machine, command []string, in io.Reader, out, errs io.Writer) error {
	pid, err := c.pid(m)
	if err != nil {
		return err
	}
	environment := append([]string{"env", "-i"}, c.Builder.Programs().Environment()...)
	args := append([]string{"--target", strconv.Itoa(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--"}, environment...)
	cmd := exec.CommandContext(ctx, "nsenter", append(args, command...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s in %s: %w", command[0], m.Name, err)
	}
	return nil
}

// Signal sends a signal to one of the programs that the machine's pid 1 keeps running.
func (c Cluster) Signal(m layout.Machine, program string, signal unix.Signal) error {
	pid, err := c.pid(m)
	if err != nil {
		return err
	}
	return machine.Signal(pid, program, signal)
}

func (c Cluster) pid(m layout.Machine) (int, error) {
	running, err := machine.Running(c.Dirs)
	if err != nil {
		return 0, err
	}
	if running[m.Name] == 0 {
		return 0, fmt.Errorf("%s is not running", m.Name)
	}
	return running[m.Name], nil
}
