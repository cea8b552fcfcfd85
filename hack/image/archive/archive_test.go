package archive

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// example has a program and a file, touched at the given time.
func example(t *testing.T, touched time.Time) Image {
	t.Helper()
	dir := t.TempDir()
	program, data := filepath.Join(dir, "program"), filepath.Join(dir, "data")
	for path, mode := range map[string]os.FileMode{program: 0o700, data: 0o600} {
		if err := os.WriteFile(path, []byte(filepath.Base(path)), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, touched, touched); err != nil {
			t.Fatal(err)
		}
	}
	return Image{
		Reference: "localhost/example:dev", User: "65532", Entrypoint: []string{"/bin/program"}, Cmd: []string{"serve"},
		Env: []string{"A=b"}, Labels: map[string]string{"l": "v"},
		Files: []File{{Source: data, Target: "/etc/example/data"}, {Source: program, Target: "/bin/program"}},
	}
}

func written(t *testing.T, image Image) (path string, read v1.Image) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "image.tar")
	if err := Write(path, image); err != nil {
		t.Fatal(err)
	}
	read, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return path, read
}

func TestWriteIsDeterministic(t *testing.T) {
	first, _ := written(t, example(t, time.Unix(1, 0)))
	second, _ := written(t, example(t, time.Unix(1e9, 0)))
	a, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Error("the same files at another time make another archive")
	}
}

func TestConfig(t *testing.T) {
	_, image := written(t, example(t, time.Now()))
	got, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{
		User: "65532", Entrypoint: []string{"/bin/program"}, Cmd: []string{"serve"}, Env: []string{"A=b"},
		Labels: map[string]string{"l": "v"},
	}
	if diff := cmp.Diff(want, got.Config); diff != "" {
		t.Error(diff)
	}
	if got.OS != "linux" || got.Architecture != runtime.GOARCH {
		t.Errorf("platform %s/%s", got.OS, got.Architecture)
	}
}

func TestLayer(t *testing.T) {
	_, image := written(t, example(t, time.Now()))
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v; want one", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	type entry struct {
		Name    string
		Mode    int64
		Content string
	}
	var got []entry
	for reader := tar.NewReader(content); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 {
			t.Errorf("%s belongs to %d:%d, want root", header.Name, header.Uid, header.Gid)
		}
		got = append(got, entry{header.Name, header.Mode, string(text)})
	}
	want := []entry{
		{"bin/", 0o755, ""}, {"bin/program", 0o755, "program"},
		{"etc/", 0o755, ""}, {"etc/example/", 0o755, ""}, {"etc/example/data", 0o644, "data"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWriteRefuses(t *testing.T) {
	good := example(t, time.Now())
	for _, tc := range []struct {
		name   string
		change func(*Image)
	}{
		{"a reference that is none", func(i *Image) { i.Reference = "No Name" }},
		{"a file that is missing", func(i *Image) { i.Files = []File{{Source: "/no/such/file", Target: "/x"}} }},
		{"a relative target", func(i *Image) { i.Files = []File{{Source: good.Files[0].Source, Target: "x"}} }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			image := good
			tc.change(&image)
			path := filepath.Join(t.TempDir(), "image.tar")
			if err := Write(path, image); err == nil {
				t.Error("no error")
			}
			if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
				t.Errorf("left %v", left)
			}
		})
	}
}

func TestTags(t *testing.T) {
	path, _ := written(t, example(t, time.Now()))
	got, err := Tags(path)
	if diff := cmp.Diff([]string{"localhost/example:dev"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := Tags(filepath.Join(t.TempDir(), "missing.tar")); err == nil {
		t.Error("a missing archive has tags")
	}
}
