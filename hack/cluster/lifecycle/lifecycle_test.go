package lifecycle

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

func TestClaim(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, dir string)
		ok      bool
	}{
		{name: "missing", prepare: func(*testing.T, string) {}, ok: true},
		{name: "empty", prepare: makeDir, ok: true},
		{name: "ours", prepare: func(t *testing.T, dir string) { makeDir(t, dir); write(t, dir, ".ctilink-cluster"); write(t, dir, "x") }, ok: true},
		{name: "somebody's", prepare: func(t *testing.T, dir string) { makeDir(t, dir); write(t, dir, "thesis.tex") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			tc.prepare(t, dir)
			c := Cluster{Dirs: layout.Dirs{Root: dir}}
			if err := c.claim(); (err == nil) != tc.ok {
				t.Errorf("got %v, want ok=%v", err, tc.ok)
			}
		})
	}
}

func TestRemoveStateOnlyRemovesOurs(t *testing.T) {
	theirs := t.TempDir()
	write(t, theirs, "thesis.tex")
	if err := (Cluster{Dirs: layout.Dirs{Root: theirs}}).removeState(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(theirs, "thesis.tex")); err != nil {
		t.Error(err)
	}
	ours := Cluster{Dirs: layout.Dirs{Root: filepath.Join(t.TempDir(), "state")}}
	if err := ours.claim(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is gone is no error
		if err := ours.removeState(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(ours.Dirs.Root); err == nil {
		t.Error("the state is still there")
	}
}

func TestFileNameIsThatOfTheImages(t *testing.T) {
	for _, tc := range []struct {
		tags []string
		want string
	}{
		{[]string{"localhost/ctilink:dev"}, "localhost_ctilink_dev.tar"},
		{[]string{"localhost/a:1", "localhost/b:1"}, "localhost_a_1+localhost_b_1.tar"},
	} {
		if got := fileName(tc.tags); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

func makeDir(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
		t.Fatal(err)
	}
}
