package portrait

import (
	"bytes"
	"context"
	"encoding/xml"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

var update = flag.Bool("update", false, "write the golden files and docs/portrait.xsd")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const schemaFile = "../../../docs/portrait.xsd"

// bench is a front on a link with a scripted CTI server: agent 4001 at 1001 and 4003 at
// 1003, whose pool is in the mode Simple.
type bench struct {
	t     testing.TB
	front *Front
	url   string
	link  *link.Link
	cti   *linktest.Driver
	log   *outcomes
	// foreign: the client's names are not those of the schema.
	foreign bool
	wide    int // so many clients: their documents are not validated one by one

	mu     sync.Mutex
	now    time.Time
	asked  []opencti.Request
	refuse error
}

func newBench(t testing.TB, change ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, log: &outcomes{}, now: time.Now()}
	b.hold(7)
	o := Options{Sessions: b, Log: slog.New(slog.DiscardHandler), Audit: b.log.add, Now: b.clock}
	for _, c := range change {
		c(&o)
	}
	b.front = New(o)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.front.ServeHTTP(w, r) }))
	b.url = s.URL
	t.Cleanup(func() { s.CloseClientConnections(); s.Close(); http.DefaultClient.CloseIdleConnections() })
	return b
}

// hold lets a link of another epoch be at work: what a pod does that takes over.
func (b *bench) hold(epoch int64) {
	b.t.Helper()
	b.cti = linktest.New()
	b.cti.OnPerform = func(_ context.Context, _ *linktest.Device, r opencti.Request) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asked = append(b.asked, r)
		return b.refuse
	}
	b.link = link.New(link.Options{
		Epoch: epoch, MayAct: func() error { return nil }, Drivers: b.cti.Find, Log: slog.New(slog.DiscardHandler),
		Mounted: func() (map[string]string, error) { return nil, nil },
	})
	if err := b.link.Apply(link.Document{Generation: 1, Spec: v1alpha1.CTISlotSpec{
		LinkName: "main", Class: "test", Driver: linktest.Name, Config: map[string]string{"address": "a:1"},
		Pools: []v1alpha1.SlotPool{{Name: "sales"}, {Name: "callers", PoolPolicy: v1alpha1.PoolPolicy{TelephonyMode: v1alpha1.ModeSimple}}},
		Agents: []v1alpha1.SlotAgent{
			{Agent: v1alpha1.Agent{ID: "4001", DNs: []string{"1001"}}, Pool: "sales"},
			{Agent: v1alpha1.Agent{ID: "4003", DNs: []string{"1003"}}, Pool: "callers"},
		},
	}}); err != nil {
		b.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	l := b.link
	go func() { defer close(ran); l.Run(ctx) }()
	b.t.Cleanup(func() { stop(); <-ran })
	b.cti.Connection(1)
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// last is the last request that the CTI server got.
func (b *bench) last() opencti.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.asked) == 0 {
		return opencti.Request{}
	}
	return b.asked[len(b.asked)-1]
}

// The bench is the front's Sessions; its tokens are not signed.
var _ Sessions = (*bench)(nil)

func (b *bench) Open(ctx context.Context, o Opening) (*session.Session, bool, error) {
	return b.link.Open(ctx, link.Request{DN: o.DN, AgentID: o.AgentID, TakeOver: o.TakeOver})
}

func (b *bench) Restore(ctx context.Context, token string) (*session.Session, bool, error) {
	dn, agent, ok := strings.Cut(token, "/")
	if !ok {
		return nil, false, &Failure{First: "CTICLIENTINITIALIZE", Why: opencti.Errorf(opencti.Forbidden, "not a token")}
	}
	return b.link.Open(ctx, link.Request{DN: dn, AgentID: agent})
}

func (b *bench) Find(_ context.Context, token string) *session.Session {
	dn, agent, _ := strings.Cut(token, "/")
	s, _ := b.link.Session(session.Key(dn, agent))
	return s
}

func (b *bench) Current(_ context.Context, s *session.Session) bool {
	found, _ := b.link.Session(s.Key())
	return found == s
}

func (b *bench) Token(s *session.Session) string { return s.DN() + "/" + s.AgentID() }

func (b *bench) Close(ctx context.Context, s *session.Session) error {
	return b.link.Close(ctx, s.Key())
}

// answerTo is an answer as a client reads it.
type answerTo struct {
	XMLName    xml.Name
	Status     int    `xml:"-"`
	Kind       string `xml:"-"`
	Body       string `xml:"-"`
	Request    string `xml:"REQUEST"`
	Outcome    string `xml:"STATUS"`
	RequestID  string `xml:"REQUESTID"`
	ClientID   string `xml:"CLIENTID"`
	Last       string `xml:"LAST"`
	Error      toldError
	Snapshot   *toldSnapshot `xml:"SNAPSHOT"`
	Statistics *struct{}     `xml:"STATISTICS"`
	Events     []toldEvent   `xml:"-"`
	Inner      struct {
		X []toldEvent `xml:",any"`
	} `xml:"EVENTS"`
}

