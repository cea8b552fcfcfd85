package link

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mount writes a source as the kubelet does: the keys are links through ..data to a
// directory with a time in its name.
func mount(t *testing.T, dir, source string, keys map[string]string) {
	t.Helper()
	data := filepath.Join(dir, source, "..2026_01_01_00_00_00.123")
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Fatal(err)
	}
	link := func(to, at string) {
		if err := os.Symlink(to, at); err != nil {
			t.Fatal(err)
		}
	}
	link(filepath.Base(data), filepath.Join(dir, source, "..data"))
	for k, v := range keys {
		if err := os.WriteFile(filepath.Join(data, k), []byte(v), 0o644); err != nil {
			t.Fatal(err)
		}
		link(filepath.Join("..data", k), filepath.Join(dir, source, k))
	}
}

func TestMounted(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, "00-shared", map[string]string{"address": "a:1\n", "password": "first"})
	mount(t, dir, "01-own", map[string]string{"password": " spaces stay \r\n", "pem": "line\nline\n"})
	if err := os.Mkdir(filepath.Join(dir, "01-own", "directory"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "02-absent"), 0o755); err != nil { // an optional Secret that is not there
		t.Fatal(err)
	}
	got, err := Mounted(dir)()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"address": "a:1", "password": " spaces stay ", "pem": "line\nline"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMountedNothing(t *testing.T) {
	got, err := Mounted(filepath.Join(t.TempDir(), "none"))()
	if err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestMountedIsReadAnew(t *testing.T) {
	dir := t.TempDir()
	read := Mounted(dir)
	mount(t, dir, "00", map[string]string{"a": "1"})
	if got, _ := read(); got["a"] != "1" {
		t.Errorf("%v", got)
	}
}

func TestMountedIsBounded(t *testing.T) {
	dir := t.TempDir()
	mount(t, dir, "00", map[string]string{"fits": strings.Repeat("x", mountedValueBound)})
	if _, err := Mounted(dir)(); err != nil {
		t.Error(err)
	}
	mount(t, dir, "01", map[string]string{"large": strings.Repeat("x", mountedValueBound+1)})
	if _, err := Mounted(dir)(); err == nil || !strings.Contains(err.Error(), `"large"`) || strings.Contains(err.Error(), "xxx") {
		t.Errorf("%.200v", err)
	}
}
