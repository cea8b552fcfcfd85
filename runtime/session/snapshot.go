package session

import (
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Snapshot is everything that a desktop must know to be right, as far as its telephony
// mode shows it: in the simple modes the calls are those that are offered and not yet
// answered; in Simple the agent's state is LoggedIn or LoggedOut, and no more.
type Snapshot struct {
	Session string `json:"session" doc:"The session's name in the URL."`
	DN      string `json:"dn"`
	AgentID string `json:"agentId,omitempty"`
	Pool    string `json:"pool,omitempty" doc:"The pool that brought the agent."`
	// Mode decides which activities and events this desktop has.
	Mode         opencti.TelephonyMode `json:"mode" enum:"Simple,SimpleWithAgentState,Full" doc:"Decides which activities and events this desktop has."`
	LastEvent    string                `json:"lastEventId" doc:"The snapshot contains all events up to this one."`
	Link         opencti.EventName     `json:"link" enum:"LinkUp,LinkDown" doc:"Whether the CTI server can be reached now."`
	Agent        opencti.AgentState    `json:"agent" doc:"In the mode Simple LoggedIn, LoggedOut or Unknown, and no more."`
	DoNotDisturb bool                  `json:"doNotDisturb" doc:"The device takes no calls."`
	Calls        []*opencti.Call       `json:"calls" doc:"In the modes Simple and SimpleWithAgentState those that are offered and not yet answered."`
	ReasonCodes  ReasonCodes           `json:"reasonCodes"`
	// Activities are possible now without a call of their own.
	Activities []opencti.Activity `json:"activities" doc:"What is possible now besides what the calls list."`
	OpenedAt   time.Time          `json:"openedAt"`
}

// Snapshot tells the state now.
func (s *Session) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot()
}

func (s *Session) snapshot() *Snapshot {
	snap := &Snapshot{
		Session: s.Key(), DN: s.dn, AgentID: s.agentID, Pool: s.policy.Pool, Mode: s.policy.mode(), LastEvent: s.Events.Last().String(),
		Link: opencti.LinkUp, Agent: s.shownAgent(), DoNotDisturb: s.state.doNotDisturb, Calls: []*opencti.Call{},
		ReasonCodes: s.policy.reasonCodes(), Activities: s.possibleNow().list(), OpenedAt: s.opened,
	}
	if s.device == nil {
		snap.Link = opencti.LinkLost
	}
	for _, c := range s.state.ordered() {
		if s.showsCall(c) {
			shown := clone(c)
			shown.Capabilities = s.capabilities(c).list()
			snap.Calls = append(snap.Calls, shown)
		}
	}
	return snap
}

// showsCall says whether the mode shows the call: simple modes show what is offered.
func (s *Session) showsCall(c *call) bool {
	return s.policy.mode() == opencti.Full || c.State == opencti.Offering
}

// shownAgent is the agent's state as far as the mode shows it. Simple does not follow
// it; what a Snapshot tells there is true until the next one, which comes with each login
// and logout.
func (s *Session) shownAgent() opencti.AgentState {
	a := s.state.agent
	if s.policy.mode() != opencti.Simple {
		return a
	}
	out := opencti.AgentState{State: a.State, Since: s.state.loginSince}
	if a.LoggedIn() {
		out.State = opencti.LoggedIn
	}
	return out
}

// tellSnapshot appends a Snapshot. Its lastEventId is its own id.
func (s *Session) tellSnapshot(causedBy string, received time.Time) {
	snap := s.snapshot()
	last := s.Events.Last()
	snap.LastEvent = EventID{last.Epoch, last.Sequence + 1}.String()
	s.told = s.possibleNow()
	for _, c := range s.state.calls {
		c.told = s.capabilities(c)
	}
	s.tell(&Event{Name: opencti.SnapshotEvent, Snapshot: snap, CausedBy: causedBy}, received)
}

// FreshSnapshot makes the Snapshot event for one reader that starts or fell behind.
// It is not in the log; its id is that of the newest event it contains.
func (s *Session) FreshSnapshot() (*Event, EventID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.Events.Last()
	return &Event{
		ID: last.String(), Type: opencti.TypeSnapshot, Name: opencti.SnapshotEvent, At: time.Now(),
		DN: s.dn, AgentID: s.agentID, Snapshot: s.snapshot(),
	}, last
}
