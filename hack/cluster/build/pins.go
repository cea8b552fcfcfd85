package build

// Everything that is fetched by version. To change a version, change it here (and for Kubernetes in kube.go.mod);
// the cache then builds it anew.
const (
	kubeVersion    = "v1.36.3"
	coreDNSVersion = "v1.14.2"
)

// tools are what development needs beside the cluster.
var tools = []tool{
	{name: "helm", pkg: "helm.sh/helm/v4/cmd/helm", version: "v4.3.1"},
	{name: "controller-gen", pkg: "sigs.k8s.io/controller-tools/cmd/controller-gen", version: "v0.23.0"},
	{name: "golangci-lint", pkg: "github.com/golangci/golangci-lint/v2/cmd/golangci-lint", version: "v2.15.0"},
}

// etcdPackages and nodePackages are unpacked, not installed; their versions are Debian 12's.
var (
	etcdPackages = []string{"etcd-server"}
	nodePackages = []string{
		"containerd", "runc", "containernetworking-plugins", "nftables",
		// what runc and nft link to, where a small installation lacks it
		"libseccomp2", "libnftables1", "libnftnl11", "libjansson4", "libxtables12", "libmnl0", "libedit2", "libbsd0", "libmd0",
	}
)

type tool struct{ name, pkg, version string }
