package opencti

import (
	"context"
	"log/slog"
	"math"
	"time"
)

// Driver is the code behind an implementation class: it knows how to reach one
// kind of CTI server. A Driver is a value without state; it is safe for
// concurrent use.
type Driver interface {
	// Describe says what the driver is and can. It has no side effects.
	Describe() Description
	// Connect dials the CTI server, authenticates and returns once requests can
	// be sent. It must be passive: nobody's state changes by it. The connection
	// lives until Close, or until it breaks: then Done is closed. The link above
	// reconnects; a driver never does.
	//
	// Errors: LinkDown (no answer, refused), AuthenticationFailed,
	// LicenceExhausted, Timeout.
	Connect(ctx context.Context, env Environment) (Connection, error)
}

// Description is what the built-in ImplementationClass of a driver is generated
// from.
type Description struct {
	// Name is the class's and the driver's name, a DNS label.
	Name string
	// Summary is one sentence for `kubectl describe`.
	Summary string
	// Config returns a pointer to a fresh configuration struct; its tags give
	// the class's parameters (see ParametersOf).
	Config func() any
	// Device is a prototype, usually a nil pointer: what it implements is what
	// the class supports.
	Device Device
	// Connection is a prototype, too; it may be nil.
	Connection Connection
	// Without lists activities that the class does not support although Device has their
	// methods: an interface is implemented whole, a server may do half of it. Nobody calls
	// these methods.
	Without []Activity
	// PurposeBound: what began as TransferInitiate cannot end in ConferenceCall, nor
	// the other way round.
	PurposeBound bool
	// LoginInSimpleMode: agents must log in to be called, also in the telephony mode
	// Simple.
	LoginInSimpleMode bool
	// LoginRoams: an agent's log-in is not that of a device, and goes along to another
	// one. Else the link logs the agent out where somebody takes over.
	LoginRoams bool
	// Handover says what two connections at once may do.
	Handover Handover
	// Rules are the class's default event rules.
	Rules RuleSet
}

// Handover says how a session moves from one pod to the next.
type Handover string

// The kinds of hand-over.
const (
	// Overlap: two connections and two monitors of one device may coexist.
	Overlap Handover = "Overlap"
	// Resume: the server keeps a session for a successor.
	Resume Handover = "Resume"
	// Reopen: the old session must be gone before the new one opens.
	Reopen Handover = "Reopen"
)

// Environment is what a driver is given to work with.
type Environment struct {
	// Config is the struct that Description.Config made, decoded and validated.
	Config any
	// Sink takes the events. It is called in the order in which the server sent
	// them, from one goroutine, and returns quickly.
	Sink Sink
	// Log is for the driver's own diagnostics: no passwords, numbers masked.
	Log *slog.Logger
}

// Sink takes raw events.
type Sink interface {
	HandleRaw(RawEvent)
	// EventsLost says that events of a device, or of all devices when dn is empty, may
	// have been lost, or that the server ended its subscription, while the connection
	// lives. Whoever is above subscribes and snapshots again.
	EventsLost(dn string, why error)
	// RequestFailed says that a request which the server had accepted failed after all.
	// requestID is Request.ID.
	RequestFailed(dn, requestID string, why error)
}

// Connection is one live connection to a CTI server. It is safe for concurrent use.
type Connection interface {
	// Open prepares a session for a device (the guide's OpenAdapter). Passive: it
	// subscribes to nothing and changes nothing.
	// Errors: UnknownDevice, LicenceExhausted.
	Open(ctx context.Context, e Endpoint) (Device, error)
	// Done is closed when the connection is gone, for whatever reason.
	Done() <-chan struct{}
	// Err says why, after Done: nil after Close.
	Err() error
	// Close ends the connection in an orderly way. Agents stay logged in.
	Close(ctx context.Context) error
}

// Endpoint is a user at a device. AgentID is empty for a session without an agent.
type Endpoint struct {
	DN      string
	AgentID string
}

// Device is one session of a device at the CTI server. Requests come one after
// the other, except that HangUpCall may overtake.
type Device interface {
	// Subscribe starts the events (the guide's SubscribeForEvents; CSTA
	// MonitorStart). From its return on the sink gets every event of the device. Again
	// after EventsLost it starts what the server ended, and nothing else.
	// Errors: UnknownDevice, LicenceExhausted, LinkDown, Timeout.
	Subscribe(ctx context.Context) error
	// Snapshot asks for the calls at the device, with their data, and for the
	// agent's state.
	Snapshot(ctx context.Context) (DeviceSnapshot, error)
	// Detach stops the events and leaves everything else as it is, for a
	// successor to take over: the agent stays logged in.
	Detach(ctx context.Context) error
	// Close ends the session (UnSubscribeForEvents, CloseAdapter). It does not
	// log the agent out.
	Close(ctx context.Context) error
}

// DeviceSnapshot is what the CTI server says of a device at one moment.
type DeviceSnapshot struct {
	Agent        AgentState
	DoNotDisturb bool
	// Calls holds every call at the device; Capabilities and times are the
	// session's business and stay empty.
	Calls []Call
	// Order is that of the last raw event which this snapshot already contains;
	// later ones are applied on top. Zero: unknown, all are applied.
	Order uint64
}

// OnTop is the Order of an event that did not come over the connection: it is applied on top
// of what is known, and what comes after it is no older.
const OnTop uint64 = math.MaxUint64

// RawEvent is an event in the CTI server's own terms, decoded but not interpreted.
type RawEvent struct {
	// Name is the server's name of the event, e.g. Delivered.
	Name string
	// DN and AgentID are the presence keys: whose session this concerns. Either
	// may be empty, not both.
	DN      string
	AgentID string
	// Fields is what rules read as `event`: strings, bools, ints, lists and maps
	// of these. Absent is absent: rules test with has().
	Fields map[string]any
	// Order grows with every event of a connection; OnTop: it has no place among them.
	Order uint64
	// Received is when the bytes arrived, on the monotonic clock.
	Received time.Time
}
