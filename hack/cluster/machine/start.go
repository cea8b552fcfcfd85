package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

// Start boots the machine: it returns when the machine has its network and goes on by itself.
func Start(ctx context.Context, dirs layout.Dirs, m layout.Machine, env []string) error {
	for _, dir := range []string{dirs.Disk(m), dirs.Logs(m)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if m.IsNode() {
		if err := createCgroups(m); err != nil {
			return err
		}
	}
	plugged, plug, err := os.Pipe()
	if err != nil {
		return err
	}
	defer plugged.Close()
	defer plug.Close()
	cmd, err := bootCommand(ctx, dirs, m, plugged)
	if err != nil {
		return err
	}
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	if err := connect(m, cmd.Process.Pid); err != nil {
		_, killErr := Kill(ctx, dirs, m)
		return fmt.Errorf("%s: %w", m.Name, errors.Join(err, killErr))
	}
	go func() { _ = cmd.Wait() }() // it is nobody's zombie while this process lives
	return nil
}

func bootCommand(ctx context.Context, dirs layout.Dirs, m layout.Machine, plugged *os.File) (*exec.Cmd, error) {
	log, err := os.OpenFile(filepath.Join(dirs.Logs(m), "init.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	line := commandLineOf(dirs, m)
	cmd := exec.CommandContext(context.WithoutCancel(ctx), line[0], line[1:]...) // the machine outlives this command
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{plugged}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true,
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC |
			syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
	}
	return cmd, nil
}

// Plugged is, inside the machine, the pipe that ends when the network cable is in.
func Plugged() io.Reader { return os.NewFile(3, "plugged") }
