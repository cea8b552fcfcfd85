package asterisk_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestDescribe(t *testing.T) {
	d := asterisk.Driver{}.Describe()
	for _, p := range opencti.ParametersOf(d.Config()) {
		if p.Description == "" {
			t.Errorf("%s has no description", p.Name)
		}
	}
	if err := opencti.DecodeConfig(map[string]string{"address": "pbx:5038", "username": "cti", "password": "x"}, d.Config()); err != nil {
		t.Errorf("the defaults do not stand: %v", err)
	}
	for _, spec := range opencti.Specs() {
		found := false
		for _, a := range d.Activities() {
			found = found || a == spec.Activity
		}
		if !found {
			t.Errorf("%s is not claimed", spec.Activity)
		}
	}
}

// The secret is proven, and what is asked for changes nothing.
func TestConnectIsPassive(t *testing.T) {
	p := newPeer(t)
	c, err := p.connect(t, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	login := p.expect("Login")
	proof := md5.Sum([]byte("182735536s3cret"))
	want := map[string]string{"Action": "Login", "ActionID": login["ActionID"], "AuthType": "MD5", "Username": "cti",
		"Key": hex.EncodeToString(proof[:]), "Events": "off"}
	if diff := cmp.Diff(want, login); diff != "" {
		t.Errorf("login (-want +got):\n%s", diff)
	}
	if got := p.expect("Filter")["MatchCriteria"]; !strings.HasPrefix(got, "action(include),name(") {
		t.Errorf("filter %q", got)
	}
	if got := p.expect("Events")["EventMask"]; got != "system,call,agent,user,dialplan" {
		t.Errorf("event mask %q", got)
	}
	if got := p.expect("Status")["Variables"]; got != "CHANNEL(onhold),CTILINK_CALL,CTILINK_DATA,CTILINK_HELD,CTILINK_AWAY,CTILINK_MUTED,CTI_CUSTOMER,CTI_CASE" {
		t.Errorf("variables %q", got)
	}
	if _, err := c.Open(t.Context(), opencti.Endpoint{DN: "1001"}); err != nil {
		t.Error(err)
	}
	for _, dn := range []string{"", "1001\r\nAction: Logoff", "PJSIP/1001"} {
		_, err := c.Open(t.Context(), opencti.Endpoint{DN: dn})
		wantCode(t, err, opencti.UnknownDevice, "dn")
	}
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
	p.expect("Logoff")
	waitDone(t, c)
	if err := c.Err(); err != nil {
		t.Errorf("Err() = %v after Close, want nil", err)
	}
}

// A user without the class system sees all events of the classes, and things go on.
func TestFiltersAreRefused(t *testing.T) {
	p := newPeer(t)
	p.answer("Filter", says("Response: Error; Message: Permission denied"))
	if _, err := p.connect(t, nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := p.expect("Events")["EventMask"]; got != "system,call,agent,user" {
		t.Errorf("event mask %q: VarSet and every step of the dialplan would come", got)
	}
}

func TestConnectRefused(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*peer)
		want   opencti.ErrorCode
		detail string
	}{
		{"secret", func(p *peer) { p.answers["Login"] = says("Response: Error; Message: Authentication failed") }, opencti.AuthenticationFailed, "Authentication failed"},
		{"secret, and closed", func(p *peer) {
			p.answers["Login"] = func(a map[string]string) string {
				text := says("Response: Error; Message: Authentication failed")(a)
				p.closeAfter = true
				return text
			}
		}, opencti.AuthenticationFailed, ""},
		{"rights", func(p *peer) { p.answers["Status"] = says("Response: Error; Message: Permission denied") }, opencti.Forbidden, "Status"},
		{"another server", func(p *peer) { p.greeting = "HTTP/1.1 400 Bad Request\r\n\r\n" }, opencti.LinkDown, "greeting"},
		{"silence", func(p *peer) { delete(p.answers, "Challenge") }, opencti.Timeout, "Challenge"},
		{"no greeting", func(p *peer) { p.greeting = "" }, opencti.LinkDown, ""},
		{"endless line", func(p *peer) { p.greeting = strings.Repeat("x", 1<<18) }, opencti.LinkDown, "larger"},
		{"endless message", func(p *peer) {
			p.answers["Challenge"] = func(map[string]string) string { return strings.Repeat("Key: value\r\n", 1<<13) }
		}, opencti.LinkDown, "larger"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t)
			p.mu.Lock()
			tc.change(p)
			p.mu.Unlock()
			_, err := p.connect(t, nil, nil, "responseTimeout", "500ms")
			wantCode(t, err, tc.want, tc.detail)
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the secret is in the error: %v", err)
			}
		})
	}
}

func TestBadConfig(t *testing.T) {
	p := newPeer(t)
	for _, tc := range []struct{ key, value string }{
		{"endpoint", "PJSIP/1001"}, {"member", "{dn}{dn}"}, {"trunks", "PJSIP/["}, {"dataVariables", "A,B-C"}, {"dataVariables", "CASE _X"},
		{"dataVariables", "CTILINK_CALL"}, {"tlsCA", "nonsense"},
	} {
		_, err := p.connect(t, nil, nil, tc.key, tc.value, "tls", "true")
		wantConfig(t, err, tc.key)
	}
}

func wantConfig(t *testing.T, err error, key string) {
	t.Helper()
	if e, ok := err.(*opencti.ConfigError); !ok || e.Key != key {
		t.Errorf("error is %v, want one of %s", err, key)
	}
}

