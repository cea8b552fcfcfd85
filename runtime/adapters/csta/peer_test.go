package csta_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

// peer is a scripted switch. It reads and writes bytes of its own making: nothing of the
// codec is in it, so that codec and driver cannot agree on a mistake.
type peer struct {
	t        *testing.T
	listener net.Listener

	mu      sync.Mutex
	conn    net.Conn
	answers map[string]string // by the request's element; without one the peer is silent
	seen    chan message
}

type message struct{ id, element, xml string }

// The answers of a switch that has nothing to tell.
func quiet() map[string]string {
	return map[string]string{
		"StartApplicationSession": `<StartApplicationSessionPosResponse xmlns="http://www.ecma-international.org/standards/ecma-354/appl_session">` +
			`<sessionID>469B9E</sessionID><actualProtocolVersion>http://www.ecma-international.org/standards/ecma-323/csta/ed3</actualProtocolVersion>` +
			`<actualSessionDuration>180</actualSessionDuration></StartApplicationSessionPosResponse>`,
		"StopApplicationSession": `<StopApplicationSessionPosResponse/>`,
		"MonitorStart":           `<csta:MonitorStartResponse xmlns:csta="urn:any"><csta:monitorCrossRefID>71</csta:monitorCrossRefID></csta:MonitorStartResponse>`,
		"MonitorStop":            `<MonitorStopResponse/>`,
		"SnapshotDevice":         `<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData/></crossRefIDorSnapshotData></SnapshotDeviceResponse>`,
		"GetAgentState":          `<GetAgentStateResponse><agentStateList/></GetAgentStateResponse>`,
		"SetAgentState":          `<SetAgentStateResponse/>`,
		"AnswerCall":             `<AnswerCallResponse/>`,
		"HoldCall":               `<HoldCallResponse/>`,
		"RetrieveCall":           `<RetrieveCallResponse/>`,
		"ClearConnection":        `<ClearConnectionResponse/>`,
		"GetDoNotDisturb":        `<GetDoNotDisturbResponse><doNotDisturbOn>false</doNotDisturbOn></GetDoNotDisturbResponse>`,
		"GetMicrophoneMute":      `<GetMicrophoneMuteResponse><microphoneMuteList/></GetMicrophoneMuteResponse>`,
		"SetDoNotDisturb":        `<SetDoNotDisturbResponse/>`,
		"SetMicrophoneMute":      `<SetMicrophoneMuteResponse/>`,
		"GenerateDigits":         `<GenerateDigitsResponse/>`,
		"AssociateData":          `<AssociateDataResponse/>`,
		"AlternateCall":          `<AlternateCallResponse/>`,
		"ReconnectCall":          `<ReconnectCallResponse/>`,
		"DeflectCall":            `<DeflectCallResponse/>`,
		"ConsultationCall":       `<ConsultationCallResponse><initiatedCall><callId>8</callId><deviceId>1001</deviceId></initiatedCall></ConsultationCallResponse>`,
		"SingleStepTransferCall": `<SingleStepTransferCallResponse><transferredCall><callID>9</callID><deviceID>1002</deviceID></transferredCall></SingleStepTransferCallResponse>`,
		"TransferCall":           `<TransferCallResponse><transferredCall><callID>9</callID><deviceID>1002</deviceID></transferredCall></TransferCallResponse>`,
		"ConferenceCall":         `<ConferenceCallResponse><conferenceCall><deviceID>1001</deviceID><callID>9</callID></conferenceCall></ConferenceCallResponse>`,
		"MakeCall":               `<MakeCallResponse><callingDevice><deviceID>1001</deviceID><callID>5</callID></callingDevice></MakeCallResponse>`,
	}
}

func newPeer(t *testing.T, answers map[string]string) *peer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return servePeer(t, listener, answers)
}

func servePeer(t *testing.T, listener net.Listener, answers map[string]string) *peer {
	p := &peer{t: t, listener: listener, answers: answers, seen: make(chan message, 256)}
	var serving sync.WaitGroup
	serving.Go(p.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		p.hangUp()
		serving.Wait()
	})
	return p
}

func (p *peer) address() string { return p.listener.Addr().String() }

func (p *peer) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conn = conn
		p.mu.Unlock()
		for p.serveOne(conn) == nil {
		}
		_ = conn.Close()
	}
}

var rootElement = regexp.MustCompile(`^(?:<\?[^>]*>)?\s*<(?:\w+:)?(\w+)`)

func (p *peer) serveOne(conn net.Conn) error {
	header := make([]byte, 8)
	if _, err := io.ReadFull(conn, header); err != nil {
		return err
	}
	body := make([]byte, int(binary.BigEndian.Uint16(header[2:4]))-8)
	if _, err := io.ReadFull(conn, body); err != nil {
		return err
	}
	m := message{id: string(header[4:]), xml: string(body)}
	if match := rootElement.FindStringSubmatch(m.xml); match != nil {
		m.element = match[1]
	}
	p.seen <- m
	p.mu.Lock()
	answer := p.answers[m.element]
	p.mu.Unlock()
	if answer != "" {
		p.send(m.id, answer)
	}
	return nil
}

