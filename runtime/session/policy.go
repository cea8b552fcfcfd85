package session

import (
	"context"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// Class is what the session's implementation class can do.
type Class struct {
	Supported []opencti.Activity
	// PurposeBound: what began as TransferInitiate cannot end in ConferenceCall, nor
	// the other way round.
	PurposeBound bool
	// LoginInSimpleMode: agents log in also in the telephony mode Simple.
	LoginInSimpleMode bool
	// LoginRoams: an agent's log-in is of no device.
	LoginRoams bool
}

// Policy is what the pool and the agent's entry in it decide. The zero Policy is that of
// a session without a pool.
type Policy struct {
	// Pool is its name.
	Pool string
	// Mode is Full when empty.
	Mode opencti.TelephonyMode
	// Unavailable and Logout list the reason codes that an agent may give; empty: any.
	Unavailable, Logout                 []Reason
	UnavailableRequired, LogoutRequired bool
	// Treatments of offered calls; nil: none.
	Treatments *rules.Treatments
	// Queues that the agent works for; empty: those that the CTI server gives.
	Queues []string
}

// Reason is a reason code with its name for people.
type Reason struct {
	Code  string `json:"code"`
	Label string `json:"label,omitempty" doc:"For people."`
}

// ReasonCodes tells a desktop which reasons an agent may give.
type ReasonCodes struct {
	Unavailable []Reason `json:"unavailable" doc:"For SetAgentNotReady; empty: any code."`
	Logout      []Reason `json:"logout" doc:"For LogoutAgent; empty: any code."`
	Required    []string `json:"required" enum:"Unavailable,Logout" doc:"Where a reason must be given."`
}

func (p *Policy) mode() opencti.TelephonyMode {
	if p.Mode == "" {
		return opencti.Full
	}
	return p.Mode
}

func (p *Policy) reasonCodes() ReasonCodes {
	out := ReasonCodes{Unavailable: append([]Reason{}, p.Unavailable...), Logout: append([]Reason{}, p.Logout...), Required: []string{}}
	if p.UnavailableRequired {
		out.Required = append(out.Required, "Unavailable")
	}
	if p.LogoutRequired {
		out.Required = append(out.Required, "Logout")
	}
	return out
}

// allowsAs says whether a desktop may do the same by both policies, and sees no difference.
func (p *Policy) allowsAs(o *Policy) bool {
	return p.Pool == o.Pool && p.mode() == o.mode() && slices.Equal(p.Unavailable, o.Unavailable) && slices.Equal(p.Logout, o.Logout) &&
		p.UnavailableRequired == o.UnavailableRequired && p.LogoutRequired == o.LogoutRequired && slices.Equal(p.Queues, o.Queues)
}

// allows are the activities that the class offers and the mode leaves to the desktop.
func (c *Class) allows(m opencti.TelephonyMode) activities {
	var out activities
	for _, a := range c.Supported {
		if c.permits(m, a) {
			out |= bits[a]
		}
	}
	return out
}

func (c *Class) permits(m opencti.TelephonyMode, a opencti.Activity) bool {
	login := a == opencti.LoginAgent || a == opencti.LogoutAgent
	return m.Permits(a) || login && c.LoginInSimpleMode
}

func (c *Class) offers(a opencti.Activity) error {
	if !slices.Contains(c.Supported, a) {
		return opencti.Errorf(opencti.NotSupportedByClass, "this link's implementation class does not offer %s", a)
	}
	return nil
}

// Backstage is what a session needs of the link behind it. It is called without the
// session's lock.
type Backstage interface {
	// Resync asks the CTI server anew for everything of the session, and returns when
	// the Snapshot has been told.
	Resync(ctx context.Context, s *Session) error
	// QueueStatistics asks for one queue.
	QueueStatistics(ctx context.Context, queue string) (opencti.QueueStatistics, error)
}

// Recorder is told what a successor of this pod must know: requests with an idempotency
// key (see Session.Remember), and what Session.Memory gives. It is called from many
// goroutines.
type Recorder interface {
	// Begun comes before anything is sent to the CTI server.
	Begun(key string, fingerprint []byte)
	// Answered comes with the answer; err is nil when the request was accepted.
	Answered(key, requestID string, err *opencti.Error)
	// Changed says that Session.Memory gives something else. It is called with the session
	// locked, for almost every event: it only notes.
	Changed()
	// Claimed comes before a desktop is told that it has a call's interaction. It returns
	// when a successor would know.
	Claimed()
}

// AnswerRecord is what a Recorder was told of one key.
type AnswerRecord struct {
	Key string
	// Number grows with each key that is begun, also over holders of the slot.
	Number      uint64
	Fingerprint []byte
	// Answered is false when the outcome is unknown; the fields below are empty then.
	Answered  bool
	RequestID string
	Error     *opencti.Error
}

// Adopt puts a newer class, policy and rules in force. Desktops get a Snapshot when what
// they may do has changed.
func (s *Session) Adopt(c Class, p Policy, set *rules.Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := s.policy.allowsAs(&p) && slices.Equal(s.class.Supported, c.Supported)
	s.class, s.policy, s.rules, s.allowed = c, p, set, c.allows(p.mode())
	if !same && (s.device != nil || s.down) { // else the first Snapshot is still to come
		s.tellSnapshot("", time.Now())
	}
}
