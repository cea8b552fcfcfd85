package cstaserver

import (
	"sync"
	"time"
)

// faults are what a switch does on a bad day, when a test asks for it.
type faults struct {
	mu          sync.Mutex
	refuseLogin bool
	noLicences  bool
	monitors    int           // licences; less than 0: any number
	silence     chan struct{} // closed when the silence ends; nil: none
	timer       *time.Timer
}

// DropConnections closes every connection, as a switch that restarts does.
func (s *Server) DropConnections() int {
	s.mu.Lock()
	all := s.everybody()
	s.mu.Unlock()
	for _, c := range all {
		c.close()
	}
	return len(all)
}

// RefuseLogin lets no further application in, as if its password were wrong.
func (s *Server) RefuseLogin(refuse bool) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.refuseLogin = refuse
}

func (f *faults) refusesLogin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refuseLogin
}

func (f *faults) monitorLimit() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.monitors
}

// NoLicences lets no further application in, as if every licence were taken.
func (s *Server) NoLicences(none bool) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.noLicences = none
}

func (f *faults) hasNoLicences() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.noLicences
}

// Silence leaves connections open but neither reads nor writes for a while;
// what should have been said comes late. Zero ends it.
func (s *Server) Silence(d time.Duration) {
	f := &s.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer != nil {
		f.timer.Stop()
		close(f.silence)
		f.timer, f.silence = nil, nil
	}
	if d <= 0 {
		return
	}
	over := make(chan struct{})
	f.silence = over
	f.timer = time.AfterFunc(d, func() { f.endSilence(over) })
}

// endSilence ends this silence, unless another one has taken its place.
func (f *faults) endSilence(over chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.silence == over {
		close(over)
		f.timer, f.silence = nil, nil
	}
}

// await blocks through a silence, at most until done.
func (f *faults) await(done <-chan struct{}) {
	for {
		f.mu.Lock()
		silence := f.silence
		f.mu.Unlock()
		if silence == nil {
			return
		}
		select {
		case <-silence:
		case <-done:
			return
		}
	}
}
