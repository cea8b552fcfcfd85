//go:build cluster

package e2e

import (
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Whatever moment `up` is killed at, the next command puts it right.
func TestInterruptedUp(t *testing.T) {
	h := newHost(t)
	h.cluster("down")
	before := h.traces()
	t.Cleanup(func() { h.cluster("down") })
	for _, after := range []time.Duration{10, 20, 40, 60, 80, 100, 150, 300, 2000, 4000} {
		h.interruptUp(after * time.Millisecond)
	}
	h.up("--nodes", "2")
	if n := h.machines(); n != 3 {
		t.Errorf("%d machines run, want the control plane and two nodes", n)
	}
	h.cluster("down")
	for _, after := range []time.Duration{30, 90, 1000} {
		h.interruptUp(after * time.Millisecond)
		h.cluster("down")
		if diff := cmp.Diff(before, h.traces()); diff != "" {
			t.Errorf("killed after %d ms, down left traces (-before +after):\n%s", after, diff)
		}
	}
}

func (h host) interruptUp(after time.Duration) {
	h.t.Helper()
	up := exec.Command(h.program, "up", "--nodes", "2")
	if err := up.Start(); err != nil {
		h.t.Fatal(err)
	}
	time.Sleep(after)     // the moment is the point
	_ = up.Process.Kill() // it may have ended by itself
	_ = up.Wait()
}
