package sink

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func always() error { return nil }

var quietLog = slog.New(slog.DiscardHandler)

// centre is a link with sessions of its devices.
type centre struct {
	t    testing.TB
	link *link.Link
	cti  *linktest.Driver
}

func newCentre(t testing.TB, dns ...string) *centre {
	t.Helper()
	cti := linktest.New()
	l := link.New(link.Options{
		Epoch: 7, MayAct: always, Drivers: cti.Find, Log: quietLog,
		Mounted: func() (map[string]string, error) { return nil, nil },
	})
	err := l.Apply(link.Document{Generation: 1, Spec: v1alpha1.CTISlotSpec{
		LinkName: "main", Class: "test", Driver: linktest.Name, Config: map[string]string{"address": "a:1"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); l.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ran })
	c := &centre{t, l, cti}
	for _, dn := range dns {
		c.open(dn)
	}
	return c
}

func (c *centre) open(dn string) { c.openAt(dn, session.Presence{}) }

func (c *centre) openAt(dn string, p session.Presence) {
	c.t.Helper()
	if _, _, err := c.link.Open(c.t.Context(), link.Request{DN: dn, Presence: p}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *centre) happen(dn string, name opencti.EventName, callID string) {
	c.cti.Connection(1).Happen(dn, name, map[string]any{"callId": callID, "variables": map[string]string{"customer id": "<4711>"}})
}

func (c *centre) sessions() ([]*session.Session, <-chan struct{}) {
	return c.link.PoolSessions("") // they have no pool
}

// receiver is a server-side desktop. judge, where it is set, says what a request is
// answered; without it all are taken.
type receiver struct {
	*httptest.Server
	judge func(w http.ResponseWriter, r *http.Request, body []byte) (status int)

	mu    sync.Mutex
	taken []post
	news  chan struct{} // full when there is another
	now   int
	most  int // requests under way at the same time
}

type post struct {
	id     string
	header http.Header
	body   []byte
}

func (p post) event(t *testing.T) (e session.Event) {
	t.Helper()
	if err := json.Unmarshal(p.body, &e); err != nil {
		t.Fatalf("%v: %s", err, p.body)
	}
	return e
}

func newReceiver(t *testing.T, judge func(w http.ResponseWriter, r *http.Request, body []byte) int) *receiver {
	t.Helper()
	rec := &receiver{judge: judge, news: make(chan struct{}, 1)}
	rec.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec.enter(1)
		defer rec.enter(-1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		status := http.StatusNoContent
		if rec.judge != nil {
			status = rec.judge(w, r, body)
		}
		if status < 300 {
			rec.mu.Lock()
			rec.taken = append(rec.taken, post{r.Header.Get(HeaderEventID), r.Header.Clone(), body})
			rec.mu.Unlock()
			select {
			case rec.news <- struct{}{}:
			default:
			}
		}
		if status > 0 {
			w.WriteHeader(status)
		}
	}))
	t.Cleanup(rec.Close)
	return rec
}

func (rec *receiver) enter(n int) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.now += n
	rec.most = max(rec.most, rec.now)
}

// busiest is how many requests were under way at the same time.
func (rec *receiver) busiest() int {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.most
}

func started(t *testing.T, judge func(w http.ResponseWriter, r *http.Request, body []byte) int) *receiver {
	rec := newReceiver(t, judge)
	rec.Start()
	return rec
}

func (rec *receiver) posts() []post {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return slices.Clone(rec.taken)
}

// await waits until what was taken is enough.
func (rec *receiver) await(t *testing.T, what string, enough func([]post) bool) []post {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		if posts := rec.posts(); enough(posts) {
			return posts
		}
		select {
		case <-rec.news:
		case <-late:
			t.Fatalf("never: %s; taken were %d", what, len(rec.posts()))
		}
	}
}

// last waits for an event of a session by its name.
func (rec *receiver) last(t *testing.T, dn string, name opencti.EventName) session.Event {
	t.Helper()
	var found session.Event
	rec.await(t, fmt.Sprintf("%s of %s", name, dn), func(posts []post) bool {
		for _, p := range posts {
			if e := p.event(t); e.DN == dn && e.Name == name {
				found = e
				return true
			}
		}
		return false
	})
	return found
}

// run starts a sink; it ends with the test.
func run(t *testing.T, c *centre, url string, change ...func(*Options)) *Sink {
	t.Helper()
	o := Options{
		URL: url, AllowPlainHTTP: true, AllowLocal: true, Sessions: c.sessions, MayAct: always, Log: quietLog,
		FirstPause: time.Millisecond, LastPause: 20 * time.Millisecond, Attempts: 3, Timeout: 5 * time.Second,
	}
	for _, f := range change {
		f(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); s.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ran })
	return s
}

// awaitStatus waits until the sink's status is so.
func awaitStatus(t *testing.T, s *Sink, what string, so func(Status) bool) Status {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		st, changed := s.Status()
		if so(st) {
			return st
		}
		select {
		case <-changed:
		case <-time.After(5 * time.Millisecond): // counts of deliveries are not signalled
		case <-late:
			t.Fatalf("never: %s; %+v", what, st)
		}
	}
}

// certificate writes a certificate that signs itself, and its key.
func certificate(t *testing.T, file, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	template.Subject.CommonName = name
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for suffix, block := range map[string]*pem.Block{".crt": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file+suffix, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{".crt", ".key"} {
		b, err := os.ReadFile(from + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

type safeLog struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
