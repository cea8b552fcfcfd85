package cstaserver

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// sessions are all application sessions, with those that wait for their
// application.
type sessions struct {
	mu    sync.Mutex
	all   map[string]*session
	limit int           // less than 0: none
	keep  time.Duration // even if the application did not ask for it
}

func (s *Server) addSession(item *session) (fits bool) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	limit := s.cfg.MaxConnections // also of those that wait
	if licences := s.sessions.limit; licences >= 0 {
		limit = min(limit, licences)
	}
	if len(s.sessions.all) >= limit {
		return false
	}
	s.sessions.all[item.id] = item
	return true
}

func (s *Server) dropSession(item *session) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	delete(s.sessions.all, item.id)
}

func (s *Server) resumable(id string) *session {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	return s.sessions.all[id]
}

func (s *Server) everySession() []*session {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	return slices.Collect(maps.Values(s.sessions.all))
}

func (s *Server) keeps() time.Duration {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	return s.sessions.keep
}

// Sessions counts them, those included that wait for their application.
func (s *Server) Sessions() int {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	return len(s.sessions.all)
}

// KeepSessions keeps those that lose their connection for so long, whatever their
// application asked for; 0 ends it.
func (s *Server) KeepSessions(d time.Duration) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	s.sessions.keep = d
}

// ExpireSessions ends all sessions as if none of their timers had been reset.
func (s *Server) ExpireSessions() (ended int) {
	all := s.everySession()
	for _, item := range all {
		item.expire()
	}
	return len(all)
}

// forgetSessions ends all sessions without a word.
func (s *Server) forgetSessions() {
	for _, item := range s.everySession() {
		item.end(false)
	}
}

// Limit is how many sessions and monitors there may be, of all applications; less
// than 0 is any number. Those that there are count.
func (s *Server) Limit(sessions, monitors int) {
	s.sessions.mu.Lock()
	s.sessions.limit = sessions
	s.sessions.mu.Unlock()
	s.faults.mu.Lock()
	s.faults.monitors = monitors
	s.faults.mu.Unlock()
}
