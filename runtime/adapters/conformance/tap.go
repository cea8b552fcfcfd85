package conformance

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// tap listens between the driver and the link. It changes nothing.
type tap struct {
	opencti.Driver

	mu      sync.Mutex
	devices map[string]opencti.Device // by DN; the newest
	conns   []opencti.Connection
	wrong   []problem
	open    chan struct{} // closed unless connecting has to wait
}

func newTap(d opencti.Driver) *tap {
	t := &tap{Driver: d, devices: map[string]opencti.Device{}, open: make(chan struct{})}
	close(t.open)
	return t
}

// hold lets further connections wait until release, which may be called twice.
func (t *tap) hold() (release func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	gate := make(chan struct{})
	t.open = gate
	return sync.OnceFunc(func() { close(gate) })
}

// Connect implements opencti.Driver.
func (t *tap) Connect(ctx context.Context, env opencti.Environment) (opencti.Connection, error) {
	t.mu.Lock()
	open := t.open
	t.mu.Unlock()
	select {
	case <-open:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	env.Sink = newTappedSink(env.Sink, t.note)
	c, err := t.Driver.Connect(ctx, env)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns = append(t.conns, c)
	tapped := tappedConnection{c, t}
	if queues, ok := c.(opencti.Statistics); ok {
		return struct {
			tappedConnection
			opencti.Statistics
		}{tapped, queues}, nil
	}
	return tapped, nil
}

func (t *tap) note(p problem) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong = append(t.wrong, p)
}

// problems tells what was wrong with the raw events.
func (t *tap) problems() []problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wrong
}

// device is the driver's own device at a number.
func (t *tap) device(dn string) opencti.Device {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.devices[dn]
}

type tappedConnection struct {
	opencti.Connection
	tap *tap
}

// Open implements opencti.Connection.
func (c tappedConnection) Open(ctx context.Context, e opencti.Endpoint) (opencti.Device, error) {
	d, err := c.Connection.Open(ctx, e)
	if err == nil {
		c.tap.mu.Lock()
		defer c.tap.mu.Unlock()
		c.tap.devices[e.DN] = d
	}
	return d, err
}

// tappedSink checks what a driver tells its sink on one connection.
type tappedSink struct {
	to   opencti.Sink
	note func(problem)

	inside atomic.Int32 // calls that have not returned
	mu     sync.Mutex
	order  uint64
	last   map[string]opencti.RawEvent // by DN
}

func newTappedSink(to opencti.Sink, note func(problem)) *tappedSink {
	return &tappedSink{to: to, note: note, last: map[string]opencti.RawEvent{}}
}

// HandleRaw implements opencti.Sink.
func (s *tappedSink) HandleRaw(e opencti.RawEvent) {
	if s.inside.Add(1) > 1 {
		s.note(problem{clauseSink, "one call of the sink after the other", "two at a time"})
	}
	defer s.inside.Add(-1)
	s.check(e)
	s.to.HandleRaw(e)
}

func (s *tappedSink) check(e opencti.RawEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Name == "" || e.DN == "" && e.AgentID == "" || e.Received.IsZero() {
		s.note(problem{clauseRaw, "Name, DN or AgentID, and Received", fmt.Sprintf("name %q, dn %q, agent %q, received %s", e.Name, e.DN, e.AgentID, e.Received)})
	}
	for name, v := range e.Fields {
		if !plain(v) {
			s.note(problem{clauseRaw, fmt.Sprintf("a plain value in field %s of %s", name, e.Name), fmt.Sprintf("a %T", v)})
		}
	}
	if e.Order <= s.order {
		s.note(problem{clauseSink, fmt.Sprintf("an Order above %d", s.order), fmt.Sprintf("%d with %s", e.Order, e.Name)})
	}
	s.order = e.Order
	if last, ok := s.last[e.DN]; ok && last.Name == e.Name && last.AgentID == e.AgentID && reflect.DeepEqual(last.Fields, e.Fields) {
		s.note(problem{clauseSubs, e.Name + " once", "the same twice, one after the other"})
	}
	s.last[e.DN] = e
}

// plain says whether rules can read a value.
func plain(v any) bool {
	switch v := reflect.ValueOf(v); v.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return true
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if !plain(v.Index(i).Interface()) {
				return false
			}
		}
		return true
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if k.Kind() != reflect.String || !plain(v.MapIndex(k).Interface()) {
				return false
			}
		}
		return true
	}
	return false
}

// EventsLost implements opencti.Sink.
func (s *tappedSink) EventsLost(dn string, why error) { s.to.EventsLost(dn, why) }

// RequestFailed implements opencti.Sink.
func (s *tappedSink) RequestFailed(dn, requestID string, why error) {
	s.to.RequestFailed(dn, requestID, why)
}
