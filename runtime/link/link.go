package link

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Document is a slot's document with its generation.
type Document struct {
	Generation int64
	Spec       v1alpha1.CTISlotSpec
}

// Options is what a Link is made of.
type Options struct {
	// Epoch of the acquisition under which this link works.
	Epoch int64
	// MayAct says whether this pod still holds the slot.
	MayAct func() error
	// Drivers finds a driver by name.
	Drivers func(name string) (opencti.Driver, bool)
	// Mounted reads the configuration keys of Secrets and ConfigMaps; they win
	// over the document's.
	Mounted func() (map[string]string, error)
	// Records keeps what a successor must know; nil when there is none.
	Records Records
	// Observer may be nil.
	Observer Observer
	Log      *slog.Logger
}

// Observer counts what sessions do and what happens to the connection.
type Observer interface {
	session.Observer
	// ConnectionChanged tells of a connection made or lost.
	ConnectionChanged(connected bool)
	// Resynced tells how long it took to bring all sessions back after a connect.
	Resynced(sessions int, took time.Duration)
}

// unobserved is an Observer that does not count.
type unobserved struct{ session.Unobserved }

func (unobserved) ConnectionChanged(bool)      {}
func (unobserved) Resynced(int, time.Duration) {}

// Link holds the sessions of one slot. It is safe for concurrent use.
type Link struct {
	o Options

	mu       sync.Mutex
	doc      Document
	applied  int64
	driver   opencti.Driver
	rules    *rules.Set
	pools    map[string]session.Policy // by name
	agents   map[string]v1alpha1.SlotAgent
	sessions map[string]*member // by session key
	byDN     map[string]map[string]*member
	lastSeq  map[string]uint64 // of closed sessions, by key
	endings  map[string]ending // of those that a desktop closed or took over, by key
	conn     opencti.Connection
	state    v1alpha1.ConnectionState
	problem  error
	refused  error
	closed   bool          // a closing link has let go of everything
	ended    bool          // Run has returned: this link will not connect again
	retry    chan struct{} // closed to connect anew with the newest document
	changed  chan struct{} // closed when the status changed
	doubts   doubts
	journal  journal
	polled   polled
}

// member is a session with the turn of those who open, resync and close it.
type member struct {
	*session.Session
	turn  chan struct{} // full while somebody has the turn
	ready bool          // it was in step at least once; guarded by the link
	// Guarded by turn:
	gone   bool               // closed
	on     opencti.Connection // where it is in step
	device opencti.Device     // there
}

func newMember(s *session.Session) *member { return &member{Session: s, turn: make(chan struct{}, 1)} }

// take waits for the turn; the error says that the wait was too long.
func (m *member) take(ctx context.Context) error {
	select {
	case m.turn <- struct{}{}: // also for whoever has no time to wait
		return nil
	default:
	}
	select {
	case m.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return opencti.AsError(ctx.Err())
	}
}

func (m *member) pass() { <-m.turn }

// New makes a link that connects when Run is called and a document applied.
func New(o Options) *Link {
	if o.Observer == nil {
		o.Observer = unobserved{}
	}
	return &Link{
		o: o, sessions: map[string]*member{}, byDN: map[string]map[string]*member{}, lastSeq: map[string]uint64{}, endings: map[string]ending{},
		state: v1alpha1.ConnectionConnecting, retry: make(chan struct{}), changed: make(chan struct{}),
		doubts: newDoubts(), journal: newJournal(o.Records), polled: newPolled(),
	}
}

