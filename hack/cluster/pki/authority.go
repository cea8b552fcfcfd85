// Package pki makes the cluster's keys, certificates and kubeconfigs. What exists and is valid stays as it is.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// validity is long: the cluster does not live as long, and nothing renews its certificates.
const validity = 10 * 365 * 24 * time.Hour

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// request is what a certificate says.
type request struct {
	name         string // of the files
	commonName   string
	organization string
	usage        x509.ExtKeyUsage
	dnsNames     []string
	ips          []string
}

// loadAuthority reads the authority from dir, or makes it.
func loadAuthority(dir, name string) (authority, error) {
	certificate, key, err := readPair(dir, name)
	if err == nil {
		return authority{certificate: certificate, key: key}, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return authority{}, err
	}
	signer, err := newKey()
	if err != nil {
		return authority{}, err
	}
	template := newTemplate(name, "")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	return sign(dir, name, template, signer, authority{certificate: template, key: signer})
}

// issue makes the certificate unless dir has one that this authority signed.
func (a authority) issue(dir string, r request) error {
	if existing, _, err := readPair(dir, r.name); err == nil && existing.CheckSignatureFrom(a.certificate) == nil {
		return nil
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	template := newTemplate(r.commonName, r.organization)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{r.usage}
	template.DNSNames = r.dnsNames
	for _, ip := range r.ips {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(ip))
	}
	_, err = sign(dir, r.name, template, key, a)
	return err
}

func newTemplate(commonName, organization string) *x509.Certificate {
	subject := pkix.Name{CommonName: commonName}
	if organization != "" {
		subject.Organization = []string{organization}
	}
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // crypto/rand does not fail
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validity), // clocks may differ a little
	}
}

// sign writes the key before the certificate: a pair that was cut short has no certificate and is made again.
func sign(dir, name string, template *x509.Certificate, key crypto.Signer, by authority) (authority, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key)
	if err != nil {
		return authority{}, fmt.Errorf("certificate %s: %w", name, err)
	}
	if err := writeKey(dir, name, key); err != nil {
		return authority{}, err
	}
	if err := writePEM(filepath.Join(dir, name+".crt"), "CERTIFICATE", der); err != nil {
		return authority{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return authority{certificate: certificate, key: key}, err
}

func newKey() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func writeKey(dir, name string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("key %s: %w", name, err)
	}
	return writePEM(filepath.Join(dir, name+".key"), "PRIVATE KEY", der)
}

func readPair(dir, name string) (*x509.Certificate, crypto.Signer, error) {
	der, err := readPEM(filepath.Join(dir, name+".crt"))
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fmt.Errorf("certificate %s: %w", name, err)
	}
	key, err := readKey(dir, name)
	return certificate, key, err
}

func readKey(dir, name string) (crypto.Signer, error) {
	der, err := readPEM(filepath.Join(dir, name+".key"))
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", name, err)
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("key %s: it cannot sign", name)
	}
	return key, nil
}

func readPEM(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM block", path)
	}
	return block.Bytes, nil
}

// writePEM writes the file whole or not at all.
func writePEM(path, kind string, der []byte) error {
	return writeFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func writeFile(path string, content []byte) error {
	partial := path + ".partial"
	if err := os.WriteFile(partial, content, 0o600); err != nil {
		return err
	}
	return os.Rename(partial, path)
}
