package server

import (
	"sync"
	"weak"

	"github.com/ctilink/ctilink-operator/runtime/server/pega"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// presences knows where each session's user sits: the desktop said so when it opened the
// session, and its session token says so again at another pod. It is safe for concurrent
// use.
type presences struct {
	mu sync.Mutex
	by map[string]presence // by session key
}

type presence struct {
	session weak.Pointer[session.Session] // its log is large, and it may be closed without us
	pega.Presence
}

// set notes what a desktop says. One that joins and says nothing changes nothing.
func (p *presences) set(s *session.Session, to pega.Presence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if to == (pega.Presence{}) && p.by[s.Key()].session == weak.Make(s) {
		return
	}
	if p.by == nil {
		p.by = map[string]presence{}
	}
	p.by[s.Key()] = presence{weak.Make(s), to}
}

// knows says whether a desktop said anything of the session, if only nothing.
func (p *presences) knows(s *session.Session) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.by[s.Key()].session == weak.Make(s)
}

// of is empty for a session of which nothing was said.
func (p *presences) of(s *session.Session) pega.Presence {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known := p.by[s.Key()]; known.session == weak.Make(s) {
		return known.Presence
	}
	return pega.Presence{}
}

func (p *presences) forget(s *session.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by[s.Key()].session == weak.Make(s) {
		delete(p.by, s.Key())
	}
}

// Presence tells the workstation and the client handle of a session; the event sink adds
// them to each event.
func (s *Server) Presence(of *session.Session) pega.Presence { return s.presences.of(of) }
