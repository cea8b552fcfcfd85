package conformance

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// rig is a connection without a link.
type rig struct {
	*stage
	opencti.Connection
	sink *memory
}

// connect dials with a sink of its own; its problems are noted when the scenario ends.
func (s *stage) connect() *rig {
	s.row = RowDriver
	m := &memory{}
	ctx, cancel := context.WithTimeout(s.ctx, s.bench.Patience)
	defer cancel()
	c, err := s.dial(ctx, s.bench.Config, newTappedSink(m, s.tap.note))
	if err != nil {
		s.broken(problem{clauseConnect, "a connection", err.Error()})
	}
	r := &rig{s, c, m}
	s.rigs = append(s.rigs, r)
	return r
}

func (s *stage) dial(ctx context.Context, values map[string]string, sink opencti.Sink) (opencti.Connection, error) {
	config := s.bench.Driver.Describe().Config()
	if err := opencti.DecodeConfig(values, config); err != nil {
		return nil, err
	}
	return s.bench.Driver.Connect(ctx, opencti.Environment{Config: config, Sink: sink, Log: s.bench.log()})
}

// device opens and subscribes the n-th agent's telephone.
func (r *rig) device(n int) opencti.Device {
	d := r.opened(n)
	r.must(clauseSubs, "Subscribe", d.Subscribe(r.ctx))
	return d
}

func (r *rig) opened(n int) opencti.Device {
	a := r.cast.Agents[n]
	d, err := r.Open(r.ctx, opencti.Endpoint{DN: a.DN, AgentID: a.ID})
	r.must(clausePassive, "Open", err)
	return d
}

func (r *rig) snapshot(d opencti.Device) opencti.DeviceSnapshot {
	snap, err := d.Snapshot(r.ctx)
	r.must(clauseComplete, "Snapshot", err)
	return snap
}

// must ends the scenario when a step that has to work does not.
func (s *stage) must(c Clause, step string, err error) {
	if err != nil {
		s.broken(problem{c, step + " to work", err.Error()})
	}
}

// rings lets the customer call the n-th agent until the sink knows, and gives the call.
func (r *rig) rings(n int) {
	dn := r.cast.Agents[n].DN
	r.act(RowCaller, Act{Who: r.given(r.cast.Customer, "customer"), Does: Calls, To: dn, Data: callData()})
	r.row = RowDriver
	r.told(dn)
}

// told waits for an event of a device.
func (r *rig) told(dn string) {
	if p := r.until(func() *problem {
		if r.sink.count(dn) > 0 {
			return nil
		}
		return &problem{clauseSubs, "an event of " + dn, "none within " + r.bench.Patience.String()}
	}); p != nil {
		r.broken(*p)
	}
}

// gone waits until Done is closed.
func (r *rig) gone(c Clause) {
	select {
	case <-r.Done():
	case <-time.After(r.bench.Patience):
		r.broken(problem{c, "Done closed", "open after " + r.bench.Patience.String()})
	}
}

// memory is a sink that remembers.
type memory struct {
	mu     sync.Mutex
	events []opencti.RawEvent
}

// HandleRaw implements opencti.Sink.
func (m *memory) HandleRaw(e opencti.RawEvent) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
}

// EventsLost implements opencti.Sink.
func (m *memory) EventsLost(string, error) {}

// RequestFailed implements opencti.Sink.
func (m *memory) RequestFailed(string, string, error) {}

func (m *memory) all() []opencti.RawEvent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}

// count says how many events of a device came.
func (m *memory) count(dn string) int {
	n := 0
	for _, e := range m.all() {
		if e.DN == dn {
			n++
		}
	}
	return n
}
