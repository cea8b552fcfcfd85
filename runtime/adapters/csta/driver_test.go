package csta_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestDescribe(t *testing.T) {
	d := csta.Driver{}.Describe()
	var parameters []string
	for _, p := range opencti.ParametersOf(d.Config()) {
		if p.Description == "" {
			t.Errorf("%s has no description", p.Name)
		}
		parameters = append(parameters, p.Name)
	}
	if err := opencti.DecodeConfig(map[string]string{"address": "switch:4721"}, d.Config()); err != nil {
		t.Errorf("the defaults do not stand: %v", err)
	}
	want := []string{"address", "secondaryAddress", "tls", "tlsCA", "tlsServerName", "tlsCertificate", "tlsKey", "username", "password",
		"applicationId", "protocolVersion", "sessionDuration", "responseTimeout", "outstandingRequests", "requestsPerSecond", "agentStatePoll",
		"declineTo", "microphone"}
	if diff := cmp.Diff(want, parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if got, want := len(d.Activities()), len(opencti.Specs()); got != want {
		t.Errorf("the class offers %d of %d activities: %v", got, want, d.Activities())
	}
}

func TestConnectIsPassive(t *testing.T) {
	p := newPeer(t, quiet())
	c, err := connect(t, p.config(), nil)
	if err != nil {
		t.Fatal(err)
	}
	start := p.expect("StartApplicationSession").xml
	for _, want := range []string{
		`xmlns="http://www.ecma-international.org/standards/ecma-354/appl_session"`, `<applicationID>ctilink</applicationID>`,
		`<acx:userName>cti</acx:userName><acx:password>s3cret</acx:password>`,
		`<protocolVersion>http://www.ecma-international.org/standards/ecma-323/csta/ed3</protocolVersion>`,
		`<requestedSessionDuration>60</requestedSessionDuration>`,
	} {
		if !strings.Contains(start, want) {
			t.Errorf("%s\nlacks %s", start, want)
		}
	}
	if _, err := c.Open(t.Context(), opencti.Endpoint{DN: "1001"}); err != nil {
		t.Error(err)
	}
	_, err = c.Open(t.Context(), opencti.Endpoint{AgentID: "5501"})
	wantCode(t, err, opencti.UnknownDevice, "")
	p.expectNothing()

	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if stop := p.expect("StopApplicationSession").xml; !strings.Contains(stop, "<sessionID>469B9E</sessionID>") {
		t.Errorf("stopped another session: %s", stop)
	}
	waitDone(t, c)
	if err := c.Err(); err != nil {
		t.Errorf("Err() = %v after Close, want nil", err)
	}
}

func TestConnectWithoutLogin(t *testing.T) {
	p := newPeer(t, quiet())
	if _, err := connect(t, p.config("username", ""), nil); err != nil {
		t.Fatal(err)
	}
	if start := p.expect("StartApplicationSession").xml; strings.Contains(start, "SessionLoginInfo") {
		t.Errorf("a login was sent: %s", start)
	}
}

func TestConnectRefused(t *testing.T) {
	refused := func(defined string) string {
		return `<StartApplicationSessionNegResponse xmlns="http://www.ecma-international.org/standards/ecma-354/appl_session"><errorCode>` +
			defined + `</errorCode></StartApplicationSessionNegResponse>`
	}
	for _, tc := range []struct {
		name, answer string
		want         opencti.ErrorCode
		detail       string
	}{
		{"password", refused("<definedError>invalidApplicationInfo</definedError>"), opencti.AuthenticationFailed, "invalidApplicationInfo"},
		{"sessions", refused("<definedError>maxNumberSessions</definedError>"), opencti.LicenceExhausted, "maxNumberSessions"},
		{"busy", refused("<definedError>serverResourcesBusy</definedError>"), opencti.Overloaded, "serverResourcesBusy"},
		{"version", refused("<definedError>requestedProtocolVersionNotSupported</definedError>"), opencti.Rejected, "requestedProtocolVersion"},
		{"own error", refused("<applError>17</applError>"), opencti.Rejected, "17"},
		{"nonsense", `<HoldCallResponse/>`, opencti.Rejected, "HoldCallResponse to StartApplicationSession"},
		{"silence", "", opencti.Timeout, "StartApplicationSession"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t, map[string]string{"StartApplicationSession": tc.answer})
			_, err := connect(t, p.config("responseTimeout", "1s"), nil)
			wantCode(t, err, tc.want, tc.detail)
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func TestConnectToNobody(t *testing.T) {
	nobody := unused(t)
	_, err := connect(t, config(t, map[string]string{"address": nobody}), nil)
	wantCode(t, err, opencti.LinkDown, "")

	p := newPeer(t, quiet())
	if _, err := connect(t, p.config("address", nobody, "secondaryAddress", p.address()), nil); err != nil {
		t.Errorf("the secondary was not tried: %v", err)
	}
}

// unused is an address where nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestConnectTLS(t *testing.T) {
	certificate, authority := selfSigned(t, "switch.example")
	for _, tc := range []struct {
		name   string
		config []string
		code   opencti.ErrorCode // empty: no error
		detail string
	}{
		{"the authority is known", []string{"tlsCA", authority, "tlsServerName", "switch.example"}, "", ""},
		{"the authority is not known", []string{"tlsServerName", "switch.example"}, opencti.Rejected, "tlsCA"},
		{"another name", []string{"tlsCA", authority, "tlsServerName", "other.example"}, opencti.Rejected, "tlsServerName"},
		{"no authority in PEM", []string{"tlsCA", "nonsense"}, opencti.Rejected, "tlsCA"},
		{"half of a key pair", []string{"tlsCertificate", authority}, opencti.Rejected, "tlsCertificate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
			if err != nil {
				t.Fatal(err)
			}
			p := servePeer(t, listener, quiet())
			_, err = connect(t, p.config(append(tc.config, "tls", "true")...), nil)
			if tc.code != "" {
				wantCode(t, err, tc.code, tc.detail)
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
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
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
		{"hung up", func(p *peer) { p.hangUp() }, ""},
		{"session terminated", func(p *peer) {
			p.event(`<ApplicationSessionTerminated><sessionID>469B9E</sessionID><sessionTermReason><definedTermReason>resourceLimitation` +
				`</definedTermReason></sessionTermReason></ApplicationSessionTerminated>`)
		}, "resourceLimitation"},
		{"out of service", func(p *peer) { p.send("0001", `<SystemStatus><systemStatus>disabled</systemStatus></SystemStatus>`) }, "disabled"},
		{"no frames", func(p *peer) { fmt.Fprint(p.conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }, "zero bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t, quiet())
			c, device := p.subscribed(nil)
			tc.happen(p)
			waitDone(t, c)
			wantCode(t, c.Err(), opencti.LinkDown, tc.detail)
			_, err := device.Snapshot(t.Context())
			wantCode(t, err, opencti.LinkDown, "")
		})
	}
}

// What is lost while the connection lives is asked for anew; nothing else is disturbed.
func TestEventsLost(t *testing.T) {
	for _, tc := range []struct {
		name    string
		happen  func(*peer)
		dn      string
		restart string // what subscribing again sends
	}{
		{"messages lost", func(p *peer) {
			p.send("0000", `<SystemStatus><systemStatus>messagesLost</systemStatus></SystemStatus>`)
			p.expect("SystemStatusResponse")
		}, "", ""},
		{"monitor stopped", func(p *peer) {
			p.send("0003", `<MonitorStop><monitorCrossRefID>71</monitorCrossRefID></MonitorStop>`)
			p.expect("MonitorStopResponse")
		}, "1001", "MonitorStart"},
		{"unreadable", func(p *peer) { p.event(`<DeliveredEvent><monitorCrossRefID>71</DeliveredEvent>`) }, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, events := newPeer(t, quiet()), make(sink, 8)
			c, device := p.subscribed(events)
			tc.happen(p)
			if e := events.next(t); e.Name != eventsLost || e.DN != tc.dn {
				t.Errorf("the sink got %+v, want that events of %q were lost", e, tc.dn)
			}
			if err := device.Subscribe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if tc.restart != "" {
				p.expect(tc.restart)
			}
			p.expectNothing()
			if c.Err() != nil {
				t.Errorf("the connection was given up: %v", c.Err())
			}
		})
	}
}

func TestRequestsOfTheSwitch(t *testing.T) {
	p := newPeer(t, quiet())
	c, _ := p.connected(make(sink, 1))
	for _, tc := range []struct{ id, xml, answer string }{
		{"0001", `<SystemStatus><systemStatus>enabled</systemStatus></SystemStatus>`, "SystemStatusResponse"},
		{"0002", `<SystemStatus><systemStatus>overloadReached</systemStatus></SystemStatus>`, "SystemStatusResponse"},
		{"0000", `<MonitorStop><monitorCrossRefID>of another session</monitorCrossRefID></MonitorStop>`, "MonitorStopResponse"},
		{"0777", `<x:RequestSystemStatus xmlns:x="urn:x"/>`, "CSTAErrorCode"},
	} {
		p.send(tc.id, tc.xml)
		if got := p.expect(tc.answer); got.id != tc.id {
			t.Errorf("%s was answered under %s, want %s", tc.xml, got.id, tc.id)
		}
	}
	p.send("0004", `<!DOCTYPE x><SystemStatus/>`) // dropped, and the connection lives
	p.event(`<OfferedEvent><monitorCrossRefID>71</monitorCrossRefID></OfferedEvent>`)
	p.send("0005", `<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>`)
	p.expect("SystemStatusResponse")
	select {
	case <-c.Done():
		t.Errorf("the connection was given up: %v", c.Err())
	default:
	}
}

// What the log says must hold no password, number or call data, at any level.
func TestLogKeepsSecrets(t *testing.T) {
	var log strings.Builder
	p, events := newPeer(t, quiet()), make(sink, 8)
	c, device := p.logged(&log, events)
	if err := device.Subscribe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := opencti.Perform(t.Context(), device, opencti.Request{Activity: opencti.LoginAgent, AgentPassword: "s3cret"}); err != nil {
		t.Fatal(err)
	}
	p.event(`<DeliveredEvent><monitorCrossRefID>71</monitorCrossRefID><callingDevice>+4922155501&s3cret;</callingDevice></DeliveredEvent>`)
	p.send("4711", `<MakeCallResponse><callingDevice><callID>s3cret</callID></callingDevice></MakeCallResponse>`)
	p.send("0001", `<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>`)
	p.event(delivered("71", "2"))
	events.next(t)
	p.answer("StopApplicationSession", `<StopApplicationSessionNegResponse><errorCode><applError>s3cret</applError></errorCode></StopApplicationSessionNegResponse>`)
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cannot be read", "too late", "status"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &log)
		}
	}
	for _, secret := range []string{"s3cret", "4922155501", "73336372", "1001"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, &log)
		}
	}
}
