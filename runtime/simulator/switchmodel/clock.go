package switchmodel

import (
	"container/heap"
	"context"
	"time"
)

// alarm is something that the switch does by itself at a time.
type alarm struct {
	at    time.Time
	order uint64 // of equal times, the one set first goes first
	do    func()
	index int // in the heap; -1 when done or cancelled
}

type alarms struct {
	heap []*alarm
	last uint64
}

func (a *alarms) Len() int { return len(a.heap) }
func (a *alarms) Less(i, j int) bool {
	if a.heap[i].at.Equal(a.heap[j].at) {
		return a.heap[i].order < a.heap[j].order
	}
	return a.heap[i].at.Before(a.heap[j].at)
}
func (a *alarms) Swap(i, j int) {
	a.heap[i], a.heap[j] = a.heap[j], a.heap[i]
	a.heap[i].index, a.heap[j].index = i, j
}
func (a *alarms) Push(x any) {
	item := x.(*alarm)
	item.index = len(a.heap)
	a.heap = append(a.heap, item)
}
func (a *alarms) Pop() any {
	last := len(a.heap) - 1
	item := a.heap[last]
	a.heap[last] = nil
	a.heap = a.heap[:last]
	item.index = -1
	return item
}

// after sets an alarm. The caller holds the mutex.
func (s *Switch) after(d time.Duration, do func()) *alarm {
	s.alarms.last++
	item := &alarm{at: s.now().Add(d), order: s.alarms.last, do: do}
	heap.Push(&s.alarms, item)
	if item.index == 0 {
		select {
		case s.earlier <- struct{}{}:
		default:
		}
	}
	return item
}

// cancel forgets an alarm; nil and alarms that went off are fine.
func (s *Switch) cancel(item *alarm) {
	if item != nil && item.index >= 0 {
		heap.Remove(&s.alarms, item.index)
	}
}

func (s *Switch) ringDue() {
	for len(s.alarms.heap) > 0 && !s.alarms.heap[0].at.After(s.now()) {
		heap.Pop(&s.alarms).(*alarm).do()
	}
}

// CatchUp does what is due by now.
func (s *Switch) CatchUp() {
	defer s.enter()()
}

// NextAlarm is when the switch will next do something by itself.
func (s *Switch) NextAlarm() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.alarms.heap) == 0 {
		return time.Time{}, false
	}
	return s.alarms.heap[0].at, true
}

// Run does what is due when it is due, until the context ends.
func (s *Switch) Run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		s.CatchUp()
		wait := time.Hour
		if at, ok := s.NextAlarm(); ok {
			wait = at.Sub(s.now())
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-s.earlier:
		case <-timer.C:
		}
	}
}
