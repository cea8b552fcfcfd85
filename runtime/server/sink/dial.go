package sink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"
)

// Answers are read up to these bounds, so that connections can be used again, and no
// further.
const (
	answerBound = 64 << 10
	headerBound = 16 << 10
)

// errAddress is why an address is not dialled.
var errAddress = errors.New("the address is not allowed: loopback, link-local, metadata or the cluster's own")

// metadata are the addresses where clouds tell machines their secrets, besides those that
// are link-local: AWS over IPv6, Alibaba, Oracle, Azure.
var metadata = []netip.Addr{
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192"),
	netip.MustParseAddr("168.63.129.16"),
}

// nat64 holds IPv4 addresses in its last four bytes (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// guard refuses addresses when they are dialled: after DNS, so that no name leads around it.
type guard struct {
	allowLocal bool
	refused    []netip.Prefix
}

func (g guard) check(a netip.Addr) error {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if slices.ContainsFunc(g.refused, func(p netip.Prefix) bool { return p.Contains(a) }) || a.IsMulticast() {
		return errAddress
	}
	local := a.IsLoopback() || a.IsUnspecified() || a.IsLinkLocalUnicast() || slices.Contains(metadata, a)
	if local && !g.allowLocal {
		return errAddress
	}
	return nil
}

// control implements net.Dialer.Control.
func (g guard) control(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return errAddress
	}
	return g.check(a.Addr())
}

// client makes the HTTP client: no proxy, which would dial for us, and no redirects.
func client(o *Options) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: guard{o.AllowLocal, o.Refused}.control}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		config = o.TLS.Clone()
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	}
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			TLSClientConfig: config, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConnsPerHost: o.Workers, MaxConnsPerHost: o.Workers, IdleConnTimeout: time.Minute,
			MaxResponseHeaderBytes: headerBound, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Files makes a TLS configuration of mounted files; any may be empty. ca holds the
// certificates that sign the server's, cert and key are our own. Those two are read for
// each handshake, so that a rotated one is in force at the next.
func Files(ca, cert, key string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("read CA of the event sink: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read CA of the event sink: %s holds no certificate in PEM", ca)
		}
	}
	if (cert == "") != (key == "") {
		return nil, errors.New("client certificate of the event sink: give both the certificate and its key")
	}
	if cert != "" {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(cert, key)
			return &pair, err
		}
	}
	return config, nil
}
