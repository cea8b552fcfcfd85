package build

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// reportEvery is how often a long compilation says how far it is.
const reportEvery = 20 * time.Second

// module is a Go module that exists only to build programs of other modules.
type module struct {
	goMod, mainGo string
	ldflags       string
	packages      []string
}

// goBuild builds the module's packages into dir.
func (b Builder) goBuild(ctx context.Context, what, dir string, m module) error {
	source, err := os.MkdirTemp(dir, "source-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(source)
	if err := os.WriteFile(filepath.Join(source, "go.mod"), []byte(m.goMod), 0o644); err != nil {
		return err
	}
	if m.mainGo != "" {
		if err := os.WriteFile(filepath.Join(source, "main.go"), []byte(m.mainGo), 0o644); err != nil {
			return err
		}
	}
	args := []string{"build", "-v", "-mod=mod", "-trimpath", "-ldflags", m.ldflags, "-o", dir + string(filepath.Separator)}
	cmd := exec.CommandContext(ctx, "go", append(args, m.packages...)...)
	cmd.Dir = source
	return b.compile(cmd, what)
}

// compile runs a go command, counting the packages that `-v` names.
func (b Builder) compile(cmd *exec.Cmd, what string, env ...string) error {
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false"), env...)
	out := &compilerOutput{}
	cmd.Stdout, cmd.Stderr = out, out
	done := make(chan struct{})
	var reporting sync.WaitGroup
	reporting.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(reportEvery):
				b.Progress.Step("  %s: %s", what, out.state())
			}
		}
	})
	err := cmd.Run()
	close(done)
	reporting.Wait()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, lastLines(out.String(), 20))
	}
	return nil
}

// compilerOutput collects what the go command says.
type compilerOutput struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *compilerOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *compilerOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func (o *compilerOutput) state() string {
	downloads, packages := 0, 0
	for line := range strings.Lines(o.String()) {
		if strings.HasPrefix(line, "go: downloading ") {
			downloads++
		} else if !strings.HasPrefix(line, "go: ") {
			packages++
		}
	}
	return fmt.Sprintf("%d modules downloaded, %d packages compiled", downloads, packages)
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
