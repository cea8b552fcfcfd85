package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Pools is what a link tells supervisors. It is safe for concurrent use.
type Pools interface {
	// HasPool says whether the pool brings agents to the link.
	HasPool(pool string) bool
	// PoolQueues lists the queues for which its agents work.
	PoolQueues(pool string) []string
	// PoolSessions gives its open sessions, and a channel that is closed when some open
	// or close.
	PoolSessions(pool string) (open []*session.Session, changed <-chan struct{})
}

var _ Pools = (*link.Link)(nil)

// poolInterval is the least time between two events of a pool's queue.
const poolInterval = 5 * time.Second

// lookAnyway is how often a session is looked at that has no news: telephony modes and
// hidden events keep changes out of its log.
const lookAnyway = 2 * time.Second

// PoolSession is a session as supervisors see it: states, and no call data.
type PoolSession struct {
	Session  string             `json:"session" doc:"The session's name in URLs."`
	AgentID  string             `json:"agentId,omitempty"`
	DN       string             `json:"dn"`
	Link     opencti.EventName  `json:"link" enum:"LinkUp,LinkDown" doc:"Whether the CTI server tells of this device now."`
	Agent    opencti.AgentState `json:"agent"`
	Reason   string             `json:"reason,omitempty" doc:"The pool's label of the agent's reasonCode."`
	Calls    []PoolCall         `json:"calls"`
	OpenedAt time.Time          `json:"openedAt"`
}

// PoolCall is a call as supervisors see it.
type PoolCall struct {
	CallID        string            `json:"callId"`
	InteractionID string            `json:"interactionId" doc:"One for the life of the call, at every device that it comes to."`
	State         opencti.EventName `json:"state"`
	CallType      opencti.CallType  `json:"callType" enum:"INBOUND,OUTBOUND,INTERNAL,CONSULT,UNKNOWN"`
	Queue         string            `json:"queue,omitempty"`
	Since         time.Time         `json:"since" doc:"When the call came into its state."`
	StartedAt     time.Time         `json:"startedAt"`
	AnsweredAt    *time.Time        `json:"answeredAt,omitempty"`
}

// PoolEvent is an event of the supervisor's stream.
type PoolEvent struct {
	Type PoolEventType `json:"type" enum:"PoolSnapshot,SessionOpened,SessionClosed,LinkState,AgentState,CallStarted,CallState,CallEnded,QueueStatistics"`
	At   time.Time     `json:"at"`
	Pool string        `json:"pool"`
	// Sessions is there with PoolSnapshot alone.
	Sessions []PoolSession `json:"sessions,omitzero" doc:"With PoolSnapshot: all of them. They replace what was known."`
	// History is there with PoolSnapshot alone.
	History []QueueHistory `json:"history,omitzero" doc:"With PoolSnapshot: the last hour of the pool's queues, as far as this holder of the slot has seen it."`
	// One is the session of the other events; its calls and its agent are those now.
	One *PoolSession `json:"session,omitempty" doc:"The session that the event is of, as it is now."`
	// Call is the call that began, changed or ended.
	Call       *PoolCall                `json:"call,omitempty" doc:"The call that began, came into another state, or ended; its last known state then."`
	Statistics *opencti.QueueStatistics `json:"statistics,omitempty"`
}

// PoolEventType groups the events of a supervisor's stream; it is the SSE event field.
type PoolEventType string

// The types of a supervisor's events.
const (
	PoolSnapshot   PoolEventType = "PoolSnapshot"
	SessionOpened  PoolEventType = "SessionOpened"
	SessionClosed  PoolEventType = "SessionClosed"
	PoolLinkState  PoolEventType = "LinkState"
	PoolAgentState PoolEventType = "AgentState"
	CallStarted    PoolEventType = "CallStarted"
	PoolCallState  PoolEventType = "CallState"
	CallEnded      PoolEventType = "CallEnded"
	PoolStatistics PoolEventType = eventQueueStatistics
)

type poolInput struct {
	Pool string `path:"pool" maxLength:"253" doc:"The AgentPool." example:"support"`
}

func (s *Server) registerPools() {
	schema := s.api.OpenAPI().Components.Schemas.Schema(typeOf[PoolEvent](), true, "PoolEvent")
	huma.Register(s.api, huma.Operation{
		OperationID: "streamPool", Method: http.MethodGet, Path: "/v1/pools/{pool}/events", Tags: []string{"Supervisor"},
		Summary: "A pool's agents and queues, as they change",
		Description: "Server-sent events: a PoolSnapshot, then what changes, a quarter of a second late at most, and the pool's queues " +
			"every five seconds at most. Supervisors see the states of agents and calls, no call data. A stream that comes back starts " +
			"with a PoolSnapshot; there are no event ids. What begins and ends within one moment is not told.",
		Errors:    errorStatuses,
		Responses: map[string]*huma.Response{"200": {Description: "The stream.", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: schema}}}},
	}, s.streamPool)
}

func (s *Server) streamPool(ctx context.Context, in *poolInput) (*huma.StreamResponse, error) {
	l := linkOf(ctx)
	if !l.HasPool(in.Pool) {
		return nil, withStatus(http.StatusNotFound, opencti.InvalidRequest, "this link has no such AgentPool")
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		r, w := humago.Unwrap(c)
		documents := documentsOf(l)
		reader := s.polls.read(l, l.PoolQueues(in.Pool), poolInterval)
		defer reader.leave()
		sw := s.newSSE(w)
		v := newSupervision(l, in.Pool, &s.polls.history)
		queues := newTold()
		err := s.watch(r.Context(), l, sw, func() error {
			if err := v.add(sw, time.Now()); err != nil {
				return err
			}
			if documents.newer() {
				reader.turnTo(l, l.PoolQueues(in.Pool))
			}
			return v.addQueues(sw, queues, reader)
		}, reader.news)
		s.o.Log.Debug("A supervisor's stream ended", "pool", in.Pool, "why", err)
	}}, nil
}

