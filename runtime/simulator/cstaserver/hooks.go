package cstaserver

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// Hooks are where a switch on a bad day takes hold of what goes over the wire.
// Each of the functions that add one returns how to take it out again. Hooks may
// be called at the same time by several goroutines.
type hooks[H any] struct {
	mu  sync.Mutex
	all atomic.Pointer[[]*H]
}

func (h *hooks[H]) add(hook H) (remove func()) {
	mine := &hook
	h.change(func(all []*H) []*H { return append(all, mine) })
	return func() {
		h.change(func(all []*H) []*H { return slices.DeleteFunc(all, func(other *H) bool { return other == mine }) })
	}
}

func (h *hooks[H]) change(f func([]*H) []*H) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := f(slices.Clone(h.list()))
	h.all.Store(&all)
}

func (h *hooks[H]) list() []*H {
	if all := h.all.Load(); all != nil {
		return *all
	}
	return nil
}

// Telling is an event on its way to one monitor.
type Telling struct {
	Event   switchmodel.Event
	Device  switchmodel.DeviceID // that is monitored
	Message wire.Message
	monitor *monitor
}

// Name is the event's, such as Delivered.
func (t Telling) Name() string { return strings.TrimSuffix(wire.Name(t.Message), "Event") }

// Retold is the telling of another event in its place.
func (t Telling) Retold(e switchmodel.Event) Telling {
	t.Event, t.Message = e, message(e, t.Device, t.monitor.id)
	return t
}

// Monitor names the monitor.
func (t Telling) Monitor() string { return t.monitor.id }

// EventHook decides what becomes of an event: it passes it on once, twice, later
// or never. It is called under the switch's mutex: it must neither block nor call
// the switch.
type EventHook func(t Telling, pass func(Telling))

// HookEvents adds a hook for events.
func (s *Server) HookEvents(h EventHook) (remove func()) { return s.eventHooks.add(h) }

func (s *Server) tell(t Telling) { passThrough(s.eventHooks.list(), t) }

func passThrough(hooks []*EventHook, t Telling) {
	if len(hooks) > 0 {
		(*hooks[0])(t, func(t Telling) { passThrough(hooks[1:], t) })
		return
	}
	if !t.monitor.stopped.Load() {
		t.monitor.owner.send(t.Message)
	}
}

// Pretend tells an event that did not happen to everybody who watches a device
// that it concerns.
func (s *Server) Pretend(e switchmodel.Event) { s.hear(e) }

// TellAt tells the monitors of a device something; make is given their names.
func (s *Server) TellAt(device switchmodel.DeviceID, make func(monitor string) wire.Message) {
	for _, m := range s.monitors.at(device) {
		s.tell(Telling{Device: device, Message: make(m.id), monitor: m})
	}
}

// Turn is a request whose turn it is.
type Turn struct {
	Request  wire.Message
	c        *connection
	invokeID int
}

// Name is the request's in ECMA-323 or ECMA-354.
func (t *Turn) Name() string { return wire.Name(t.Request) }

// Done is closed when nobody waits for the answer any more.
func (t *Turn) Done() <-chan struct{} { return t.c.done }

// TellFirst lets the events that the request causes go before its answer.
func (t *Turn) TellFirst() { t.c.out.release(outgoing{}) }

// Answer sends an answer after the turn is over, in which none was given.
func (t *Turn) Answer(answer wire.Message) {
	if !t.c.out.put(outgoing{t.invokeID, answer}) {
		t.c.overflow()
	}
}

// RequestHook does a request in its own way: it calls do for the usual answer, or
// returns another one; nil is no answer. It may block, but not after Done.
type RequestHook func(t *Turn, do func() wire.Message) wire.Message

// HookRequests adds a hook for requests.
func (s *Server) HookRequests(h RequestHook) (remove func()) { return s.requestHooks.add(h) }

func (c *connection) doThrough(hooks []*RequestHook, t *Turn) wire.Message {
	if len(hooks) > 0 {
		return (*hooks[0])(t, func() wire.Message { return c.doThrough(hooks[1:], t) })
	}
	return c.do(t.Request)
}

// Arrival is a request that has just come.
type Arrival struct {
	Request wire.Message
	// Connection counts the connections since the start.
	Connection uint64
	// Outstanding is how many came before on the connection and are not answered yet.
	Outstanding int
}

// ArrivalHook looks at requests before they wait for their turn. Without admission
// the refusal is the answer; nil is none.
type ArrivalHook func(a Arrival) (admitted bool, refusal wire.Message)

// HookArrivals adds a hook for requests that arrive.
func (s *Server) HookArrivals(h ArrivalHook) (remove func()) { return s.arrivalHooks.add(h) }

func (s *Server) admits(a Arrival) (admitted bool, refusal wire.Message) {
	for _, hook := range s.arrivalHooks.list() {
		if admitted, refusal := (*hook)(a); !admitted {
			return false, refusal
		}
	}
	return true, nil
}

// FrameHook rewrites a message that is encoded.
type FrameHook func(event bool, body []byte) []byte

// HookFrames adds a hook for what is written.
func (s *Server) HookFrames(h FrameHook) (remove func()) { return s.frameHooks.add(h) }

func (s *Server) rewrite(item outgoing, body []byte) []byte {
	for _, hook := range s.frameHooks.list() {
		body = (*hook)(item.message.Kind() == wire.Event, body)
	}
	return body
}

// AbandonedHook is told of a telephone or queue that nobody watches any more
// because a connection was lost or a session expired.
type AbandonedHook func(device switchmodel.DeviceID)

// HookAbandoned adds a hook for devices that are no longer watched.
func (s *Server) HookAbandoned(h AbandonedHook) (remove func()) { return s.abandonedHooks.add(h) }

func (s *Server) abandoned(devices []switchmodel.DeviceID) {
	for _, hook := range s.abandonedHooks.list() {
		for _, device := range devices {
			if !s.Watched(device) {
				(*hook)(device)
			}
		}
	}
}

// Refuse makes the answer to a request that is refused.
func Refuse(category, value string) wire.Message { return refusal(refused{category, value}) }

// DeviceOf is the telephone or queue that a request is about; empty: none.
func DeviceOf(request wire.Message) switchmodel.DeviceID {
	_, device := subject(request)
	return device
}

// ConnectionOf is the first connection that a request is about.
func ConnectionOf(request wire.Message) (switchmodel.ConnectionID, bool) {
	all, _ := subject(request)
	if len(all) == 0 {
		return switchmodel.ConnectionID{}, false
	}
	return all[0], true
}

// ConnectionsOf are the connections that a request is about, in its order.
func ConnectionsOf(request wire.Message) []switchmodel.ConnectionID {
	all, _ := subject(request)
	return all
}
