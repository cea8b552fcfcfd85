package harness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ctilink/ctilink-operator/hack/image/archive"
)

// SampleImage is the image that the samples name.
const SampleImage = "ctilink/ctilink:0.1.0"

// programs of the image, as the Dockerfile lists them.
var programs = []string{"operator", "runtime", "ctisim"}

// load writes the image from bin/ and takes it to every node. Its tag is made of its
// content: what did not change is not rolled.
func (h *Harness) load(ctx context.Context) error {
	sum := sha256.New()
	image := archive.Image{User: "65532:65532", Entrypoint: []string{"/operator"}}
	for _, p := range programs {
		path := h.tool(p)
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("the image's programs are not built: %w; run make build", err)
		}
		_, err = io.Copy(sum, f)
		f.Close()
		if err != nil {
			return err
		}
		image.Files = append(image.Files, archive.File{Source: path, Target: "/" + p})
	}
	image.Reference = "localhost/ctilink:" + hex.EncodeToString(sum.Sum(nil))[:12]
	h.Image = image.Reference
	h.Progress("Loading the image " + h.Image)
	tar := filepath.Join(h.Root, "dist", "ctilink.tar")
	if err := os.MkdirAll(filepath.Dir(tar), 0o755); err != nil {
		return err
	}
	if err := archive.Write(tar, image); err != nil {
		return err
	}
	_, err := h.output(ctx, h.tool("cluster"), "load-image", tar)
	return err
}
