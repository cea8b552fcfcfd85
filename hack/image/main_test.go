package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	program, out := filepath.Join(dir, "operator"), filepath.Join(dir, "out.tar")
	if err := os.WriteFile(program, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	err := run([]string{
		"-o", out, "-t", "localhost/ctilink:dev", "-user", "65532", "-entrypoint", "/operator", "-entrypoint", "--verbose",
		"-env", "A=b", "-label", "version=dev", program + "=/operator", program + "=/bin/runtime",
	})
	if err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/operator", "--verbose"}, got.Config.Entrypoint); diff != "" {
		t.Error(diff)
	}
	if got.Config.User != "65532" || got.Config.Env[0] != "A=b" || got.Config.Labels["version"] != "dev" {
		t.Errorf("configuration %+v", got.Config)
	}
}

func TestRunRefuses(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.tar")
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"-t", "localhost/a:b", "x=/x"}, "want -o"},
		{[]string{"-o", out, "x=/x"}, "want -o"},
		{[]string{"-o", out, "-t", "localhost/a:b"}, "at least one"},
		{[]string{"-o", out, "-t", "localhost/a:b", "x"}, "SOURCE=/TARGET"},
		{[]string{"-o", out, "-t", "localhost/a:b", "-label", "x", "x=/x"}, "NAME=VALUE"},
	} {
		if err := run(tc.args); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: got %v, want %q", tc.args, err, tc.want)
		}
	}
}
