package csta_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"maps"
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
		"applicationId", "protocolVersion", "sessionDuration", "responseTimeout", "outstandingRequests"}
	if diff := cmp.Diff(want, parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if got := opencti.ActivitiesOf(d.Device); len(got) != len(opencti.Specs()) {
		t.Errorf("activities = %v, want all", got)
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
		{"the authority is not known", []string{"tlsServerName", "switch.example"}, opencti.LinkDown, "certificate"},
		{"another name", []string{"tlsCA", authority, "tlsServerName", "other.example"}, opencti.LinkDown, "certificate"},
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
		{"messages lost", func(p *peer) {
			p.send("0000", `<SystemStatus><systemStatus>messagesLost</systemStatus></SystemStatus>`)
		}, "messagesLost"},
		{"out of service", func(p *peer) { p.send("0001", `<SystemStatus><systemStatus>disabled</systemStatus></SystemStatus>`) }, "disabled"},
		{"monitor stopped", func(p *peer) {
			p.send("0003", `<MonitorStop><monitorCrossRefID>71</monitorCrossRefID></MonitorStop>`)
		}, "MonitorStop"},
		{"no frames", func(p *peer) { p.conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, "zero bytes"},
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

func TestRequestsOfTheSwitch(t *testing.T) {
	p := newPeer(t, quiet())
	c, _ := p.connected(nil)
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

func TestAnswersMayCross(t *testing.T) {
	answers := quiet()
	delete(answers, "HoldCall")
	delete(answers, "RetrieveCall")
	p := newPeer(t, answers)
	_, device := p.connected(nil)
	calls := device.(opencti.CallControl)
	held, retrieved := make(chan error, 1), make(chan error, 1)
	go func() { held <- calls.HoldCall(context.Background(), opencti.Request{CallID: "7"}) }()
	first := p.expect("HoldCall")
	go func() { retrieved <- calls.RetrieveCall(context.Background(), opencti.Request{CallID: "8"}) }()
	second := p.expect("RetrieveCall")
	if first.id == second.id {
		t.Fatalf("two requests have the id %s", first.id)
	}
	p.send(second.id, `<RetrieveCallResponse/>`)
	p.send(first.id, `<CSTAErrorCode><operation>invalidCallID</operation></CSTAErrorCode>`)
	if err := <-retrieved; err != nil {
		t.Errorf("RetrieveCall: %v", err)
	}
	wantCode(t, <-held, opencti.NoSuchCall, "operation/invalidCallID")
}

func TestOutstandingRequests(t *testing.T) {
	answers := quiet()
	delete(answers, "HoldCall")
	p := newPeer(t, answers)
	_, device := p.connected(nil, "outstandingRequests", "1")
	calls := device.(opencti.CallControl)
	holding, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	held := make(chan error, 1)
	go func() { held <- calls.HoldCall(holding, opencti.Request{CallID: "7"}) }()
	p.expect("HoldCall")
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	wantCode(t, calls.RetrieveCall(soon, opencti.Request{CallID: "8"}), opencti.Overloaded, "")
	p.expectNothing()
	giveUp()
	wantCode(t, <-held, opencti.LinkDown, "HoldCall")
	if err := calls.RetrieveCall(t.Context(), opencti.Request{CallID: "8"}); err != nil {
		t.Errorf("a request that was given up still takes its place: %v", err)
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		category, value string
		want            opencti.ErrorCode
	}{
		{"operation", "generic", opencti.Rejected},
		{"operation", "invalidDeviceID", opencti.UnknownDevice},
		{"operation", "invalidCallID", opencti.NoSuchCall},
		{"operation", "invalidConnectionID", opencti.NoSuchCall},
		{"operation", "invalidDestination", opencti.InvalidDestination},
		{"operation", "invalidAgentState", opencti.InvalidState},
		{"operation", "invalidAgentPassword", opencti.AuthenticationFailed},
		{"operation", "invalidAgentGroup", opencti.InvalidQueue},
		{"operation", "featureAlreadySet", opencti.SameState},
		{"operation", "privilegeViolationSpecifiedDevice", opencti.Forbidden},
		{"operation", "privilegeViolationCalledDevice", opencti.Forbidden},
		{"operation", "requestIncompatibleWithObject", opencti.NotCapable},
		{"operation", "requestIncompatibleWithHeldConnection", opencti.InvalidState},
		{"operation", "serviceNotSupported", opencti.NotCapable},
		{"operation", "userDataNotSupported", opencti.NotCapable},
		{"operation", "agentStateOutOfRange", opencti.InvalidRequest},
		{"operation", "somethingNew", opencti.Rejected},
		{"stateIncompatibility", "invalidConnectionState", opencti.InvalidState},
		{"stateIncompatibility", "noActiveCall", opencti.NoActiveCall},
		{"stateIncompatibility", "noHeldCall", opencti.NoHeldCall},
		{"stateIncompatibility", "noCallToAnswer", opencti.NoAlertingCall},
		{"stateIncompatibility", "noCallToClear", opencti.NoSuchCall},
		{"systemResourceAvailibility", "resourceBusy", opencti.Overloaded},
		{"systemResourceAvailibility", "resourceOutOfService", opencti.DeviceOutOfService},
		{"systemResourceAvailability", "deviceOutOfService", opencti.DeviceOutOfService},
		{"systemResourceAvailibility", "overallMonitorLimitExceeded", opencti.LicenceExhausted},
		{"subscribedResourceAvailability", "objectMonitorLimitExceeded", opencti.LicenceExhausted},
		{"subscribedResourceAvailability", "outstandingReqLimitExceeded", opencti.Overloaded},
		{"performanceManagement", "performanceLimitExceeded", opencti.Overloaded},
		{"security", "timeStampViolated", opencti.Forbidden},
		{"privateErrorCode", "17", opencti.Rejected},
		{"unspecified", "", opencti.Rejected},
	} {
		t.Run(tc.category+"/"+tc.value, func(t *testing.T) {
			p := newPeer(t, quiet())
			p.answer("HoldCall", `<e:CSTAErrorCode xmlns:e="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><e:`+
				tc.category+`>`+tc.value+`</e:`+tc.category+`></e:CSTAErrorCode>`)
			_, device := p.connected(nil)
			err := opencti.AsError(device.(opencti.CallControl).HoldCall(t.Context(), opencti.Request{CallID: "7"}))
			wantCode(t, err, tc.want, tc.value)
			if err != nil && err.Message == "" {
				t.Error("there is no message for people")
			}
		})
	}
}

func TestActivities(t *testing.T) {
	const own = "<callID>7</callID><deviceID>1001</deviceID>"
	for _, tc := range []struct {
		name    string
		request opencti.Request
		element string
		want    string // between the root's tags
	}{
		{"log in", opencti.Request{Activity: opencti.LoginAgent, AgentPassword: "1234", Queue: "sales"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>loggedOn</requestedAgentState><agentID>5501</agentID><password>31323334</password><group>sales</group>"},
		{"log in as another", opencti.Request{Activity: opencti.LoginAgent, AgentID: "5502"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>loggedOn</requestedAgentState><agentID>5502</agentID>"},
		{"log out", opencti.Request{Activity: opencti.LogoutAgent, ReasonCode: "9"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>loggedOff</requestedAgentState><agentID>5501</agentID>" + reason("9")},
		{"ready", opencti.Request{Activity: opencti.SetAgentReady}, "SetAgentState",
			"<device>1001</device><requestedAgentState>ready</requestedAgentState><agentID>5501</agentID>"},
		{"not ready", opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "3"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>notReady</requestedAgentState><agentID>5501</agentID>" + reason("3")},
		{"after-call work", opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: "AFTER_CALL_WORK"}, "SetAgentState",
			"<device>1001</device><requestedAgentState>workingAfterCall</requestedAgentState><agentID>5501</agentID>"},
		{"answer", opencti.Request{Activity: opencti.AnswerCall, CallID: "7"}, "AnswerCall", "<callToBeAnswered>" + own + "</callToBeAnswered>"},
		{"hold", opencti.Request{Activity: opencti.HoldCall, CallID: "7"}, "HoldCall", "<callToBeHeld>" + own + "</callToBeHeld>"},
		{"retrieve", opencti.Request{Activity: opencti.RetrieveCall, CallID: "7"}, "RetrieveCall", "<callToBeRetrieved>" + own + "</callToBeRetrieved>"},
		{"hang up", opencti.Request{Activity: opencti.HangUpCall, CallID: "7"}, "ClearConnection",
			"<connectionToBeCleared>" + own + "</connectionToBeCleared>"},
		{"dial", opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "+4930", Variables: map[string]string{"case": "C<9"}}, "MakeCall",
			"<callingDevice>1001</callingDevice><calledDirectoryNumber>+4930</calledDirectoryNumber><autoOriginate>doNotPrompt</autoOriginate>" +
				`<correlatorData><private><callData xmlns="http://ctilink.io/csta"><variable name="case">C&lt;9</variable></callData></private></correlatorData>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t, quiet())
			_, device := p.connected(nil)
			if err := opencti.Perform(t.Context(), device, tc.request); err != nil {
				t.Fatal(err)
			}
			want := `<?xml version="1.0" encoding="UTF-8"?><` + tc.element +
				` xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">` + tc.want + `</` + tc.element + `>`
			if diff := cmp.Diff(want, p.expect(tc.element).xml); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func reason(code string) string {
	return `<extensions><privateData><private><agentData xmlns="http://ctilink.io/csta"><reasonCode>` + code +
		`</reasonCode></agentData></private></privateData></extensions>`
}

func TestSpeaksTheVersionOfTheSwitch(t *testing.T) {
	const priv7 = "http://www.ecma-international.org/standards/ecma-323/csta/ed3/priv7"
	answers := quiet()
	answers["StartApplicationSession"] = strings.ReplaceAll(answers["StartApplicationSession"], "csta/ed3", "csta/ed3/priv7")
	p := newPeer(t, answers)
	p.subscribedWith(priv7)
}

func (p *peer) subscribedWith(namespace string) {
	p.t.Helper()
	_, device := p.connected(nil)
	if err := device.Subscribe(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	if start := p.expect("MonitorStart").xml; !strings.Contains(start, `xmlns="`+namespace+`"`) {
		p.t.Errorf("%s is not in %s", start, namespace)
	}
}

func TestALongRefusalIsCutShort(t *testing.T) {
	p := newPeer(t, quiet())
	p.answer("HoldCall", `<CSTAErrorCode><privateErrorCode>line 1&#10;`+strings.Repeat("x", 1000)+`</privateErrorCode></CSTAErrorCode>`)
	_, device := p.connected(nil)
	err := opencti.AsError(device.(opencti.CallControl).HoldCall(t.Context(), opencti.Request{CallID: "7"}))
	if err == nil || len(err.Detail) > 200 || strings.ContainsAny(err.Detail, "\n") {
		t.Errorf("error = %v, want a short detail in one line", err)
	}
}

func TestMonitorIsShared(t *testing.T) {
	p := newPeer(t, quiet())
	events := make(sink, 8)
	c, first := p.subscribed(events)
	second, err := c.Open(t.Context(), opencti.Endpoint{DN: "1001", AgentID: "5502"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := second.Subscribe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.expectNothing()
	if err := first.Detach(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.expectNothing()
	p.event(delivered("71", "7"))
	if e := events.next(t); e.DN != "1001" || e.Name != "Delivered" {
		t.Errorf("event %+v, want Delivered at 1001", e)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stop := p.expect("MonitorStop").xml; !strings.Contains(stop, "<monitorCrossRefID>71</monitorCrossRefID>") {
		t.Errorf("stopped another monitor: %s", stop)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.event(delivered("71", "8"))
	if err := first.Subscribe(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.expect("MonitorStart")
	events.none(t)
}

func TestMonitorRefused(t *testing.T) {
	p := newPeer(t, quiet())
	p.answer("MonitorStart", `<CSTAErrorCode><systemResourceAvailibility>overallMonitorLimitExceeded</systemResourceAvailibility></CSTAErrorCode>`)
	_, device := p.connected(nil)
	wantCode(t, device.Subscribe(t.Context()), opencti.LicenceExhausted, "overallMonitorLimitExceeded")
	p.expect("MonitorStart")
	if err := device.Detach(t.Context()); err != nil {
		t.Errorf("Detach of what was not subscribed: %v", err)
	}
	p.expectNothing()
	p.answer("MonitorStart", quiet()["MonitorStart"])
	if err := device.Subscribe(t.Context()); err != nil {
		t.Errorf("the second attempt: %v", err)
	}
}

func TestMonitorThatComesTooLateIsStopped(t *testing.T) {
	answers := quiet()
	delete(answers, "MonitorStart")
	p := newPeer(t, answers)
	_, device := p.connected(nil)
	ctx, giveUp := context.WithCancel(t.Context())
	subscribed := make(chan error, 1)
	go func() { subscribed <- device.Subscribe(ctx) }()
	start := p.expect("MonitorStart")
	giveUp()
	wantCode(t, <-subscribed, opencti.LinkDown, "MonitorStart")
	p.send(start.id, `<MonitorStartResponse><monitorCrossRefID>72</monitorCrossRefID></MonitorStartResponse>`)
	if stop := p.expect("MonitorStop").xml; !strings.Contains(stop, "<monitorCrossRefID>72</monitorCrossRefID>") {
		t.Errorf("stopped another monitor: %s", stop)
	}
}

func TestDetachOfAMonitorThatIsGone(t *testing.T) {
	p := newPeer(t, quiet())
	_, device := p.subscribed(nil)
	p.answer("MonitorStop", `<CSTAErrorCode><operation>invalidMonitorCrossRefID</operation></CSTAErrorCode>`)
	if err := device.Detach(t.Context()); err != nil {
		t.Errorf("Detach() = %v, want nil", err)
	}
}

func TestDetachChangesNoState(t *testing.T) {
	p := newPeer(t, quiet())
	_, device := p.subscribed(nil)
	if err := device.Detach(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.expect("MonitorStop")
	p.expectNothing()
}

// What the log says must hold no password, number or call data, at any level.
func TestLogKeepsSecrets(t *testing.T) {
	var log strings.Builder
	p, events := newPeer(t, quiet()), make(sink, 8)
	c, err := csta.Driver{}.Connect(t.Context(), opencti.Environment{Config: p.config(), Sink: events,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	device, err := c.Open(t.Context(), opencti.Endpoint{DN: "1001", AgentID: "5501"})
	if err != nil {
		t.Fatal(err)
	}
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

// with returns the answers of a quiet switch but for some.
func with(changes map[string]string) map[string]string {
	answers := quiet()
	maps.Copy(answers, changes)
	return answers
}
