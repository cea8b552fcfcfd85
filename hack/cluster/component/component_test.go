package component

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

var update = flag.Bool("update", false, "write the golden files")

func settings(t *testing.T) NodeSettings {
	t.Helper()
	node, err := layout.Node(2)
	if err != nil {
		t.Fatal(err)
	}
	return NodeSettings{
		Dirs: layout.Dirs{Root: "/state"}, Node: node, Runc: "/cache/runc", CNIDir: "/cache/cni", PauseImage: "localhost/pause:1",
	}
}

func TestArguments(t *testing.T) {
	dirs, node := layout.Dirs{Root: "/state"}, settings(t)
	for name, got := range map[string][]string{
		"etcd":                    Etcd(dirs),
		"kube-apiserver":          APIServer(dirs, false),
		"kube-apiserver-audit":    APIServer(dirs, true),
		"kube-controller-manager": ControllerManager(dirs),
		"kube-scheduler":          Scheduler(dirs),
		"containerd":              Containerd(node),
		"kubelet":                 Kubelet(node),
		"kube-proxy":              KubeProxy(node),
		"ctr":                     ImportImage("/run/socket", "/images/a.tar"),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name+".args", strings.Join(got, "\n")+"\n") })
	}
}

func TestNodeFiles(t *testing.T) {
	files, err := NodeFiles(settings(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 5 {
		t.Errorf("got %d files, want 5", len(files))
	}
	for _, file := range files {
		if !strings.HasPrefix(file.Path, "/state/disk/node-2/") {
			t.Errorf("%s is not on the node's disk", file.Path)
		}
		golden(t, filepath.Base(file.Path), file.Content)
	}
}

func TestManifests(t *testing.T) {
	dns, err := CoreDNS(DNS{Image: "localhost/coredns:1", ServiceIP: "10.96.0.10", Domain: "cluster.local", Replicas: 2})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "coredns.yaml", dns)
	policy, err := AuditPolicy()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "audit-policy.yaml", policy)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", name, diff)
	}
}
