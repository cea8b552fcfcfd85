package sink

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// atOnce is how many events of one session go out before another has its turn.
const atOnce = 32

// Sink posts events. It is safe for concurrent use.
type Sink struct {
	o      Options
	client *http.Client
	counts *counts
}

// New makes a sink, or says what is wrong with its options.
func New(o Options) (*Sink, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	o.setDefaults()
	return &Sink{o: o, client: client(&o), counts: newCounts()}, nil
}

// Status tells how deliveries go, and gives a channel that is closed when the reason
// changes or events are refused or lost.
func (s *Sink) Status() (Status, <-chan struct{}) { return s.counts.get() }

// Run delivers until the context ends.
func (s *Sink) Run(ctx context.Context) { s.serve(ctx, newDesk(s)) }

func (s *Sink) serve(ctx context.Context, d *desk) {
	defer s.client.CloseIdleConnections()
	var workers sync.WaitGroup
	for range s.o.Workers {
		workers.Go(func() {
			for r := range d.work {
				s.turn(ctx, r)
				d.done <- r
			}
		})
	}
	d.run(ctx)
	close(d.work)
	workers.Wait()
}

// turn delivers some of what a session has.
func (s *Sink) turn(ctx context.Context, r *reader) {
	for range atOnce {
		id, event, ok := s.next(r)
		if !ok {
			return
		}
		if s.o.MayAct() != nil {
			r.after = time.Now().Add(s.o.FirstPause)
			return
		}
		f := s.post(ctx, r.session, id, event)
		switch {
		case ctx.Err() != nil:
			return
		case f == nil:
			r.pass(id)
			s.counts.delivered(r)
		case f.reason == EventRefused:
			s.o.Log.Warn("The event sink refuses an event", "agent", r.session.AgentID(), "event", id.String(), "status", f.status)
			r.pass(id)
			s.counts.refused(r)
		default:
			s.failed(r, f)
			return
		}
	}
}

// next is what is to be sent now.
func (s *Sink) next(r *reader) (id session.EventID, event []byte, ok bool) {
	if len(r.unsent) == 0 && !r.behind {
		s.read(r)
	}
	if r.behind {
		return s.snapshot(r)
	}
	if len(r.unsent) == 0 {
		return id, nil, false
	}
	return r.unsent[0].ID, r.unsent[0].JSON, true
}

// atOnceOnly is a context that waits for nothing.
var atOnceOnly = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// read reads the log.
func (s *Sink) read(r *reader) {
	entries, whole, err := r.session.Events.After(atOnceOnly, r.seen)
	switch {
	case errors.Is(err, session.ErrClosed):
		r.over = true
	case err != nil: // nothing new
		r.over = r.gone
	case !whole:
		if r.behind = true; !r.begun { // what was before is nobody's loss
			r.counted = r.session.Events.Last().Sequence
		}
	default:
		r.unsent = entries
	}
	r.begun = true
}

// snapshot stands for the events that the receiver did not get. Of a session that is over
// there is nothing left to tell.
func (s *Sink) snapshot(r *reader) (id session.EventID, event []byte, ok bool) {
	e, id := r.session.FreshSnapshot()
	if known := max(r.seen, r.counted); id.Sequence > known {
		s.counts.lost(id.Sequence - known)
		r.counted = id.Sequence
	}
	if r.gone {
		r.over = true
		return id, nil, false
	}
	b, err := json.Marshal(e)
	if err != nil {
		s.o.Log.Error("Cannot encode a Snapshot for the event sink", "agent", r.session.AgentID(), "error", err)
		r.behind, r.seen = false, id.Sequence
		return id, nil, false
	}
	return id, b, true
}

// pass goes on to the next event.
func (r *reader) pass(id session.EventID) {
	r.seen, r.tries = id.Sequence, 0
	if r.behind {
		r.behind = false
	} else {
		r.unsent = r.unsent[1:]
	}
}

// failed decides when to try again. An event that was tried often enough is given up: a
// Snapshot stands for it and what came after, tried ever again at the longest pause.
func (s *Sink) failed(r *reader, f *failure) {
	r.tries++
	s.counts.retried(r, f.reason)
	if r.tries == 1 {
		s.o.Log.Warn("The event sink does not take an event; trying again", "agent", r.session.AgentID(),
			"device", opencti.Mask(r.session.DN()), "reason", f.reason, "error", f.err)
	}
	if r.tries >= s.o.Attempts && !r.behind {
		s.o.Log.Warn("Giving up an event; a Snapshot will stand for it", "agent", r.session.AgentID(),
			"device", opencti.Mask(r.session.DN()), "reason", f.reason, "attempts", r.tries)
		r.unsent, r.behind = nil, true
	}
	r.after = time.Now().Add(max(f.after, s.pause(r.tries)))
}

// pause grows with the attempts, and is jittered: many sessions fail at the same moment.
func (s *Sink) pause(tries int) time.Duration {
	d := s.o.LastPause
	if tries <= 16 {
		d = min(s.o.FirstPause<<(tries-1), s.o.LastPause)
	}
	return d/2 + rand.N(d/2+1)
}
