package sink

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/session"
)

// desk hands sessions with news to workers: each session to one at a time. It belongs to
// one goroutine, which sleeps while no log has news and nothing waits for another try.
type desk struct {
	sink    *Sink
	readers map[*session.Session]*reader
	open    map[*session.Session]bool
	changed <-chan struct{} // closed when open is old
	ready   []*reader       // in the order in which they had news
	later   later
	timer   *time.Timer // for the first of later
	news    news
	busy    int
	work    chan *reader
	done    chan *reader
	woken   int
}

func newDesk(s *Sink) *desk {
	return &desk{
		sink: s, readers: map[*session.Session]*reader{}, timer: time.NewTimer(0), news: newNews(),
		work: make(chan *reader, s.o.Workers), done: make(chan *reader, s.o.Workers),
	}
}

// reader is the cursor of one session. Whoever has it, the desk or a worker, may change it.
type reader struct {
	session *session.Session
	unwatch func() // ends the news of its log
	taken   bool   // ready, or with a worker
	waits   bool   // in later
	gone    bool   // the session is closed
	over    bool   // nothing will come any more

	begun   bool
	seen    uint64          // number of the last event that is done with
	counted uint64          // lost events were counted up to this number
	unsent  []session.Entry // read from the log, in order
	behind  bool            // the next thing to send is a Snapshot
	tries   int
	after   time.Time // not before
}

func (d *desk) run(ctx context.Context) {
	defer d.timer.Stop()
	defer d.leave()
	d.list()
	for ; ; d.woken++ {
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
			r.taken, r.gone = false, !d.open[r.session]
			d.put(r)
		case <-d.changed:
			d.list()
		case <-d.news.signal:
			for _, r := range d.news.take() {
				d.put(r)
			}
		case <-d.due():
			d.again(time.Now())
		}
	}
}

// leave ends the news.
func (d *desk) leave() {
	for _, r := range d.readers {
		r.unwatch()
	}
}

// list lists the sessions anew.
func (d *desk) list() {
	var all []*session.Session
	all, d.changed = d.sink.o.Sessions()
	d.open = make(map[*session.Session]bool, len(all))
	for _, s := range all {
		d.open[s] = true
		if d.readers[s] == nil {
			r := &reader{session: s}
			r.unwatch = s.Events.Notify(func() { d.news.add(r) })
			d.readers[s] = r
			d.put(r)
		}
	}
	for s, r := range d.readers {
		if !d.open[s] && !r.taken {
			r.gone = true
			d.put(r)
		}
	}
}

// put makes a reader ready when there is something to do for it.
func (d *desk) put(r *reader) {
	switch {
	case r.taken, r.waits, d.readers[r.session] != r:
	case r.over && r.gone:
		r.unwatch()
		delete(d.readers, r.session)
		d.sink.counts.over(r)
	case r.over: // its log ended before the list knows
	case time.Now().Before(r.after):
		r.waits = true
		heap.Push(&d.later, r)
	case r.gone, r.behind, len(r.unsent) > 0, !r.begun, r.session.Events.Last().Sequence > r.seen:
		r.taken = true
		d.ready = append(d.ready, r)
	}
}

// due fires when a reader may try again; nil while none waits for that.
func (d *desk) due() <-chan time.Time {
	if len(d.later) == 0 {
		d.timer.Stop()
		return nil
	}
	d.timer.Reset(time.Until(d.later[0].after))
	return d.timer.C
}

// again puts those that may try again.
func (d *desk) again(now time.Time) {
	for len(d.later) > 0 && !d.later[0].after.After(now) {
		r := heap.Pop(&d.later).(*reader)
		r.waits = false
		d.put(r)
	}
}

// later are readers that may not try yet: a heap, the next one first.
type later []*reader

// Len implements heap.Interface.
func (l later) Len() int { return len(l) }

// Less implements heap.Interface.
func (l later) Less(i, j int) bool { return l[i].after.Before(l[j].after) }

// Swap implements heap.Interface.
func (l later) Swap(i, j int) { l[i], l[j] = l[j], l[i] }

// Push implements heap.Interface.
func (l *later) Push(r any) { *l = append(*l, r.(*reader)) }

// Pop implements heap.Interface.
func (l *later) Pop() any {
	last := len(*l) - 1
	r := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	return r
}

// news are the readers whose logs have more, or have ended; each is there once. It is safe
// for concurrent use.
type news struct {
	signal chan struct{} // full when there are some

	mu   sync.Mutex
	of   []*reader
	made map[*reader]bool
}

func newNews() news { return news{signal: make(chan struct{}, 1), made: map[*reader]bool{}} }

func (n *news) add(r *reader) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.made[r] {
		return
	}
	n.made[r] = true
	n.of = append(n.of, r)
	select {
	case n.signal <- struct{}{}:
	default:
	}
}

// take empties it, oldest first.
func (n *news) take() []*reader {
	n.mu.Lock()
	defer n.mu.Unlock()
	of := n.of
	n.of = nil
	clear(n.made)
	return of
}
