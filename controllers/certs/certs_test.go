package certs

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/ctilink/ctilink-operator/controllers/plan"
)

var (
	now   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	names = plan.ServerNames{
		DNS:      []string{"support", "support.contact-centre.svc"},
		IPs:      []net.IP{net.IPv4(127, 0, 0, 1)},
		Identity: &url.URL{Scheme: "ctilink", Host: "contact-centre", Path: "/support"},
	}
)

func newStore(t *testing.T) *Store {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return &Store{
		Client:    fake.NewClientBuilder().WithScheme(scheme).Build(),
		Namespace: "ctilink-system",
		Clock:     clock.NewFakePassiveClock(now),
	}
}

func load(t *testing.T, s *Store) *Authority {
	t.Helper()
	a, err := s.Authority(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCertificateServesBothEnds(t *testing.T) {
	a := load(t, newStore(t))
	pair, err := a.Issue(names, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(pair.Certificate, pair.Key); err != nil {
		t.Fatal(err)
	}
	der, err := decode(pair.Certificate, "CERTIFICATE")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pair.CA) {
		t.Fatal("no authority in the pair")
	}
	verify := func(name string, at time.Time, usage x509.ExtKeyUsage) error {
		_, err := cert.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}})
		return err
	}
	for _, tc := range []struct {
		what  string
		name  string
		at    time.Time
		usage x509.ExtKeyUsage
		ok    bool
	}{
		{"desktop", "support.contact-centre.svc", now, x509.ExtKeyUsageServerAuth, true},
		{"desktop on the host", "127.0.0.1", now, x509.ExtKeyUsageServerAuth, true},
		{"peer", "", now, x509.ExtKeyUsageClientAuth, true},
		{"a clock that is behind", "support", now.Add(-30 * time.Minute), x509.ExtKeyUsageServerAuth, true},
		{"two periods later", "support", now.Add(2 * period), x509.ExtKeyUsageServerAuth, true},
		{"long after", "support", now.Add(validity + time.Hour), x509.ExtKeyUsageServerAuth, false},
		{"another link", "sales", now, x509.ExtKeyUsageServerAuth, false},
	} {
		if err := verify(tc.name, tc.at, tc.usage); (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.what, err)
		}
	}
	if len(cert.URIs) != 1 || cert.URIs[0].String() != "ctilink://contact-centre/support" {
		t.Errorf("identity is %v", cert.URIs)
	}
}

func TestAuthorityIsMadeOnce(t *testing.T) {
	first := newStore(t)
	second := &Store{Client: first.Client, Namespace: first.Namespace, Clock: first.Clock}
	a, b := load(t, first), load(t, second)
	if !a.certificate.Equal(b.certificate) {
		t.Error("a second operator made an authority of its own")
	}
	if other := load(t, newStore(t)); other.certificate.Equal(a.certificate) {
		t.Error("two clusters share an authority")
	}
}

func TestAuthorityThatIsNone(t *testing.T) {
	good, other := newStore(t), newStore(t)
	load(t, good)
	load(t, other)
	read := func(s *Store) *corev1.Secret {
		secret := &corev1.Secret{}
		if err := s.Client.Get(t.Context(), client.ObjectKey{Namespace: s.Namespace, Name: SecretName}, secret); err != nil {
			t.Fatal(err)
		}
		return secret
	}
	foreign := read(other).Data[corev1.TLSPrivateKeyKey]
	for name, spoil := range map[string]func(map[string][]byte){
		"no certificate": func(d map[string][]byte) { delete(d, corev1.TLSCertKey) },
		"no key":         func(d map[string][]byte) { delete(d, corev1.TLSPrivateKeyKey) },
		"another key":    func(d map[string][]byte) { d[corev1.TLSPrivateKeyKey] = foreign },
	} {
		t.Run(name, func(t *testing.T) {
			secret := read(good)
			spoil(secret.Data)
			if _, err := parseAuthority(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey]); err == nil {
				t.Error("taken for an authority")
			}
		})
	}
}

func TestSecretHash(t *testing.T) {
	a, b := load(t, newStore(t)), load(t, newStore(t))
	renamed := names
	renamed.DNS = []string{"sales"}
	same := a.SecretHash(names, 7)
	if same != a.SecretHash(names, 7) {
		t.Error("the hash is not stable")
	}
	for what, h := range map[string]string{
		"authority": b.SecretHash(names, 7), "period": a.SecretHash(names, 8), "names": a.SecretHash(renamed, 7),
	} {
		if h == same {
			t.Errorf("another %s gives the same hash", what)
		}
	}
}

func TestPeriod(t *testing.T) {
	number, left := Period("ns", "support", now)
	if left <= 0 || left > period {
		t.Fatalf("%v are left", left)
	}
	if n, _ := Period("ns", "support", now.Add(left-time.Nanosecond)); n != number {
		t.Errorf("the period ended early: %d after %d", n, number)
	}
	if n, _ := Period("ns", "support", now.Add(left)); n != number+1 {
		t.Errorf("the period is %d after %d", n, number)
	}
	if _, other := Period("ns", "sales", now); other == left {
		t.Error("two links change their certificates at once")
	}
}
