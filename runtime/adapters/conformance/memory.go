package conformance

import (
	"slices"
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

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
