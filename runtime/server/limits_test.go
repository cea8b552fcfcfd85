package server

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// limited makes a holder with limits that are soon reached and never recover.
func limited(t *testing.T, l Limits) *pod {
	const never = 1e-9
	l.SessionRate, l.AddressRate, l.IngestRate = never, never, never
	for _, burst := range []*int{&l.SessionBurst, &l.AddressBurst, &l.IngestBurst, &l.Streams} {
		if *burst == 0 {
			*burst = 1000
		}
	}
	return holding(t, "a", 7, func(o *Options) { o.Limits = l })
}

func (a answer) wantTooMany(t *testing.T) {
	t.Helper()
	if got := a.problem(t); a.StatusCode != 429 || got.Code != opencti.Overloaded || !got.Retryable || a.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s, Retry-After %q", a.StatusCode, a.body, a.Header.Get("Retry-After"))
	}
}

func TestRequestsOfASessionAreLimited(t *testing.T) {
	p := limited(t, Limits{SessionBurst: 2})
	p.open()
	p.openAs(`{"dn":"1009"}`)
	for i := range 2 {
		if a := p.do("GET", "/v1/sessions/4001", ""); a.StatusCode != 200 {
			t.Fatalf("request %d: %d %s", i, a.StatusCode, a.body)
		}
	}
	p.do("POST", "/v1/sessions/4001/activities/HangUpCall", `{}`).wantTooMany(t)
	for _, path := range []string{"/v1/sessions/1009", "/v1/link"} {
		if a := p.do("GET", path, ""); a.StatusCode != 200 {
			t.Errorf("%s has to suffer: %d %s", path, a.StatusCode, a.body)
		}
	}
}

func TestRequestsOfAnAddressAreLimited(t *testing.T) {
	p := limited(t, Limits{AddressBurst: 3})
	p.open() // 1
	for range 2 {
		if a := p.do("GET", "/v1/link", "", header{"Authorization": "Bearer guess"}); a.StatusCode != 401 {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
	p.do("GET", "/v1/link", "", header{"Authorization": "Bearer guess"}).wantTooMany(t)
	p.do("GET", "/v1/link", "").wantTooMany(t)
	if a := p.do("GET", "/v1/sessions/4001", ""); a.StatusCode != 200 {
		t.Errorf("a session has to suffer: %d %s", a.StatusCode, a.body)
	}
}

func TestPostsAreLimited(t *testing.T) {
	p := limited(t, Limits{IngestBurst: 1})
	if a := p.ingest("", `[]`); a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	p.ingest("", `[]`).wantTooMany(t)
}

func TestStreamsOfASessionAreLimited(t *testing.T) {
	p := limited(t, Limits{Streams: 2})
	p.open()
	first, second := p.stream("4001"), p.stream("4001")
	p.do("GET", "/v1/sessions/4001/events", "").wantTooMany(t)
	first.close()
	eventually(t, "another may come", func() bool {
		p.limits.mu.Lock()
		defer p.limits.mu.Unlock()
		return p.limits.open[mustSession(t, p)] == 1
	})
	p.stream("4001").want(opencti.SnapshotEvent)
	second.want(opencti.SnapshotEvent)
}

// What a standby passes on was bounded there, for it all comes from one address.
func TestTheHolderDoesNotBoundItsPeers(t *testing.T) {
	holder := limited(t, Limits{AddressBurst: 1, SessionBurst: 1})
	standby := newPod(t, "b")
	standby.routing.set(nil, holder.asHolder())
	standby.open()
	for range 5 {
		if a := standby.do("GET", "/v1/sessions/4001", ""); a.StatusCode != 200 {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
	}
}

func TestAllowances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAllowances(2, 4)
		for i := range 4 {
			if _, ok := a.take("x"); !ok {
				t.Fatalf("request %d of a burst of 4", i)
			}
		}
		if wait, ok := a.take("x"); ok || wait != 500*time.Millisecond {
			t.Errorf("%v %v", wait, ok)
		}
		if _, ok := a.take("y"); !ok {
			t.Error("another has to suffer")
		}
		time.Sleep(time.Second)
		for i, want := range []bool{true, true, false} {
			if _, ok := a.take("x"); ok != want {
				t.Errorf("request %d after a second: %v", i, ok)
			}
		}
	})
}

// Made-up names take no memory.
func TestAllowancesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAllowances(1, 2)
		for i := range clientsKept {
			a.take(fmt.Sprint(i))
		}
		time.Sleep(time.Minute) // all are idle
		a.take("busy")
		if len(a.by) != 1 {
			t.Errorf("%d are kept", len(a.by))
		}
		for i := range 3 * clientsKept {
			a.take(fmt.Sprint(i))
		}
		if len(a.by) > clientsKept {
			t.Errorf("%d are kept", len(a.by))
		}
	})
}

func TestLimitsHaveDefaults(t *testing.T) {
	var l Limits
	l.setDefaults()
	if l != (Limits{20, 100, 500, 5000, 1000, 2000, 32}) {
		t.Errorf("%+v", l)
	}
	if a := newAllowances(-1, 5); a.limit != newAllowances(1, -1).limit {
		t.Error("a negative limit bounds")
	}
}

func TestConnectionsOfAnAddressAreLimited(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
	srv.Listener.Close()
	limitedTo2 := LimitConnections(ln, 2)
	srv.Listener = limitedTo2
	srv.Start()
	t.Cleanup(srv.Close)
	ask := func() (net.Conn, error) {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if _, err := fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return c, err
		}
		b := make([]byte, 12)
		_, err = io.ReadFull(c, b)
		if err == nil && !strings.HasPrefix(string(b), "HTTP/1.1 200") {
			t.Errorf("%s", b)
		}
		return c, err
	}
	first, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(); err == nil {
		t.Error("a third was let in")
	}
	first.Close()
	eventually(t, "another is let in", func() bool { _, err := ask(); return err == nil })
}
