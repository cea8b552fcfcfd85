package portrait

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// Opening is the session that a client wants.
type Opening struct {
	DN, AgentID               string
	TakeOver                  bool
	Workstation, ClientHandle string
}

// Sessions are those of the link at work. Errors are what clients are told. It is safe for
// concurrent use.
type Sessions interface {
	// Open opens a session, or joins it; opened says which.
	Open(ctx context.Context, o Opening) (s *session.Session, opened bool, err error)
	// Restore finds the session of a token, or opens it anew.
	Restore(ctx context.Context, token string) (s *session.Session, opened bool, err error)
	// Find finds the session of a token; nil: it is not here.
	Find(ctx context.Context, token string) *session.Session
	// Current says whether a session is still that of its name.
	Current(ctx context.Context, s *session.Session) bool
	// Token is what Restore takes.
	Token(s *session.Session) string
	Close(ctx context.Context, s *session.Session) error
}

// Settings is what a deployment decides, and may change at any time.
type Settings struct {
	// Names are the deployment's.
	Names names.Names
	// SocketTimeout ends the registration of a client that is silent for longer; 120 s when
	// zero (guide, 3.2.1, socket_timeout).
	SocketTimeout time.Duration
}

// Options is what a Front is made of.
type Options struct {
	Sessions Sessions
	// Settings gives those in force; nil: the zero ones. It is safe for concurrent use.
	Settings func() Settings
	// Audit may be nil; it is told of each request before its answer is written.
	Audit func(http.ResponseWriter, *http.Request, Outcome)
	Log   *slog.Logger
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// DefaultSocketTimeout is Settings.SocketTimeout when it is zero.
const DefaultSocketTimeout = 120 * time.Second

// Outcome is what an audit line says of a request.
type Outcome struct {
	// Request is its name; empty where the document has none that is known.
	Request string
	// Poll: it asks for events, as clients do by themselves all day.
	Poll      bool
	RequestID string
	// Session is nil where the request came to none.
	Session *session.Session
	Code    opencti.ErrorCode
}

// Front answers Portrait's clients. It holds their registrations, and nothing that another
// pod could not make anew. It is safe for concurrent use.
type Front struct {
	o       Options
	clients clients
}

// New makes a front.
func New(o Options) *Front {
	if o.Settings == nil {
		o.Settings = func() Settings { return Settings{} }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Audit == nil {
		o.Audit = func(http.ResponseWriter, *http.Request, Outcome) {}
	}
	f := &Front{o: o}
	f.clients = clients{timeout: f.socketTimeout, now: o.Now, by: map[string]*client{}}
	return f
}

func (f *Front) socketTimeout() time.Duration {
	if t := f.o.Settings().SocketTimeout; t > 0 {
		return t
	}
	return DefaultSocketTimeout
}

// StandardNames is the query of a request that calls things by the table's own names, however
// the deployment's clients call them: POST /portrait?names=standard.
const StandardNames = "names=standard"

// NamesFor are the names under which a request is read and answered.
func (f *Front) NamesFor(r *http.Request) names.Names {
	if r.URL.RawQuery == StandardNames {
		return names.Names{}
	}
	return f.o.Settings().Names
}

// ServeHTTP answers one request. Its HTTP status is 200 where the document was understood,
// whether it could be done or not: an old client reads no other answer.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, status, err := f.Read(w, r)
	if err != nil {
		f.write(w, r, req, status, Refused(req, err), nil)
		return
	}
	a, s, err := f.answer(r.Context(), req)
	if err != nil {
		a = f.refused(req, err, s)
	}
	f.write(w, r, req, http.StatusOK, a, s)
}

// Read reads the request. The error is a *Mistake, status its HTTP status; the request says,
// as far as it was read, how to answer.
func (f *Front) Read(w http.ResponseWriter, r *http.Request) (req *Request, status int, err error) {
	n := f.NamesFor(r)
	req = &Request{charset: UTF8, names: n}
	contentType := r.Header.Get("Content-Type")
	if !isXML(contentType) {
		return req, http.StatusUnsupportedMediaType, mistaken("", "send Content-Type: text/xml")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, DocumentBound))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return req, http.StatusRequestEntityTooLarge, mistaken("", "the document is larger than %d bytes", DocumentBound)
	case err != nil:
		return req, http.StatusBadRequest, mistaken("", "the document did not arrive whole")
	}
	req, err = Read(n, contentType, body)
	return req, http.StatusBadRequest, err
}

// isXML lets a document pass whose sender does not say what it is.
func isXML(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return contentType == "" || kind == "text/xml" || kind == "application/xml"
}

// refused is the answer to a request that was not done. Whoever does not know whether it was
// gets the state, to see for itself.
func (f *Front) refused(r *Request, err error, s *session.Session) *Answer {
	a := Refused(r, err)
	if a.Failed.Element != "" {
		a.Failed.Element = r.names.Of(a.Failed.Element)
	}
	if a.Failed.Why.Code == opencti.OutcomeUnknown && s != nil {
		a.Snapshot = s.Snapshot()
	}
	return a
}

func (f *Front) write(w http.ResponseWriter, r *http.Request, req *Request, status int, a *Answer, s *session.Session) {
	out := Outcome{Request: req.Name, Poll: req.Name == getEvents, RequestID: a.RequestID, Session: s}
	if a.Failed != nil {
		out.Code = a.Failed.Why.Code
	}
	f.o.Audit(w, r, out)
	w.Header().Set("Content-Type", req.charset.ContentType())
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(Write(a, req.names, req.charset)) // the client may be gone
}
