package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The tests that bad-input.md names exist, and it names every fuzz target.
func TestBadInputNamesItsTests(t *testing.T) {
	page := read(t, "bad-input.md")
	var tests strings.Builder
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		tests.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, named := range regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(page, -1) {
		if !strings.Contains(tests.String(), "\nfunc "+named[1]+"(") {
			t.Errorf("there is no %s", named[1])
		}
	}
	for _, target := range regexp.MustCompile(`\nfunc (Fuzz\w+)\(`).FindAllStringSubmatch(tests.String(), -1) {
		if !strings.Contains(page, "`"+target[1]+"`") {
			t.Errorf("the page does not name %s", target[1])
		}
	}
}