// Apply puts a document in force. A document that cannot be used is refused whole
// and the one before stays. Agents, rules and the pools' policies are hot; another driver or configuration means
// a reconnect, which keeps the sessions.
func (l *Link) Apply(doc Document) error {
	if doc.Spec.Phase == v1alpha1.SlotClosing {
		l.applyClosing(doc)
		return nil
	}
	driver, ok := l.o.Drivers(doc.Spec.Driver)
	if !ok {
		return opencti.Errorf(opencti.InvalidRequest, "this runtime has no driver %q; use an image that has it", doc.Spec.Driver)
	}
	about := driver.Describe()
	if err := checkOwn(about, doc.Spec.Config); err != nil {
		return err
	}
	compiled, err := compileRules(about, doc.Spec.Rules)
	if err != nil {
		return err
	}
	pools, err := compilePools(doc.Spec.Pools)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	reconnect := l.driver == nil || doc.Spec.Driver != l.doc.Spec.Driver || !maps.Equal(doc.Spec.Config, l.doc.Spec.Config)
	agents := make(map[string]v1alpha1.SlotAgent, len(doc.Spec.Agents))
	for _, a := range doc.Spec.Agents {
		agents[a.ID] = a
	}
	l.doc, l.driver, l.rules, l.pools, l.agents, l.applied = doc, driver, compiled, pools, agents, doc.Generation
	l.adopt()
	if reconnect {
		close(l.retry)
		l.retry = make(chan struct{})
	}
	l.signal()
	return nil
}

// checkOwn says what is wrong with the document's own keys. What is missing may be
// mounted, now or later: only connecting can tell.
func checkOwn(about opencti.Description, values map[string]string) error {
	params := opencti.ParametersOf(about.Config())
	for i := range params {
		params[i].Required = false
	}
	return opencti.CheckConfig(params, values)
}

// signal tells those who wait that the status changed. The link is locked.
func (l *Link) signal() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Status is what the link says of itself.
type Status struct {
	Generation int64
	Connection v1alpha1.ConnectionState
	// Problem is why the connection is not there: an *opencti.Error or a
	// *opencti.ConfigError.
	Problem error
	// Closed: the document ends the link, and nothing of it is left at the server.
	Closed bool
	// Refused is why a changed configuration is not in force and the one before
	// is; of the same types.
	Refused        error
	Sessions       int
	SessionsByPool map[string]int
}

// Status tells the state now, and gives a channel that is closed at its next change.
func (l *Link) Status() (Status, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Status{
		Generation: l.applied, Connection: l.state, Problem: l.problem, Refused: l.refused, Closed: l.closed,
		Sessions: len(l.sessions), SessionsByPool: map[string]int{},
	}
	for _, m := range l.sessions {
		s.SessionsByPool[m.Pool()]++
	}
	return s, l.changed
}

// Class names the class and its driver, and says what it can do.
func (l *Link) Class() (name, driver string, class session.Class) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.driver == nil {
		return "", "", session.Class{}
	}
	return l.doc.Spec.Class, l.doc.Spec.Driver, l.class()
}

// class is what the driver can do, less what the class leaves out. The link is locked.
func (l *Link) class() session.Class {
	about := l.driver.Describe()
	supported := about.Activities()
	if only := l.doc.Spec.Activities; len(only) > 0 {
		supported = slices.DeleteFunc(supported, func(a opencti.Activity) bool { return !slices.Contains(only, string(a)) })
	}
	return session.Class{Supported: supported, PurposeBound: about.PurposeBound, LoginInSimpleMode: about.LoginInSimpleMode, LoginRoams: about.LoginRoams}
}

// Session finds an open session by its key. One that is on its way back from the
// slot's former holder is found by Open, which waits for it.
func (l *Link) Session(key string) (*session.Session, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, ok := l.sessions[key]
	if !ok || !m.ready {
		return nil, false
	}
	return m.Session, true
}

// HandleRaw takes an event from the driver to the sessions that it concerns: step 1
// of HandleEvent, RetrieveDevicePresence. Sessions in plural: lines may be shared.
func (l *Link) HandleRaw(raw opencti.RawEvent) {
	l.Deliver(raw)
	// The streams that it woke go first: on one processor they would wait until the driver
	// has read all that the CTI server sent.
	runtime.Gosched()
}

