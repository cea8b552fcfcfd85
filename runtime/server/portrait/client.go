package portrait

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// fromTheStart is the ACK of a client that has no answer yet: everything as it is now comes
// again.
const fromTheStart = "0"

// cursor is a place in a session's log, and what the client knows there.
type cursor struct {
	seq uint64
	// fresh: the client knows nothing yet; start comes before what is in the log.
	fresh bool
	start []node
	narrator
}

func (at *cursor) clone() cursor { return cursor{at.seq, at.fresh, at.start, at.narrator.clone()} }

// client is one registration. It is safe for concurrent use.
type client struct {
	id    string
	extra bool

	// Guarded by the clients that it is one of:
	busy  int // requests under way
	heard time.Time

	mu       sync.Mutex
	session  *session.Session
	acked    cursor // where the client certainly is
	answered cursor // where it is if it got the last answer
	polls    int
	supplant context.CancelFunc // ends the GETEVENTS under way
}

func newClient(id string, extra bool, s *session.Session) *client {
	c := &client{id: id, extra: extra, session: s, supplant: func() {}}
	c.restart()
	return c
}

// restart lets the client know nothing but what is so now. It is called locked, or before
// others know the client.
func (c *client) restart() {
	at := cursor{narrator: narrator{c.extra, map[string]progress{}}}
	at.start = at.snapshot(c.session)
	at.fresh = true
	c.acked, c.answered = at, at
}

// last is the ACK of a cursor.
func (c *client) last(at cursor) string {
	if at.fresh {
		return fromTheStart
	}
	return session.EventID{Epoch: c.session.Events.Last().Epoch, Sequence: at.seq}.String()
}

// poll is GETEVENTS: what the client does not have yet. It waits for an event when there is
// none. A newer poll answers this one empty.
func (c *client) poll(ctx context.Context, wait time.Duration, ack string) ([]node, string, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	from, turn, err := c.begin(ack, cancel)
	if err != nil {
		return nil, "", err
	}
	to, told, err := read(waiting, c.in(), from.clone())
	if err != nil {
		return nil, "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.polls != turn || ctx.Err() != nil {
		return nil, c.last(from), nil
	}
	c.answered = to
	return told, c.last(to), nil
}

// begin acknowledges, and supplants the poll that is under way.
func (c *client) begin(ack string, supplant context.CancelFunc) (from cursor, turn int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.acknowledge(ack); err != nil {
		return cursor{}, 0, err
	}
	c.supplant()
	c.supplant = supplant
	c.answered = c.acked
	c.polls++
	return c.acked, c.polls, nil
}

func (c *client) acknowledge(ack string) error {
	switch ack {
	case "", c.last(c.answered):
		c.acked = c.answered
		return nil
	case c.last(c.acked):
		return nil
	case fromTheStart:
		c.restart()
		return nil
	}
	id, err := session.ParseEventID(ack)
	if err != nil || id.Epoch != c.session.Events.Last().Epoch || id.Sequence < c.acked.seq || id.Sequence > c.answered.seq {
		return &Failure{Element: "ACK", Why: opencti.Errorf(opencti.InvalidRequest,
			"ACK is neither LAST of the last answer nor an EVENTID of it; with 0 everything comes again")}
	}
	return c.skip(id.Sequence)
}

// skip moves to an event in the middle of the last answer.
func (c *client) skip(to uint64) error {
	at := c.acked.clone()
	at.fresh, at.start = false, nil
	entries, ok, _ := c.session.Events.After(expired, at.seq)
	if !ok {
		c.restart()
		return nil
	}
	for _, e := range entries {
		if e.ID.Sequence > to {
			break
		}
		if _, err := at.take(e); err != nil {
			return err
		}
	}
	c.acked = at
	return nil
}

// expired is a context in which nobody waits.
var expired = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// take tells an entry, and moves behind it.
func (at *cursor) take(e session.Entry) ([]node, error) {
	var event session.Event
	if err := json.Unmarshal(e.JSON, &event); err != nil {
		return nil, fmt.Errorf("decode event: %w", err)
	}
	at.seq = e.ID.Sequence
	return at.tell(&event), nil
}