type toldError struct {
	XMLName   xml.Name `xml:"ERROR"`
	Code      string   `xml:"CODE"`
	Retryable string   `xml:"RETRYABLE"`
	Message   string   `xml:"MESSAGE"`
	Element   string   `xml:"ELEMENT"`
	First     string   `xml:"SENDFIRST"`
}

type toldSnapshot struct {
	Link  string     `xml:"LINKSTATE"`
	Agent string     `xml:"AGENT>AGENTSTATE"`
	Calls []toldCall `xml:"CALL"`
}

type toldEvent struct {
	XMLName xml.Name
	ID      string    `xml:"EVENTID"`
	Event   string    `xml:"EVENT"`
	Cause   string    `xml:"CAUSE"`
	By      string    `xml:"CAUSEDBY"`
	Call    *toldCall `xml:"CALL"`
}

type toldCall struct {
	ID    string   `xml:"CALLID"`
	State string   `xml:"CALLSTATE"`
	ANI   string   `xml:"ANI"`
	Can   []string `xml:"CAN"`
	Data  []struct {
		Name  string `xml:"NAME"`
		Value string `xml:"VALUE"`
	} `xml:"CALLDATA>ITEM"`
}

// send sends a document. Both it and its answer are held against the schema, unless the
// document is wrong by intention.
func (b *bench) send(document string) answerTo {
	b.t.Helper()
	a := b.sendAs("text/xml", []byte(document))
	if a.Status == http.StatusOK && !b.foreign {
		valid(b.t, []byte(document))
	}
	return a
}

func (b *bench) sendAs(contentType string, document []byte) answerTo {
	b.t.Helper()
	return b.sendIn(b.t.Context(), contentType, document)
}

func (b *bench) sendIn(ctx context.Context, contentType string, document []byte) answerTo {
	b.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader(document))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Error(err)
		return answerTo{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Error(err)
	}
	a := answerTo{Status: resp.StatusCode, Kind: resp.Header.Get("Content-Type"), Body: string(body)}
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		raw, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		decoded, err := Charset(charset).decode(raw)
		return bytes.NewReader(decoded), err
	}
	if err := d.Decode(&a); err != nil && !b.foreign {
		b.t.Errorf("%v: %s", err, body)
	}
	a.Events = a.Inner.X
	if !b.foreign && b.wide == 0 {
		valid(b.t, body)
	}
	return a
}

// does sends a request of a registered client that must succeed.
func (b *bench) does(name, client, more string) answerTo {
	b.t.Helper()
	a := b.send(request(name, client, more))
	if a.Outcome != statusOK || a.Request != name {
		b.t.Fatalf("%s: %s", name, a.Body)
	}
	return a
}

func request(name, client, more string) string {
	return "<" + name + "><CLIENTID>" + client + "</CLIENTID>" + more + "</" + name + ">"
}

// register registers a client of agent 4001.
func (b *bench) register(more string) string {
	b.t.Helper()
	a := b.send("<CTICLIENTINITIALIZE><AGENTID>4001</AGENTID>" + more + "</CTICLIENTINITIALIZE>")
	if a.Outcome != statusOK || a.ClientID == "" {
		b.t.Fatal(a.Body)
	}
	return a.ClientID
}

// happen lets a call event happen at 1001.
func (b *bench) happen(name opencti.EventName, callID string, fields ...map[string]any) {
	all := map[string]any{"callId": callID}
	for _, more := range fields {
		for k, v := range more {
			all[k] = v
		}
	}
	b.cti.Connection(1).Happen("1001", name, all)
}

// told are the names of events, with their calls.
func (a answerTo) told() []string {
	out := []string{}
	for _, e := range a.Events {
		name := e.XMLName.Local
		if e.Call != nil {
			name += " " + e.Call.ID
		}
		out = append(out, name)
	}
	return out
}

// events asks with GETEVENTS and holds what is told against what must be.
func (b *bench) events(client, more string, want ...string) answerTo {
	b.t.Helper()
	a := b.does("GETEVENTS", client, more)
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, a.told()); diff != "" {
		b.t.Errorf("-want +got:\n%s", diff)
	}
	return a
}

// valid holds a document against the schema with xmllint, an independent validator.
func valid(t testing.TB, document []byte) {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		return // TestTheValidatorIsHere says so
	}
	cmd := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "--schema", schemaFile, "-")
	cmd.Stdin = bytes.NewReader(document)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s%s", err, out, document)
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s changed; run go test ./runtime/server/portrait -update if it should (-golden +now):\n%s", file, diff)
	}
}

// outcomes are what the audit was told.
type outcomes struct {
	mu  sync.Mutex
	all []Outcome
}

func (o *outcomes) add(_ http.ResponseWriter, _ *http.Request, one Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, one)
}

func (o *outcomes) last() Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all[len(o.all)-1]
}
