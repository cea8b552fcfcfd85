package csta

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// monitor is a device that the switch tells events of. Sessions of the same device share
// it: a second monitor would double every event, and cost a licence.
type monitor struct {
	c        *connection
	dn       string
	follower follower

	mu    sync.Mutex // held while the switch is asked to start or stop
	users int

	ref string // monitorCrossRefID, empty: not started; under c.mu
}

// follower is who a monitor is for: a phone or a queue.
type follower interface {
	// hear takes an event of the monitor, in the reader.
	hear(wire.Message) hearing
	// forAgents says whether sessions live by the monitor's events.
	forAgents() bool
	// forget is called when nobody follows any more.
	forget()
}

// hearing is what an event tells.
type hearing struct {
	events []opencti.RawEvent
	failed []failure
	lost   error // why it may not be all
}

// failure is a request that was accepted and failed.
type failure struct {
	requestID string
	why       error
}

// monitorOf returns the monitor of a telephone, started or not.
func (c *connection) monitorOf(dn string) *monitor {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.monitors[dn]
	if m == nil {
		m = &monitor{c: c, dn: dn, follower: newPhone(dn)}
		c.monitors[dn] = m
	}
	return m
}

// start begins to use the monitor.
func (m *monitor) start(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.run(ctx); err != nil {
		return err
	}
	m.users++
	return nil
}

// again starts the monitor anew if the switch has stopped it.
func (m *monitor) again(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.run(ctx)
}

// run starts the monitor unless it runs. m.mu is held.
func (m *monitor) run(ctx context.Context) error {
	if m.reference() != "" {
		return nil
	}
	device := wire.Device(m.dn)
	request := &wire.MonitorStart{
		MonitorObject: wire.MonitorObject{DeviceObject: &device}, MonitorType: wire.MonitorTypeDevice,
	}
	// The next event may follow at once: it must find the monitor. An answer in the
	// moment of giving up has started it all the same.
	_, err := m.c.request(ctx, request, m.started)
	switch {
	case m.reference() != "":
		return nil
	case err != nil:
		return inUse(err, "the switch gives the device to nobody else: it is in use")
	}
	return opencti.Errorf(opencti.Rejected, "the switch named no monitor of its own for the device").WithDetail("monitorCrossRefID")
}

// started takes the reference, unless the events of two devices could not be told apart by
// it.
func (m *monitor) started(a answer) {
	r, ok := a.message.(*wire.MonitorStartResponse)
	if !ok {
		return
	}
	ref := strings.TrimSpace(r.MonitorCrossRefID)
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	if other := m.c.byRef[ref]; ref == "" || other != nil && other != m {
		return
	}
	m.ref = ref
	m.c.byRef[ref] = m
}

func (m *monitor) reference() string {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	return m.ref
}

// stop ends the use of the monitor; the last user stops it. No agent's state changes.
func (m *monitor) stop(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.users--; m.users > 0 {
		return nil
	}
	ref := m.forget()
	m.follower.forget()
	if ref == "" {
		return nil // the switch has stopped it
	}
	return m.c.stopMonitor(ctx, ref)
}

// forget takes the monitor's reference away: what still comes with it is not wanted.
func (m *monitor) forget() (ref string) {
	m.c.mu.Lock()
	defer m.c.mu.Unlock()
	ref, m.ref = m.ref, ""
	delete(m.c.byRef, ref)
	return ref
}

func (c *connection) stopMonitor(ctx context.Context, ref string) error {
	_, err := c.request(ctx, &wire.MonitorStop{MonitorCrossRefID: ref}, nil)
	if e := new(opencti.Error); errors.As(err, &e) && strings.HasSuffix(e.Detail, "CrossRefID") {
		return nil // the switch has stopped it already
	}
	return err
}
