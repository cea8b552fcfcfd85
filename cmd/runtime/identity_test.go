package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("k8s.io/klog/v2.(*flushDaemon).run.func1"))
}

// authority signs certificates.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pem  []byte
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, key: newKey(t)}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.pem = a.sign(a.cert, a.key)
	return a
}

func (a *authority) sign(c *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// issue writes a directory as the operator mounts it.
func (a *authority) issue(change func(*x509.Certificate), uris ...string) string {
	a.t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"main.ns.svc"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, u := range uris {
		parsed, err := url.Parse(u)
		if err != nil {
			a.t.Fatal(err)
		}
		c.URIs = append(c.URIs, parsed)
	}
	if change != nil {
		change(c)
	}
	key := newKey(a.t)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(map[string][]byte{
		"tls.crt": a.sign(c, key), "tls.key": pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), "ca.crt": a.pem,
	})
}

func (a *authority) write(files map[string][]byte) string {
	a.t.Helper()
	dir := a.t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	return dir
}

func mustLoad(t *testing.T, dir string) *identity {
	t.Helper()
	id, err := loadIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

const thisLink = "ctilink://ns/main"

func TestPeersKnowEachOtherByTheLink(t *testing.T) {
	ca, foreign := newAuthority(t), newAuthority(t)
	expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }
	serverOnly := func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] }
	clientOnly := func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[1:] }
	for name, tc := range map[string]struct {
		server, client string // directories
		want           bool
	}{
		"two pods of the link":           {ca.issue(nil, thisLink), ca.issue(nil, thisLink), true},
		"a client of another link":       {ca.issue(nil, thisLink), ca.issue(nil, "ctilink://ns/other"), false},
		"a client of another namespace":  {ca.issue(nil, thisLink), ca.issue(nil, "ctilink://other/main"), false},
		"a server of another link":       {ca.issue(nil, "ctilink://ns/other"), ca.issue(nil, thisLink), false},
		"a client of another authority":  {ca.issue(nil, thisLink), foreign.issue(nil, thisLink), false},
		"an expired client":              {ca.issue(nil, thisLink), ca.issue(expired, thisLink), false},
		"an expired server":              {ca.issue(expired, thisLink), ca.issue(nil, thisLink), false},
		"a client that is only a server": {ca.issue(nil, thisLink), ca.issue(serverOnly, thisLink), false},
		"a server that is only a client": {ca.issue(clientOnly, thisLink), ca.issue(nil, thisLink), false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") }))
			server.TLS = mustLoad(t, tc.server).peer()
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			transport := mustLoad(t, tc.client).transport()
			defer transport.CloseIdleConnections()
			resp, err := (&http.Client{Transport: transport}).Get(server.URL)
			if err == nil {
				resp.Body.Close()
			}
			if (err == nil) != tc.want {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAPeerWithoutACertificateIsRefused(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = mustLoad(t, newAuthority(t).issue(nil, thisLink)).peer()
	server.StartTLS()
	defer server.Close()
	if resp, err := server.Client().Get(server.URL); err == nil {
		resp.Body.Close()
		t.Error("it came in")
	}
}

func TestLoadIdentity(t *testing.T) {
	ca := newAuthority(t)
	broken := ca.issue(nil, thisLink)
	if err := os.WriteFile(filepath.Join(broken, "ca.crt"), []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ dir, says string }{
		"no files":         {t.TempDir(), "load the link's certificate"},
		"no authority":     {broken, "ca.crt holds no certificate"},
		"no name":          {ca.issue(nil), "exactly one URI"},
		"two names":        {ca.issue(nil, thisLink, "ctilink://ns/other"), "exactly one URI"},
		"all as it should": {ca.issue(nil, thisLink), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadIdentity(tc.dir)
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v, want %q", err, tc.says)
			}
		})
	}
}
