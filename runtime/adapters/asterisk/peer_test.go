package asterisk_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

// peer is a scripted Asterisk. It reads and writes lines of its own making: nothing of the
// codec is in it, so that codec and driver cannot agree on a mistake.
type peer struct {
	t        *testing.T
	listener net.Listener
	greeting string
	// closeAfter hangs up after the answer; of the conversation.
	closeAfter bool
	running    sync.WaitGroup

	mu      sync.Mutex
	conn    net.Conn
	answers map[string]func(action map[string]string) string // by action; silent without
	seen    chan map[string]string
}

// says answers with lines, separated by semicolons; messages are separated by two.
func says(text string) func(map[string]string) string {
	return func(action map[string]string) string {
		var out strings.Builder
		for message := range strings.SplitSeq(text, ";;") {
			for line := range strings.SplitSeq(message, ";") {
				out.WriteString(strings.TrimSpace(line) + "\r\n")
			}
			out.WriteString("ActionID: " + action["ActionID"] + "\r\n\r\n")
		}
		return out.String()
	}
}

// inTurn gives one answer after the other, and the last one for ever.
func inTurn(texts ...string) func(map[string]string) string {
	return func(action map[string]string) string {
		text := texts[0]
		if len(texts) > 1 {
			texts = texts[1:]
		}
		return says(text)(action)
	}
}

func emptyList(name string) string {
	return "Response: Success; EventList: start; Message: will follow;; Event: " + name + "; EventList: Complete; ListItems: 0"
}

// The answers of an Asterisk that has nothing to tell.
func quiet() map[string]func(map[string]string) string {
	out := map[string]func(map[string]string) string{
		"Challenge":       says("Response: Success; Challenge: 182735536"),
		"BridgeList":      says(emptyList("BridgeListComplete")),
		"Status":          says(emptyList("StatusComplete")),
		"QueueStatus":     says(emptyList("QueueStatusComplete")),
		"DeviceStateList": says(emptyList("DeviceStateListComplete")),
		"ListCommands":    says("Response: Success; Redirect: Redirect a call.; QueueAdd: Add interface to queue.; DBPut: Put DB entry.; Originate: Originate a call."),
		"Getvar":          says("Response: Success; Variable: X; Value: NOT_INUSE"),
		"DBGet":           says("Response: Error; Message: Database entry not found"),
		"Logoff":          says("Response: Goodbye; Message: Thanks for all the fish."),
	}
	for _, action := range []string{"Login", "Filter", "Events", "Ping", "PJSIPNotify", "Redirect", "Bridge", "Setvar", "Hangup", "Originate",
		"QueueAdd", "QueuePause", "QueueRemove", "PlayDTMF", "MuteAudio", "BlindTransfer", "DBPut", "DBDel"} {
		out[action] = says("Response: Success; Message: Done")
	}
	return out
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return servePeer(t, listener)
}

func servePeer(t *testing.T, listener net.Listener) *peer {
	t.Helper()
	p := &peer{t: t, listener: listener, answers: quiet(), seen: make(chan map[string]string, 4096), greeting: "Asterisk Call Manager/11.0.0\r\n"}
	p.running.Go(p.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		p.hangUp()
		p.running.Wait()
	})
	return p
}

func (p *peer) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conn = conn
		greeting := p.greeting
		p.mu.Unlock()
		_, _ = fmt.Fprint(conn, greeting)
		p.converse(conn)
	}
}

func (p *peer) converse(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	action := map[string]string{}
	for lines.Scan() {
		if line := lines.Text(); line != "" {
			key, value, _ := strings.Cut(line, ": ")
			if old := action[key]; old != "" {
				value = old + "\n" + value
			}
			action[key] = value
			continue
		}
		p.mu.Lock()
		answer := p.answers[action["Action"]]
		p.mu.Unlock()
		p.seen <- action
		if answer != nil {
			p.send(answer(action))
		}
		if p.closeAfter {
			return
		}
		action = map[string]string{}
	}
}

func (p *peer) send(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		_, _ = fmt.Fprint(p.conn, text)
	}
}

// event sends an event; its lines are separated by semicolons.
func (p *peer) event(text string) {
	p.send("Event: " + strings.Join(strings.Split(text, "; "), "\r\n") + "\r\n\r\n")
}

func (p *peer) answer(action string, with func(map[string]string) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[action] = with
}

func (p *peer) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		_ = p.conn.Close()
	}
}

// expect waits for an action, whatever comes before it.
func (p *peer) expect(action string) map[string]string {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case a := <-p.seen:
			if a["Action"] == action {
				return a
			}
		case <-timeout:
			p.t.Fatalf("%s did not come", action)
		}
	}
}

// nothingOf looks that none of the actions has come.
func (p *peer) nothingOf(actions ...string) {
	p.t.Helper()
	for {
		select {
		case a := <-p.seen:
			if slices.Contains(actions, a["Action"]) {
				p.t.Errorf("%v came", a)
			}
		default:
			return
		}
	}
}

// config is a complete configuration with some values changed.
func (p *peer) config(t *testing.T, changes ...string) *asterisk.Config {
	t.Helper()
	values := map[string]string{"address": p.listener.Addr().String(), "username": "cti", "password": "s3cret", "responseTimeout": "2s", "phoneTimeout": "100ms"}
	for i := 0; i < len(changes); i += 2 {
		values[changes[i]] = changes[i+1]
	}
	c := new(asterisk.Config)
	if err := opencti.DecodeConfig(values, c); err != nil {
		t.Fatal(err)
	}
	return c
}

// sink keeps what a driver tells.
type sink chan opencti.RawEvent

// Names of what is no raw event.
const (
	eventsLost    = "(EventsLost)"
	requestFailed = "(RequestFailed)"
)

func (s sink) HandleRaw(e opencti.RawEvent)    { s <- e }
func (s sink) EventsLost(dn string, why error) { s <- opencti.RawEvent{Name: eventsLost, DN: dn} }
func (s sink) RequestFailed(dn, id string, e error) {
	s <- opencti.RawEvent{Name: requestFailed, DN: dn, Fields: map[string]any{"id": id, "error": e}}
}

func (s sink) next(t *testing.T) opencti.RawEvent {
	t.Helper()
	select {
	case e := <-s:
		return e
	case <-time.After(patience):
		t.Fatal("no event came")
	}
	return opencti.RawEvent{}
}

func (p *peer) connect(t *testing.T, events sink, log *slog.Logger, changes ...string) (opencti.Connection, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := asterisk.Driver{}.Connect(ctx, opencti.Environment{Config: p.config(t, changes...), Sink: events, Log: log})
	if err == nil {
		t.Cleanup(func() { _ = c.Close(context.Background()) })
	}
	return c, err
}

// subscribed connects and subscribes telephone 1001.
func (p *peer) subscribed(t *testing.T, events sink, changes ...string) (opencti.Connection, opencti.Device) {
	t.Helper()
	c, err := p.connect(t, events, nil, changes...)
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Open(t.Context(), opencti.Endpoint{DN: "1001", AgentID: "4001"})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Subscribe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, d
}

func waitDone(t *testing.T, c opencti.Connection) {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(patience):
		t.Fatal("the connection lives")
	}
}

func wantCode(t *testing.T, err error, code opencti.ErrorCode, detail string) {
	t.Helper()
	e := opencti.AsError(err)
	if e == nil || e.Code != code || !strings.Contains(e.Error(), detail) {
		t.Errorf("error is %v, want %s with %q", err, code, detail)
	}
}
