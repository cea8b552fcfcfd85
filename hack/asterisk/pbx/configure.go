package pbx

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"text/template"
	"time"
)

//go:embed conf
var conf embed.FS

// configure writes Asterisk's configuration.
func (p *PBX) configure() error {
	for _, dir := range []string{"etc", "lib", "spool", "run", "log"} {
		if err := os.MkdirAll(filepath.Join(p.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	templates, err := template.ParseFS(conf, "conf/*.conf")
	if err != nil {
		return err
	}
	for _, t := range templates.Templates() {
		if err := p.write(t); err != nil {
			return fmt.Errorf("%s: %w", t.Name(), err)
		}
	}
	return p.certify()
}

func (p *PBX) write(t *template.Template) error {
	f, err := os.Create(filepath.Join(p.Dir, "etc", t.Name()))
	if err != nil {
		return err
	}
	defer f.Close()
	return t.Execute(f, p)
}

// Extensions is the part of the dialplan that the driver wants of every Asterisk.
func Extensions() string {
	text, err := conf.ReadFile("conf/ctilink-extensions.conf")
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}

// certify makes the certificate of the manager interface.
func (p *PBX) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pbx"}, DNSNames: []string{"pbx"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(p.Host)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	p.CA = string(ca)
	if err := os.WriteFile(filepath.Join(p.Dir, "etc/cert.pem"), ca, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.Dir, "etc/key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}
