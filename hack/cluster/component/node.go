package component

import (
	"fmt"
	"path/filepath"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/hack/cluster/pki"
)

// ContainerdSocket is where containerd answers inside a node.
const ContainerdSocket = "/run/containerd/containerd.sock"

// NodeSettings is what the configuration files of a node depend on.
type NodeSettings struct {
	Dirs       layout.Dirs
	Node       layout.Machine
	Runc       string // path of runc
	CNIDir     string // directory of the network plugins
	PauseImage string
}

// File is a configuration file.
type File struct{ Path, Content string }

// NodeFiles renders the node's configuration files.
func NodeFiles(s NodeSettings) ([]File, error) {
	names := map[string]string{
		"containerd.toml":  s.config("containerd.toml"),
		"kubelet.yaml":     s.config("kubelet.yaml"),
		"kube-proxy.yaml":  s.config("kube-proxy.yaml"),
		"cni.conflist":     filepath.Join(s.CNIConfigDir(), "10-ctilink.conflist"),
		"node-resolv.conf": s.ResolvConf(),
	}
	var files []File
	for template, path := range names {
		content, err := render(template, s)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: path, Content: content})
	}
	return files, nil
}

func (s NodeSettings) config(name string) string { return s.OnDisk("config", name) }

// OnDisk is a path on the node's disk.
func (s NodeSettings) OnDisk(elem ...string) string {
	return filepath.Join(append([]string{s.Dirs.Disk(s.Node)}, elem...)...)
}

// The following are read by the templates.

// CNIConfigDir is where containerd looks for the pod network.
func (s NodeSettings) CNIConfigDir() string { return s.OnDisk("cni") }

// ResolvConf is the node's own name server: none, there is nothing to ask.
func (s NodeSettings) ResolvConf() string { return s.config("resolv.conf") }

// ClientCA checks who talks to the kubelet.
func (s NodeSettings) ClientCA() string { return pki.Certificate(s.Dirs, pki.CA) }

// ServingCertificate and ServingKey are the kubelet's own.
func (s NodeSettings) ServingCertificate() string {
	return pki.Certificate(s.Dirs, pki.KubeletServer(s.Node))
}

// ServingKey belongs to ServingCertificate.
func (s NodeSettings) ServingKey() string { return pki.Key(s.Dirs, pki.KubeletServer(s.Node)) }

// ProxyKubeconfig is kube-proxy's.
func (s NodeSettings) ProxyKubeconfig() string { return s.Dirs.Kubeconfig(pki.KubeProxy) }

// Socket is containerd's.
func (s NodeSettings) Socket() string { return ContainerdSocket }

// PodNetwork is the whole cluster's; DNSServiceIP and ClusterDomain are what pods get in their resolv.conf.
func (s NodeSettings) PodNetwork() string { return layout.PodNetwork }

// DNSServiceIP is CoreDNS's Service.
func (s NodeSettings) DNSServiceIP() string { return layout.DNSServiceIP }

// ClusterDomain ends every Service's name.
func (s NodeSettings) ClusterDomain() string { return layout.ClusterDomain }

// Containerd returns containerd's arguments.
func Containerd(s NodeSettings) []string {
	return []string{"--config", s.config("containerd.toml"), "--log-level", "warn"}
}

// Kubelet returns the kubelet's arguments.
func Kubelet(s NodeSettings) []string {
	return []string{
		"--config=" + s.config("kubelet.yaml"),
		"--kubeconfig=" + s.Dirs.Kubeconfig(pki.KubeletClient(s.Node)),
		"--root-dir=" + s.OnDisk("kubelet"),
		"--cert-dir=" + s.OnDisk("kubelet-pki"),
		"--hostname-override=" + s.Node.Name,
		"--node-ip=" + s.Node.Address,
		fmt.Sprintf("--node-labels=topology.kubernetes.io/region=local,topology.kubernetes.io/zone=zone-%d", s.Node.Node),
	}
}

// KubeProxy returns kube-proxy's arguments.
func KubeProxy(s NodeSettings) []string { return []string{"--config=" + s.config("kube-proxy.yaml")} }

// ImportImage returns ctr's arguments for importing a docker-archive where the kubelet finds it.
func ImportImage(socket, archive string) []string {
	return []string{"--address", socket, "--namespace", "k8s.io", "images", "import", archive}
}
