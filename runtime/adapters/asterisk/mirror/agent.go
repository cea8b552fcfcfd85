package mirror

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Agent is a telephone as a member of queues.
type Agent struct {
	// State is LoggedOut, Available, Busy, AfterCallWork or Unavailable.
	State  opencti.EventName
	Native string
	Reason string
	// Pending is what follows when the calls are over.
	Pending       opencti.EventName
	PendingReason string
	Cause         opencti.AgentCause
	WrapUpEndsAt  time.Time
	Queues        []opencti.QueueState
}

// Names of agents' changes; the others tell a state.
const (
	AgentLogin  = "AgentLogin"
	AgentLogout = "AgentLogout"
	AgentState  = "AgentState"
)

// member is a telephone in one queue.
type member struct {
	name     string
	status   int
	paused   bool
	reason   string
	lastCall time.Time // by Asterisk's clock
	wrapUp   time.Duration
}

// Device states (devicestate.h), as numbers in events of queues.
const (
	stateInUse       = 2
	stateBusy        = 3
	stateInvalid     = 4
	stateUnavailable = 5
	stateRinging     = 6
	stateRingInUse   = 7
	stateOnHold      = 8
)

func (s *member) busy() bool {
	return slices.Contains([]int{stateInUse, stateBusy, stateRinging, stateRingInUse, stateOnHold}, s.status)
}

func (s *member) unreachable() bool { return s.status == stateInvalid || s.status == stateUnavailable }

func (s *member) wrapsUpUntil() time.Time {
	if s.wrapUp <= 0 || s.lastCall.Unix() <= 0 {
		return time.Time{}
	}
	return s.lastCall.Add(s.wrapUp)
}

// autoPause is the reason that Asterisk itself gives (queues.conf, autopause).
const autoPause = "Auto-Pause"

