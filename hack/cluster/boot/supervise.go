package boot

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// restartDelay is how long a program that ended stays down.
const restartDelay = time.Second

// command is a program to run.
type command struct {
	path string
	args []string
	log  string // file that its output is appended to
}

// supervisor starts programs and, being process 1, reaps everything that ends: its own children and the orphans that
// the kernel gives it. os/exec cannot be used beside it: both would wait for the same processes.
type supervisor struct {
	env     []string // of every program; nothing of whoever typed `cluster up` leaks in
	mu      sync.Mutex
	waiting map[int]chan syscall.WaitStatus
}

func newSupervisor(env []string) *supervisor {
	return &supervisor{env: env, waiting: map[int]chan syscall.WaitStatus{}}
}

// reapUntil reaps what ends until the context does.
func (s *supervisor) reapUntil(ctx context.Context) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGCHLD)
	defer signal.Stop(ended)
	for {
		s.reap() // also what ended before there was somebody to tell
		select {
		case <-ctx.Done():
			return
		case <-ended:
		}
	}
}

func (s *supervisor) reap() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if pid <= 0 || err != nil {
			return
		}
		if result, ours := s.waiting[pid]; ours {
			result <- status
			delete(s.waiting, pid)
		}
	}
}

// start holds the lock from the fork until the process is known, so that it cannot be reaped in between.
func (s *supervisor) start(c command) (<-chan syscall.WaitStatus, error) {
	if err := os.MkdirAll(filepath.Dir(c.log), 0o755); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	pid, err := syscall.ForkExec(c.path, append([]string{c.path}, c.args...), &syscall.ProcAttr{
		Dir:   "/",
		Env:   s.env,
		Files: []uintptr{0, log.Fd(), log.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.path, err)
	}
	result := make(chan syscall.WaitStatus, 1)
	s.waiting[pid] = result
	return result, nil
}

// run waits for the program's end.
func (s *supervisor) run(c command) error {
	ended, err := s.start(c)
	if err != nil {
		return err
	}
	if status := <-ended; status.ExitStatus() != 0 {
		return fmt.Errorf("%s ended with %s, see %s", filepath.Base(c.path), describe(status), c.log)
	}
	return nil
}

// keep starts the program again whenever it ends.
func (s *supervisor) keep(ctx context.Context, c command) {
	for ctx.Err() == nil {
		ended, err := s.start(c)
		if err != nil {
			say("%v", err)
		} else {
			say("%s started", filepath.Base(c.path))
			say("%s ended with %s, starting it again", filepath.Base(c.path), describe(<-ended))
		}
		select {
		case <-ctx.Done():
		case <-time.After(restartDelay):
		}
	}
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "signal " + status.Signal().String()
	}
	return fmt.Sprintf("status %d", status.ExitStatus())
}

// say writes to the machine's own log.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().UTC().Format("15:04:05.000"), fmt.Sprintf(format, args...))
}