// Deliver does the same, and says how many sessions the event concerned.
func (l *Link) Deliver(raw opencti.RawEvent) (sessions int) {
	l.mu.Lock()
	var to [4]*member
	found := to[:0]
	for _, m := range l.byDN[raw.DN] {
		found = append(found, m)
	}
	if raw.DN == "" && raw.AgentID != "" {
		if m, ok := l.sessions[raw.AgentID]; ok {
			found = append(found, m)
		}
	}
	l.mu.Unlock()
	if len(found) == 0 {
		l.o.Observer.EventDropped("RetrieveDevicePresence")
	}
	for _, m := range found {
		m.HandleEvent(raw)
	}
	return len(found)
}

// config is the document's configuration with the mounted keys on top, decoded.
func (l *Link) config(driver opencti.Driver, doc Document) (any, error) {
	values := maps.Clone(doc.Spec.Config)
	if values == nil {
		values = map[string]string{}
	}
	mounted, err := l.o.Mounted()
	if err != nil {
		return nil, err
	}
	maps.Copy(values, mounted)
	config := driver.Describe().Config()
	if err := opencti.DecodeConfig(values, config); err != nil {
		return nil, err
	}
	return config, nil
}

// errNoDocument is the problem of a link without a document.
var errNoDocument = errors.New("no slot document yet")

func (l *Link) current() (opencti.Driver, Document, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.driver == nil {
		return nil, Document{}, l.retry, errNoDocument
	}
	return l.driver, l.doc, l.retry, nil
}

func (l *Link) setState(conn opencti.Connection, state v1alpha1.ConnectionState, problem error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn, l.state, l.problem = conn, state, problem
	if conn != nil {
		l.refused = nil
	}
	l.signal()
}

// refuse says why a changed configuration is not put in force.
func (l *Link) refuse(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused = why
	l.signal()
}

// all lists the sessions.
func (l *Link) all() []*member {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]*member, 0, len(l.sessions))
	for _, m := range l.sessions {
		out = append(out, m)
	}
	return out
}

// awaitConnection gives the connection. Right after a fail-over desktops are faster
// than it, so it waits a little; LinkDown when there is none then.
func (l *Link) awaitConnection(ctx context.Context) (opencti.Connection, error) {
	ctx, cancel := context.WithTimeout(ctx, connectionWait)
	defer cancel()
	for {
		l.mu.Lock()
		conn, ended, changed := l.conn, l.ended, l.changed
		l.mu.Unlock()
		if conn != nil {
			return conn, nil
		}
		if ended || ctx.Err() != nil {
			return nil, errNoConnection
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

var errNoConnection = opencti.Errorf(opencti.LinkDown, "the CTI server cannot be reached now")

func (l *Link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	l.signal()
}

// Run keeps the link connected until the context ends; then it detaches: monitors
// stop, agents stay logged in, calls go on.
func (l *Link) Run(ctx context.Context) {
	defer l.end()
	defer l.keepRecords(ctx)()
	var up *uplink
	for attempt := 0; ctx.Err() == nil; {
		driver, doc, retry, err := l.current()
		if l.isClosing() {
			l.shut(ctx, up)
			<-ctx.Done()
			return
		}
		if err != nil {
			pause(ctx, retry, time.Hour)
			continue
		}
		if up == nil {
			up, err = l.connect(ctx, driver, doc)
		}
		begun := time.Now()
		switch {
		case err == nil:
			up = l.serve(ctx, up)
		case ctx.Err() == nil:
			l.o.Log.Warn("Cannot connect to the CTI server", "attempt", attempt+1, "error", err)
			l.setState(nil, v1alpha1.ConnectionDisconnected, err)
		}
		// A server that takes connections only to end them is not knocked at without a pause.
		served := err == nil && (up != nil || time.Since(begun) >= lastBackoff)
		if served || pause(ctx, retry, backoff(attempt)) {
			attempt = 0
		} else {
			attempt++
		}
	}
	if up != nil {
		l.detach(up.conn)
	}
}
