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

const (
	// lookTick is how often the logs are looked at. A look is a lock and a comparison.
	lookTick = 20 * time.Millisecond
	// atOnce is how many events of one session go out before another has its turn.
	atOnce = 32
)

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
func (s *Sink) Run(ctx context.Context) {
	defer s.client.CloseIdleConnections()
	d := desk{sink: s, readers: map[*session.Session]*reader{}, work: make(chan *reader, s.o.Workers), done: make(chan *reader, s.o.Workers)}
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

// desk hands sessions with news to workers: each session to one at a time. It belongs to
// one goroutine.
type desk struct {
	sink    *Sink
	readers map[*session.Session]*reader
	changed <-chan struct{} // closed when the list of sessions is old
	ready   []*reader       // in the order in which they had news
	busy    int
	work    chan *reader
	done    chan *reader
}

// reader is the cursor of one session. Whoever has it, the desk or a worker, may change it.
type reader struct {
	session *session.Session
	taken   bool // ready, or with a worker
	gone    bool // the session is closed
	over    bool // nothing will come any more

	begun   bool
	seen    uint64          // number of the last event that is done with
	counted uint64          // lost events were counted up to this number
	unsent  []session.Entry // read from the log, in order
	behind  bool            // the next thing to send is a Snapshot
	tries   int
	after   time.Time // not before
}

func (d *desk) run(ctx context.Context) {
	tick := time.NewTicker(lookTick)
	defer tick.Stop()
	for {
		for d.busy < cap(d.work) && len(d.ready) > 0 {
			d.busy++
			d.work <- d.ready[0]
			d.ready = d.ready[1:]
		}
		select {
		case <-ctx.Done():
			return
		case r := <-d.done:
			d.busy--
			r.taken = false
			d.put(r, time.Now())
		case <-tick.C:
			d.look(time.Now())
		}
	}
}

// look finds the sessions with news.
func (d *desk) look(now time.Time) {
	d.list()
	for _, r := range d.readers {
		d.put(r, now)
	}
}

// put makes a reader ready when there is something to do for it.
func (d *desk) put(r *reader, now time.Time) {
	switch {
	case r.taken:
	case r.over && r.gone:
		delete(d.readers, r.session)
		d.sink.counts.over(r)
	case r.over: // its log ended before the list knows
	case now.Before(r.after):
	case r.gone, r.behind, len(r.unsent) > 0, !r.begun, r.session.Events.Last().Sequence > r.seen:
		r.taken = true
		d.ready = append(d.ready, r)
	}
}

// list lists the sessions anew when some have opened or closed.
func (d *desk) list() {
	select {
	case <-d.changed:
	default:
		if d.changed != nil {
			return
		}
	}
	var open []*session.Session
	open, d.changed = d.sink.o.Sessions()
	still := make(map[*session.Session]bool, len(open))
	for _, s := range open {
		still[s] = true
		if d.readers[s] == nil {
			d.readers[s] = &reader{session: s}
		}
	}
	for s, r := range d.readers {
		if !still[s] && !r.taken {
			r.gone = true
		}
	}
	if d.unmarked(still) {
		d.changed = nil // a worker has one that is gone: look again
	}
}

// unmarked says whether a session is gone whose reader is with a worker.
func (d *desk) unmarked(still map[*session.Session]bool) bool {
	for s, r := range d.readers {
		if !still[s] && !r.gone {
			return true
		}
	}
	return false
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
