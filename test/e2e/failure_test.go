//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/test/desktop"
	"github.com/ctilink/ctilink-operator/test/harness"
	"github.com/ctilink/ctilink-operator/test/walk"
)

// The runtime is killed in the middle of an agent's work: one call on hold, another
// ringing, the stream open. The same desktop, which keeps nothing but its token, its
// sessionToken and the last event's id, is right again by itself.
func TestDesktopIsRightAgainAfter(t *testing.T) {
	for i, tc := range []struct {
		name   string
		breaks func(t *testing.T, holder *corev1.Pod)
	}{
		{"the runtime process is killed", killProcess},
		{"the pod is deleted", deletePod},
	} {
		t.Run(tc.name, func(t *testing.T) {
			holder, _ := bothPods(t)
			w := newWalk(t, agent(5+i))
			held, ringing := busyAgent(t, w)
			broken := time.Now()
			tc.breaks(t, holder)
			snap := next(t, w, "the snapshot of a new connection", func(e desktop.Event) bool {
				return e.Connection > 1 && e.Name == opencti.SnapshotEvent && len(e.Snapshot.Calls) > 0
			})
			t.Logf("Right again after %s", time.Since(broken).Round(10*time.Millisecond))
			if snap.Resume != "snapshot" {
				t.Errorf("Ctilink-Resume = %q, want snapshot", snap.Resume)
			}
			wantCall(t, snap, held, opencti.Held)
			wantCall(t, snap, ringing, opencti.Offering)
			if a, there, err := w.Switch.Agent(t.Context(), w.Agent.ID); err != nil || !there {
				t.Errorf("the switch has lost the agent: %+v, known %v, %v", a, there, err)
			}
			finish(t, w, held, ringing)
		})
	}
}

// busyAgent logs an agent in and gives him a call on hold and one that rings.
func busyAgent(t *testing.T, w *walk.Walk) (held, ringing *opencti.Call) {
	t.Helper()
	ctx := t.Context()
	must(t, w.LogIn(ctx))
	must(t, w.BecomeAvailable(ctx))
	held, err := w.Offer(ctx, desktop.NewCall{From: "+4930111111", To: w.Agent.Queue, Data: map[string]string{"customer": "11"}})
	must(t, err)
	act(t, w, opencti.AnswerCall, held)
	act(t, w, opencti.HoldCall, held)
	next(t, w, "the hold", desktop.Named(opencti.Held))
	ringing, err = w.Offer(ctx, desktop.NewCall{From: "+4930222222", To: w.Agent.DN, Data: map[string]string{"customer": "22"}})
	must(t, err)
	return held, ringing
}

// finish works on after the fault, as the agent would.
func finish(t *testing.T, w *walk.Walk, held, ringing *opencti.Call) {
	t.Helper()
	act(t, w, opencti.AnswerCall, ringing)
	next(t, w, "the second call's answer", desktop.Named(opencti.Established))
	act(t, w, opencti.HangUpCall, ringing)
	next(t, w, "the second call's end", desktop.Named(opencti.Released))
	act(t, w, opencti.RetrieveCall, held)
	next(t, w, "the first call back", desktop.Named(opencti.Retrieved))
	act(t, w, opencti.HangUpCall, held)
	next(t, w, "the first call's end", desktop.Named(opencti.Released))
	must(t, w.LogOut(t.Context()))
}

func wantCall(t *testing.T, snap desktop.Event, want *opencti.Call, state opencti.EventName) {
	t.Helper()
	for _, c := range snap.Snapshot.Calls {
		if c.CallID != want.CallID {
			continue
		}
		if c.State != state || c.Variables["customer"] != want.Variables["customer"] || c.InteractionID != want.InteractionID || c.ANI != want.ANI {
			t.Errorf("the snapshot has call %+v, want it %s with the data of %+v", c, state, want)
		}
		return
	}
	t.Errorf("the snapshot lacks call %s", want.CallID)
}

// killProcess sends SIGKILL to the pod's runtime, from the machine that the nodes
// run on: no grace, no signal handler, no release of anything.
func killProcess(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	pid, err := runtimePID(pod.Name)
	must(t, err)
	t.Logf("kill -9 %d, the runtime of pod %s", pid, pod.Name)
	must(t, syscall.Kill(pid, syscall.SIGKILL))
}

// runtimePID finds the process by the environment that only its container has.
func runtimePID(pod string) (int, error) {
	pids, err := processes("/runtime\x00")
	if err != nil {
		return 0, err
	}
	for _, pid := range pids {
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err == nil && bytes.Contains(environ, []byte("POD_NAME="+pod+"\x00")) {
			return pid, nil
		}
	}
	return 0, fmt.Errorf("no runtime process of pod %s runs on this machine", pod)
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

// deletePod deletes the holder as an admin would; the standby takes over.
func deletePod(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	t.Logf("kubectl delete pod %s", pod.Name)
	must(t, h.Client.Delete(t.Context(), pod))
}

func act(t *testing.T, w *walk.Walk, a opencti.Activity, call *opencti.Call) {
	t.Helper()
	if _, err := w.Desktop().Do(t.Context(), a, map[string]any{"callId": call.CallID}); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
}

// next waits for an event; a fail-over takes less than the limit.
func next(t *testing.T, w *walk.Walk, what string, fits func(desktop.Event) bool) desktop.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
	defer cancel()
	e, err := w.Watch().Next(ctx, what, fits)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t testing.TB, limit time.Duration, holds func() bool) error {
	t.Helper()
	return harness.Eventually(t.Context(), limit, func(context.Context) error {
		if holds() {
			return nil
		}
		return fmt.Errorf("it does not hold")
	})
}
