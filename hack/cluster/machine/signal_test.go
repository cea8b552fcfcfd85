package machine

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSignal(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := Signal(os.Getpid(), "snore", unix.SIGTERM); err == nil || !strings.Contains(err.Error(), `no program "snore"`) {
		t.Errorf("got %v, want that there is no such program", err)
	}
	if err := Signal(os.Getpid(), "sleep", unix.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: terminated" {
		t.Errorf("the program ended with %v, want the signal", err)
	}
}
