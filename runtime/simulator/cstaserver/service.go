package cstaserver

import (
	"maps"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// The addresses of a switch, in the order of Serve's listeners.
const (
	Primary   = 0
	Secondary = 1
)

// SwitchOver puts one of the addresses into service, and breaks the connections of
// the others. A primary that is out of service closes whoever connects; a standby
// refuses logins.
func (s *Server) SwitchOver(entrance int) {
	s.mu.Lock()
	s.serving = entrance
	others := slices.DeleteFunc(s.everybody(), func(c *connection) bool { return c.entrance == entrance })
	s.mu.Unlock()
	s.forgetSessions() // neither knows those of the other
	for _, c := range others {
		c.close()
	}
}

func (s *Server) inService(entrance int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return entrance == s.serving
}

// everybody lists who is connected. The caller holds the mutex.
func (s *Server) everybody() []*connection { return slices.Collect(maps.Keys(s.connections)) }

// Restart forgets all sessions without a word, breaks all connections, does what
// is to be done meanwhile, and takes no connection for a while.
func (s *Server) Restart(down time.Duration, meanwhile func()) {
	s.closeUntil(time.Now().Add(time.Hour))
	s.forgetSessions()
	s.DropConnections()
	meanwhile()
	s.closeUntil(time.Now().Add(down))
}

func (s *Server) closeUntil(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closedUntil = t
}

// HalfOpen forgets those who are connected, and leaves them the socket: what they
// send is swallowed. The returned function closes it.
func (s *Server) HalfOpen() (closeThem func()) {
	s.mu.Lock()
	all := s.everybody()
	s.mu.Unlock()
	for _, c := range all {
		c.forgotten.Store(true)
		c.out.swallow()
	}
	s.forgetSessionsOf(all)
	return func() {
		for _, c := range all {
			c.close()
		}
	}
}

func (s *Server) forgetSessionsOf(gone []*connection) {
	for _, item := range s.everySession() {
		if slices.Contains(gone, item.on.Load()) {
			item.end(true)
		}
	}
}

// Announce tells every application how the switch is.
func (s *Server) Announce(status wire.SystemStatusValue) {
	for _, item := range s.everySession() {
		if c := item.on.Load(); c != nil {
			c.ask(wire.SystemStatus{Status: status})
		}
	}
}
