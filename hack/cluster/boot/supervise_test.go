package boot

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// supervise runs a supervisor for the time of the test.
func supervise(t *testing.T, env ...string) *supervisor {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := newSupervisor(env)
	var reaping sync.WaitGroup
	reaping.Go(func() { s.reapUntil(ctx) })
	t.Cleanup(func() { cancel(); reaping.Wait() })
	return s
}

func shell(t *testing.T, script string) command {
	return command{path: "/bin/sh", args: []string{"-c", script}, log: filepath.Join(t.TempDir(), "log")}
}

func TestRun(t *testing.T) {
	for _, tc := range []struct{ name, script, wantErr, wantLog string }{
		{name: "ends well", script: "echo fine", wantLog: "fine\n"},
		{name: "fails", script: "echo why >&2; exit 3", wantErr: "sh ended with status 3", wantLog: "why\n"},
		{name: "killed", script: "kill -9 $$", wantErr: "sh ended with signal killed"},
		{name: "only its own environment", script: "echo $HOME $ANSWER", wantLog: "42\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("HOME", "/nowhere")
			c := shell(t, tc.script)
			err := supervise(t, "ANSWER=42").run(c)
			if got := errorText(err); !strings.HasPrefix(got, tc.wantErr) || (got == "") != (tc.wantErr == "") {
				t.Errorf("got error %q, want %q", got, tc.wantErr)
			}
			if log, _ := os.ReadFile(c.log); string(log) != tc.wantLog {
				t.Errorf("got log %q, want %q", log, tc.wantLog)
			}
		})
	}
}

func TestRunSaysWhatCannotStart(t *testing.T) {
	err := supervise(t).run(command{path: "/no/such/program", log: filepath.Join(t.TempDir(), "log")})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that the program does not exist", err)
	}
}

func TestKeepStartsAgain(t *testing.T) {
	s := supervise(t)
	ctx, cancel := context.WithCancel(t.Context())
	c := shell(t, "echo once more")
	var keeping sync.WaitGroup
	keeping.Go(func() { s.keep(ctx, c) })
	eventually(t, func() bool {
		log, _ := os.ReadFile(c.log)
		return strings.Count(string(log), "once more") >= 2
	})
	cancel()
	keeping.Wait()
}

// An orphan becomes a child of process 1, which must reap it; PR_SET_CHILD_SUBREAPER makes this process one too.
func TestOrphansAreReaped(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0); err != nil {
			t.Error(err)
		}
	})
	if err := supervise(t).run(shell(t, "sleep 0.1 & exit 0")); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		return errors.Is(err, unix.ECHILD)
	})
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 20 s")
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