// answer changes what the peer says from now on.
func (p *peer) answer(element, xml string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[element] = xml
}

func (p *peer) send(id, xml string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return
	}
	_, _ = fmt.Fprintf(p.conn, "\x00\x00%s%s%s", binary.BigEndian.AppendUint16(nil, uint16(len(xml)+8)), id, xml)
}

func (p *peer) event(xml string) { p.send("9999", xml) }

func (p *peer) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		_ = p.conn.Close()
	}
}

// expect returns the next message, which must be this one.
func (p *peer) expect(element string) message {
	p.t.Helper()
	select {
	case m := <-p.seen:
		if m.element != element {
			p.t.Fatalf("the driver sent %s, want %s", m.xml, element)
		}
		return m
	case <-time.After(patience):
		p.t.Fatalf("the driver did not send %s", element)
	}
	return message{}
}

// expectNothing asserts that all that was sent has been expected. The driver's request
// is answered only after it was seen, so there is nothing to wait for.
func (p *peer) expectNothing() {
	p.t.Helper()
	select {
	case m := <-p.seen:
		p.t.Errorf("the driver sent %s, want nothing", m.xml)
	default:
	}
}

// sink keeps the events.
type sink chan opencti.RawEvent

func (s sink) HandleRaw(e opencti.RawEvent) { s <- e }

// EventsLost comes as an event of a name that no switch uses.
func (s sink) EventsLost(dn string, _ error) { s <- opencti.RawEvent{Name: eventsLost, DN: dn} }

// RequestFailed comes as an event, too.
func (s sink) RequestFailed(dn, requestID string, _ error) {
	s <- opencti.RawEvent{Name: requestFailed, DN: dn, Fields: map[string]any{"requestId": requestID}}
}

const requestFailed = "(request failed)"

const eventsLost = "(events lost)"

func (s sink) next(t *testing.T) opencti.RawEvent {
	t.Helper()
	select {
	case e := <-s:
		return e
	case <-time.After(patience):
		t.Fatal("no event")
	}
	return opencti.RawEvent{}
}

func (s sink) none(t *testing.T) {
	t.Helper()
	select {
	case e := <-s:
		t.Errorf("event %+v, want none", e)
	default:
	}
}

func config(t *testing.T, values map[string]string) *csta.Config {
	t.Helper()
	c := new(csta.Config)
	if err := opencti.DecodeConfig(values, c); err != nil {
		t.Fatal(err)
	}
	return c
}

func (p *peer) config(extra ...string) *csta.Config {
	values := map[string]string{"address": p.address(), "username": "cti", "password": "s3cret"}
	for i := 0; i < len(extra); i += 2 {
		values[extra[i]] = extra[i+1]
	}
	return config(p.t, values)
}

func connect(t *testing.T, c *csta.Config, events sink) (opencti.Connection, error) {
	t.Helper()
	connection, err := csta.Driver{}.Connect(t.Context(), opencti.Environment{Config: c, Sink: events})
	if err == nil {
		t.Cleanup(func() {
			if err := connection.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	return connection, err
}

// connected opens a session with the peer and a device.
func (p *peer) connected(events sink, extra ...string) (opencti.Connection, opencti.Device) {
	p.t.Helper()
	connection, err := connect(p.t, p.config(extra...), events)
	if err != nil {
		p.t.Fatal(err)
	}
	p.expect("StartApplicationSession")
	device, err := connection.Open(p.t.Context(), opencti.Endpoint{DN: "1001", AgentID: "5501"})
	if err != nil {
		p.t.Fatal(err)
	}
	return connection, device
}

// logged opens a session with the peer, whose log is kept, and a device.
func (p *peer) logged(log *strings.Builder, events opencti.Sink) (opencti.Connection, opencti.Device) {
	p.t.Helper()
	c, err := csta.Driver{}.Connect(p.t.Context(), opencti.Environment{Config: p.config(), Sink: events,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		p.t.Fatal(err)
	}
	p.expect("StartApplicationSession")
	device, err := c.Open(p.t.Context(), opencti.Endpoint{DN: "1001", AgentID: "5501"})
	if err != nil {
		p.t.Fatal(err)
	}
	return c, device
}

func (p *peer) subscribed(events sink) (opencti.Connection, opencti.Device) {
	p.t.Helper()
	connection, device := p.connected(events)
	if err := device.Subscribe(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
	p.expect("MonitorStart")
	return connection, device
}

func wantCode(t *testing.T, err error, code opencti.ErrorCode, detail string) {
	t.Helper()
	e := opencti.AsError(err)
	if e == nil || e.Code != code || !strings.Contains(e.Detail, detail) {
		t.Errorf("error = %v, want %s with detail %q", err, code, detail)
	}
}

func waitDone(t *testing.T, c opencti.Connection) {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(patience):
		t.Fatal("the connection lives on")
	}
}

// with returns the answers of a quiet switch but for some.
func with(changes map[string]string) map[string]string {
	answers := quiet()
	maps.Copy(answers, changes)
	return answers
}