func TestConnectToTheSecondary(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := l.Addr().String()
	_ = l.Close()
	p := newPeer(t)
	if _, err := p.connect(t, nil, nil, "address", nobody, "secondaryAddress", p.listener.Addr().String()); err != nil {
		t.Errorf("the secondary was not tried: %v", err)
	}
	_, err = p.connect(t, nil, nil, "address", nobody)
	wantCode(t, err, opencti.LinkDown, "")
}

func TestConnectTLS(t *testing.T) {
	certificate, authority := selfSigned(t, "pbx.example")
	for _, tc := range []struct {
		name   string
		config []string
		wrong  string // parameter
	}{
		{"the authority is known", []string{"tlsCA", authority, "tlsServerName", "pbx.example"}, ""},
		{"the authority is not known", []string{"tlsServerName", "pbx.example"}, "tlsCA"},
		{"another name", []string{"tlsCA", authority, "tlsServerName", "other.example"}, "tlsServerName"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = servePeer(t, listener).connect(t, nil, nil, append(tc.config, "tls", "true")...)
			if tc.wrong != "" {
				wantCode(t, err, opencti.Rejected, tc.wrong)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func selfSigned(t *testing.T, name string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(authority)
}

func TestConnectionLost(t *testing.T) {
	for _, tc := range []struct {
		name   string
		happen func(*peer)
		detail string
	}{
		{"hung up", func(p *peer) { p.hangUp() }, "closed"},
		{"shut down", func(p *peer) { p.event("Shutdown; Shutdown: Cleanly; Restart: False") }, "shuts down"},
		{"endless line", func(p *peer) { p.send(strings.Repeat("x", 1<<18)) }, "larger"},
		{"no sign of life", func(p *peer) { p.answer("Ping", nil) }, "sign of life"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t)
			c, d := p.subscribed(t, make(sink, 16), "keepAlive", "1s", "responseTimeout", "500ms")
			tc.happen(p)
			waitDone(t, c)
			wantCode(t, c.Err(), opencti.LinkDown, tc.detail)
			_, err := d.Snapshot(t.Context())
			wantCode(t, err, opencti.LinkDown, "")
		})
	}
}

// An Asterisk that was still starting has not told all.
func TestAsteriskHasOnlyNowStarted(t *testing.T) {
	p, events := newPeer(t), make(sink, 16)
	_, d := p.subscribed(t, events)
	p.event("FullyBooted; Status: Fully Booted")
	if e := events.next(t); e.Name != eventsLost || e.DN != "" {
		t.Errorf("the sink got %+v, want that events were lost", e)
	}
	p.answer("QueueStatus", says("Response: Success; EventList: start;; Event: QueueMember; Queue: support; Name: 4001; Location: PJSIP/1001;"+
		"Status: 1; Paused: 1; PausedReason: lunch;; Event: QueueStatusComplete; EventList: Complete; ListItems: 1"))
	s, err := d.Snapshot(t.Context())
	if err != nil || s.Agent.State != opencti.Unavailable || s.Agent.ReasonCode != "lunch" {
		t.Errorf("the agent is %+v, %v; want not ready, lunch", s.Agent, err)
	}
}

func TestUnknownTelephone(t *testing.T) {
	p := newPeer(t)
	p.answer("Getvar", says("Response: Success; Variable: X; Value: INVALID"))
	c, err := p.connect(t, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Open(t.Context(), opencti.Endpoint{DN: "7777"})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.Subscribe(t.Context()), opencti.UnknownDevice, "INVALID")
}

func TestSlowAnswersAreNotWaitedFor(t *testing.T) {
	p := newPeer(t)
	_, d := p.subscribed(t, make(sink, 16), "responseTimeout", "100ms", "outstandingRequests", "1")
	p.answer("QueuePause", nil)
	wantCode(t, opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.SetAgentReady}), opencti.Timeout, "QueuePause")
	late := p.expect("QueuePause")
	p.send("Response: Success\r\nActionID: " + late["ActionID"] + "\r\nMessage: too late\r\n\r\n")
	p.answer("QueuePause", says("Response: Success"))
	if err := opencti.Perform(t.Context(), d, opencti.Request{Activity: opencti.SetAgentReady}); err != nil {
		t.Errorf("the connection is of no use any more: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	p.expect("QueuePause")
	if err := opencti.Perform(over, d, opencti.Request{Activity: opencti.SetAgentReady}); err == nil {
		t.Error("a request whose time was over was accepted")
	}
	p.nothingOf("QueuePause")
}

// What the log says must hold no secret, number or call data, at any level.
func TestLogKeepsSecrets(t *testing.T) {
	var log strings.Builder
	p, events := newPeer(t), make(sink, 16)
	p.answer("Filter", says("Response: Error; Message: no filter for +4922155501"))
	c, err := p.connect(t, events, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	p.send("Response: Error\r\nActionID: nobody-4922155501\r\nMessage: s3cret\r\n\r\n")
	p.event("Newchannel; Channel: PJSIP/4922155501-1; Uniqueid: 1; ChanVariable: CTI_CASE=s3cret")
	p.answer("Logoff", says("Response: Error; Message: s3cret +4922155501"))
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"event filter", "too late"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &log)
		}
	}
	for _, secret := range []string{"s3cret", "4922155501"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, &log)
		}
	}
}
