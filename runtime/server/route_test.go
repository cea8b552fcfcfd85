package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/slots"
)

// pair makes a holder and its standby.
func pair(t *testing.T, change ...func(*Options)) (holder, standby *pod) {
	holder, standby = holding(t, "a", 7, change...), newPod(t, "b", change...)
	standby.routing.set(nil, holder.asHolder())
	return holder, standby
}

func TestStandbyPassesRequestsAndStreamsOn(t *testing.T) {
	holder, standby := pair(t)
	opened := standby.open()
	if opened.Session != "4001" {
		t.Errorf("%+v", opened)
	}
	s := standby.stream("4001")
	s.want(opencti.SnapshotEvent)
	if s.resume != "snapshot" {
		t.Errorf("the header %s did not come through: %q", HeaderResume, s.resume)
	}
	holder.happen(opencti.Offering, "c1")
	s.want(opencti.Offering)
	a := standby.do("POST", "/v1/sessions/4001/activities/AnswerCall", `{}`)
	if a.StatusCode != 202 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for path, want := range map[string]int{"/v1/sessions/4002": 404, "/v1/nothing": 404} {
		a := standby.do("GET", path, "")
		if a.problem(t); a.StatusCode != want {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
	}
	if _, ok := standby.routing.Local(); ok {
		t.Error("the standby has a link")
	}
}

func TestStandbyRefusesBadRequestsItself(t *testing.T) {
	_, standby := pair(t)
	standby.routing.set(nil, slots.Holder{Identity: "a", Address: "127.0.0.1:1"}) // not to be reached
	if a := standby.do("GET", "/v1/link", "", header{"Authorization": "Bearer x"}); a.StatusCode != 401 {
		t.Errorf("%d", a.StatusCode)
	}
	if a := standby.do("POST", "/v1/sessions", `{"a":1,"a":2}`); a.StatusCode != 400 {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestThePeerPort(t *testing.T) {
	p := holding(t, "a", 7)
	get := func(headers header) *http.Response {
		r := httptest.NewRequest("GET", "https://peer/v1/link", nil)
		r.Header.Set("Authorization", "Bearer "+desktopToken)
		for k, v := range headers {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		p.Peer().ServeHTTP(w, r)
		return w.Result()
	}
	for name, tc := range map[string]struct {
		headers header
		held    bool
		want    int
	}{
		"meant for this pod":        {header{headerHolder: "a"}, true, 200},
		"meant for another process": {header{headerHolder: "a-before"}, true, 421},
		"meant for nobody":          {nil, true, 421},
		"does not hold the slot":    {header{headerHolder: "a"}, false, 421},
		"without the token":         {header{headerHolder: "a", "Authorization": ""}, true, 401},
	} {
		t.Run(name, func(t *testing.T) {
			l := p.routing.link
			if !tc.held {
				p.routing.set(nil, slots.Holder{})
				defer p.routing.set(l, slots.Holder{})
			}
			if got := get(tc.headers).StatusCode; got != tc.want {
				t.Errorf("%d, want %d", got, tc.want)
			}
		})
	}
}

// The Lease names a pod before that pod is ready: it says 421, and is tried again.
func TestAHolderThatIsNotReadyYet(t *testing.T) {
	holder, standby := newPod(t, "a"), newPod(t, "b")
	standby.routing.set(nil, holder.asHolder())
	tries := 0
	standby.routing.refresh = func() {
		if tries++; tries == 2 {
			holder.hold(7)
		}
	}
	if a := standby.do("GET", "/v1/link", ""); a.StatusCode != 200 || tries != 2 {
		t.Errorf("%d %s after %d looks", a.StatusCode, a.body, tries)
	}
}

func TestTheHolderMoves(t *testing.T) {
	for name, gone := range map[string]func(t *testing.T, next *pod) slots.Holder{
		"the former holder says so": func(t *testing.T, _ *pod) slots.Holder { return newPod(t, "former").asHolder() },
		"nobody answers there":      func(*testing.T, *pod) slots.Holder { return slots.Holder{Identity: "former", Address: "127.0.0.1:1"} },
		"nobody held it":            func(*testing.T, *pod) slots.Holder { return slots.Holder{} },
	} {
		t.Run(name, func(t *testing.T) {
			next, standby := holding(t, "a", 7), newPod(t, "b")
			acted := atomic.Int32{}
			next.cti.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error { acted.Add(1); return nil }
			next.open()
			standby.routing.set(nil, gone(t, next))
			standby.routing.refresh = func() { standby.routing.set(nil, next.asHolder()) }
			a := standby.do("POST", "/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1"}`)
			if a.StatusCode != 202 || acted.Load() != 1 {
				t.Errorf("%d %s, acted %d times", a.StatusCode, a.body, acted.Load())
			}
		})
	}
}

func TestThisPodBecomesTheHolder(t *testing.T) {
	p := newPod(t, "a")
	go func() { p.hold(7) }()
	if a := p.do("GET", "/v1/link", ""); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestNobodyHoldsTheSlot(t *testing.T) {
	before := holderWait
	holderWait = 50 * time.Millisecond
	t.Cleanup(func() { holderWait = before })
	a := newPod(t, "a").do("GET", "/v1/link", "")
	if got := a.problem(t); a.StatusCode != 503 || got.Code != opencti.LinkDown || !got.Retryable || a.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if !a.Close {
		t.Error("the connection stays: the desktop would ask the same pod again and again")
	}
}

// failing loses the answer of the holder after the request arrived there.
type failing struct {
	http.RoundTripper
	fails atomic.Int32
}

func (f *failing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := f.RoundTripper.RoundTrip(r)
	if err == nil && f.fails.Add(-1) >= 0 {
		resp.Body.Close()
		return nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	}
	return resp, err
}

func TestAnAnswerThatIsLost(t *testing.T) {
	holder := holding(t, "a", 7)
	acted := atomic.Int32{}
	holder.cti.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error { acted.Add(1); return nil }
	holder.open()
	way := &failing{RoundTripper: holder.peer.Client().Transport}
	standby := newPod(t, "b", func(o *Options) { o.Peers = way })
	standby.routing.set(nil, holder.asHolder())

	way.fails.Store(1)
	a := standby.do("POST", "/v1/sessions/4001/activities/MakeCall", `{"destinationNumber":"1"}`)
	if got := a.problem(t); a.StatusCode != 502 || got.Code != opencti.OutcomeUnknown || acted.Load() != 1 {
		t.Errorf("a request that may have acted is not sent again: %d %s, acted %d times", a.StatusCode, a.body, acted.Load())
	}
	way.fails.Store(1)
	if a := standby.do("GET", "/v1/sessions/4001", ""); a.StatusCode != 200 {
		t.Errorf("reading is: %d %s", a.StatusCode, a.body)
	}
}

func TestAStreamThroughAStandbyEndsWithTheHolder(t *testing.T) {
	holder, standby := pair(t)
	standby.open()
	s := standby.stream("4001")
	s.want(opencti.SnapshotEvent)
	holder.peer.CloseClientConnections()
	s.ends()
	if s := standby.stream("4001"); s.want(opencti.SnapshotEvent).Name == "" {
		t.Error("it cannot come back")
	}
}

// A desktop that does not read is cut off at the standby, too.
func TestASlowReaderBehindAStandby(t *testing.T) {
	holder, standby := pair(t, impatient(100*time.Millisecond))
	standby.open()
	ended := make(chan struct{})
	watched := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		standby.Desktop().ServeHTTP(w, r)
	}))
	t.Cleanup(watched.Close)
	standby.url = watched.URL
	rawConn(t, standby, "/v1/sessions/4001/events")
	big := map[string]any{"callId": "c1", "variables": map[string]string{"blob": strings.Repeat("x", 32<<10)}}
	eventually(t, "the desktop is cut off", func() bool {
		holder.cti.Connection(1).Happen("1001", opencti.Offering, big)
		holder.happen(opencti.Released, "c1")
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
}

func TestAHolderOfAForeignCertificateIsNotTrusted(t *testing.T) {
	holder := holding(t, "a", 7)
	standby := newPod(t, "b", func(o *Options) { o.Peers = http.DefaultTransport }) // does not know the CA
	standby.routing.set(nil, holder.asHolder())
	a := standby.do("POST", "/v1/sessions", `{"agentId":"4001"}`)
	if a.StatusCode != 502 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if _, ok := holder.routing.link.Session("4001"); ok {
		t.Error("the request reached it")
	}
}

// A stream that a standby passes on over HTTP/2 outlives the time of one write, however
// little happens.
func TestAnIdleStreamThroughAStandbyOverHTTP2(t *testing.T) {
	const timeout = 50 * time.Millisecond
	holder, standby := pair(t, impatient(timeout))
	standby.open()
	standby.overHTTP2()
	s := standby.stream("4001")
	s.want(opencti.SnapshotEvent)
	time.Sleep(4 * timeout) // the time itself is what is tested
	holder.happen(opencti.Offering, "c1")
	s.want(opencti.Offering)
	s.close()
}
