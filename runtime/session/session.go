package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// ErrClosed is what readers get when the session is over.
var ErrClosed = errors.New("session is closed")

// ErrTakenOver is an ErrClosed: the agent works at another device now, or another agent at
// this one.
var ErrTakenOver = fmt.Errorf("%w: it was taken over", ErrClosed)

// Options is what a session is made of.
type Options struct {
	DN      string
	AgentID string
	// Hidden are event types that this desktop or device cannot show.
	Hidden []opencti.EventType
	// Presence is where the user sits.
	Presence Presence
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
	// Memory is what the slot's former holder knew of the session.
	Memory Memory
	// Recorder may be nil.
	Recorder Recorder
	// Observer may be nil.
	Observer Observer
	Log      *slog.Logger
	// Patience is how long an accepted request may go without an event that shows it;
	// ten seconds when zero.
	Patience time.Duration
}

// defaultPatience is Options.Patience when it is zero.
const defaultPatience = 10 * time.Second

// Observer counts. Its methods return at once; they may be called with the session
// locked.
type Observer interface {
	// EventHandled tells of an event that went to the log, and how long after the
	// bytes came from the CTI server.
	EventHandled(name opencti.EventName, after time.Duration)
	// EventDropped tells of a raw event that ended in a step of HandleEvent.
	EventDropped(step string)
	// ActivityDone tells of a request, of a desktop or of a call treatment; code is
	// empty when it was accepted.
	ActivityDone(a opencti.Activity, code opencti.ErrorCode, took time.Duration)
}

// Presence is where the user sits (guide, "RetrieveDevicePresence activity"): a server-side
// desktop is told it with each event.
type Presence struct {
	Workstation  string `json:"workstation,omitempty"`
	ClientHandle string `json:"clientHandle,omitempty"`
}

// Unobserved is an Observer that does not count.
type Unobserved struct{}

// EventHandled implements Observer.
func (Unobserved) EventHandled(opencti.EventName, time.Duration) {}

// EventDropped implements Observer.
func (Unobserved) EventDropped(string) {}

// ActivityDone implements Observer.
func (Unobserved) ActivityDone(opencti.Activity, opencti.ErrorCode, time.Duration) {}

// Session is a user at a device. It is safe for concurrent use.
type Session struct {
	dn, agentID string
	hidden      []opencti.EventType
	presence    atomic.Pointer[Presence]
	backstage   Backstage
	mayAct      func() error
	recorder    Recorder
	observer    Observer
	log         *slog.Logger
	patience    time.Duration
	opened      time.Time
	life        context.Context // of what the session does by itself
	end         context.CancelFunc

	// Events is what desktops read.
	Events *Log

	turn    chan struct{} // requests of a device go one after the other
	answers answers

	mu       sync.Mutex
	rules    *rules.Set
	class    Class
	policy   Policy
	allowed  activities     // by class and mode
	device   opencti.Device // nil while the link is down
	down     bool           // the desktops were told LinkDown
	syncing  bool           // events are held until the snapshot is in
	held     []opencti.RawEvent
	state    state
	told     activities // what desktops know to be possible without a call
	underway []*underway
	doubting bool // a logout is being asked about
}

// New makes a session that waits for its first BeginSync.
func New(o Options) *Session {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.Observer == nil {
		o.Observer = Unobserved{}
	}
	life, end := context.WithCancel(context.Background())
	s := &Session{
		dn: o.DN, agentID: o.AgentID, hidden: o.Hidden, class: o.Class,
		rules: o.Rules, policy: o.Policy, allowed: o.Class.allows(o.Policy.mode()),
		backstage: o.Backstage, mayAct: o.MayAct, recorder: o.Recorder, observer: o.Observer, log: o.Log,
		patience: o.Patience, opened: time.Now(), life: life, end: end,
		Events: NewLog(o.Epoch, o.LastSequence),
		turn:   make(chan struct{}, 1),
		state:  newState(o.DN),
	}
	s.presence.Store(&o.Presence)
	s.state.agent.Since = s.opened // until the CTI server tells, if it knows agents at all
	s.state.inherit(o.Memory)
	return s
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

// Pool is the pool that brings the agent; empty when none does.
func (s *Session) Pool() string { return s.Policy().Pool }

// Policy is what is in force.
func (s *Session) Policy() Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.policy
}

// Hidden are the event types that the desktop cannot show.
func (s *Session) Hidden() []opencti.EventType { return s.hidden }

// Presence is where the user sits, as far as a desktop has said.
func (s *Session) Presence() Presence { return *s.presence.Load() }

// SetPresence takes what another desktop of the session says.
func (s *Session) SetPresence(p Presence) { s.presence.Store(&p) }

// Agent is the agent's state now, whatever the telephony mode shows of it.
func (s *Session) Agent() opencti.AgentState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.agent
}

// Close ends the session for its readers and returns the device, if there is one,
// for the link to close, and the number of the last event.
func (s *Session) Close() (opencti.Device, uint64) { return s.CloseFor(ErrClosed) }

// CloseFor is Close with what the readers are told: ErrClosed or ErrTakenOver.
func (s *Session) CloseFor(why error) (opencti.Device, uint64) {
	s.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.state.calls {
		c.leaveManual()
	}
	s.forgetAll()
	d := s.device
	s.device, s.syncing, s.held = nil, true, nil
	s.Events.close(why)
	return d, s.Events.Last().Sequence
}

// hides says whether the desktop cannot show the event.
func (s *Session) hides(name opencti.EventName) bool {
	t, _ := opencti.TypeOf(name)
	return slices.Contains(s.hidden, t)
}

// tell completes an event and appends it to the log.
func (s *Session) tell(e *Event, received time.Time) {
	if s.hides(e.Name) {
		return
	}
	e.Type, _ = opencti.TypeOf(e.Name)
	e.At, e.DN, e.AgentID = time.Now(), s.dn, s.agentID
	if err := s.Events.append(e); err != nil {
		s.log.Error("Dropping an event that cannot be encoded", "event", e.Name, "error", err)
		return
	}
	s.observer.EventHandled(e.Name, time.Since(received))
}
