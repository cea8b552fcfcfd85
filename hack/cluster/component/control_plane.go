// Package component says how each program of the cluster is started: argument lists and configuration files.
// It is pure; golden files hold what it renders.
package component

import (
	"path/filepath"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/hack/cluster/pki"
)

const etcdURL = "http://127.0.0.1:2379"

// clientRate lets the controllers of a test cluster go as fast as they can.
var clientRate = []string{"--kube-api-qps=300", "--kube-api-burst=600"}

// Etcd returns etcd's arguments. The disk is the host's page cache: no machine of ours can lose it.
func Etcd(dirs layout.Dirs) []string {
	const peerURL = "http://127.0.0.1:2380"
	return []string{
		"--name=etcd",
		"--data-dir=" + filepath.Join(dirs.Disk(layout.ControlPlane()), "etcd"),
		"--listen-client-urls=" + etcdURL,
		"--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=" + peerURL,
		"--initial-advertise-peer-urls=" + peerURL,
		"--initial-cluster=etcd=" + peerURL,
		"--unsafe-no-fsync",
	}
}

// APIServer returns kube-apiserver's arguments.
func APIServer(dirs layout.Dirs, audit bool) []string {
	args := []string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=0.0.0.0",
		"--secure-port=6443",
		"--advertise-address=" + layout.ControlPlane().Address,
		"--service-cluster-ip-range=" + layout.ServiceNetwork,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		// webhooks and aggregated APIs are dialled at pod addresses: no kube-proxy runs beside the API server
		"--enable-aggregator-routing=true",
		"--client-ca-file=" + pki.Certificate(dirs, pki.CA),
		"--tls-cert-file=" + pki.Certificate(dirs, pki.APIServer),
		"--tls-private-key-file=" + pki.Key(dirs, pki.APIServer),
		"--kubelet-certificate-authority=" + pki.Certificate(dirs, pki.CA),
		"--kubelet-client-certificate=" + pki.Certificate(dirs, pki.APIServerKubeletClient),
		"--kubelet-client-key=" + pki.Key(dirs, pki.APIServerKubeletClient),
		"--kubelet-preferred-address-types=InternalIP,Hostname",
		"--service-account-issuer=https://kubernetes.default.svc." + layout.ClusterDomain,
		"--service-account-key-file=" + filepath.Join(dirs.PKI(), pki.ServiceAccount+".pub"),
		"--service-account-signing-key-file=" + pki.Key(dirs, pki.ServiceAccount),
		"--requestheader-client-ca-file=" + pki.Certificate(dirs, pki.FrontProxyCA),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + pki.Certificate(dirs, pki.FrontProxyClient),
		"--proxy-client-key-file=" + pki.Key(dirs, pki.FrontProxyClient),
	}
	if audit {
		args = append(args, "--audit-policy-file="+dirs.AuditPolicy(), "--audit-log-path="+dirs.AuditLog())
	}
	return args
}

// ControllerManager returns kube-controller-manager's arguments. A lost node is noticed within about 16 seconds
// instead of 50: the lease of a node is shorter here too (see kubelet.yaml).
func ControllerManager(dirs layout.Dirs) []string {
	return append(controller(dirs, pki.ControllerManager),
		"--use-service-account-credentials=true",
		"--service-account-private-key-file="+pki.Key(dirs, pki.ServiceAccount),
		"--root-ca-file="+pki.Certificate(dirs, pki.CA),
		"--cluster-signing-cert-file="+pki.Certificate(dirs, pki.CA),
		"--cluster-signing-key-file="+pki.Key(dirs, pki.CA),
		"--node-monitor-period=2s",
		"--node-monitor-grace-period=16s",
	)
}

// Scheduler returns kube-scheduler's arguments.
func Scheduler(dirs layout.Dirs) []string { return controller(dirs, pki.Scheduler) }

func controller(dirs layout.Dirs, name string) []string {
	kubeconfig := dirs.Kubeconfig(name)
	return append([]string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		"--leader-elect=false",
	}, clientRate...)
}