// read reads from a cursor until there is something to tell.
func read(ctx context.Context, s *session.Session, at cursor) (cursor, []node, error) {
	told := slices.Clone(at.start)
	at.fresh, at.start = false, nil
	if len(told) > 0 {
		ctx = expired
	}
	for {
		entries, ok, err := s.Events.After(ctx, at.seq)
		switch {
		case errors.Is(err, session.ErrClosed):
			return at, nil, first(reconnect, "the session is not here any more")
		case err != nil:
			return at, told, nil //nolint:nilerr // the time is over, and nothing happened
		}
		if !ok {
			told = append(told, at.snapshot(s)...)
		}
		for _, e := range entries {
			more, err := at.take(e)
			if err != nil {
				return at, nil, err
			}
			told = append(told, more...)
		}
		if len(told) > 0 {
			return at, told, nil
		}
	}
}

// snapshot tells everything as it is now, and moves there.
func (at *cursor) snapshot(s *session.Session) []node {
	e, id := s.FreshSnapshot()
	at.seq = id.Sequence
	return at.tell(e)
}

// move lets the client go on in another session, as its agent logs on.
func (c *client) move(to *session.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.supplant()
	c.polls++
	c.session = to
	c.restart()
}

// in is the client's session.
func (c *client) in() *session.Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// leave ends the GETEVENTS under way.
func (c *client) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.supplant()
	c.polls++
}

// again lets the client know nothing.
func (c *client) again() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.supplant()
	c.polls++
	c.restart()
}

// clientsBound is how many clients one session may have.
const clientsBound = 32

// clients are those that are registered. It is safe for concurrent use.
type clients struct {
	timeout func() time.Duration
	now     func() time.Time

	mu    sync.Mutex
	by    map[string]*client
	swept time.Time
}

// enter finds a client for a request, which done ends. Nil: there is none, or it was silent
// for too long.
func (cs *clients) enter(id string) (c *client, done func()) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.sweep()
	c = cs.by[id]
	if c == nil || cs.silent(c) {
		delete(cs.by, id)
		return nil, func() {}
	}
	c.busy++
	return c, func() {
		cs.mu.Lock()
		defer cs.mu.Unlock()
		c.busy--
		c.heard = cs.now()
	}
}

func (cs *clients) silent(c *client) bool { return c.busy == 0 && cs.now().Sub(c.heard) > cs.timeout() }

// add registers a client.
func (cs *clients) add(c *client) error {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.sweep()
	if cs.count(c.in()) >= clientsBound {
		return opencti.Errorf(opencti.Overloaded, "this session has %d clients already; end some with CTICLIENTUNINITIALIZE", clientsBound)
	}
	c.heard = cs.now()
	cs.by[c.id] = c
	return nil
}

// sweep forgets who was silent, now and then.
func (cs *clients) sweep() {
	if cs.now().Sub(cs.swept) < cs.timeout()/4 {
		return
	}
	cs.swept = cs.now()
	for id, c := range cs.by {
		if cs.silent(c) {
			delete(cs.by, id)
		}
	}
}

func (cs *clients) count(s *session.Session) (n int) {
	for _, c := range cs.by {
		if !cs.silent(c) && c.in() == s {
			n++
		}
	}
	return n
}

// remove ends a registration; others says whether the session has more.
func (cs *clients) remove(id string, s *session.Session) (others bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.by, id)
	return cs.count(s) > 0
}

// has says whether a session has clients.
func (cs *clients) has(s *session.Session) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.count(s) > 0
}

// newID makes a client's id.
func newID() string { return rand.Text() }

// handle is what a client has for itself: its id, what it asked for, and the token with
// which any pod of the link restores its session.
func handle(c *client, token string) string {
	kind := "p"
	if c.extra {
		kind = "x"
	}
	return kind + c.id + "." + token
}

// idLength is that of rand.Text.
const idLength = 26

// parseHandle takes a handle apart. Whether the token is right its reader says.
func parseHandle(h string) (id string, extra bool, token string, err error) {
	name, token, ok := strings.Cut(h, ".")
	if !ok || len(name) != idLength+1 || name[0] != 'p' && name[0] != 'x' {
		return "", false, "", &Failure{Element: "CLIENTID", First: initialize,
			Why: opencti.Errorf(opencti.InvalidRequest, "CLIENTID is not one that CTICLIENTINITIALIZE gave")}
	}
	return name[1:], name[0] == 'x', token, nil
}
