package session

import (
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// ErrClosed is what readers get when the session is over.
var ErrClosed = errors.New("session is closed")

// Options is what a session is made of.
type Options struct {
	DN      string
	AgentID string
	Pool    string
	// Hidden are event types that this desktop or device cannot show.
	Hidden []opencti.EventType
	// Epoch is that of the slot's holder; LastSequence is where an earlier
	// session of the same key and epoch stopped.
	Epoch        int64
	LastSequence uint64
	Rules        *rules.Set
	Class        Class
	Policy       Policy
	Backstage    Backstage
	// MayAct says whether this pod still holds the slot; it is asked before
	// everything that is sent to the CTI server.
	MayAct func() error
	// Recorder may be nil.
	Recorder Recorder
	Observer Observer
	Log      *slog.Logger
	// Patience is how long an accepted request may go without an event that shows it;
	// ten seconds when zero.
	Patience time.Duration
}

// Observer counts. Its methods are called with the session locked and return at once.
type Observer interface {
	// EventHandled tells of an event that went to the log, and how long after the
	// bytes came from the CTI server.
	EventHandled(name opencti.EventName, after time.Duration)
	// EventDropped tells of a raw event that ended in a step of HandleEvent.
	EventDropped(step string)
	// ActivityDone tells of a request; code is empty when it was accepted.
	ActivityDone(a opencti.Activity, code opencti.ErrorCode, took time.Duration)
}

// Session is a user at a device. It is safe for concurrent use.
type Session struct {
	dn, agentID, pool string
	hidden            []opencti.EventType
	rules             *rules.Set
	class             Class
	policy            Policy
	backstage         Backstage
	mayAct            func() error
	observer          Observer
	log               *slog.Logger
	opened            time.Time

	// Events is what desktops read.
	Events *Log

	turn    chan struct{} // requests of a device go one after the other
	answers answers

	mu       sync.Mutex
	device   opencti.Device // nil while the link is down
	down     bool           // the desktops were told LinkDown
	syncing  bool           // events are held until the snapshot is in
	held     []opencti.RawEvent
	state    state
	expected []expectation
}

// New makes a session that waits for its first BeginSync.
func New(o Options) *Session {
	return &Session{
		dn: o.DN, agentID: o.AgentID, pool: o.Pool, hidden: o.Hidden,
		rules: o.Rules, class: o.Class, policy: o.Policy, backstage: o.Backstage, mayAct: o.MayAct, observer: o.Observer, log: o.Log,
		opened: time.Now(),
		Events: NewLog(o.Epoch, o.LastSequence),
		turn:   make(chan struct{}, 1),
		state:  newState(),
	}
}

// Key names the session: the agent's id, or the device of a session without an agent.
func Key(dn, agentID string) string {
	if agentID != "" {
		return agentID
	}
	return dn
}

// Key is the session's name.
func (s *Session) Key() string { return Key(s.dn, s.agentID) }

// DN is the session's device.
func (s *Session) DN() string { return s.dn }

// AgentID is empty for a session without an agent.
func (s *Session) AgentID() string { return s.agentID }

// Pool is the pool that brought the agent; empty when none did.
func (s *Session) Pool() string { return s.pool }

// Hidden are the event types that the desktop cannot show.
func (s *Session) Hidden() []opencti.EventType { return s.hidden }

// Snapshot is everything that a desktop must know to be right.
type Snapshot struct {
	Session string `json:"session" doc:"The session's name in the URL."`
	DN      string `json:"dn"`
	AgentID string `json:"agentId,omitempty"`
	Pool    string `json:"pool,omitempty" doc:"The pool that brought the agent."`
	// Mode decides which activities and events this desktop has.
	Mode         opencti.TelephonyMode `json:"mode" enum:"Simple,SimpleWithAgentState,Full" doc:"Decides which activities and events this desktop has."`
	LastEvent    string                `json:"lastEventId" doc:"The snapshot contains all events up to this one."`
	Link         opencti.EventName     `json:"link" enum:"LinkUp,LinkDown" doc:"Whether the CTI server can be reached now."`
	Agent        opencti.AgentState    `json:"agent"`
	DoNotDisturb bool                  `json:"doNotDisturb" doc:"The device takes no calls."`
	Calls        []*opencti.Call       `json:"calls"`
	ReasonCodes  ReasonCodes           `json:"reasonCodes"`
	// Activities are possible now without a call of their own.
	Activities []opencti.Activity `json:"activities" doc:"What is possible now besides what the calls list."`
	OpenedAt   time.Time          `json:"openedAt"`
}

// Snapshot tells the state now.
func (s *Session) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshotLocked()
}

