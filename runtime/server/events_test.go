package server

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestStreamStartsWithASnapshot(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	p.happen(opencti.Offering, "c1")
	s := p.stream("4001")
	snap := s.want(opencti.SnapshotEvent)
	if s.resume != "snapshot" || len(snap.Snapshot.Calls) != 1 || snap.Snapshot.LastEvent != snap.ID {
		t.Errorf("%s %+v", s.resume, snap.Snapshot)
	}
	p.happen(opencti.Established, "c1")
	p.happen(opencti.Released, "c1")
	last := s.want(opencti.Established, opencti.Released)
	if !last.Ended || last.ID != "7-4" {
		t.Errorf("%+v", last)
	}
}

func TestStreamGoesOn(t *testing.T) {
	for name, tc := range map[string]struct {
		last   string
		resume string
		first  opencti.EventName
	}{
		"from where it was":    {"7-2", "replayed", opencti.Established},
		"from the start":       {"7-0", "replayed", opencti.SnapshotEvent},
		"of another epoch":     {"6-2", "snapshot", opencti.SnapshotEvent},
		"of a number to come":  {"7-99", "snapshot", opencti.SnapshotEvent},
		"with nothing missing": {"7-3", "replayed", opencti.Released},
	} {
		t.Run(name, func(t *testing.T) {
			p := holding(t, "a", 7)
			p.open()                            // 7-1
			p.happen(opencti.Offering, "c1")    // 7-2
			p.happen(opencti.Established, "c1") // 7-3
			s := p.stream("4001", header{"Last-Event-ID": tc.last})
			if s.resume != tc.resume {
				t.Errorf("%s: %s", HeaderResume, s.resume)
			}
			p.happen(opencti.Released, "c1")
			s.want(tc.first)
		})
	}
}

func TestStreamOfWhoWasAwayTooLong(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	for range 200 {
		p.happen(opencti.Offering, "c1")
		p.happen(opencti.Released, "c1")
	}
	s := p.stream("4001", header{"Last-Event-ID": "7-1"})
	if e := s.want(opencti.SnapshotEvent); s.resume != "snapshot" || e.ID != "7-401" {
		t.Errorf("%s %s", s.resume, e.ID)
	}
}

func TestStreamAfterAFailOver(t *testing.T) {
	before := holding(t, "a", 7)
	opened := before.open()
	seen := before.stream("4001").want(opencti.SnapshotEvent)
	after := holding(t, "b", 8)
	after.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Busy}, Calls: []opencti.Call{{CallID: "c1", State: opencti.Held}}})
	s := after.stream("4001", resume(seen), sessionHeader(opened))
	e := s.want(opencti.SnapshotEvent)
	if s.resume != "snapshot" || len(e.Snapshot.Calls) != 1 || !strings.HasPrefix(e.ID, "8-") {
		t.Errorf("%s %+v", s.resume, e)
	}
}

func TestStreamIsKeptAwake(t *testing.T) {
	p := holding(t, "a", 7, func(o *Options) { o.KeepAlive = 10 * time.Millisecond })
	p.open()
	s := p.stream("4001")
	first, err := s.block()
	if err != nil || first["retry"] == "" {
		t.Errorf("no retry: %v %v", first, err)
	}
	s.want(opencti.SnapshotEvent)
	for range 2 {
		if b, err := s.block(); err != nil || b[""] != "keep-alive" {
			t.Fatalf("%v %v", b, err)
		}
	}
	p.happen(opencti.Offering, "c1")
	s.want(opencti.Offering)
}

func TestStreamEnds(t *testing.T) {
	for name, end := range map[string]func(p *pod, held *atomic.Bool){
		"when the readers are sent away":  func(p *pod, _ *atomic.Bool) { p.routing.link.CloseReaders() },
		"when the session is closed":      func(p *pod, _ *atomic.Bool) { p.do("DELETE", "/v1/sessions/4001", "") },
		"when this pod may not speak now": func(p *pod, held *atomic.Bool) { held.Store(false); p.happen(opencti.Offering, "c1") },
	} {
		t.Run(name, func(t *testing.T) {
			var held atomic.Bool
			held.Store(true)
			p := holding(t, "a", 7, func(o *Options) {
				o.MayAct = func() error {
					if !held.Load() {
						return errors.New("not the holder")
					}
					return nil
				}
			})
			p.open()
			s := p.stream("4001")
			s.want(opencti.SnapshotEvent)
			end(p, &held)
			for {
				b, err := s.block()
				if err != nil {
					break
				}
				if strings.Contains(b["data"], "Offering") {
					t.Error("an event was told without the slot")
				}
			}
		})
	}
}

// A server bounds the time to read a request; on HTTP/1.1 that bound must not end
// the stream that answers it.
func TestStreamOutlivesTheTimeToRead(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	slow := httptest.NewUnstartedServer(p.Desktop())
	slow.Config.ReadTimeout = 50 * time.Millisecond
	slow.Start()
	t.Cleanup(slow.Close)
	p.url = slow.URL
	s := p.stream("4001")
	s.want(opencti.SnapshotEvent)
	time.Sleep(4 * slow.Config.ReadTimeout) // the time itself is what is tested
	p.happen(opencti.Offering, "c1")
	s.want(opencti.Offering)
	s.close()
}

