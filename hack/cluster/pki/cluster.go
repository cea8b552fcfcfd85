package pki

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

// Names of the files in the PKI directory, without .crt and .key.
const (
	CA                     = "ca"
	FrontProxyCA           = "front-proxy-ca"
	FrontProxyClient       = "front-proxy-client"
	APIServer              = "apiserver"
	APIServerKubeletClient = "apiserver-kubelet-client"
	ServiceAccount         = "service-account"
	ControllerManager      = "controller-manager"
	Scheduler              = "scheduler"
	KubeProxy              = "kube-proxy"
	admin                  = "admin"
)

// KubeletServer and KubeletClient name a node's two certificates.
func KubeletServer(node layout.Machine) string { return "kubelet-" + node.Name }

// KubeletClient is also the name of the kubelet's kubeconfig.
func KubeletClient(node layout.Machine) string { return "kubelet-client-" + node.Name }

// Certificate and Key are the files of a name.
func Certificate(dirs layout.Dirs, name string) string { return filepath.Join(dirs.PKI(), name+".crt") }

// Key is the private key of a name.
func Key(dirs layout.Dirs, name string) string { return filepath.Join(dirs.PKI(), name+".key") }

// Ensure makes what is missing of the cluster's and the nodes' keys, certificates and kubeconfigs.
func Ensure(dirs layout.Dirs, nodes []layout.Machine) error {
	dir := dirs.PKI()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ca, err := loadAuthority(dir, CA)
	if err != nil {
		return err
	}
	frontProxy, err := loadAuthority(dir, FrontProxyCA)
	if err != nil {
		return err
	}
	if err := ensureServiceAccountKey(dir); err != nil {
		return err
	}
	if err := frontProxy.issue(dir, client(FrontProxyClient, "front-proxy-client", "")); err != nil {
		return err
	}
	for _, r := range append(clusterRequests(), nodeRequests(nodes)...) {
		if err := ca.issue(dir, r); err != nil {
			return err
		}
	}
	return writeKubeconfigs(dirs, nodes)
}

func clusterRequests() []request {
	return []request{
		{
			name: APIServer, commonName: "kube-apiserver", usage: x509.ExtKeyUsageServerAuth,
			dnsNames: []string{
				"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
				"kubernetes.default.svc." + layout.ClusterDomain,
			},
			ips: []string{"127.0.0.1", layout.ControlPlane().Address, layout.APIServiceIP},
		},
		client(APIServerKubeletClient, "kube-apiserver-kubelet-client", "system:masters"),
		client(admin, "admin", "system:masters"),
		client(ControllerManager, "system:kube-controller-manager", ""),
		client(Scheduler, "system:kube-scheduler", ""),
		client(KubeProxy, "system:kube-proxy", ""),
	}
}

func nodeRequests(nodes []layout.Machine) []request {
	var requests []request
	for _, node := range nodes {
		user := "system:node:" + node.Name
		requests = append(requests, client(KubeletClient(node), user, "system:nodes"), request{
			name: KubeletServer(node), commonName: user, organization: "system:nodes",
			usage: x509.ExtKeyUsageServerAuth, dnsNames: []string{node.Name}, ips: []string{node.Address},
		})
	}
	return requests
}

func client(name, commonName, organization string) request {
	return request{name: name, commonName: commonName, organization: organization, usage: x509.ExtKeyUsageClientAuth}
}

// ensureServiceAccountKey makes the key that signs service account tokens; the API server needs its public half.
func ensureServiceAccountKey(dir string) error {
	key, err := readKey(dir, ServiceAccount)
	if errors.Is(err, os.ErrNotExist) {
		if key, err = newKey(); err == nil {
			err = writeKey(dir, ServiceAccount, key)
		}
	}
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("key %s: %w", ServiceAccount, err)
	}
	return writePEM(filepath.Join(dir, ServiceAccount+".pub"), "PUBLIC KEY", der)
}
