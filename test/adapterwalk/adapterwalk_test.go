// Package adapterwalk does what docs/adapters.md says: it writes the files and runs the
// commands of "Write one", in an empty folder and without a network.
package adapterwalk

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
)

const (
	root = "../.."
	// folder is where the page works; the test works elsewhere.
	folder = "~/linecti"
)

func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "docs/adapters.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// block is a fenced block of the page: a file with its path, commands, or what they print.
type block struct {
	path, language, text string
}

var blocks = regexp.MustCompile("(?s)(?:\\*\\*`([^`\n]+)`\\*\\*\n\n)?```([a-z]+)\n(.*?)```\n")

func walk(t *testing.T) []block {
	t.Helper()
	_, steps, found := strings.Cut(page(t), "\n## Write one\n")
	steps, _, ended := strings.Cut(steps, "\n## The contract\n")
	if !found || !ended {
		t.Fatal("the page has no section Write one before The contract")
	}
	var out []block
	for _, m := range blocks.FindAllStringSubmatch(steps, -1) {
		out = append(out, block{m[1], m[2], m[3]})
	}
	return out
}

func TestThePageIsTrue(t *testing.T) {
	dir, checkout := t.TempDir(), absolute(t, root)
	at, printed := checkout, ""
	for _, b := range walk(t) {
		switch b.language {
		case "go":
			write(t, filepath.Join(dir, b.path), b.text)
		case "sh":
			printed = run(t, at, strings.ReplaceAll(b.text, folder, dir))
			at = dir // the first block goes there
		case "text":
			wantLines(t, printed, b.text)
		default:
			t.Fatalf("a block is %q: neither go nor sh nor text", b.language)
		}
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	formatted, err := exec.CommandContext(t.Context(), "gofmt", "-l", path).CombinedOutput()
	if err != nil || len(formatted) > 0 {
		t.Errorf("gofmt: %s, %v", formatted, err)
	}
}

// noModules is a module proxy that refuses: the page asks for none but those that are
// here. GOPROXY=off would let a `go get` of the product itself pass, a real proxy does not.
func noModules(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "not here: "+r.URL.Path, http.StatusForbidden)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// run executes commands as a person does in a shell, with the modules that are here.
func run(t *testing.T, dir, commands string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOPROXY="+noModules(t), "GOSUMDB=off", "GOFLAGS=", "GOTOOLCHAIN=local", "GOWORK=off", "PWD="+dir)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s\n%s", err, commands, out)
	}
	return string(out)
}

func wantLines(t *testing.T, printed, lines string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		if !strings.Contains(printed, strings.TrimSpace(line)) {
			t.Errorf("the page says that this is printed:\n%s\nthis was:\n%s", line, printed)
		}
	}
}

// The page lists what the kit checks.
func TestThePageListsTheClauses(t *testing.T) {
	_, list, _ := strings.Cut(page(t), "\n**What it checks.**")
	list, _, _ = strings.Cut(list, "\nThe kit itself is tested")
	var got, want []string
	for _, m := range regexp.MustCompile(`(?m)^- (.*)$`).FindAllStringSubmatch(list, -1) {
		got = append(got, m[1])
	}
	for _, c := range conformance.Clauses() {
		want = append(want, string(c))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/adapters.md differs from the kit (-kit +page):\n%s", diff)
	}
}
