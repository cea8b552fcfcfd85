package cstaserver

import (
	"strconv"
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// monitors says who wants the events of a device. Its mutex is taken under the
// switch's, never the other way round.
type monitors struct {
	mu       sync.Mutex
	last     int
	byDevice map[switchmodel.DeviceID]map[string]*monitor
	byOwner  map[*connection]map[string]*monitor
}

type monitor struct {
	id     string
	device switchmodel.DeviceID
	owner  *connection
}

func (m *monitors) start(owner *connection, device switchmodel.DeviceID, limit int) (id string, fits bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-owner.done:
		return "", false // nobody would ever stop it
	default:
	}
	if len(m.byOwner[owner]) >= limit {
		return "", false
	}
	m.last++
	item := &monitor{id: strconv.Itoa(m.last), device: device, owner: owner}
	if m.byDevice == nil {
		m.byDevice = map[switchmodel.DeviceID]map[string]*monitor{}
		m.byOwner = map[*connection]map[string]*monitor{}
	}
	file(m.byDevice, device, item)
	file(m.byOwner, owner, item)
	return item.id, true
}

func file[K comparable](index map[K]map[string]*monitor, key K, item *monitor) {
	if index[key] == nil {
		index[key] = map[string]*monitor{}
	}
	index[key][item.id] = item
}

func (m *monitors) stop(owner *connection, id string) (found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	item := m.byOwner[owner][id]
	if item == nil {
		return false
	}
	m.remove(item)
	return true
}

func (m *monitors) stopAll(owner *connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, item := range m.byOwner[owner] {
		m.remove(item)
	}
}

func (m *monitors) remove(item *monitor) {
	delete(m.byDevice[item.device], item.id)
	if len(m.byDevice[item.device]) == 0 {
		delete(m.byDevice, item.device)
	}
	delete(m.byOwner[item.owner], item.id)
	if len(m.byOwner[item.owner]) == 0 {
		delete(m.byOwner, item.owner)
	}
}

func (m *monitors) of(device switchmodel.DeviceID, f func(*monitor)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, item := range m.byDevice[device] {
		f(item)
	}
}

// Monitors counts them all: those that a client leaks are seen here.
func (s *Server) Monitors() int {
	m := &s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	count := 0
	for _, items := range m.byOwner {
		count += len(items)
	}
	return count
}

// hear passes a change on to everybody who watches a device that it concerns.
func (s *Server) hear(e switchmodel.Event) {
	for _, device := range e.Devices() {
		s.monitors.of(device, func(m *monitor) { m.owner.send(message(e, device, m.id)) })
	}
}
