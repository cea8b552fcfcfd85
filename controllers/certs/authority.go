// Package certs is the operator's own certificate authority: it signs the
// certificates by which desktops know a link and the pods of a link know each
// other.
//
// What it issues is named after all that it was made from, so the operator can say
// which Secret must exist without ever reading one. Only the authority itself lives
// in a Secret that is read, in the operator's own namespace.
package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/controllers/plan"
)

const (
	authorityYears = 10
	// validity is longer than two periods: a link whose operator is away for a
	// whole period still serves.
	validity = 2*period + 20*24*time.Hour
	// skew allows for clocks that are behind ours.
	skew = time.Hour
)

// Authority signs certificates. It is immutable and safe for concurrent use.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	pem         []byte
}

// Pair is a certificate with its key and the authority that vouches for it, in PEM.
type Pair struct {
	Certificate []byte
	Key         []byte
	CA          []byte
}

// newAuthority makes a self-signed authority and returns it as it is stored.
func newAuthority(now time.Time) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "ctilink-operator"},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.AddDate(authorityYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	return sign(template, template, key, key)
}

// parseAuthority reads what newAuthority made.
func parseAuthority(certificate, key []byte) (*Authority, error) {
	c, err := decode(certificate, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	k, err := decode(key, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(c)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(k)
	if err != nil {
		return nil, err
	}
	signer, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !signer.PublicKey.Equal(cert.PublicKey) || !cert.IsCA {
		return nil, errors.New("tls.key does not belong to tls.crt, or tls.crt is no authority")
	}
	return &Authority{certificate: cert, key: signer, pem: certificate}, nil
}

// SecretHash names what a link's certificate is made from: the authority, the names
// and the period. The same hash means that the Secret need not be made again.
func (a *Authority) SecretHash(names plan.ServerNames, period int64) string {
	made := fmt.Appendln(slices.Clone(a.certificate.Raw), names.DNS, names.IPs, names.Identity, period)
	sum := sha256.Sum256(made)
	return hex.EncodeToString(sum[:])[:10]
}

// Issue signs a certificate for a link's pods, as server and as client.
func (a *Authority) Issue(names plan.ServerNames, now time.Time) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: names.DNS[0]},
		DNSNames:     names.DNS,
		IPAddresses:  names.IPs,
		URIs:         []*url.URL{names.Identity},
		NotBefore:    now.Add(-skew),
		NotAfter:     now.Add(validity),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	pair, err := sign(template, a.certificate, key, a.key)
	pair.CA = a.pem
	return pair, err
}

func sign(template, parent *x509.Certificate, key *ecdsa.PrivateKey, signer crypto.Signer) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return Pair{}, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{
		Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
	}, nil
}

// serial is random, as RFC 5280 (4.1.2.2) allows: up to 20 octets, positive.
func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails since Go 1.24
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

func decode(text []byte, kind string) ([]byte, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("there is no PEM block %q", kind)
	}
	return block.Bytes, nil
}
