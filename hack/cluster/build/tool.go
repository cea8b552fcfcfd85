package build

import (
	"context"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
)

// ToolNames are the names that Tool knows.
func ToolNames() []string {
	names := []string{"kubectl"}
	for _, t := range tools {
		names = append(names, t.name)
	}
	return names
}

// Tool builds a pinned tool when it is missing and returns its path.
func (b Builder) Tool(ctx context.Context, name string) (string, error) {
	if name == "kubectl" {
		return b.Programs().Kubectl, b.kube(ctx, apiSet)
	}
	for _, t := range tools {
		if t.name == name {
			return b.install(ctx, t)
		}
	}
	return "", fmt.Errorf("tool %q is not known; known are %s", name, strings.Join(ToolNames(), ", "))
}

func (b Builder) install(ctx context.Context, t tool) (string, error) {
	dir, err := b.Cache.Ensure(ctx, t.name, cache.Key(t.version, t.pkg), func(dir string) error {
		b.Progress.Step("building %s %s (first time one or two minutes)", t.name, t.version)
		cmd := exec.CommandContext(ctx, "go", "install", "-v", "-trimpath", "-ldflags", "-s -w", t.pkg+"@"+t.version)
		return b.compile(cmd, t.name, "GOBIN="+dir)
	})
	return filepath.Join(dir, path.Base(t.pkg)), err
}
