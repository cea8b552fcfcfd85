package server

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait"
	"github.com/ctilink/ctilink-operator/runtime/slots"
	"github.com/ctilink/ctilink-operator/web"
)

// Names of the headers.
const (
	// HeaderSession carries the signed session token.
	HeaderSession = "Ctilink-Session"
	// HeaderResume says how a stream went on: replayed or snapshot.
	HeaderResume = "Ctilink-Resume"
	// headerHolder names the holder that a proxied request is meant for.
	headerHolder = "Ctilink-Expected-Holder"
)

// Routing says who does the work of the slot.
type Routing interface {
	// Local gives the link when this pod holds the slot.
	Local() (*link.Link, bool)
	// Holder is what is known of the holder, and a channel closed when that was
	// looked up again.
	Holder() (slots.Holder, <-chan struct{})
	// Refresh looks the holder up now.
	Refresh(ctx context.Context) error
	// Identity is this pod's own.
	Identity() string
}

// Options is what a Server is made of.
type Options struct {
	// Link is the name of the link.
	Link string
	// Version of the runtime, for the API document.
	Version string
	Routing Routing
	// Token gives the desktop token.
	Token func() (string, error)
	// IngestToken gives the token of POST /v1/events; nil: the link takes no events.
	IngestToken func() (string, error)
	// SessionKey signs session tokens; all pods of a link have the same.
	SessionKey []byte
	// Peers reaches other pods of the link with mutual TLS; nil when standalone.
	Peers http.RoundTripper
	// MayAct says whether this pod may still speak for the slot.
	MayAct func() error
	Log    *slog.Logger
	Limits Limits
	// AllowedOrigins are those of other origins whose pages may use the API, such as
	// https://crm.example; * is not one.
	AllowedOrigins []string
	// KeepAlive is the time between the comments on an idle stream; 15 s when zero.
	KeepAlive time.Duration
	// WriteTimeout bounds one write to a stream that nobody reads; 10 s when zero.
	WriteTimeout time.Duration
	// Portrait gives what is in force for the front at /portrait; nil: the defaults. It is safe
	// for concurrent use.
	Portrait func() PortraitOptions
}

// Server answers desktops and other pods. It is safe for concurrent use.
type Server struct {
	o      Options
	signer tokenSigner
	api    huma.API
	work   *http.ServeMux // the API at work on the local link
	docs   []byte

	portrait *portrait.Front
	departed departed
	polls    polls
	posted   postedIDs
	limits   *limits
	auditLog auditLog
}

// New makes the server.
func New(o Options) *Server {
	if o.KeepAlive == 0 {
		o.KeepAlive = 15 * time.Second
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = 10 * time.Second
	}
	s := &Server{
		o: o, work: http.NewServeMux(), signer: tokenSigner{o.SessionKey, o.Link, time.Now}, limits: newLimits(o.Limits),
		auditLog: auditLog{refusals: rate.NewLimiter(refusalsLogged, int(refusalsLogged))},
	}
	s.register()
	s.registerPortrait()
	s.docs = renderDocs(s.api.OpenAPI())
	return s
}

// OpenAPI is the API's document in JSON.
func (s *Server) OpenAPI() ([]byte, error) { return s.api.OpenAPI().MarshalJSON() }

// Desktop is the handler of the desktop port.
func (s *Server) Desktop() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /docs", s.serveDocs)
	mux.HandleFunc("GET /openapi.json", s.serveOpenAPI)
	mux.HandleFunc("GET /openapi.yaml", s.serveOpenAPI)
	mux.Handle("GET /{$}", http.RedirectHandler("/docs", http.StatusFound))
	mux.HandleFunc("GET /pega_cti_desktopAPI.js", serveScript)
	mux.Handle("GET /toolbar/", web.Toolbar(s.o.AllowedOrigins...))
	work := func(w http.ResponseWriter, r *http.Request) {
		if p := s.guard(w, r, s.limits); p != nil {
			writeProblem(w, p)
			return
		}
		s.route(w, r)
	}
	mux.HandleFunc("/v1/", work)
	mux.HandleFunc("POST "+portraitPath, work)
	mux.HandleFunc("POST "+portraitPath+"/{token}", s.portraitDoor(work))
	mux.HandleFunc("/", s.notFound)
	return s.audit(clientOf, s.survive(secure(s.cors(mux))))
}

// Peer is the handler of the peer port: other pods of the link send requests that
// are for the slot's holder. A pod that is not the holder says 421, and the sender
// looks the holder up again (RFC 9110, 15.5.20).
func (s *Server) Peer() http.Handler {
	passedOn := func(r *http.Request) string { return r.Header.Get(headerClient) }
	return s.audit(passedOn, s.survive(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l, ok := s.o.Routing.Local()
		if !ok || r.Header.Get(headerHolder) != s.o.Routing.Identity() {
			recordOf(r.Context()).passedOn = true // whoever sent it asks another
			w.WriteHeader(http.StatusMisdirectedRequest)
			return
		}
		if p := s.guard(w, r, nil); p != nil {
			writeProblem(w, p)
			return
		}
		s.serve(w, r, l)
	})))
}

// guard authenticates, bounds and reads the body. What another pod passes on was bounded
// there.
func (s *Server) guard(w http.ResponseWriter, r *http.Request, l *limits) *Problem {
	p := s.authenticate(r)
	switch {
	case p != nil && l != nil:
		return l.refuse(r, p)
	case p != nil:
		return p
	}
	recordOf(r.Context()).who = s.credentialFor(r).name
	if isPortrait(r.URL.Path) {
		return s.guardPortrait(w, r, l)
	}
	if l != nil {
		if p := l.admit(r); p != nil {
			return p
		}
	}
	return readBody(w, r)
}

type linkKey struct{}

// serve does the work on the local link.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, l *link.Link) {
	r = r.WithContext(context.WithValue(r.Context(), linkKey{}, l))
	if _, pattern := s.work.Handler(r); pattern == "" {
		s.notFound(w, r)
		return
	}
	s.work.ServeHTTP(w, r)
}

func linkOf(ctx context.Context) *link.Link { return ctx.Value(linkKey{}).(*link.Link) }

// notFound tells an unknown path from a known one with another method.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = method
		if _, pattern := s.work.Handler(probe); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		message := "use " + strings.Join(allowed, " or ") + " on this path; /docs lists all"
		writeProblem(w, withStatus(http.StatusMethodNotAllowed, opencti.InvalidRequest, message))
		return
	}
	message := "there is nothing at this path; /docs lists all"
	if strings.Contains(r.URL.Path, "/activities/") {
		message = "there is no such activity; /docs lists all"
	}
	writeProblem(w, withStatus(http.StatusNotFound, opencti.InvalidRequest, message))
}

// serveScript serves the functions that Pega's desktop calls.
func serveScript(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "max-age=300")
	// Pages of another origin load it, too; what it then may do the allow-list says.
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	_, _ = w.Write(web.PegaDesktopAPI) // the client may be gone
}

// secure sets the headers that every answer has.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}
