package server

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Limits bound what one client may ask for. A zero field has its default; a negative one
// does not bound.
type Limits struct {
	// SessionRate and SessionBurst bound the requests in one session, by whoever has the
	// token: 20 a second, 100 at once.
	SessionRate  float64
	SessionBurst int
	// AddressRate and AddressBurst bound all other requests of one address, those without
	// the right token among them: 500 a second, 5,000 at once, so that all desktops behind
	// one proxy can come back together.
	AddressRate  float64
	AddressBurst int
	// IngestRate and IngestBurst bound posts of events: 1,000 a second, 2,000 at once.
	IngestRate  float64
	IngestBurst int
	// Streams bounds the event streams of one session: 32.
	Streams int
}

func (l *Limits) setDefaults() {
	for _, d := range []struct {
		field *float64
		value float64
	}{{&l.SessionRate, 20}, {&l.AddressRate, 500}, {&l.IngestRate, 1000}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&l.SessionBurst, 100}, {&l.AddressBurst, 5000}, {&l.IngestBurst, 2000}, {&l.Streams, 32}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
}

// allowances are one rate limit for each of many clients. It is safe for concurrent use.
type allowances struct {
	limit rate.Limit
	burst int

	mu sync.Mutex
	by map[string]*rate.Limiter
}

func newAllowances(perSecond float64, burst int) *allowances {
	a := &allowances{limit: rate.Limit(perSecond), burst: burst, by: map[string]*rate.Limiter{}}
	if perSecond < 0 || burst < 0 {
		a.limit = rate.Inf
	}
	return a
}

// clientsKept bounds the clients that are remembered before those who are idle are
// forgotten.
const clientsKept = 4096

// take takes one request of a client's allowance; wait is how long until there is one.
func (a *allowances) take(client string) (wait time.Duration, ok bool) {
	if a.limit == rate.Inf {
		return 0, true
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	l, known := a.by[client]
	if !known {
		if len(a.by) >= clientsKept {
			a.forget(now)
		}
		l = rate.NewLimiter(a.limit, a.burst)
		a.by[client] = l
	}
	if l.AllowN(now, 1) {
		return 0, true
	}
	return time.Duration(float64(time.Second) / float64(a.limit)), false
}

// forget drops who has its whole allowance; when nobody has, everybody: a flood of made-up
// names must not take memory.
func (a *allowances) forget(now time.Time) {
	for client, l := range a.by {
		if l.TokensAt(now) >= float64(a.burst) {
			delete(a.by, client)
		}
	}
	if len(a.by) >= clientsKept {
		clear(a.by)
	}
}

// limits hold the allowances of the desktop port.
type limits struct {
	sessions, addresses, posts *allowances
	streams                    int

	mu   sync.Mutex
	open map[*session.Session]int // event streams
}

func newLimits(l Limits) *limits {
	l.setDefaults()
	return &limits{
		sessions: newAllowances(l.SessionRate, l.SessionBurst), addresses: newAllowances(l.AddressRate, l.AddressBurst),
		posts: newAllowances(l.IngestRate, l.IngestBurst), streams: l.Streams, open: map[*session.Session]int{},
	}
}

// admit bounds a request whose token was right.
func (l *limits) admit(r *http.Request) *Problem {
	if r.URL.Path == ingestPath {
		return tooMany(l.posts.take(credentialIngest))
	}
	if name, ok := sessionInPath(r.URL.Path); ok {
		return tooMany(l.sessions.take(name))
	}
	return tooMany(l.addresses.take(clientOf(r)))
}

// refuse bounds a request whose token was wrong: who guesses is slowed down.
func (l *limits) refuse(r *http.Request, p *Problem) *Problem {
	if slow := tooMany(l.addresses.take(clientOf(r))); slow != nil {
		return slow
	}
	return p
}

func tooMany(wait time.Duration, ok bool) *Problem {
	if ok {
		return nil
	}
	p := withStatus(http.StatusTooManyRequests, opencti.Overloaded, "too many requests; wait as long as Retry-After says")
	p.retryAfter = int(wait/time.Second) + 1
	return p
}

// stream counts an event stream of a session until end is called.
func (l *limits) stream(of *session.Session) (end func(), p *Problem) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams >= 0 && l.open[of] >= l.streams {
		return nil, withStatus(http.StatusTooManyRequests, opencti.Overloaded,
			"this session has "+strconv.Itoa(l.streams)+" event streams already; close some")
	}
	l.open[of]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.open[of]--; l.open[of] == 0 {
			delete(l.open, of)
		}
	}, nil
}

// sessionInPath is the session that a path names.
func sessionInPath(path string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/v1/sessions/")
	if !ok {
		return "", false
	}
	name, _, _ = strings.Cut(rest, "/")
	return name, name != ""
}

// clientOf is the address from which a request came, without its port.
func clientOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// ConnectionsPerAddress is a sane bound for LimitConnections: all desktops of a large
// centre behind one proxy.
const ConnectionsPerAddress = 10_000

// LimitConnections bounds the connections that one address may have at a time. One more is
// closed at once. Put it below TLS, so that handshakes are bounded, too.
func LimitConnections(ln net.Listener, perAddress int) net.Listener {
	return &limitedListener{Listener: ln, bound: perAddress, open: map[string]int{}}
}

type limitedListener struct {
	net.Listener
	bound int

	mu   sync.Mutex
	open map[string]int // connections by address
}

// Accept implements net.Listener.
func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := c.RemoteAddr().String()
		if host, _, err := net.SplitHostPort(address); err == nil {
			address = host
		}
		if l.enter(address) {
			return &limitedConn{Conn: c, left: sync.OnceFunc(func() { l.leave(address) })}, nil
		}
		_ = c.Close() // it was not let in
	}
}

func (l *limitedListener) enter(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[address] >= l.bound {
		return false
	}
	l.open[address]++
	return true
}

func (l *limitedListener) leave(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[address]--; l.open[address] == 0 {
		delete(l.open, address)
	}
}

type limitedConn struct {
	net.Conn
	left func()
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	c.left()
	return c.Conn.Close()
}
