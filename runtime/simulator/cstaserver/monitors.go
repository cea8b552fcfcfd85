package cstaserver

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// monitors says who wants the events of a device. Its mutex is taken under the
// switch's, never the other way round.
type monitors struct {
	mu       sync.Mutex
	last     int
	byDevice map[switchmodel.DeviceID][]*monitor // slices are replaced, never changed
	byOwner  map[*session]map[string]*monitor
	count    int
	leaks    bool
	leaked   int // of sessions that are gone
}

type monitor struct {
	id      string
	device  switchmodel.DeviceID
	owner   *session
	stopped atomic.Bool
}

// limits bound the monitors of a session, and of all; less than 0 is none.
type limits struct{ own, all int }

func (m *monitors) start(owner *session, device switchmodel.DeviceID, limit limits) (id string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case len(m.byOwner[owner]) >= limit.own:
		return "", errTooManyMonitors
	case limit.all >= 0 && m.count+m.leaked >= limit.all:
		return "", errNoMonitorLicence
	}
	m.last++
	item := &monitor{id: strconv.Itoa(m.last), device: device, owner: owner}
	if m.byDevice == nil {
		m.byDevice = map[switchmodel.DeviceID][]*monitor{}
		m.byOwner = map[*session]map[string]*monitor{}
	}
	if m.byOwner[owner] == nil {
		m.byOwner[owner] = map[string]*monitor{}
	}
	m.byOwner[owner][item.id] = item
	m.byDevice[device] = append(slices.Clip(m.byDevice[device]), item)
	m.count++
	return item.id, nil
}

func (m *monitors) stop(owner *session, id string) (found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	item := m.byOwner[owner][id]
	if item == nil {
		return false
	}
	m.remove(item)
	return true
}

// stopAll stops the monitors of a session that ends; of one that is lost they may
// leak.
func (m *monitors) stopAll(owner *session, lost bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, item := range m.byOwner[owner] {
		m.remove(item)
		if lost && m.leaks {
			m.leaked++
		}
	}
}

// stopAt stops the monitors of a device.
func (m *monitors) stopAt(device switchmodel.DeviceID) []*monitor {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.byDevice[device]
	for _, item := range all {
		m.remove(item)
	}
	return all
}

func (m *monitors) remove(item *monitor) {
	item.stopped.Store(true)
	m.count--
	left := slices.DeleteFunc(slices.Clone(m.byDevice[item.device]), func(other *monitor) bool { return other == item })
	m.byDevice[item.device] = left
	if len(left) == 0 {
		delete(m.byDevice, item.device)
	}
	delete(m.byOwner[item.owner], item.id)
	if len(m.byOwner[item.owner]) == 0 {
		delete(m.byOwner, item.owner)
	}
}

func (m *monitors) at(device switchmodel.DeviceID) []*monitor {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byDevice[device]
}

// devices lists what a session watches.
func (m *monitors) devices(owner *session) []switchmodel.DeviceID {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []switchmodel.DeviceID
	for _, item := range m.byOwner[owner] {
		if !slices.Contains(all, item.device) {
			all = append(all, item.device)
		}
	}
	slices.Sort(all)
	return all
}

// Monitors counts them all: those that a client leaks are seen here.
func (s *Server) Monitors() int {
	m := &s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count + m.leaked
}

// Watched says whether an application that is connected monitors a device.
func (s *Server) Watched(device switchmodel.DeviceID) bool {
	return slices.ContainsFunc(s.monitors.at(device), func(m *monitor) bool { return m.owner.on.Load() != nil })
}

// LeakMonitors lets those of sessions that are lost stay; to end it frees them.
func (s *Server) LeakMonitors(leak bool) {
	m := &s.monitors
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leaks = leak; !leak {
		m.leaked = 0
	}
}

// StopMonitors stops the monitors of a device and tells their owners.
func (s *Server) StopMonitors(device switchmodel.DeviceID) (stopped int) {
	all := s.monitors.stopAt(device)
	for _, m := range all {
		if c := m.owner.on.Load(); c != nil {
			c.ask(wire.MonitorStop{MonitorCrossRefID: m.id})
		}
	}
	return len(all)
}

// hear passes a change on to everybody who watches a device that it concerns.
func (s *Server) hear(e switchmodel.Event) {
	for _, device := range e.Devices() {
		for _, m := range s.monitors.at(device) {
			if m.owner.on.Load() == nil {
				continue // the application is away
			}
			s.tell(Telling{Event: e, Device: device, Message: message(e, device, m.id), monitor: m})
		}
	}
}
