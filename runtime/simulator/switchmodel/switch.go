package switchmodel

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Switch is the whole contact centre. Its methods may be called from any
// goroutine, but not from a subscriber.
type Switch struct {
	mu      sync.Mutex
	cfg     Config
	now     func() time.Time
	alarms  alarms
	earlier chan struct{} // the next alarm moved forward

	extensions map[DeviceID]*extension
	agents     map[AgentID]*agent
	queues     []*queue
	calls      map[CallID]*call
	lastCall   uint32
	linkages   uint32   // that were given out
	ended      []CallID // of calls, the newest last
	oddities   oddities
	skew       time.Duration // of the clock that is shown

	subscribers    map[int]func(Event)
	lastSubscriber int
}

// Option changes how a switch is made.
type Option func(*Switch)

// WithClock replaces the wall clock.
func WithClock(now func() time.Time) Option {
	return func(s *Switch) { s.now = now }
}

// New makes a switch with nobody logged on.
func New(cfg Config, options ...Option) (*Switch, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Switch{
		cfg:         cfg,
		now:         time.Now,
		earlier:     make(chan struct{}, 1),
		extensions:  map[DeviceID]*extension{},
		agents:      map[AgentID]*agent{},
		calls:       map[CallID]*call{},
		oddities:    oddities{},
		subscribers: map[int]func(Event){},
	}
	for _, option := range options {
		option(s)
	}
	for _, q := range cfg.Queues {
		s.queues = append(s.queues, &queue{QueueConfig: q})
	}
	return s, nil
}

// enter takes the mutex, lets due alarms go first, and returns the way out.
func (s *Switch) enter() (leave func()) {
	s.mu.Lock()
	s.ringDue()
	return s.mu.Unlock
}

// Subscribe calls f with every event, in order, under the switch's mutex: f
// must neither block nor call the switch. The returned function ends it.
func (s *Switch) Subscribe(f func(Event)) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastSubscriber++
	id := s.lastSubscriber
	s.subscribers[id] = f
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.subscribers, id)
	}
}

func (s *Switch) emit(e Event) {
	e.At = s.clock()
	for _, f := range s.subscribers {
		f(e)
	}
}

// extension finds a telephone; it exists from its first use on.
func (s *Switch) extension(id DeviceID) *extension {
	if x, ok := s.extensions[id]; ok {
		return x
	}
	if !contains(s.cfg.Extensions, string(id)) {
		return nil
	}
	x := &extension{id: id}
	s.extensions[id] = x
	return x
}

// queue finds a queue by its number or name.
func (s *Switch) queue(idOrName string) *queue {
	for _, q := range s.queues {
		if string(q.ID) == idOrName || q.Name == idOrName {
			return q
		}
	}
	return nil
}

// connection finds a connection by its identifier.
func (s *Switch) connection(id ConnectionID) (*connection, error) {
	c, ok := s.calls[id.Call]
	if !ok {
		return nil, ErrInvalidCall
	}
	if n := c.at(id.Device); n != nil {
		return n, nil
	}
	return nil, ErrInvalidConnection
}

func (s *Switch) newCall(calling, called DeviceID, data map[string]string) *call {
	s.lastCall++
	s.linkages++
	c := &call{
		id:      s.newID(),
		linkage: fmt.Sprintf("%08X%08X", uint32(s.cfg.Seed), s.linkages),
		calling: calling,
		called:  called,
		data:    maps.Clone(data),
		started: s.clock(),
		order:   s.linkages,
	}
	s.calls[c.id] = c
	return c
}

// newID is the next number, or on some days one that was used before.
func (s *Switch) newID() CallID {
	fresh := CallID(strconv.FormatUint(uint64(s.lastCall), 10))
	for i, id := range slices.Backward(s.ended) {
		if s.calls[id] != nil {
			continue
		}
		if _, odd := s.odd(ReusesCallIDs, ""); !odd {
			break
		}
		s.ended = slices.Delete(s.ended, i, i+1)
		return id
	}
	return fresh
}

const endedRemembered = 64

// forget ends a call that has no parties left.
func (s *Switch) forget(c *call) {
	delete(s.calls, c.id)
	s.ended = append(s.ended, c.id)
	s.ended = s.ended[max(0, len(s.ended)-endedRemembered):]
}

// Exists says whether a device can be monitored: a telephone or a queue.
func (s *Switch) Exists(id DeviceID) bool {
	defer s.enter()()
	return s.extension(id) != nil || s.queue(string(id)) != nil
}

// Calls lists every call, oldest first.
func (s *Switch) Calls() []Call {
	defer s.enter()()
	calls := slices.SortedFunc(maps.Values(s.calls), func(a, b *call) int { return int(a.order) - int(b.order) })
	views := make([]Call, 0, len(calls))
	for _, c := range calls {
		views = append(views, *c.view())
	}
	return views
}

// Call shows one call.
func (s *Switch) Call(id CallID) (*Call, error) {
	defer s.enter()()
	c, ok := s.calls[id]
	if !ok {
		return nil, ErrInvalidCall
	}
	return c.view(), nil
}

// CallsAt lists the calls that a device takes part in, oldest first.
func (s *Switch) CallsAt(id DeviceID) ([]Call, error) {
	defer s.enter()()
	var views []Call
	if x := s.extension(id); x != nil {
		for _, n := range x.connections {
			views = append(views, *n.call.view())
		}
		return views, nil
	}
	if q := s.queue(string(id)); q != nil {
		for _, c := range q.waiting {
			views = append(views, *c.view())
		}
		for _, a := range s.seated() {
			if n := a.reserved; n != nil && n.queue == q {
				views = append(views, *n.call.view())
			}
		}
		return views, nil
	}
	return nil, ErrInvalidDevice
}

// Queues lists the queues: who waits, and which agents are there.
func (s *Switch) Queues() []Queue {
	defer s.enter()()
	views := make([]Queue, 0, len(s.queues))
	for _, q := range s.queues {
		views = append(views, s.queueView(q))
	}
	return views
}

// QueueAgents lists who is logged on to a queue.
func (s *Switch) QueueAgents(id DeviceID) ([]QueueAgent, error) {
	defer s.enter()()
	q := s.queue(string(id))
	if q == nil {
		return nil, ErrInvalidDevice
	}
	return s.agentsOf(q), nil
}

// IsExtension says whether a number is a telephone of this switch.
func (s *Switch) IsExtension(id DeviceID) bool {
	return contains(s.cfg.Extensions, string(id))
}
