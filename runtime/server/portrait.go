package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait"
	"github.com/ctilink/ctilink-operator/runtime/server/portrait/names"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// PortraitOptions say how the link's Portrait front is, see docs/portrait.md.
type PortraitOptions struct {
	portrait.Settings
	// TokenInPath lets clients that cannot set a header send the desktop token in the path:
	// POST /portrait/<token>. Paths are written to the logs of proxies, so it is the weaker way.
	TokenInPath bool
}

const portraitPath = "/portrait"

// isPortrait says of both of the front's paths that they are.
func isPortrait(path string) bool {
	return path == portraitPath || strings.HasPrefix(path, portraitPath+"/")
}

func (s *Server) registerPortrait() {
	s.portrait = portrait.New(portrait.Options{
		Sessions: portraitSessions{s}, Audit: auditPortrait, Log: s.o.Log,
		Settings: func() portrait.Settings { return s.portraitOptions().Settings },
	})
	s.work.Handle("POST "+portraitPath, s.portrait)
}

// portraitOptions are those in force.
func (s *Server) portraitOptions() PortraitOptions {
	if s.o.Portrait == nil {
		return PortraitOptions{}
	}
	return s.o.Portrait()
}

// portraitDoor takes the token from the path, where that is allowed.
func (s *Server) portraitDoor(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := r.PathValue("token")
		if token == "" {
			next(w, r)
			return
		}
		if !s.portraitOptions().TokenInPath {
			writeProblem(w, withStatus(http.StatusForbidden, opencti.Forbidden, "this link takes no token in the path; send Authorization: Bearer <token>"))
			return
		}
		inHeader := r.Clone(r.Context())
		inHeader.URL.Path, inHeader.URL.RawPath = portraitPath, ""
		inHeader.Header.Set("Authorization", "Bearer "+token)
		next(w, inHeader)
	}
}

// guardPortrait bounds and checks a document before it goes anywhere. A client has the
// allowance of its session: many share the address of a proxy.
func (s *Server) guardPortrait(w http.ResponseWriter, r *http.Request, l *limits) *Problem {
	p := readBody(w, r)
	var doc *portrait.Request
	if p == nil {
		doc, p = s.readPortrait(w, r)
	}
	if l == nil {
		return p
	}
	if p == nil {
		if t, err := s.signer.verify(doc.TokenOfSession()); err == nil {
			return tooMany(l.sessions.take(t.key()))
		}
	}
	if slow := tooMany(l.addresses.take(clientOf(r))); slow != nil {
		return slow
	}
	return p
}

// readPortrait reads the document and puts it back.
func (s *Server) readPortrait(w http.ResponseWriter, r *http.Request) (*portrait.Request, *Problem) {
	doc, status, err := s.portrait.Read(w, r)
	if r.GetBody != nil {
		r.Body, _ = r.GetBody()
	}
	if err == nil {
		return doc, nil
	}
	p := withStatus(status, opencti.InvalidRequest, err.Error())
	var m *portrait.Mistake
	if errors.As(err, &m) && m.Element != "" {
		p.Errors = []InvalidMember{{Location: m.Element, Message: p.Message}}
	}
	return doc, p
}

func auditPortrait(w http.ResponseWriter, r *http.Request, o portrait.Outcome) {
	rec := recordOf(r.Context())
	if o.Request != "" {
		rec.operation = o.Request
	}
	rec.requestID = o.RequestID
	rec.silent = o.Poll && o.Code == ""
	if o.Session != nil {
		rec.of(o.Session)
	}
	w.Header().Set(headerCode, string(o.Code))
}

// xmlProblems lets problems be told to the clients of the front as they can read them.
type xmlProblems struct {
	http.ResponseWriter
	names names.Names
}

// Unwrap lets http.ResponseController reach what is beneath.
func (x *xmlProblems) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// inXML finds the writer of problems in XML, if the answer is to be in XML.
func inXML(w http.ResponseWriter) (*xmlProblems, bool) {
	for {
		switch inner := w.(type) {
		case *xmlProblems:
			return inner, true
		case interface{ Unwrap() http.ResponseWriter }:
			w = inner.Unwrap()
		default:
			return nil, false
		}
	}
}

// body is the problem as the front tells it.
func (x *xmlProblems) body(p *Problem) []byte {
	f := &portrait.Failure{Why: opencti.Errorf(p.Code, "%s", p.Message).WithDetail(p.Detail)}
	if len(p.Errors) > 0 {
		f.Element = p.Errors[0].Location
	}
	return portrait.Write(&portrait.Answer{Failed: f}, x.names, portrait.UTF8)
}

// portraitSessions are the sessions of the link at work, for the front.
type portraitSessions struct{ *Server }

var _ portrait.Sessions = portraitSessions{}

// Open implements portrait.Sessions.
func (s portraitSessions) Open(ctx context.Context, o portrait.Opening) (*session.Session, bool, error) {
	rec := recordOf(ctx)
	rec.agent, rec.device = o.AgentID, opencti.Mask(o.DN)
	opened, isNew, err := linkOf(ctx).Open(ctx, link.Request{
		DN: o.DN, AgentID: o.AgentID, TakeOver: o.TakeOver,
		Presence: session.Presence{Workstation: o.Workstation, ClientHandle: o.ClientHandle},
	})
	return opened, isNew, err
}

// Restore implements portrait.Sessions.
func (s portraitSessions) Restore(ctx context.Context, token string) (*session.Session, bool, error) {
	t, err := s.signer.verify(token)
	if err != nil {
		return nil, false, anew(opencti.Forbidden, "CLIENTID is not valid here, or older than a day")
	}
	l := linkOf(ctx)
	switch l.EndedSince(t.key(), time.Unix(t.Issued, 0)) {
	case link.Closed:
		return nil, false, anew(opencti.InvalidState, "the session was closed")
	case link.TakenOver:
		return nil, false, errTakenOver
	}
	found, opened, err := l.Open(ctx, t.request())
	if e := opencti.AsError(err); e != nil && e.Code == opencti.SessionTakenOver {
		err = errTakenOver
	}
	return found, opened, err
}

var errTakenOver = anew(opencti.SessionTakenOver, "another desktop has taken the session over")

func anew(code opencti.ErrorCode, message string) error {
	return &portrait.Failure{Why: opencti.Errorf(code, "%s; send CTICLIENTINITIALIZE", message), First: "CTICLIENTINITIALIZE"}
}

// Find implements portrait.Sessions.
func (s portraitSessions) Find(ctx context.Context, token string) *session.Session {
	t, err := s.signer.verify(token)
	if err != nil {
		return nil
	}
	found, _ := linkOf(ctx).Session(t.key())
	if found == nil || found.DN() != t.DN || linkOf(ctx).EndedSince(t.key(), time.Unix(t.Issued, 0)) != "" {
		return nil
	}
	return found
}

// Current implements portrait.Sessions.
func (s portraitSessions) Current(ctx context.Context, of *session.Session) bool {
	found, ok := linkOf(ctx).Session(of.Key())
	return ok && found == of
}

// Token implements portrait.Sessions.
func (s portraitSessions) Token(of *session.Session) string { return s.signer.sign(tokenOf(of)) }

// Close implements portrait.Sessions.
func (s portraitSessions) Close(ctx context.Context, of *session.Session) error {
	return linkOf(ctx).Close(ctx, of.Key())
}