// rawConn is a desktop that does not read, on a connection with small buffers.
func rawConn(t *testing.T, p *pod, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + desktopToken + "\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	return conn
}

// impatient cuts off soon who does not read.
func impatient(timeout time.Duration) func(*Options) {
	return func(o *Options) { o.WriteTimeout = timeout }
}

// openStreams is how many streams a pod counts.
func (p *pod) openStreams() (n int) {
	p.limits.mu.Lock()
	defer p.limits.mu.Unlock()
	for _, open := range p.limits.open {
		n += open
	}
	return n
}

// A desktop that reads nothing is cut off, does not slow the others, and is right
// when it comes back.
func TestASlowReader(t *testing.T) {
	p := holding(t, "a", 7, impatient(100*time.Millisecond))
	p.open()
	fast := p.stream("4001")
	seen := fast.want(opencti.SnapshotEvent)
	rawConn(t, p, "/v1/sessions/4001/events")
	eventually(t, "both streams are open", func() bool { return p.openStreams() == 2 })
	big := map[string]any{"callId": "c1", "variables": map[string]string{"blob": strings.Repeat("x", 32<<10)}}
	eventually(t, "it is cut off", func() bool {
		p.cti.Connection(1).Happen("1001", opencti.Offering, big)
		p.happen(opencti.Released, "c1")
		fast.want(opencti.Offering, opencti.Released)
		return p.openStreams() == 1
	})
	back := p.stream("4001", resume(seen))
	e := back.next()
	if e.Name == opencti.SnapshotEvent && len(e.Snapshot.Calls) != 0 {
		t.Errorf("back: %+v", e)
	}
}

// Over HTTP/2 the connection serves other requests after a stream, however long that was.
func TestTheConnectionAfterAStream(t *testing.T) {
	const timeout = 50 * time.Millisecond
	p := holding(t, "a", 7, impatient(timeout))
	p.open()
	p.overHTTP2()
	s := p.stream("4001")
	s.want(opencti.SnapshotEvent)
	if a := p.do("DELETE", "/v1/sessions/4001", ""); a.StatusCode != 204 {
		t.Fatalf("%d", a.StatusCode)
	}
	s.ends()
	time.Sleep(3 * timeout) // the deadline of the stream's last write passes
	for range 4 {
		// Not a GET: a client would send that again, on another connection.
		if a := p.do("POST", "/v1/sessions/4001/activities/HangUpCall", "{}"); a.StatusCode != 404 {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
}

// A stream outlives the time of one write, on its own connection and on one of many streams.
func TestAnIdleStream(t *testing.T) {
	const timeout = 50 * time.Millisecond
	for name, over := range map[string]func(*pod){"HTTP/1": func(*pod) {}, "HTTP/2": (*pod).overHTTP2} {
		t.Run(name, func(t *testing.T) {
			p := holding(t, "a", 7, impatient(timeout))
			p.open()
			over(p)
			s := p.stream("4001")
			s.want(opencti.SnapshotEvent)
			time.Sleep(4 * timeout) // the time itself is what is tested
			p.happen(opencti.Offering, "c1")
			s.want(opencti.Offering)
			s.close()
		})
	}
}

// Streams end when the port closes, and none begins after.
func TestStreamsEndWithThePort(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	s := p.stream("4001")
	s.want(opencti.SnapshotEvent)
	p.CloseStreams()
	s.ends()
	p.stream("4001").ends()
	eventually(t, "no stream is counted", func() bool { return p.openStreams() == 0 })
}

// A desktop that goes away leaves nothing behind.
func TestStreamOfADesktopThatLeaves(t *testing.T) {
	p := holding(t, "a", 7)
	p.open()
	s := p.stream("4001")
	s.want(opencti.SnapshotEvent)
	s.close()
	eventually(t, "the stream has ended", func() bool { return p.openStreams() == 0 })
	if _, ok := p.routing.link.Session("4001"); !ok {
		t.Error("the session went with its desktop")
	}
}

// Nobody waits for desktops that were cut off because they read nothing: with TLS their
// connections take seconds to close.
func TestDesktopsThatAreCutOffHoldUpNobody(t *testing.T) {
	p := holding(t, "a", 7, impatient(50*time.Millisecond))
	p.open()
	desktop := httptest.NewTLSServer(p.Desktop())
	t.Cleanup(desktop.Close)
	p.url, p.client = desktop.URL, desktop.Client()
	t.Cleanup(p.CloseStreams) // before the server, which does not know of them
	frozen, err := net.Dial("tcp", desktop.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = frozen.Close() })
	if err := frozen.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	over := tls.Client(frozen, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // of the test
	if _, err := over.Write([]byte("GET /v1/sessions/4001/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + desktopToken + "\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stream is open", func() bool { return p.openStreams() == 1 })
	big := map[string]any{"callId": "c1", "variables": map[string]string{"blob": strings.Repeat("x", 32<<10)}}
	eventually(t, "it is cut off", func() bool {
		p.cti.Connection(1).Happen("1001", opencti.Offering, big)
		p.happen(opencti.Released, "c1")
		return p.openStreams() == 0
	})
	begun := time.Now()
	s := p.stream("4001")
	s.want(opencti.SnapshotEvent)
	p.happen(opencti.Offering, "c2")
	s.want(opencti.Offering)
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("another stream waited %v", took)
	}
}
