// Package process starts a test's own program again as a process of its own, so that what it
// does there can be measured or killed, and tells what a process has used. For tests alone.
package process

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// startTimeout bounds the time until a process says where it listens.
const startTimeout = 20 * time.Second

// Process is one that is looked at.
type Process struct {
	URL string
	PID int
}

// Start starts the test's program with more in its environment. Its first line says the
// address where it listens. It is killed at the test's end.
func Start(tb testing.TB, environment ...string) *Process {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), self)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	tooLate := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() }) // which ends its output
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatalf("the process does not say within %v where it listens: %v", startTimeout, err)
	}
	tooLate.Stop()
	return &Process{URL: "http://" + strings.TrimSpace(line), PID: cmd.Process.Pid}
}

// Processor is the time that the process has had of a processor.
func (p *Process) Processor(tb testing.TB) (used time.Duration) {
	tb.Helper()
	stat := p.read(tb, "stat")
	// After the name in brackets; proc(5): utime and stime are fields 14 and 15.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	for _, ticks := range fields[11:13] {
		used += time.Duration(number(tb, ticks)) * time.Second / 100 // USER_HZ is 100
	}
	return used
}

// Resident is the memory of the process in bytes, as the kernel counts it, garbage included.
func (p *Process) Resident(tb testing.TB) int {
	tb.Helper()
	return number(tb, strings.Fields(p.read(tb, "statm"))[1]) * os.Getpagesize()
}

// Peak is the most that was resident, in bytes.
func (p *Process) Peak(tb testing.TB) int {
	tb.Helper()
	_, rest, _ := strings.Cut(p.read(tb, "status"), "VmHWM:")
	return number(tb, strings.Fields(rest)[0]) << 10
}

func (p *Process) read(tb testing.TB, name string) string {
	tb.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.PID, name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func number(tb testing.TB, text string) int {
	tb.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
