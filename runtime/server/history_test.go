package server

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// The most of each half minute, oldest first, of one hour.
func TestHistory(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	var h history
	for _, s := range []struct {
		after   time.Duration
		waiting int
	}{{0, 2}, {10 * time.Second, 5}, {29 * time.Second, 1}, {30 * time.Second, 0}, {5 * time.Minute, 3}} {
		h.add(opencti.QueueStatistics{Queue: "east", At: begin.Add(s.after), CallsWaiting: s.waiting})
	}
	at := func(after time.Duration, waiting int) QueueSample { return QueueSample{begin.Add(after), waiting} }
	for name, tc := range map[string]struct {
		queues []string
		now    time.Duration
		want   []QueueHistory
	}{
		"now":                  {[]string{"east"}, 5 * time.Minute, []QueueHistory{{"east", []QueueSample{at(0, 5), at(30*time.Second, 0), at(5*time.Minute, 3)}}}},
		"an hour later":        {[]string{"east"}, time.Hour, []QueueHistory{{"east", []QueueSample{at(30*time.Second, 0), at(5*time.Minute, 3)}}}},
		"long after":           {[]string{"east"}, 3 * time.Hour, []QueueHistory{}},
		"a queue without any":  {[]string{"west"}, 0, []QueueHistory{}},
		"queues of other pool": {nil, 0, []QueueHistory{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, h.lastHour(tc.queues, begin.Add(tc.now))); diff != "" {
				t.Error(diff)
			}
		})
	}
	h.forget([]string{"west"})
	if got := h.lastHour([]string{"east"}, begin); len(got) != 0 {
		t.Errorf("a queue of no pool is remembered: %+v", got)
	}
}

// allQueues is a CTI server with queues that the pools have.
type allQueues struct{ *queues }

func (allQueues) Queues() []string { return []string{"east", "west"} }

// Each queue is asked for once in each half minute, by whoever reads it or else by nobody;
// what cannot be asked for is a gap.
func TestRemember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := allQueues{newQueues()}
		q.fail("west", errors.New("gone"))
		var p polls
		reader := p.read(q, []string{"east"}, 10*time.Second)
		defer reader.leave()
		if err := reader.first(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 10 {
			time.Sleep(historyStep)
			synctest.Wait()
			p.remember(t.Context(), q)
		}
		if east, west := q.timesAsked("east"), q.timesAsked("west"); east > 32 || west != 10 {
			t.Errorf("asked %d and %d times in five minutes", east, west)
		}
		got := p.history.lastHour(q.Queues(), time.Now())
		if len(got) != 1 || got[0].Queue != "east" || len(got[0].Samples) < 10 {
			t.Errorf("%+v", got)
		}
	})
}

// A supervisor who comes is told the last hour of the pool's queues, and of no other's.
func TestPoolSnapshotHasTheLastHour(t *testing.T) {
	p := holding(t, "a", 7)
	now := time.Now()
	for _, queue := range []string{"east", "north"} {
		p.polls.history.add(opencti.QueueStatistics{Queue: queue, At: now.Add(-10 * time.Minute), CallsWaiting: 4})
	}
	got := p.supervise("sales").want(PoolSnapshot).History
	want := []QueueHistory{{"east", []QueueSample{{now.Add(-10 * time.Minute).UTC().Truncate(historyStep), 4}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
