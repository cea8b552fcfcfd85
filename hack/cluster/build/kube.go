package build

import (
	"context"
	_ "embed"
	"strings"

	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
)

//go:embed kube.go.mod
var kubeGoMod string

// kubeSet is a part of Kubernetes that is built together.
type kubeSet struct {
	name, expect string
	commands     []string
}

var (
	apiSet = kubeSet{
		name: "kube-api", expect: "first time about 4 minutes on two cores",
		commands: []string{"kube-apiserver", "kubectl"},
	}
	clusterSet = kubeSet{
		name: "kube-cluster", expect: "first time about 3 minutes on two cores",
		commands: []string{"kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"},
	}
)

func (b Builder) kubeDir(set kubeSet) string {
	return b.Cache.Path(set.name, kubeKey())
}

func kubeKey() string { return cache.Key(kubeVersion, kubeGoMod, kubeLDFlags(kubeVersion)) }

func (b Builder) kube(ctx context.Context, set kubeSet) error {
	_, err := b.Cache.Ensure(ctx, set.name, kubeKey(), func(dir string) error {
		what := strings.Join(set.commands, ", ")
		b.Progress.Step("building %s %s (%s)", what, kubeVersion, set.expect)
		m := module{goMod: kubeGoMod, ldflags: kubeLDFlags(kubeVersion)}
		for _, command := range set.commands {
			m.packages = append(m.packages, "k8s.io/kubernetes/cmd/"+command)
		}
		if err := b.goBuild(ctx, set.name, dir, m); err != nil {
			return err
		}
		b.Progress.Step("built %s", what)
		return nil
	})
	return err
}

// kubeLDFlags stamps the version: without it Kubernetes calls itself v0.0.0-master.
func kubeLDFlags(version string) string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	flags := []string{"-s", "-w"}
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		for _, stamp := range []string{
			"gitVersion=" + version, "gitMajor=" + major, "gitMinor=" + minor,
			"gitTreeState=archive", "gitCommit=unknown", "buildDate=1970-01-01T00:00:00Z",
		} {
			flags = append(flags, "-X", pkg+"."+stamp)
		}
	}
	return strings.Join(flags, " ")
}