func memberOf(msg ami.Message) *member {
	number := func(key string) int64 {
		n, err := strconv.ParseInt(msg.Get(key), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	name := msg.Get("MemberName")
	if name == "" {
		name = msg.Get("Name") // in lists
	}
	return &member{name: name, status: int(number("Status")), paused: msg.Get("Paused") == "1", reason: msg.Get("PausedReason"),
		lastCall: time.Unix(number("LastCall"), 0), wrapUp: time.Duration(min(number("Wrapuptime"), 86400)) * time.Second}
}

func (m *Mirror) memberChanged(msg ami.Message) {
	dn, queue := m.member(msg.Get("Interface")), msg.Get("Queue")
	if dn == "" || queue == "" {
		return
	}
	if m.members[dn] == nil {
		if len(m.members) >= membersBound {
			return
		}
		m.members[dn] = map[string]*member{}
	}
	if _, known := m.members[dn][queue]; !known && len(m.members[dn]) >= channelsBound {
		return
	}
	m.members[dn][queue] = memberOf(msg)
	m.settleAgent(dn)
}

func (m *Mirror) memberRemoved(msg ami.Message) {
	dn := m.member(msg.Get("Interface"))
	delete(m.members[dn], msg.Get("Queue"))
	if len(m.members[dn]) == 0 {
		delete(m.members, dn)
	}
	m.settleAgent(dn)
}

// settleAgent derives the state of an agent and tells it if it differs.
func (m *Mirror) settleAgent(dn string) {
	was, known := m.agents[dn]
	is, until := m.agent(dn)
	if m.wrapping[dn] = until; until.IsZero() {
		delete(m.wrapping, dn)
	}
	if !known && is.State == opencti.LoggedOut || known && same(was, is) {
		return
	}
	if is.State == opencti.LoggedOut {
		delete(m.agents, dn)
		m.tell(Change{Name: AgentLogout, DN: dn, Agent: is})
		return
	}
	m.agents[dn] = is
	if !known {
		m.tell(Change{Name: AgentLogin, DN: dn, Agent: is})
	}
	m.tell(Change{Name: AgentState, DN: dn, Agent: is})
}

func same(a, b Agent) bool {
	return a.State == b.State && a.Native == b.Native && a.Reason == b.Reason && a.Pending == b.Pending &&
		a.PendingReason == b.PendingReason && a.WrapUpEndsAt.Equal(b.WrapUpEndsAt) && slices.Equal(a.Queues, b.Queues)
}

// Agent says how an agent is now.
func (m *Mirror) Agent(dn string) Agent {
	a, _ := m.agent(dn)
	return a
}

// agent says, too, when the first wrap-up in one of the queues ends.
func (m *Mirror) agent(dn string) (out Agent, until time.Time) {
	members := m.members[dn]
	if len(members) == 0 {
		return Agent{State: opencti.LoggedOut, Native: "not a member"}, time.Time{}
	}
	busy := m.hasCalls(dn)
	// A telephone whose state is a hint is in use by do-not-disturb, too (FreePBX).
	disturb := m.disturb[dn] && !busy && slices.ContainsFunc(slices.Collect(maps.Values(members)), (*member).busy)
	paused, reason, unreachable := true, "", true
	for _, s := range members {
		busy = busy || s.busy() && !disturb
		paused = paused && s.paused
		unreachable = unreachable && s.unreachable()
		if s.paused && (reason == "" || s.reason < reason) {
			reason = s.reason
		}
	}
	for _, queue := range slices.Sorted(maps.Keys(members)) {
		out.Queues = append(out.Queues, opencti.QueueState{Name: queue, State: m.queueState(members[queue], busy, disturb, &until)})
	}
	switch {
	case busy && paused:
		out.State, out.Native, out.Pending, out.PendingReason = opencti.Busy, "in use", opencti.Unavailable, reason
	case busy:
		out.State, out.Native = opencti.Busy, "in use"
	case unreachable:
		out.State, out.Native, out.Cause = opencti.Unavailable, "unavailable", opencti.CauseSystem
	case paused && reason == opencti.AfterCallWorkMode:
		out.State, out.Native = opencti.AfterCallWork, "paused"
	case paused:
		out.State, out.Native, out.Reason = opencti.Unavailable, "paused", reason
		if reason == autoPause {
			out.Cause = opencti.CauseNoAnswer
		}
	case disturb:
		out.State, out.Native = opencti.Unavailable, "do not disturb"
	case slices.ContainsFunc(out.Queues, func(q opencti.QueueState) bool { return q.State == opencti.Available }):
		out.State, out.Native = opencti.Available, "not in use"
	default:
		out.State, out.Native, out.WrapUpEndsAt = opencti.AfterCallWork, "wrap-up", until
	}
	return out, until
}

// queueState is an agent's state for one queue; ends becomes the end of its wrap-up, if that is sooner.
func (m *Mirror) queueState(s *member, busy, disturb bool, ends *time.Time) opencti.EventName {
	until := s.wrapsUpUntil()
	switch {
	case s.paused || s.unreachable() || disturb && s.busy():
		return opencti.Unavailable
	case busy:
		return opencti.Busy
	case until.After(m.clock.Add(m.skew)):
		if local := until.Add(-m.skew); ends.IsZero() || local.Before(*ends) {
			*ends = local
		}
		return opencti.AfterCallWork
	}
	return opencti.Available
}

func (m *Mirror) hasCalls(dn string) bool {
	return slices.ContainsFunc(m.legs[dn], func(leg *Channel) bool { return len(leg.calls) > 0 })
}

// Where gives the telephone at which an agent is logged in; empty: at none.
func (m *Mirror) Where(agentID string) string {
	for dn, queues := range m.members {
		for _, s := range queues {
			if s.name == agentID {
				return dn
			}
		}
	}
	return ""
}

// DoNotDisturb says whether the telephone is set so.
func (m *Mirror) DoNotDisturb(dn string) bool { return m.disturb[dn] }
