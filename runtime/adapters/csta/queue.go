package csta

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

// waitingBound is more calls than wait anywhere: of more, the arrival is not remembered.
const waitingBound = 10_000

// returnsWithin is how long a call that left the queue, to ring at a telephone, may come
// back and be the same.
const returnsWithin = 10 * time.Minute

// queue follows the calls of a queue (an ACD group's device), as CSTA has no statistics: its
// monitor tells when they come and go.
type queue struct {
	monitor *monitor

	// Whoever asks, or lets the queue go, takes the turn: ended and asked are theirs.
	turn  chan struct{}
	ended bool
	asked time.Time
	gone  chan struct{} // closed when ended

	mu    sync.Mutex
	calls map[string]arrival
}

// arrival is when a call came.
type arrival struct {
	at   time.Time
	left time.Time // zero: it still waits
}

func (q *queue) forAgents() bool { return false }

// forget implements follower.
func (q *queue) forget() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls = map[string]arrival{}
}

// hear implements follower: what happens in a queue is no event of any agent's session.
func (q *queue) hear(m wire.Message) hearing {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	switch e := m.(type) {
	case *wire.QueuedEvent:
		q.arrives(e.Connection.CallID, now)
	case *wire.DivertedEvent:
		q.leaves(e.Connection.CallID, now)
	case *wire.DeliveredEvent:
		q.leaves(e.Connection.CallID, now)
	case *wire.EstablishedEvent:
		delete(q.calls, e.Connection.CallID)
	case *wire.ConnectionClearedEvent:
		if e.Connection.DeviceID.Number == q.monitor.dn {
			delete(q.calls, e.Connection.CallID)
		}
	case *wire.CallClearedEvent:
		delete(q.calls, e.Call.CallID)
	case *wire.TransferedEvent:
		q.rename(e.Connections)
	case *wire.ConferencedEvent:
		q.rename(e.Connections)
	}
	return hearing{}
}

// arrives: a call that comes back has waited since it came first.
func (q *queue) arrives(callID string, now time.Time) {
	a, known := q.calls[callID]
	switch {
	case !known && len(q.calls) >= waitingBound:
		return
	case !known:
		a.at = now
	}
	a.left = time.Time{}
	q.calls[callID] = a
}

func (q *queue) leaves(callID string, now time.Time) {
	if a, known := q.calls[callID]; known && a.left.IsZero() {
		a.left = now
		q.calls[callID] = a
	}
}

// rename follows calls that go on under another id.
func (q *queue) rename(connections []wire.ConnectionPair) {
	for _, c := range connections {
		if c.New == nil || c.Old == nil || c.New.CallID == c.Old.CallID {
			continue
		}
		if a, known := q.calls[c.Old.CallID]; known {
			delete(q.calls, c.Old.CallID)
			q.calls[c.New.CallID] = a
		}
	}
}

// waiting takes over which calls the switch says to wait, in the reader, and returns how many
// they are and since when the first does. A call that was there before the monitor counts
// from now.
func (q *queue) waiting(snapshot []wire.SnapshotDeviceInfo) (count int, since time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	present := map[string]bool{}
	since = now
	for _, info := range snapshot {
		if states := info.State.States(); len(states) > 0 && !slices.Contains(states, wire.StateQueued) {
			continue
		}
		id := info.Connection.CallID
		present[id] = true
		q.arrives(id, now)
		count++
		if a, known := q.calls[id]; known && a.at.Before(since) {
			since = a.at
		}
	}
	maps.DeleteFunc(q.calls, func(id string, a arrival) bool {
		return !present[id] && (a.left.IsZero() || now.Sub(a.left) > returnsWithin)
	})
	return count, since
}