// supervision is what one supervisor was told of a pool.
type supervision struct {
	of      Pools
	pool    string
	history *history
	begun   bool
	open    []*session.Session
	changed <-chan struct{} // closed when open is old
	told    map[*session.Session]*seen
}

// seen is what was told of a session, and when it was looked at.
type seen struct {
	PoolSession
	last session.EventID
	at   time.Time
}

func newSupervision(of Pools, pool string, h *history) *supervision {
	return &supervision{of: of, pool: pool, history: h, told: map[*session.Session]*seen{}}
}

// add adds what has changed since it was called last; the first time, everything.
func (v *supervision) add(sw *sseWriter, now time.Time) error {
	v.list()
	if !v.begun {
		v.begun = true
		all := []PoolSession{}
		for _, s := range v.open {
			all = append(all, v.look(s, now).PoolSession)
		}
		lastHour := v.history.lastHour(v.of.PoolQueues(v.pool), now)
		return v.tell(sw, PoolEvent{Type: PoolSnapshot, At: now, Pool: v.pool, Sessions: all, History: lastHour})
	}
	for _, e := range v.news(now) {
		if err := v.tell(sw, e); err != nil {
			return err
		}
	}
	return nil
}

// list lists the sessions anew when some have opened or closed.
func (v *supervision) list() {
	select {
	case <-v.changed:
	default:
		if v.changed != nil {
			return
		}
	}
	v.open, v.changed = v.of.PoolSessions(v.pool)
}

func (v *supervision) news(now time.Time) (out []PoolEvent) {
	open := make(map[*session.Session]bool, len(v.open))
	event := func(t PoolEventType, of *PoolSession, call *PoolCall) {
		out = append(out, PoolEvent{Type: t, At: now, Pool: v.pool, One: of, Call: call})
	}
	for _, s := range v.open {
		open[s] = true
		before, known := v.told[s]
		if known && s.Events.Last() == before.last && now.Sub(before.at) < lookAnyway {
			continue
		}
		after := v.look(s, now)
		if !known {
			event(SessionOpened, &after.PoolSession, nil)
			continue
		}
		changes(&before.PoolSession, &after.PoolSession, event)
	}
	for s, was := range v.told {
		if !open[s] {
			delete(v.told, s)
			event(SessionClosed, &was.PoolSession, nil)
		}
	}
	return out
}

// changes tells two looks at a session apart.
func changes(before, after *PoolSession, event func(PoolEventType, *PoolSession, *PoolCall)) {
	if before.Link != after.Link {
		event(PoolLinkState, after, nil)
	}
	was := map[string]*PoolCall{}
	for i := range before.Calls {
		was[before.Calls[i].CallID] = &before.Calls[i]
	}
	for i := range after.Calls {
		call := &after.Calls[i]
		old, known := was[call.CallID]
		delete(was, call.CallID)
		switch {
		case !known:
			event(CallStarted, after, call)
		case !old.StartedAt.Equal(call.StartedAt): // the switch uses the id again
			event(CallEnded, after, old)
			event(CallStarted, after, call)
		case old.State != call.State:
			event(PoolCallState, after, call)
		}
	}
	for i := range before.Calls {
		if old, gone := was[before.Calls[i].CallID]; gone {
			event(CallEnded, after, old)
		}
	}
	if !sameState(&before.Agent, &after.Agent) {
		event(PoolAgentState, after, nil)
	}
}

// sameState says whether supervisors would see no difference.
func sameState(a, b *opencti.AgentState) bool {
	return a.State == b.State && a.ReasonCode == b.ReasonCode && a.WorkMode == b.WorkMode && a.NativeState == b.NativeState &&
		a.PendingState == b.PendingState && a.PendingReasonCode == b.PendingReasonCode && a.Since.Equal(b.Since)
}

// look looks at a session and remembers what it saw.
func (v *supervision) look(s *session.Session, now time.Time) *seen {
	last := s.Events.Last() // before the snapshot: what comes in between is looked at again
	snap := s.Snapshot()
	sight := &seen{last: last, at: now, PoolSession: PoolSession{
		Session: snap.Session, AgentID: snap.AgentID, DN: snap.DN, Link: snap.Link, Agent: snap.Agent,
		Reason: labelOf(snap.Agent.ReasonCode, snap.ReasonCodes.Unavailable), Calls: []PoolCall{}, OpenedAt: snap.OpenedAt,
	}}
	for _, c := range snap.Calls {
		sight.Calls = append(sight.Calls, PoolCall{
			c.CallID, c.InteractionID, c.State, c.CallType, c.Queue, c.Since, c.StartedAt, c.AnsweredAt,
		})
	}
	v.told[s] = sight
	return sight
}

// labelOf is what the pool calls a reason; empty when it has no name for it.
func labelOf(code string, reasons []session.Reason) string {
	for _, r := range reasons {
		if r.Code == code {
			return r.Label
		}
	}
	return ""
}

func (v *supervision) addQueues(sw *sseWriter, t *told, reader *pollReader) error {
	return t.each(reader, func(latest *opencti.QueueStatistics) error {
		return v.tell(sw, PoolEvent{Type: PoolStatistics, At: latest.At, Pool: v.pool, Statistics: latest})
	})
}

func (v *supervision) tell(sw *sseWriter, e PoolEvent) error { return sw.addJSON(string(e.Type), e) }
