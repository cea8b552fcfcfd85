package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// queues is a CTI server's queues.
type queues struct {
	mu      sync.Mutex
	waiting map[string]int
	errs    map[string]error
	asked   map[string]int
}

func newQueues() *queues {
	return &queues{waiting: map[string]int{}, errs: map[string]error{}, asked: map[string]int{}}
}

func (q *queues) QueueStatistics(_ context.Context, queue string) (opencti.QueueStatistics, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked[queue]++
	return opencti.QueueStatistics{Queue: queue, At: time.Now(), CallsWaiting: q.waiting[queue]}, q.errs[queue]
}

func (q *queues) Queues() []string { return nil }

func (q *queues) set(queue string, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting[queue] = waiting
}

func (q *queues) fail(queue string, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.errs[queue] = err
}

func (q *queues) timesAsked(queue string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.asked[queue]
}

func (p *pod) withQueues() *queues {
	q := newQueues()
	p.cti.OnStatistics = q.QueueStatistics
	return q
}

func TestStatistics(t *testing.T) {
	for name, tc := range map[string]struct {
		query  string
		fails  map[string]error
		status int
		code   opencti.ErrorCode
		want   []string
		not    []UnavailableQueue
	}{
		"of all pools":            {"", nil, 200, "", []string{"east", "north", "west"}, nil},
		"of one queue":            {"?queue=south", nil, 200, "", []string{"south"}, nil},
		"of some":                 {"?queue=west&queue=east&queue=west", nil, 200, "", []string{"east", "west"}, nil},
		"of one that is not":      {"?queue=x&queue=east", map[string]error{"x": opencti.Errorf(opencti.InvalidQueue, "no")}, 400, opencti.InvalidQueue, nil, nil},
		"of all, one unknown":     {"", map[string]error{"east": opencti.Errorf(opencti.InvalidQueue, "no")}, 200, "", []string{"north", "west"}, []UnavailableQueue{{"east", opencti.InvalidQueue, "no"}}},
		"a class without them":    {"", map[string]error{"east": opencti.Errorf(opencti.NotSupportedByClass, "no")}, 501, opencti.NotSupportedByClass, nil, nil},
		"the CTI server is lost":  {"", map[string]error{"north": opencti.Errorf(opencti.LinkDown, "no")}, 503, opencti.LinkDown, nil, nil},
		"it does not answer":      {"?queue=east", map[string]error{"east": context.DeadlineExceeded}, 504, opencti.Timeout, nil, nil},
		"of none that is named":   {"?queue=", nil, 200, "", []string{"east", "north", "west"}, nil},
		"more than a request may": {"?queue=0" + manyQueues(64), nil, 400, opencti.InvalidRequest, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := holding(t, "a", 7)
			q := p.withQueues()
			q.errs = tc.fails
			a := p.do("GET", "/v1/statistics"+tc.query, "")
			if a.StatusCode != tc.status {
				t.Fatalf("%d %s", a.StatusCode, a.body)
			}
			if tc.code != "" {
				if got := a.problem(t); got.Code != tc.code {
					t.Errorf("%s", a.body)
				}
				return
			}
			var got QueueReport
			a.into(t, &got)
			var names []string
			for _, s := range got.Queues {
				names = append(names, s.Queue)
			}
			if diff := cmp.Diff(tc.want, names); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.not, got.Unavailable); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func manyQueues(n int) (out string) {
	for i := range n {
		out += fmt.Sprintf("&queue=q%d", i)
	}
	return out
}

func (s *sse) statistics() (q opencti.QueueStatistics) {
	s.t.Helper()
	event, id, data := s.data()
	if event != eventQueueStatistics || id != "" {
		s.t.Fatalf("%s %s %s", event, id, data)
	}
	if err := json.Unmarshal([]byte(data), &q); err != nil {
		s.t.Fatal(err)
	}
	return q
}

// Each reader sees each change, and however many read, the CTI server is asked once.
func TestStatisticsStream(t *testing.T) {
	p := holding(t, "a", 7)
	q := p.withQueues()
	q.set("east", 3)
	a, b := p.streamOf("/v1/statistics/events?queue=east&interval=1"), p.streamOf("/v1/statistics/events?interval=60&queue=east")
	for _, s := range []*sse{a, b} {
		if got := s.statistics(); got.Queue != "east" || got.CallsWaiting != 3 {
			t.Errorf("%+v", got)
		}
	}
	before := q.timesAsked("east")
	q.set("east", 4)
	if got := a.statistics(); got.CallsWaiting != 4 {
		t.Errorf("%+v", got)
	}
	if asked := q.timesAsked("east") - before; asked > 2 {
		t.Errorf("asked %d times", asked)
	}
	a.close()
	b.close()
	eventually(t, "nobody asks for nobody", func() bool {
		p.polls.mu.Lock()
		defer p.polls.mu.Unlock()
		return len(p.polls.by) == 0
	})
}

func TestStatisticsStreamRefuses(t *testing.T) {
	p := holding(t, "a", 7)
	q := p.withQueues()
	q.fail("x", opencti.Errorf(opencti.InvalidQueue, "no"))
	for query, want := range map[string]struct {
		status int
		code   opencti.ErrorCode
	}{
		"?queue=x":    {400, opencti.InvalidQueue},
		"?interval=0": {400, opencti.InvalidRequest}, "?interval=61": {400, opencti.InvalidRequest}, "?interval=soon": {400, opencti.InvalidRequest},
	} {
		a := p.do("GET", "/v1/statistics/events"+query, "")
		if got := a.problem(t); a.StatusCode != want.status || got.Code != want.code {
			t.Errorf("%s: %d %s", query, a.StatusCode, a.body)
		}
	}
	if len(p.polls.by) != 0 {
		t.Error("somebody still asks")
	}
}

// A queue that the CTI server does not know, or that cannot be asked for now, does not keep
// the others away.
func TestStatisticsStreamOfAllQueues(t *testing.T) {
	p := holding(t, "a", 7)
	q := p.withQueues()
	q.fail("east", opencti.Errorf(opencti.InvalidQueue, "no"))
	s := p.streamOf("/v1/statistics/events?interval=1")
	if first, second := s.statistics(), s.statistics(); first.Queue != "north" || second.Queue != "west" {
		t.Errorf("%+v %+v", first, second)
	}
	q.fail("east", nil)
	if got := s.statistics(); got.Queue != "east" {
		t.Errorf("%+v", got)
	}
}

// The times of polls and events, on a clock of their own.
func TestPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueues()
		var p polls
		slow := p.read(q, []string{"east"}, 20*time.Second)
		if err := slow.first(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := q.timesAsked("east"); got != 1 {
			t.Errorf("asked %d times at once", got)
		}
		hasty := p.read(q, []string{"east", "west"}, 2*time.Second)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if east, west := q.timesAsked("east"), q.timesAsked("west"); east < 10 || east > 12 || west < 10 || west > 12 {
			t.Errorf("asked %d and %d times in 20 s, every 2 s", east, west)
		}
		hasty.leave()
		before := q.timesAsked("east")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := q.timesAsked("east") - before; got < 3 || got > 4 {
			t.Errorf("asked %d times in a minute, every 20 s", got)
		}
		slow.leave()
		synctest.Wait()
		before = q.timesAsked("east")
		time.Sleep(time.Hour)
		if q.timesAsked("east") != before || len(p.by) != 0 {
			t.Error("it asks for nobody")
		}
	})
}

// What is told: the first answer, then changes, not more often than the reader wants, and
// something once a minute.
func TestWhatIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueues()
		var p polls
		r := p.read(q, []string{"east"}, 5*time.Second)
		defer r.leave()
		if err := r.first(t.Context()); err != nil {
			t.Fatal(err)
		}
		told := newTold()
		look := func() (events int) {
			err := told.each(r, func(*opencti.QueueStatistics) error { events++; return nil })
			if err != nil {
				t.Error(err)
			}
			return events
		}
		if n := look(); n != 1 {
			t.Errorf("at first %d", n)
		}
		q.set("east", 1)
		time.Sleep(4 * time.Second)
		if n := look(); n != 0 {
			t.Errorf("too early: %d", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := look(); n != 1 {
			t.Errorf("a change: %d", n)
		}
		events := 0
		for range 59 {
			time.Sleep(time.Second)
			events += look()
		}
		if events != 0 {
			t.Errorf("no change: %d", events)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := look(); n != 1 {
			t.Errorf("after a minute: %d", n)
		}
		q.fail("east", errors.New("gone"))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if n := look(); n != 0 {
			t.Errorf("unknown: %d", n)
		}
	})
}
