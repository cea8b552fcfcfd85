package build

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
	"github.com/ctilink/ctilink-operator/hack/image/archive"
)

// The names under which the nodes know the images that a cluster cannot be without.
const (
	PauseImage   = "localhost/ctilink-cluster/pause:1"
	CoreDNSImage = "localhost/ctilink-cluster/coredns:" + coreDNSVersion
)

var (
	//go:embed pause/main.go
	pauseSource string
	//go:embed _coredns/main.go
	coreDNSSource string
)

const goModHeader = "module ctilink.io/cluster/image\n\ngo 1.26.0\n"

type systemImage struct {
	name, expect string
	module       module
	image        archive.Image
}

func systemImages() []systemImage {
	return []systemImage{
		{
			name: "pause", expect: "some seconds",
			module: module{goMod: goModHeader, mainGo: pauseSource, ldflags: "-s -w", packages: []string{"."}},
			image:  archive.Image{Reference: PauseImage, User: "65535", Entrypoint: []string{"/pause"}},
		},
		{
			name: "coredns", expect: "first time about a minute on two cores",
			module: module{
				goMod:  goModHeader + fmt.Sprintf("\nrequire github.com/coredns/coredns %s\n", coreDNSVersion),
				mainGo: coreDNSSource, ldflags: "-s -w", packages: []string{"."},
			},
			image: archive.Image{Reference: CoreDNSImage, User: "65532", Entrypoint: []string{"/coredns"}},
		},
	}
}

func imagesKey() string { return cache.Key(coreDNSVersion, pauseSource, coreDNSSource) }

func (b Builder) imagesDir() string { return b.Cache.Path("images", imagesKey()) }

// images builds the images that every node needs.
func (b Builder) images(ctx context.Context) error {
	_, err := b.Cache.Ensure(ctx, "images", imagesKey(), func(dir string) error {
		for _, system := range systemImages() {
			b.Progress.Step("building the image %s (%s)", system.image.Reference, system.expect)
			if err := b.systemImage(ctx, dir, system); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func (b Builder) systemImage(ctx context.Context, dir string, system systemImage) error {
	programs, err := os.MkdirTemp(dir, "program-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(programs)
	if err := b.goBuild(ctx, system.name, programs, system.module); err != nil {
		return err
	}
	built := filepath.Join(programs, "image") // named after the module
	system.image.Files = []archive.File{{Source: built, Target: "/" + system.name}}
	return archive.Write(filepath.Join(dir, system.name+".tar"), system.image)
}
