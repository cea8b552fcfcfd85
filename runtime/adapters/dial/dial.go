// Package dial reaches a CTI server over TCP or TLS, at its first address or its second.
// Drivers enter; it imports opencti alone.
package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Server is where a CTI server is, and how it is trusted. The names in errors are those
// of the classes' parameters.
type Server struct {
	// Called is what an agent knows the server by, such as "the switch".
	Called string
	// Addresses are tried in order, host:port; empty ones are passed over.
	Addresses []string
	// Timeout bounds the attempt at each address.
	Timeout time.Duration

	TLS bool
	// CA, Certificate and Key are PEM; each may be empty.
	CA, ServerName, Certificate, Key string
}

// Dial connects. Errors: *opencti.ConfigError for what is no certificate, or does not fit that
// of the server; LinkDown when no address answers.
func (s Server) Dial(ctx context.Context) (net.Conn, error) {
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	err = errors.New("no address is given")
	for _, address := range s.Addresses {
		if address == "" {
			continue
		}
		var socket net.Conn
		if socket, err = s.one(ctx, address, config); err == nil {
			return socket, nil
		}
	}
	if misfit := misfit(err); misfit != nil {
		return nil, misfit
	}
	return nil, opencti.Errorf(opencti.LinkDown, "%s cannot be reached", s.Called).WithDetail(err.Error())
}

func (s Server) one(ctx context.Context, address string, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	if config == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
}

// misfit says which parameter a handshake has shown to be wrong; nil: none.
func misfit(err error) error {
	const does = "does not fit the server: "
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return &opencti.ConfigError{Key: "tlsCA", Problem: does + "its certificate is signed by another authority"}
	case errors.As(err, new(x509.HostnameError)):
		return &opencti.ConfigError{Key: "tlsServerName", Problem: does + "its certificate has another name"}
	case errors.As(err, new(tls.RecordHeaderError)):
		return &opencti.ConfigError{Key: "tls", Problem: does + "it speaks no TLS at this address"}
	}
	return nil
}

// config is nil without TLS.
func (s Server) config() (*tls.Config, error) {
	if !s.TLS {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.ServerName}
	if s.CA != "" {
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM([]byte(s.CA)) {
			return nil, &opencti.ConfigError{Key: "tlsCA", Problem: "holds no certificate; give it in PEM"}
		}
	}
	if s.Certificate != "" || s.Key != "" {
		pair, err := tls.X509KeyPair([]byte(s.Certificate), []byte(s.Key))
		if err != nil {
			return nil, &opencti.ConfigError{Key: "tlsCertificate", Problem: "does not fit tlsKey; give both in PEM"}
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}
