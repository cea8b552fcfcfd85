package behaviour

import (
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
)

func eventBehaviours() []Behaviour {
	return []Behaviour{
		fault(8, "eventsReordered", "An event is told after the one that follows it at the same monitor; after a second in any case.", eventsReordered),
		fault(8, "eventsDoubled", "An event is told twice.", func(s Stage, p ofEvents) (effect, error) {
			return s.hookEvents(p, func(t cstaserver.Telling, pass func(cstaserver.Telling)) {
				pass(t)
				pass(t)
			})
		}),
		fault(8, "eventBeforeResponse", "The events of a request are told before its response.", func(s Stage, p ofRequests) (effect, error) {
			return s.hook(p, func(t *cstaserver.Turn, usual func() wire.Message) wire.Message {
				t.TellFirst()
				return usual()
			})
		}),
	}
}

// hookEvents hooks into events that are chosen; the others are told as usual.
func (s Stage) hookEvents(p ofEvents, do cstaserver.EventHook) (effect, error) {
	chosen, err := s.events(p)
	if err != nil {
		return effect{}, err
	}
	remove := s.Server.HookEvents(func(t cstaserver.Telling, pass func(cstaserver.Telling)) {
		if !chosen.takes(t) {
			pass(t)
			return
		}
		do(t, pass)
	})
	return effect{left: chosen.remaining, end: remove}, nil
}

// patience is how long an event waits for one that may pass it by.
const patience = time.Second

func eventsReordered(s Stage, p ofEvents) (effect, error) {
	chosen, err := s.events(p)
	if err != nil {
		return effect{}, err
	}
	held := newShelf()
	remove := s.Server.HookEvents(func(t cstaserver.Telling, pass func(cstaserver.Telling)) {
		if !held.has(t.Monitor()) && chosen.takes(t) {
			held.put(t.Monitor(), func() { pass(t) })
			time.AfterFunc(patience, func() { held.release(t.Monitor()) })
			return
		}
		pass(t)
		held.release(t.Monitor())
	})
	return effect{left: chosen.remaining, end: func() {
		remove()
		held.releaseAll()
	}}, nil
}

// shelf keeps an event for each monitor until it is told.
type shelf struct {
	mu   sync.Mutex
	held map[string]func()
}

func newShelf() *shelf { return &shelf{held: map[string]func(){}} }

func (s *shelf) has(monitor string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[monitor] != nil
}

func (s *shelf) put(monitor string, tell func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[monitor] = tell
}

func (s *shelf) release(monitor string) {
	s.mu.Lock()
	tell := s.held[monitor]
	delete(s.held, monitor)
	s.mu.Unlock()
	if tell != nil {
		tell()
	}
}

func (s *shelf) releaseAll() {
	s.mu.Lock()
	all := s.held
	s.held = map[string]func(){}
	s.mu.Unlock()
	for _, tell := range all {
		tell()
	}
}