func (s *Session) snapshotLocked() *Snapshot {
	snap := &Snapshot{
		Session: s.Key(), DN: s.dn, AgentID: s.agentID, LastEvent: s.Events.Last().String(),
		Link: opencti.LinkUp, Agent: s.state.agent, Calls: s.state.ordered(),
		Pool: s.pool, Mode: s.policy.mode(), ReasonCodes: s.policy.reasonCodes(), Activities: s.possibleNow(), OpenedAt: s.opened,
	}
	if s.device == nil {
		snap.Link = opencti.LinkLost
	}
	for _, c := range snap.Calls {
		c.Capabilities = capabilities(c, s.class.Supported)
	}
	return snap
}

// possibleNow lists the activities that need no call.
func (s *Session) possibleNow() []opencti.Activity {
	out := []opencti.Activity{}
	for _, a := range s.class.Supported {
		needsLogin, ofAgent := agentRules[a]
		switch {
		case ofAgent && (s.agentID == "" || needsLogin != s.state.agent.LoggedIn()):
		case ofAgent, a == opencti.MakeCall:
			out = append(out, a)
		}
	}
	return out
}

// Agent is the agent's state now.
func (s *Session) Agent() opencti.AgentState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.agent
}

// BeginSync holds events from now on, until EndSync brings the snapshot that they
// come after.
func (s *Session) BeginSync() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.syncing, s.held = true, nil
}

// EndSync puts the CTI server's truth in force: calls that are gone end with the
// cause LostInResync, the desktops get a Snapshot, then the events that came after it.
func (s *Session) EndSync(device opencti.Device, snap opencti.DeviceSnapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.device, s.syncing = device, false
	for _, c := range s.state.resync(snap, now) {
		c.Capabilities, c.State, c.Since = []opencti.Activity{}, opencti.Released, now
		s.tell(&Event{Name: opencti.Released, Ended: true, Cause: "LostInResync", Call: c}, now)
	}
	if s.down {
		s.down = false
		s.tell(&Event{Name: opencti.LinkUp}, now)
	}
	s.tellSnapshot(now)
	held := s.held
	s.held = nil
	for _, raw := range held {
		if snap.Order == 0 || raw.Order > snap.Order {
			s.handle(raw)
		}
	}
}

// Lost says that the CTI server cannot be reached. The state stays as it was last
// known; requests are refused until the next EndSync.
func (s *Session) Lost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == nil {
		return
	}
	s.device, s.down, s.syncing, s.held, s.expected = nil, true, true, nil, nil
	s.tell(&Event{Name: opencti.LinkLost}, time.Now())
}

// Close ends the session for its readers and returns the device, if there is one,
// for the link to close, and the number of the last event.
func (s *Session) Close() (opencti.Device, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.device
	s.device, s.syncing, s.held = nil, true, nil
	s.Events.close()
	return d, s.Events.Last().Sequence
}

// tell completes an event and appends it to the log.
func (s *Session) tell(e *Event, received time.Time) {
	e.Type, _ = opencti.TypeOf(e.Name)
	if slices.Contains(s.hidden, e.Type) {
		return
	}
	e.At, e.DN, e.AgentID = time.Now(), s.dn, s.agentID
	if err := s.Events.append(e); err != nil {
		s.log.Error("Dropping an event that cannot be encoded", "event", e.Name, "error", err)
		return
	}
	s.observer.EventHandled(e.Name, time.Since(received))
}

// tellSnapshot appends a Snapshot. Its lastEventId is its own id.
func (s *Session) tellSnapshot(received time.Time) {
	snap := s.snapshotLocked()
	last := s.Events.Last()
	snap.LastEvent = EventID{last.Epoch, last.Sequence + 1}.String()
	s.tell(&Event{Name: opencti.SnapshotEvent, Snapshot: snap}, received)
}

// FreshSnapshot makes the Snapshot event for one reader that starts or fell behind.
// It is not in the log; its id is that of the newest event it contains.
func (s *Session) FreshSnapshot() (*Event, EventID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.Events.Last()
	return &Event{
		ID: last.String(), Type: opencti.TypeSnapshot, Name: opencti.SnapshotEvent, At: time.Now(),
		DN: s.dn, AgentID: s.agentID, Snapshot: s.snapshotLocked(),
	}, last
}
