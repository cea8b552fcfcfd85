package server

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Queues is what a link tells of its queues. It is safe for concurrent use.
type Queues interface {
	// QueueStatistics asks the CTI server for one queue now. Errors: InvalidQueue,
	// NotSupportedByClass, LinkDown, Timeout.
	QueueStatistics(ctx context.Context, queue string) (opencti.QueueStatistics, error)
	// Queues lists the queues for which the pools' agents work.
	Queues() []string
}

var _ Queues = (*link.Link)(nil)

// pollTimeout bounds one question.
const pollTimeout = 5 * time.Second

// polls asks for queues' statistics: one poll for each queue, however many read it. The
// zero value is ready; it is safe for concurrent use.
type polls struct {
	mu      sync.Mutex
	by      map[pollKey]*poll
	history history
}

type pollKey struct {
	of    Queues
	queue string
}

// poll asks for one queue as often as its most hasty reader wants.
type poll struct {
	key     pollKey
	stop    context.CancelFunc
	readers map[*pollReader]bool
	hurry   chan struct{} // full when the interval has become shorter

	// The last answer; asked is closed at the first.
	asked  chan struct{}
	latest opencti.QueueStatistics
	err    error
}

// errNotAsked stands for an answer before the first.
var errNotAsked = errors.New("not asked yet")

// pollReader reads some queues.
type pollReader struct {
	polls    *polls
	interval time.Duration
	on       []*poll
	// news is full when there was an answer.
	news chan struct{}
}

// read begins to read queues; leave ends it.
func (p *polls) read(of Queues, queues []string, interval time.Duration) *pollReader {
	r := &pollReader{polls: p, interval: interval, news: make(chan struct{}, 1)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[pollKey]*poll{}
	}
	for _, queue := range queues {
		r.on = append(r.on, p.join(pollKey{of, queue}, r))
	}
	return r
}

// join is called with the polls locked.
func (p *polls) join(key pollKey, r *pollReader) *poll {
	q, ok := p.by[key]
	if !ok {
		ctx, stop := context.WithCancel(context.Background())
		q = &poll{key: key, stop: stop, readers: map[*pollReader]bool{}, hurry: make(chan struct{}, 1), asked: make(chan struct{}), err: errNotAsked}
		p.by[key] = q
		q.readers[r] = true
		go p.run(ctx, q)
		return q
	}
	if r.interval < q.interval() {
		wake(q.hurry)
	}
	q.readers[r] = true
	return q
}

// turnTo reads these queues from now on.
func (r *pollReader) turnTo(of Queues, queues []string) {
	r.polls.mu.Lock()
	defer r.polls.mu.Unlock()
	was := r.on
	r.on = nil
	for _, queue := range queues {
		r.on = append(r.on, r.polls.join(pollKey{of, queue}, r))
	}
	r.part(slices.DeleteFunc(was, func(q *poll) bool { return slices.Contains(r.on, q) }))
}

// leave ends the reading.
func (r *pollReader) leave() {
	r.polls.mu.Lock()
	defer r.polls.mu.Unlock()
	r.part(r.on)
}

// part ends the polls that nobody else reads. The polls are locked.
func (r *pollReader) part(from []*poll) {
	for _, q := range from {
		if delete(q.readers, r); len(q.readers) == 0 {
			q.stop()
			delete(r.polls.by, q.key)
		}
	}
}

// wake fills a signal.
func wake(signal chan struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// interval is that of the most hasty reader. The polls are locked.
func (q *poll) interval() time.Duration {
	least := time.Duration(0)
	for r := range q.readers {
		if least == 0 || r.interval < least {
			least = r.interval
		}
	}
	return least
}

// run asks until nobody reads.
func (p *polls) run(ctx context.Context, q *poll) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	last := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.hurry:
			p.mu.Lock()
			timer.Reset(time.Until(last.Add(q.interval())))
			p.mu.Unlock()
			continue
		case <-timer.C:
		}
		last = time.Now()
		p.ask(ctx, q)
		p.mu.Lock()
		timer.Reset(time.Until(last.Add(q.interval())))
		p.mu.Unlock()
	}
}

func (p *polls) ask(ctx context.Context, q *poll) {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	latest, err := q.key.of.QueueStatistics(ctx, q.key.queue)
	if err == nil {
		p.history.add(latest)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	q.latest, q.err = latest, err
	select {
	case <-q.asked:
	default:
		close(q.asked)
	}
	for r := range q.readers {
		wake(r.news)
	}
}

// first waits until each queue was asked for once.
func (r *pollReader) first(ctx context.Context) error {
	for _, q := range r.on {
		select {
		case <-q.asked:
		case <-ctx.Done():
			return opencti.AsError(ctx.Err())
		}
	}
	return nil
}

// answers gives the last answer of each queue in turn; err is why there is none.
func (r *pollReader) answers(tell func(queue string, latest opencti.QueueStatistics, err error)) {
	r.polls.mu.Lock()
	type answer struct {
		latest opencti.QueueStatistics
		err    error
	}
	all := make([]answer, len(r.on))
	for i, q := range r.on {
		all[i] = answer{q.latest, q.err}
	}
	r.polls.mu.Unlock()
	for i, q := range r.on {
		tell(q.key.queue, all[i].latest, all[i].err)
	}
}
