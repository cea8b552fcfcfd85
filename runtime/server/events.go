package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/pega"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// The formats of an event stream.
const (
	formatJSON        = "json"
	formatPegaServer  = "pega-server"
	formatPegaDesktop = "pega-desktop"
)

type eventsInput struct {
	InSession
	LastEventID string `header:"Last-Event-ID" maxLength:"64" doc:"The id of the last event that the desktop has; absent: the stream starts with a Snapshot." example:"1767225600000-42"`
	Format      string `query:"format" enum:"json,pega-server,pega-desktop" default:"json" doc:"How the events are told: ours, the 7.31 server-side guide's, or the 8.x client-side schemas'."`
}

func (s *Server) registerEvents() {
	schema := s.api.OpenAPI().Components.Schemas.Schema(typeOf[session.Event](), true, "Event")
	huma.Register(s.api, huma.Operation{
		OperationID: "streamEvents", Method: http.MethodGet, Path: "/v1/sessions/{session}/events", Tags: []string{"Events"},
		Summary: "The session's events, as they happen",
		Description: "Server-sent events: `id` is <epoch>-<sequence>, `event` the event's type, `data` the event in JSON. " +
			"Numbers of one epoch have no gaps. With Last-Event-ID the missed events are replayed, or, where they are gone or the " +
			"slot has moved to another pod, the stream starts with a Snapshot; the header " + HeaderResume + " says which. " +
			"A comment every 15 seconds keeps the connection awake. In Pega's formats one event may be several messages, of which " +
			"the last has the id, or none, and then there is an id without data. When somebody takes the session over, the stream ends " +
			"with an event `End`, whose data is the problem SessionTakenOver; else come back when it ends.",
		Errors: errorStatuses,
		Responses: map[string]*huma.Response{"200": {
			Description: "The stream.",
			Headers:     map[string]*huma.Param{HeaderResume: {Description: "replayed or snapshot", Schema: &huma.Schema{Type: huma.TypeString}}},
			Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: schema}},
		}},
	}, s.streamEvents)
}

func (s *Server) streamEvents(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	var last session.EventID
	if in.LastEventID != "" {
		var err error
		if last, err = session.ParseEventID(in.LastEventID); err != nil {
			return nil, newError(http.StatusBadRequest, "header Last-Event-ID: "+err.Error()+"; leave it out to start with a Snapshot")
		}
	}
	found, err := s.session(ctx, in.InSession)
	if err != nil {
		return nil, err
	}
	end, tooMany := s.limits.stream(found)
	if tooMany != nil {
		return nil, tooMany
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		r, w := humago.Unwrap(c)
		replay := in.LastEventID != "" && found.Events.Holds(last)
		w.Header().Set(HeaderResume, map[bool]string{true: "replayed", false: "snapshot"}[replay])
		leaves := mayLeave(w, r)
		st := &stream{sseWriter: s.newSSE(w), session: found, seen: last.Sequence, keepAlive: s.o.KeepAlive, tell: s.teller(in.Format, found)}
		begun := st.begin(replay)
		follow := func(ctx context.Context) {
			defer end()
			err := begun
			if err == nil {
				err = st.follow(ctx)
			}
			st.sayWhy(err)
			s.o.Log.Debug("A stream ended", "agent", found.AgentID(), "device", opencti.Mask(found.DN()), "why", err)
		}
		if !leaves || !s.leave(w, st.sseWriter, follow) {
			follow(r.Context())
		}
	}}, nil
}

// teller tells an event in a format; nil for ours, in which events are encoded already.
func (s *Server) teller(format string, of *session.Session) func(*session.Event) ([]pega.Message, error) {
	switch format {
	case formatPegaServer:
		return func(e *session.Event) ([]pega.Message, error) {
			m, err := pega.Server(e, of.Presence())
			return []pega.Message{m}, err
		}
	case formatPegaDesktop:
		return pega.Desktop
	}
	return nil
}

// stream writes a session's events to one desktop. It holds nothing but a cursor.
type stream struct {
	*sseWriter
	session   *session.Session
	seen      uint64 // number of the last event that was written
	keepAlive time.Duration
	idle      *time.Timer // fires when it may be time for a comment
	tell      func(*session.Event) ([]pega.Message, error)
}

// begin writes a Snapshot, unless what came after the last seen event is replayed.
func (st *stream) begin(replay bool) error {
	if replay {
		return st.flush()
	}
	return st.snapshot()
}

// follow writes until the desktop, the session or the pod's hold on the slot is gone, and
// says which.
func (st *stream) follow(ctx context.Context) error {
	st.idle = time.NewTimer(st.keepAlive)
	defer st.idle.Stop()
	for {
		if err := st.next(ctx); err != nil {
			return err
		}
	}
}

// next writes what came after seen, or a comment when nothing did for a while.
func (st *stream) next(ctx context.Context) error {
	entries, ok, err := st.session.Events.AfterOr(ctx, st.seen, st.idle.C)
	switch {
	case errors.Is(err, session.ErrInterrupted):
		return st.pause()
	case err != nil:
		return err
	case !ok:
		return st.snapshot()
	}
	for _, e := range entries {
		if err := st.addEntry(e); err != nil {
			return err
		}
		st.seen = e.ID.Sequence
	}
	return st.flush()
}

// pause writes a comment if nothing was written for so long. The timer is not set with
// each event, which would cost more than to look now and then.
func (st *stream) pause() error {
	left := st.keepAlive - time.Since(st.wrote)
	if left > 0 {
		st.idle.Reset(left)
		return nil
	}
	st.idle.Reset(st.keepAlive)
	st.sseWriter.keepAlive()
	return st.flush()
}

// snapshot writes all that is known now.
func (st *stream) snapshot() error {
	e, at := st.session.FreshSnapshot()
	st.seen = at.Sequence
	if st.tell != nil {
		if err := st.addTold(e); err != nil {
			return err
		}
		return st.flush()
	}
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode snapshot: %w", err)
	}
	st.add(at.String(), string(e.Type), b)
	return st.flush()
}

func (st *stream) addEntry(e session.Entry) error {
	if st.tell == nil {
		st.add(e.ID.String(), string(e.Type), e.JSON)
		return nil
	}
	var event session.Event
	if err := json.Unmarshal(e.JSON, &event); err != nil {
		return fmt.Errorf("decode event: %w", err)
	}
	return st.addTold(&event)
}

// addTold adds an event in another format. The id comes with the last of its messages:
// who breaks off in between gets them all again.
func (st *stream) addTold(e *session.Event) error {
	messages, err := st.tell(e)
	if err != nil {
		return err
	}
	if len(messages) == 0 {
		st.add(e.ID, "", nil)
		return nil
	}
	for i, m := range messages {
		id := ""
		if i == len(messages)-1 {
			id = e.ID
		}
		st.add(id, m.Type, m.JSON)
	}
	return nil
}
