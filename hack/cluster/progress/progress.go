// Package progress prints one line for each step that is done, with the seconds since the start.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Printer prints the steps of one command.
type Printer struct {
	mu    sync.Mutex
	out   io.Writer
	start time.Time
}

// New starts the clock.
func New(out io.Writer) *Printer {
	return &Printer{out: out, start: time.Now()}
}

// Step prints a line.
func (p *Printer) Step(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "%7.1fs  %s\n", time.Since(p.start).Seconds(), fmt.Sprintf(format, args...))
}
