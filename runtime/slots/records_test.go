package slots

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// peer is a process of a slot: its records and its peer port.
type peer struct {
	*Records
	server *httptest.Server
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{Records: NewRecords()}
	p.server = httptest.NewTLSServer(p.Records)
	t.Cleanup(func() {
		p.server.CloseClientConnections() // whoever follows still, does so for ever
		p.server.Close()
	})
	return p
}

func (p *peer) holder() Holder {
	return Holder{Identity: p.server.URL, Address: strings.TrimPrefix(p.server.URL, "https://")}
}

// follow lets p follow whoever the Lease names.
func (p *peer) follow(t *testing.T, lease *fakeLease) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Follow(ctx, lease.holder, p.holder().Identity, p.server.Client().Transport)
	}()
	t.Cleanup(func() { stop(); <-ended })
}

func (p *peer) put(t *testing.T, key, value string) uint64 {
	t.Helper()
	n, err := p.Put(key, value)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// eventually waits until p has these entries.
func (p *peer) eventually(t *testing.T, want map[string]string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		got := map[string]string{}
		for k, v := range p.Entries() {
			var s string
			if err := json.Unmarshal(v, &s); err != nil {
				t.Fatal(err)
			}
			got[k] = s
		}
		diff := cmp.Diff(want, got)
		if diff == "" {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("entries (-want +got):\n%s", diff)
		case <-changed:
		}
	}
}

// fakeLease names the holder.
type fakeLease struct {
	now    chan Holder
	looked chan chan struct{}
}

func newFakeLease(h Holder) *fakeLease {
	l := &fakeLease{make(chan Holder, 1), make(chan chan struct{}, 1)}
	l.now <- h
	l.looked <- make(chan struct{})
	return l
}

func (l *fakeLease) holder() (Holder, <-chan struct{}) {
	h, looked := <-l.now, <-l.looked
	l.now <- h
	l.looked <- looked
	return h, looked
}

func (l *fakeLease) set(h Holder) {
	<-l.now
	looked := <-l.looked
	l.now <- h
	l.looked <- make(chan struct{})
	close(looked)
}

func TestStandbyKnowsWhatTheHolderKnew(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	a, b := newPeer(t), newPeer(t)
	a.Hold(100, 0)
	a.put(t, "session/4001", "1001")
	lease := newFakeLease(a.holder())
	b.follow(t, lease)
	b.eventually(t, map[string]string{"session/4001": "1001"})

	a.put(t, "session/4002", "1002")
	a.put(t, "session/4001", "1009")
	a.Delete("session/4002")
	last := a.put(t, "answer/4001/k", "accepted")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	a.Told(ctx, last)
	b.eventually(t, map[string]string{"session/4001": "1009", "answer/4001/k": "accepted"})

	// The standby takes over and the former holder follows.
	b.Hold(200, 100)
	a.Release()
	a.follow(t, lease)
	lease.set(b.holder())
	b.put(t, "session/4003", "1003")
	want := map[string]string{"session/4001": "1009", "answer/4001/k": "accepted", "session/4003": "1003"}
	a.eventually(t, want)
	b.eventually(t, want)
}

func TestRestartedProcessLearnsFromItsStandby(t *testing.T) {
	a, standby := newPeer(t), newPeer(t)
	a.Hold(100, 0)
	a.put(t, "session/4001", "1001")
	lease := newFakeLease(a.holder())
	standby.follow(t, lease)
	standby.eventually(t, map[string]string{"session/4001": "1001"})
	a.Release()

	again := newPeer(t)
	lease.set(again.holder())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	again.Await(ctx, 100)
	again.Hold(200, 100)
	again.eventually(t, map[string]string{"session/4001": "1001"})
}

func TestRecordsOfAnOlderHolderAreGivenUp(t *testing.T) {
	r := newPeer(t)
	r.adopt(state{Epoch: 100, Entries: map[string]json.RawMessage{"session/4001": json.RawMessage(`"1001"`)}})
	r.Hold(300, 200)
	r.eventually(t, map[string]string{})
}

func TestReaderThatFallsBehindBeginsAnew(t *testing.T) {
	r := NewRecords()
	r.Hold(100, 0)
	f, _, ok := r.enter()
	if !ok {
		t.Fatal("the holder does not tell")
	}
	for range queueBound + 1 {
		r.Delete("session/4001")
	}
	if changes, more := r.next(t.Context(), f); more {
		t.Errorf("next = %d changes and more; the reader must begin anew", len(changes))
	}
}

func TestToldDoesNotWaitForever(t *testing.T) {
	r := NewRecords()
	r.Hold(100, 0)
	if _, _, ok := r.enter(); !ok {
		t.Fatal("the holder does not tell")
	}
	n, err := r.Put("k", "v")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Told(ctx, n) // the standby does not read
}

func TestWhoDoesNotHoldSaysSo(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want int
	}{
		"a standby": {`{"epoch":0,"entries":{}}`, http.StatusMisdirectedRequest},
		"rubbish":   {`{"epoch":`, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			NewRecords().ServeHTTP(w, httptest.NewRequest(http.MethodPost, RecordsPath, strings.NewReader(tc.body)))
			if w.Code != tc.want {
				t.Errorf("status = %d; want %d", w.Code, tc.want)
			}
		})
	}
}

// A standby that went silent, its node without power, holds up no request.
func TestASilentStandbyHoldsUpNobody(t *testing.T) {
	defer func(was time.Duration) { lineTimeout = was }(lineTimeout)
	lineTimeout = 100 * time.Millisecond
	r := NewRecords()
	r.Hold(1, 0)
	holder := httptest.NewServer(r)
	t.Cleanup(holder.Close)
	silent, err := net.Dial("tcp", holder.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	if err := silent.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(silent, "POST "+RecordsPath+" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"); err != nil {
		t.Fatal(err)
	}
	told := func() bool {
		number, err := r.Put("session/4001", strings.Repeat("x", 64<<10))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		r.Told(ctx, number)
		return ctx.Err() == nil
	}
	until := func(what string, so func() bool) {
		deadline := time.Now().Add(10 * time.Second)
		for !so() {
			if time.Now().After(deadline) {
				t.Fatal("never: ", what)
			}
		}
	}
	following := func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.readers) > 0 }
	until("it follows", following)
	until("requests wait for it", func() bool { return !told() })
	until("nobody waits any more", func() bool { return !following() })
}
