package build

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
)

func TestKubeLDFlagsStampBothPackages(t *testing.T) {
	flags := strings.Fields(kubeLDFlags("v1.36.3"))
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for _, want := range []string{".gitVersion=v1.36.3", ".gitMajor=1", ".gitMinor=36"} {
			if !slices.Contains(flags, pkg+want) {
				t.Errorf("no %s%s in %v", pkg, want, flags)
			}
		}
	}
}

// Kubernetes v1.N.P requires its staging modules as v0.N.P: a version changed in one place only must not go unseen.
func TestKubeGoModHasOneVersion(t *testing.T) {
	staging := "v0." + strings.TrimPrefix(kubeVersion, "v1.")
	for line := range strings.Lines(kubeGoMod) {
		fields := strings.Fields(line)
		switch {
		case strings.Contains(line, "=>"):
			if fields[len(fields)-1] != staging {
				t.Errorf("%s: want %s", strings.TrimSpace(line), staging)
			}
		case strings.HasPrefix(line, "require"):
			if fields[len(fields)-1] != kubeVersion {
				t.Errorf("%s: want %s", strings.TrimSpace(line), kubeVersion)
			}
		}
	}
}

func TestProgramsAreInTheCache(t *testing.T) {
	programs := Builder{Cache: cache.Cache{Dir: "/cache"}}.Programs()
	for _, path := range append(programs.SystemImages, programs.APIServer, programs.Kubelet, programs.Etcd, programs.Runc) {
		if !strings.HasPrefix(path, "/cache/") {
			t.Errorf("%s is not in the cache", path)
		}
	}
}

func TestUnknownTool(t *testing.T) {
	_, err := Builder{}.Tool(t.Context(), "hammer")
	if err == nil || !strings.Contains(err.Error(), "known are kubectl, helm, controller-gen, golangci-lint") {
		t.Errorf("got %v, want the known tools", err)
	}
}

func TestLastLines(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
	}{
		{name: "more", text: "a\nb\nc\n", want: "b\nc"},
		{name: "fewer", text: "a\n", want: "a"},
		{name: "none", text: "", want: ""},
	} {
		if diff := cmp.Diff(tc.want, lastLines(tc.text, 2)); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestCompilerOutputCounts(t *testing.T) {
	var out compilerOutput
	for _, part := range []string{"go: downloading a v1\ngo: down", "loading b v1\ngo: upgraded c\nfmt\nnet/http\n"} {
		if _, err := out.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := out.state(), "2 modules downloaded, 2 packages compiled"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
