// Package docs holds the documentation; its tests keep it true.
package docs

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = ".."

// Every module that our code imports, whatever its build tags, has its line in
// dependencies.md, and no other has one.
func TestEveryDependencyHasItsLine(t *testing.T) {
	required := requiredModules(t)
	imported := map[string]bool{}
	for path := range importedPackages(t) {
		imported[moduleOf(t, required, path)] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(imported)), documentedModules(t)); diff != "" {
		t.Errorf("docs/dependencies.md differs from the imports (-imported +documented):\n%s", diff)
	}
}

// moduleOf is the required module with the longest path that is a prefix of a package's.
func moduleOf(t *testing.T, required []string, path string) string {
	t.Helper()
	best := ""
	for _, m := range required {
		if (path == m || strings.HasPrefix(path, m+"/")) && len(m) > len(best) {
			best = m
		}
	}
	if best == "" {
		t.Fatalf("go.mod requires no module with package %s", path)
	}
	return best
}

// importedPackages are those outside the standard library and this module.
func importedPackages(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir // the go tool passes them over as well
		}
		if entry.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") && !strings.HasPrefix(p, "github.com/ctilink/ctilink-operator") {
				out[p] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	requireLine = regexp.MustCompile(`(?m)^\s*(?:require\s+)?([a-z0-9.]+\.[a-z]+/\S+) v\S+`)
	tableLine   = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
)

func requiredModules(t *testing.T) []string { return submatches(t, requireLine, root+"/go.mod") }

func documentedModules(t *testing.T) []string {
	return slices.Sorted(slices.Values(submatches(t, tableLine, "dependencies.md")))
}

func submatches(t *testing.T, of *regexp.Regexp, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range of.FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	return out
}
