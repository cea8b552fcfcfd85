package cstaserver

import (
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
)

type outgoing struct {
	invokeID int
	message  wire.Message
}

// outbox is what waits to be written to one connection. Putting something in
// never blocks; a full one refuses.
type outbox struct {
	limit int
	ready chan struct{}

	mu       sync.Mutex
	waiting  []outgoing
	held     []outgoing // behind the answer to the request at work
	holding  bool
	finished bool
	swallows bool
}

func newOutbox(limit int) *outbox {
	return &outbox{limit: limit, ready: make(chan struct{}, 1)}
}

// put adds an event or a request of the switch.
func (o *outbox) put(item outgoing) (fits bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.finished || o.swallows:
		return true
	case len(o.waiting)+len(o.held) >= o.limit:
		return false
	case o.holding:
		o.held = append(o.held, item)
	default:
		o.waiting = append(o.waiting, item)
		o.wake()
	}
	return true
}

// push puts an answer before all that is held back.
func (o *outbox) push(item outgoing) (fits bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.finished || o.swallows {
		return true
	}
	o.waiting = append(o.waiting, item)
	o.wake()
	return len(o.waiting)+len(o.held) <= o.limit
}

// swallow forgets what waits, and what will come.
func (o *outbox) swallow() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting, o.held, o.swallows = nil, nil, true
}

// hold keeps events back until the answer to the request that causes them, so
// that a client knows a monitor or a call before it is told about it.
func (o *outbox) hold() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.holding = true
}

// release puts the answer in, then what was held.
func (o *outbox) release(answer outgoing) (fits bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.holding = false
	if o.finished || o.swallows {
		return true
	}
	if answer.message != nil {
		o.waiting = append(o.waiting, answer)
	}
	o.waiting = append(o.waiting, o.held...)
	o.held = nil
	o.wake()
	return len(o.waiting) <= o.limit
}

// finish lets the connection end when the last message is written.
func (o *outbox) finish(last outgoing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = append(append(o.waiting, o.held...), last)
	o.held, o.finished = nil, true
	o.wake()
}

func (o *outbox) wake() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

// take returns all that waits, and whether more will ever come.
func (o *outbox) take() (items []outgoing, finished bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	items, o.waiting = o.waiting, nil
	return items, o.finished
}
