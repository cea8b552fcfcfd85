package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// writeTimeout bounds one write to a desktop that does not read. It then comes back
// with its Last-Event-ID.
var writeTimeout = 10 * time.Second

type eventsInput struct {
	InSession
	LastEventID string `header:"Last-Event-ID" maxLength:"64" doc:"The id of the last event that the desktop has; absent: the stream starts with a Snapshot." example:"1767225600000-42"`
}

func (s *Server) registerEvents() {
	schema := s.api.OpenAPI().Components.Schemas.Schema(typeOf[session.Event](), true, "Event")
	huma.Register(s.api, huma.Operation{
		OperationID: "streamEvents", Method: http.MethodGet, Path: "/v1/sessions/{session}/events", Tags: []string{"Events"},
		Summary: "The session's events, as they happen",
		Description: "Server-sent events: `id` is <epoch>-<sequence>, `event` the event's type, `data` the event in JSON. " +
			"Numbers of one epoch have no gaps. With Last-Event-ID the missed events are replayed, or, where they are gone or the " +
			"slot has moved to another pod, the stream starts with a Snapshot; the header " + HeaderResume + " says which. " +
			"A comment every 15 seconds keeps the connection awake.",
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
	return &huma.StreamResponse{Body: func(c huma.Context) {
		r, w := humago.Unwrap(c)
		st := &stream{session: found, w: w, rc: http.NewResponseController(w), keepAlive: s.o.KeepAlive, mayAct: s.o.MayAct}
		err := st.run(r.Context(), last, in.LastEventID != "")
		s.o.Log.Debug("A stream ended", "agent", found.AgentID(), "device", opencti.Mask(found.DN()), "why", err)
	}}, nil
}

// stream writes a session's events to one desktop. It holds nothing but a cursor.
type stream struct {
	session   *session.Session
	w         http.ResponseWriter
	rc        *http.ResponseController
	keepAlive time.Duration
	mayAct    func() error
	buf       []byte
}

// run writes until the desktop, the session or the pod's hold on the slot is gone,
// and says which.
func (st *stream) run(ctx context.Context, last session.EventID, resume bool) error {
	replay := resume && st.session.Events.Holds(last)
	h := st.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Set(HeaderResume, map[bool]string{true: "replayed", false: "snapshot"}[replay])
	st.w.WriteHeader(http.StatusOK)
	// Desktops come back spread over a second, not all at once.
	st.buf = fmt.Appendf(st.buf[:0], "retry: %d\n\n", 500+rand.N(1000))
	seen := last.Sequence
	if !replay {
		var err error
		if seen, err = st.addSnapshot(); err != nil {
			return err
		}
	}
	if err := st.flush(); err != nil {
		return err
	}
	for {
		var err error
		if seen, err = st.next(ctx, seen); err != nil {
			return err
		}
	}
}

// next writes what came after seen, or a comment when nothing did for a while.
func (st *stream) next(ctx context.Context, seen uint64) (uint64, error) {
	wait, cancel := context.WithTimeout(ctx, st.keepAlive)
	entries, ok, err := st.session.Events.After(wait, seen)
	cancel()
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		st.buf = append(st.buf[:0], ": keep-alive\n\n"...)
		return seen, st.flush()
	case err != nil:
		return seen, err
	}
	st.buf = st.buf[:0]
	if !ok {
		if seen, err = st.addSnapshot(); err != nil {
			return seen, err
		}
		return seen, st.flush()
	}
	for _, e := range entries {
		st.add(e.ID, string(e.Type), e.JSON)
		seen = e.ID.Sequence
	}
	return seen, st.flush()
}

func (st *stream) addSnapshot() (uint64, error) {
	e, at := st.session.FreshSnapshot()
	b, err := json.Marshal(e)
	if err != nil {
		return 0, fmt.Errorf("encode snapshot: %w", err)
	}
	st.add(at, string(e.Type), b)
	return at.Sequence, nil
}

func (st *stream) add(id session.EventID, event string, data []byte) {
	st.buf = fmt.Appendf(st.buf, "id: %s\nevent: %s\ndata: ", id, event)
	st.buf = append(append(st.buf, data...), '\n', '\n')
}

func (st *stream) flush() error {
	if err := st.mayAct(); err != nil {
		return err
	}
	if err := st.rc.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := st.w.Write(st.buf); err != nil {
		return err
	}
	if err := st.rc.Flush(); err != nil {
		return err
	}
	// The connection may serve another request after the stream.
	if err := st.rc.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
