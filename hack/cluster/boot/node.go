package boot

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ctilink/ctilink-operator/hack/cluster/build"
	"github.com/ctilink/ctilink-operator/hack/cluster/component"
	"github.com/ctilink/ctilink-operator/hack/cluster/pki"
)

func (m Machine) startNode(ctx context.Context, programs *supervisor) error {
	settings := component.NodeSettings{
		Dirs: m.Dirs, Node: m.Machine, Runc: m.Programs.Runc, CNIDir: m.Programs.CNIDir, PauseImage: build.PauseImage,
	}
	if err := writeFiles(settings); err != nil {
		return err
	}
	if err := pretendKernelSettings(); err != nil {
		return err
	}
	go programs.keep(ctx, command{path: m.Programs.Containerd, args: component.Containerd(settings), log: m.log("containerd")})
	if err := untilListening(ctx, component.ContainerdSocket, time.Minute); err != nil {
		return fmt.Errorf("containerd: %w", err)
	}
	if err := m.importImages(programs); err != nil {
		return err
	}
	// A kubelet that meets no API server tries again only after some seconds.
	if err := untilReady(ctx, m.Dirs.Kubeconfig(pki.KubeletClient(m.Machine)), time.Minute); err != nil {
		say("API server: %v; going on without it", err)
	}
	go programs.keep(ctx, command{path: m.Programs.Kubelet, args: component.Kubelet(settings), log: m.log("kubelet")})
	go programs.keep(ctx, command{path: m.Programs.KubeProxy, args: component.KubeProxy(settings), log: m.log("kube-proxy")})
	return nil
}

func writeFiles(settings component.NodeSettings) error {
	files, err := component.NodeFiles(settings)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := os.MkdirAll(filepath.Dir(file.Path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file.Path, []byte(file.Content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// importImages imports the cluster's own images and those that were loaded while this node was down.
func (m Machine) importImages(programs *supervisor) error {
	for _, archive := range m.Programs.SystemImages {
		if err := m.importImage(programs, archive); err != nil {
			return err
		}
	}
	loaded, err := filepath.Glob(filepath.Join(m.Dirs.Images(), "*.tar"))
	if err != nil {
		return err
	}
	for _, archive := range loaded {
		if err := m.importImage(programs, archive); err != nil {
			say("%v", err) // somebody's image; the node works without it
		}
	}
	return nil
}

func (m Machine) importImage(programs *supervisor, archive string) error {
	return programs.run(command{
		path: m.Programs.Ctr, args: component.ImportImage(component.ContainerdSocket, archive), log: m.log("import"),
	})
}
