package cstaserver

import (
	"net"
	"sync"
	"time"
)

// journalSize bounds the requests that are remembered: some minutes of a busy link.
const journalSize = 16384

// Request is a request that reached the switch.
type Request struct {
	// Number counts the requests since the start.
	Number uint64    `json:"number"`
	At     time.Time `json:"at"`
	// Connection counts the connections since the start; Peer is the address of its
	// other end, without the port.
	Connection uint64 `json:"connection"`
	Peer       string `json:"peer"`
	// Name is the request's in ECMA-323 or ECMA-354.
	Name string `json:"request"`
}

// journal remembers who asked what and when, so that tests can tell whether two
// applications ever worked at the same time.
type journal struct {
	mu      sync.Mutex
	started time.Time
	last    uint64
	ring    []Request // the newest; number n is at (n-1)%journalSize
}

func newJournal() *journal { return &journal{started: time.Now()} }

func (j *journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	r.Number, r.At = j.last, time.Now()
	if len(j.ring) < journalSize {
		j.ring = append(j.ring, r)
		return
	}
	j.ring[(j.last-1)%journalSize] = r
}

// after lists what came after a number, as far as it is remembered.
func (j *journal) after(number uint64) []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	if forgotten := j.last - uint64(len(j.ring)); number < forgotten {
		number = forgotten
	}
	out := []Request{}
	for n := number; n < j.last; n++ {
		out = append(out, j.ring[n%journalSize])
	}
	return out
}

// Started is when the server's memory begins.
func (s *Server) Started() time.Time { return s.journal.started }

// Requests lists the requests after a number, oldest first.
func (s *Server) Requests(after uint64) []Request { return s.journal.after(after) }

// host is the address without the port.
func host(a net.Addr) string {
	h, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return h
}
