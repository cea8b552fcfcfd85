// Package archive writes container images FROM scratch as docker-archive tars, without a daemon and without a
// registry: one layer of files and a configuration. The same input gives the same bytes.
package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is what a Dockerfile FROM scratch can say.
type Image struct {
	Reference  string // name:tag
	User       string
	WorkingDir string
	Entrypoint []string
	Cmd        []string
	Env        []string
	Labels     map[string]string
	Files      []File
}

// File is one file of the image: COPY Source Target. It belongs to root; it keeps whether it is executable.
type File struct{ Source, Target string }

// Write writes the image to a docker-archive at path, which appears whole or not at all.
func Write(path string, image Image) error {
	tag, err := name.NewTag(image.Reference)
	if err != nil {
		return fmt.Errorf("reference %q: %w", image.Reference, err)
	}
	built, err := build(image)
	if err != nil {
		return fmt.Errorf("image %s: %w", image.Reference, err)
	}
	partial := path + ".partial"
	if err := tarball.WriteToFile(partial, tag, built); err != nil {
		return fmt.Errorf("image %s: %w", image.Reference, errors.Join(err, os.Remove(partial)))
	}
	return os.Rename(partial, path)
}

// Tags returns the names of the images in the docker-archive at path.
func Tags(path string) ([]string, error) {
	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(path) })
	if err != nil {
		return nil, fmt.Errorf("%s is not a docker-archive: %w", path, err)
	}
	var tags []string
	for _, image := range manifest {
		tags = append(tags, image.RepoTags...)
	}
	if len(tags) == 0 {
		return nil, fmt.Errorf("%s: the archive names no image", path)
	}
	slices.Sort(tags)
	return tags, nil
}

func build(image Image) (v1.Image, error) {
	files, err := layer(image.Files)
	if err != nil {
		return nil, err
	}
	// Not compressed: the archive never travels, and gzip would be most of the time.
	packed, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files)), nil
	}, tarball.WithCompressionLevel(gzip.NoCompression))
	if err != nil {
		return nil, err
	}
	built, err := mutate.AppendLayers(empty.Image, packed)
	if err != nil {
		return nil, err
	}
	return mutate.ConfigFile(built, configFile(image, built))
}

func configFile(image Image, built v1.Image) *v1.ConfigFile {
	config := v1.ConfigFile{
		OS: "linux", Architecture: runtime.GOARCH, Created: v1.Time{Time: time.Unix(0, 0).UTC()},
		Config: v1.Config{
			User: image.User, WorkingDir: image.WorkingDir, Entrypoint: image.Entrypoint, Cmd: image.Cmd,
			Env: image.Env, Labels: image.Labels,
		},
	}
	if with, err := built.ConfigFile(); err == nil {
		config.RootFS, config.History = with.RootFS, with.History
	}
	return &config
}

// layer is the tar of the files, in the order of their targets.
func layer(files []File) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Target, b.Target) })
	var buf bytes.Buffer
	writer := tar.NewWriter(&buf)
	made := map[string]bool{"/": true}
	for _, file := range files {
		if !path.IsAbs(file.Target) {
			return nil, fmt.Errorf("target %q: want an absolute path", file.Target)
		}
		if err := writeParents(writer, made, path.Dir(file.Target)); err != nil {
			return nil, err
		}
		if err := writeFile(writer, file); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func writeParents(writer *tar.Writer, made map[string]bool, dir string) error {
	if made[dir] {
		return nil
	}
	if err := writeParents(writer, made, path.Dir(dir)); err != nil {
		return err
	}
	made[dir] = true
	return writer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir[1:] + "/", Mode: 0o755, ModTime: time.Unix(0, 0)})
}

func writeFile(writer *tar.Writer, file File) error {
	content, err := os.ReadFile(file.Source)
	if err != nil {
		return err
	}
	info, err := os.Stat(file.Source)
	if err != nil {
		return err
	}
	mode := int64(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	header := &tar.Header{
		Typeflag: tar.TypeReg, Name: path.Clean(file.Target)[1:], Mode: mode,
		Size: int64(len(content)), ModTime: time.Unix(0, 0),
	}
	if err := writer.WriteHeader(header); err != nil {
		return err
	}
	_, err = writer.Write(content)
	return err
}
