package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// identity is the link's certificate: it serves desktops, and it is how pods of the
// link know each other. It does not change while the pod lives: a new certificate is
// a new Secret, and so a new pod.
type identity struct {
	cert tls.Certificate
	ca   *x509.CertPool
	uri  string // ctilink://namespace/link
}

func loadIdentity(dir string) (*identity, error) {
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	if err != nil {
		return nil, fmt.Errorf("load the link's certificate: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("load the CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("load the CA: ca.crt holds no certificate")
	}
	if len(cert.Leaf.URIs) != 1 {
		return nil, errors.New("the link's certificate must have exactly one URI name")
	}
	return &identity{cert, pool, cert.Leaf.URIs[0].String()}, nil
}

// desktop is the TLS configuration of the desktop port.
func (i *identity) desktop() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{i.cert}, MinVersion: tls.VersionTLS12}
}

// peer is the TLS configuration of the peer port: only pods of this link get in.
func (i *identity) peer() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{i.cert}, MinVersion: tls.VersionTLS13,
		ClientAuth: tls.RequireAnyClientCert, VerifyConnection: i.verify(x509.ExtKeyUsageClientAuth),
	}
}

// transport reaches other pods of the link. They are called by address, which no
// certificate names, so the link's URI is what is checked.
func (i *identity) transport() *http.Transport {
	return &http.Transport{
		TLSClientConfig: &tls.Config{
			Certificates: []tls.Certificate{i.cert}, MinVersion: tls.VersionTLS13,
			InsecureSkipVerify: true, VerifyConnection: i.verify(x509.ExtKeyUsageServerAuth), //nolint:gosec // verify does it
		},
		// A pod that was cut off sends no FIN: its streams end by these.
		HTTP2:             &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 3 * time.Second},
		ForceAttemptHTTP2: true, TLSHandshakeTimeout: 2 * time.Second, IdleConnTimeout: time.Minute,
		DialContext: dialer.DialContext, MaxIdleConnsPerHost: 64,
	}
}

// verify checks the chain to the operator's CA, and that the other side is of the
// same link.
func (i *identity) verify(usage x509.ExtKeyUsage) func(tls.ConnectionState) error {
	return func(cs tls.ConnectionState) error {
		if len(cs.PeerCertificates) == 0 {
			return errors.New("the peer sent no certificate")
		}
		leaf, intermediates := cs.PeerCertificates[0], x509.NewCertPool()
		for _, c := range cs.PeerCertificates[1:] {
			intermediates.AddCert(c)
		}
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: i.ca, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
			return fmt.Errorf("the peer's certificate: %w", err)
		}
		for _, u := range leaf.URIs {
			if u.String() == i.uri {
				return nil
			}
		}
		return errors.New("the peer is not of this link")
	}
}
