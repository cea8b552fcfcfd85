package dial

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func listening(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestDial(t *testing.T) {
	there, gone := listening(t), listening(t)
	_ = gone.Close()
	secure, plain := httptest.NewUnstartedServer(nil), httptest.NewServer(nil)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(func() { secure.Close(); plain.Close() })
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	at := func(s *httptest.Server) []string { return []string{s.Listener.Addr().String()} }
	for name, tc := range map[string]struct {
		server Server
		code   opencti.ErrorCode // of what is refused
		key    string            // of a configuration that is wrong
	}{
		"the first address":  {Server{Addresses: []string{there.Addr().String(), gone.Addr().String()}}, "", ""},
		"the second address": {Server{Addresses: []string{gone.Addr().String(), there.Addr().String()}}, "", ""},
		"only a second":      {Server{Addresses: []string{"", there.Addr().String()}}, "", ""},
		"nobody there":       {Server{Addresses: []string{gone.Addr().String(), ""}}, opencti.LinkDown, ""},
		"no address":         {Server{}, opencti.LinkDown, ""},
		"a CA that is none":  {Server{TLS: true, CA: "no PEM"}, "", "tlsCA"},
		"half a certificate": {Server{TLS: true, Certificate: "no PEM"}, "", "tlsCertificate"},
		"TLS":                {Server{Addresses: at(secure), TLS: true, CA: ca}, "", ""},
		"another authority":  {Server{Addresses: at(secure), TLS: true}, "", "tlsCA"},
		"another name":       {Server{Addresses: at(secure), TLS: true, CA: ca, ServerName: "other.example"}, "", "tlsServerName"},
		"no TLS there":       {Server{Addresses: at(plain), TLS: true, CA: ca}, "", "tls"},
		"TLS, where not asked for, is not looked at": {Server{Addresses: []string{there.Addr().String()}, CA: "no PEM"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			tc.server.Called, tc.server.Timeout = "the switch", 5*time.Second
			socket, err := tc.server.Dial(t.Context())
			if socket != nil {
				_ = socket.Close()
			}
			var refused *opencti.Error
			var config *opencti.ConfigError
			switch {
			case tc.key != "":
				if !errors.As(err, &config) || config.Key != tc.key {
					t.Errorf("%v, want one about %s", err, tc.key)
				}
			case tc.code != "":
				if !errors.As(err, &refused) || refused.Code != tc.code {
					t.Errorf("%v, want %s", err, tc.code)
				}
			case err != nil:
				t.Error(err)
			}
		})
	}
}
