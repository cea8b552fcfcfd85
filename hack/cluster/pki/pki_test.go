package pki

import (
	"crypto/ecdsa"
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

func ensured(t *testing.T, nodes int) layout.Dirs {
	t.Helper()
	dirs := layout.Dirs{Root: t.TempDir()}
	ensure(t, dirs, nodes)
	return dirs
}

func ensure(t *testing.T, dirs layout.Dirs, count int) {
	t.Helper()
	nodes, err := layout.Nodes(count)
	if err != nil {
		t.Fatal(err)
	}
	if err := Ensure(dirs, nodes); err != nil {
		t.Fatal(err)
	}
}

func certificate(t *testing.T, dirs layout.Dirs, name string) *x509.Certificate {
	t.Helper()
	certificate, key, err := readPair(dirs.PKI(), name)
	if err != nil {
		t.Fatal(err)
	}
	if !key.Public().(*ecdsa.PublicKey).Equal(certificate.PublicKey) {
		t.Errorf("%s: key and certificate do not belong together", name)
	}
	return certificate
}

func TestCertificates(t *testing.T) {
	dirs := ensured(t, 1)
	for _, tc := range []struct {
		name, ca, user, group string
		usage                 x509.ExtKeyUsage
		hosts                 []string
	}{
		{
			name: APIServer, ca: CA, user: "kube-apiserver", usage: x509.ExtKeyUsageServerAuth,
			hosts: []string{"172.30.99.2", "10.96.0.1", "127.0.0.1", "kubernetes.default.svc.cluster.local"},
		},
		{name: "kubelet-node-1", ca: CA, user: "system:node:node-1", group: "system:nodes", usage: x509.ExtKeyUsageServerAuth, hosts: []string{"172.30.99.11", "node-1"}},
		{name: "kubelet-client-node-1", ca: CA, user: "system:node:node-1", group: "system:nodes", usage: x509.ExtKeyUsageClientAuth},
		{name: APIServerKubeletClient, ca: CA, user: "kube-apiserver-kubelet-client", group: "system:masters", usage: x509.ExtKeyUsageClientAuth},
		{name: admin, ca: CA, user: "admin", group: "system:masters", usage: x509.ExtKeyUsageClientAuth},
		{name: Scheduler, ca: CA, user: "system:kube-scheduler", usage: x509.ExtKeyUsageClientAuth},
		{name: FrontProxyClient, ca: FrontProxyCA, user: "front-proxy-client", usage: x509.ExtKeyUsageClientAuth},
	} {
		t.Run(tc.name, func(t *testing.T) {
			roots := x509.NewCertPool()
			roots.AddCert(certificate(t, dirs, tc.ca))
			got := certificate(t, dirs, tc.name)
			if _, err := got.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{tc.usage}}); err != nil {
				t.Error(err)
			}
			if got.Subject.CommonName != tc.user || (tc.group != "") != slices.Contains(got.Subject.Organization, tc.group) {
				t.Errorf("subject %s, want user %q, group %q", got.Subject, tc.user, tc.group)
			}
			for _, host := range tc.hosts {
				if err := got.VerifyHostname(host); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestEnsureKeepsWhatIsValid(t *testing.T) {
	dirs := ensured(t, 1)
	before := files(t, dirs)
	ensure(t, dirs, 2)
	after := files(t, dirs)
	for name, content := range before {
		if diff := cmp.Diff(content, after[name]); diff != "" {
			t.Errorf("%s changed", name)
		}
	}
	if _, err := os.Stat(dirs.Kubeconfig("kubelet-client-node-2")); err != nil {
		t.Error(err)
	}
}

func TestEnsureMends(t *testing.T) {
	for _, tc := range []struct{ name, missing string }{
		{name: "a pair cut short", missing: "admin.crt"},
		{name: "a key lost", missing: "apiserver.key"},
		{name: "an authority lost: all of its certificates are new", missing: "ca.crt"},
		{name: "the service account key lost", missing: "service-account.key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dirs := ensured(t, 1)
			if err := os.Remove(filepath.Join(dirs.PKI(), tc.missing)); err != nil {
				t.Fatal(err)
			}
			ensure(t, dirs, 1)
			if err := certificate(t, dirs, APIServer).CheckSignatureFrom(certificate(t, dirs, CA)); err != nil {
				t.Error(err)
			}
			if _, err := readKey(dirs.PKI(), ServiceAccount); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAdminKubeconfig(t *testing.T) {
	dirs := ensured(t, 1)
	config, err := clientcmd.BuildConfigFromFlags("", dirs.AdminKubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://172.30.99.2:6443" {
		t.Errorf("server %s", config.Host)
	}
	want, err := os.ReadFile(Certificate(dirs, admin))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, config.CertData); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(dirs.AdminKubeconfig())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v, want 0600", info.Mode(), err)
	}
}

func files(t *testing.T, dirs layout.Dirs) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dirs.PKI())
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dirs.PKI(), entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(content)
	}
	return files
}
