package harness

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/test/desktop"
)

// Door is a link's desktop port: what an admin tells those who come to it.
type Door struct {
	URL string
	// Address is that of the Service, host:port, for whoever has no DNS of the cluster.
	Address string
	Token   string
	// CA signs the certificate, in PEM.
	CA []byte
}

// Door finds the way to a link's desktop port, through its Service.
func (h *Harness) Door(ctx context.Context, namespace, link string) (d Door, err error) {
	d.URL = fmt.Sprintf("https://%s.%s.svc:8443", link, namespace)
	if d.Token, err = h.secretKey(ctx, namespace, link+"-desktop-token", "token"); err != nil {
		return d, err
	}
	if d.CA, err = h.authority(ctx, namespace, link); err != nil {
		return d, err
	}
	d.Address, err = h.serviceAddress(ctx, namespace, link, "desktop")
	return d, err
}

// Desktops comes in at a link's desktop port, with its certificate checked and its token.
func (h *Harness) Desktops(ctx context.Context, namespace, link string) (desktop.Link, error) {
	door, err := h.Door(ctx, namespace, link)
	if err != nil {
		return desktop.Link{}, err
	}
	ca := x509.NewCertPool()
	if !ca.AppendCertsFromPEM(door.CA) {
		return desktop.Link{}, errors.New("the link's certificate Secret has no CA")
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: ca, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: 3 * time.Second}).DialContext(ctx, network, door.Address)
		},
		ForceAttemptHTTP2: true, TLSHandshakeTimeout: 3 * time.Second, IdleConnTimeout: 5 * time.Second,
		// A pod that lost its power says no goodbye.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 3 * time.Second, PingTimeout: 2 * time.Second},
	}
	return desktop.Link{URL: door.URL, Token: door.Token, HTTP: &http.Client{Transport: transport}}, nil
}

// Switch is the way to ctisim's control port.
func (h *Harness) Switch(ctx context.Context, namespace, service string) (desktop.Switch, error) {
	address, err := h.serviceAddress(ctx, namespace, service, "control")
	if err != nil {
		return desktop.Switch{}, err
	}
	return desktop.Switch{URL: "http://" + address, HTTP: &http.Client{Timeout: 5 * time.Second}}, nil
}

func (h *Harness) serviceAddress(ctx context.Context, namespace, name, port string) (string, error) {
	var s corev1.Service
	if err := h.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &s); err != nil {
		return "", err
	}
	for _, p := range s.Spec.Ports {
		if p.Name == port {
			return net.JoinHostPort(s.Spec.ClusterIP, fmt.Sprint(p.Port)), nil
		}
	}
	return "", fmt.Errorf("service %s has no port %q", name, port)
}

func (h *Harness) secretKey(ctx context.Context, namespace, name, key string) (string, error) {
	var s corev1.Secret
	if err := h.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &s); err != nil {
		return "", err
	}
	v, ok := s.Data[key]
	if !ok {
		return "", fmt.Errorf("secret %s has no key %q", name, key)
	}
	return string(v), nil
}

// authority finds the CA in the link's certificate Secret.
func (h *Harness) authority(ctx context.Context, namespace, link string) ([]byte, error) {
	var secrets corev1.SecretList
	if err := h.Client.List(ctx, &secrets, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	for _, s := range secrets.Items {
		if strings.HasPrefix(s.Name, link+"-tls-") {
			return s.Data["ca.crt"], nil
		}
	}
	return nil, errors.New("the link has no certificate Secret yet")
}
