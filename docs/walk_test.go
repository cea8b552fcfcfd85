package docs

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The desktop developer's walk: every block of commands is run, in order, as one who
// reads the page would, against a runtime and a switch of their own.
func TestWalkWithCurl(t *testing.T) {
	out := walk(t, "desktop.md", "## A walk with curl")
	for _, want := range []string{
		`"causedBy":"r-1"`, `"variables":{"customerId":"4711","verified":"yes"}`, `"originalCallType":"INBOUND"`,
		`"role":"transferring"`, `"role":"remaining"`, `"name":"Conferenced"`, `"code":"InvalidState"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the walk shows no %s\n%s", want, out)
		}
	}
}

// walk runs the commands of a section, and gives what they show.
func walk(t *testing.T, page, heading string) string {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "grep"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the walk needs %s; install it", tool)
		}
	}
	blocks := commandsOf(t, page, heading)
	if len(blocks) < 10 {
		t.Fatalf("the walk has only %d blocks of commands", len(blocks))
	}
	bench := startBench(t)
	script := strings.Join(blocks, "\n")
	for variable, value := range map[string]string{"TOKEN": bench.token, "CTI": bench.desktop, "SIM": bench.control} {
		assigned := regexp.MustCompile(`(?m)^` + variable + `=\S*`)
		if !assigned.MatchString(script) {
			t.Fatalf("the walk does not set %s", variable)
		}
		script = assigned.ReplaceAllString(script, variable+"="+value)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-eux", "-o", "pipefail", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.WaitDelay = time.Second
	var out, trace bytes.Buffer // apart: the trace must not get into a document
	cmd.Stdout, cmd.Stderr = &out, &trace
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, &out, &trace)
	}
	return out.String()
}

// commandsOf gives the bash blocks of a section.
func commandsOf(t *testing.T, page, heading string) []string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(b), heading+"\n")
	if !ok {
		t.Fatalf("%s has no section %q", page, heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(section, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// bench is what `make run` starts, on ports of its own.
type bench struct {
	token, desktop, control string
}

func startBench(t *testing.T) bench {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", dir+"/", "../cmd/ctisim", "../cmd/runtime")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	csta, control, desktop, metrics := freePort(t), freePort(t), freePort(t), freePort(t)
	manifests := filepath.Join(dir, "manifests")
	secrets := map[string]string{"token": "t0ken", "key": "k3y"}
	for name, value := range secrets {
		write(t, filepath.Join(dir, name), value)
	}
	b, err := os.ReadFile("../config/standalone/support.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(manifests, "support.yaml"), strings.ReplaceAll(string(b), "127.0.0.1:4721", csta))
	run(t, filepath.Join(dir, "ctisim"), "--listen", csta, "--control", control)
	run(t, filepath.Join(dir, "runtime"), "--manifests", manifests, "--plain-http", "--desktop-address", desktop, "--metrics-address", metrics,
		"--desktop-token-file", filepath.Join(dir, "token"), "--session-key-file", filepath.Join(dir, "key"))
	await(t, "http://"+control+"/healthz")
	await(t, "http://"+metrics+"/readyz")
	return bench{secrets["token"], "http://" + desktop, "http://" + control}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// run starts a program until the test ends; what it says is shown when the test fails.
func run(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program), lastLines(said.String(), 40))
		}
	})
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// await waits until an address answers with 200.
func await(t *testing.T, url string) {
	t.Helper()
	var last error
	for range 200 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
			err = fmt.Errorf("%s", resp.Status)
		}
		last = err
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not answer: %v", url, last)
}
