package csta

import (
	"context"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// device is one session of a device.
type device struct {
	c       *connection
	dn      string
	agentID string

	mu      sync.Mutex
	monitor *monitor // nil: not subscribed
}

var (
	_ opencti.Device            = (*device)(nil)
	_ opencti.AgentStateControl = (*device)(nil)
	_ opencti.AgentStatePoll    = (*device)(nil)
	_ opencti.CallControl       = (*device)(nil)
	_ opencti.ToneControl       = (*device)(nil)
	_ opencti.TransferControl   = (*device)(nil)
	_ opencti.ConferenceControl = (*device)(nil)
	_ opencti.CallDataControl   = (*device)(nil)
	_ opencti.AlternateControl  = (*device)(nil)
	_ opencti.DeclineControl    = (*device)(nil)
	_ opencti.MuteControl       = (*device)(nil)
	_ opencti.DisturbControl    = (*device)(nil)
)

// Subscribe implements opencti.Device.
func (d *device) Subscribe(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.monitor != nil {
		return d.monitor.again(ctx)
	}
	m := d.c.monitorOf(d.dn)
	if err := m.start(ctx); err != nil {
		return err
	}
	d.monitor = m
	return nil
}

// Detach implements opencti.Device.
func (d *device) Detach(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.monitor == nil {
		return nil
	}
	m := d.monitor
	d.monitor = nil
	return m.stop(ctx)
}

// Close implements opencti.Device. CSTA knows no more of a session than its monitor.
func (d *device) Close(ctx context.Context) error { return d.Detach(ctx) }

// phone is what is known of the telephone, by all of its sessions.
func (d *device) phone() *phone { return d.c.monitorOf(d.dn).follower.(*phone) }

// PollInterval implements opencti.AgentStatePoll.
func (d *device) PollInterval() time.Duration { return d.c.config.AgentStatePoll }

// AgentState implements opencti.AgentStatePoll.
func (d *device) AgentState(ctx context.Context) (opencti.AgentState, error) {
	return d.agentState(ctx)
}

func (d *device) connection(callID string) wire.ConnectionID { return wire.Connection(callID, d.dn) }

// ask sends what an activity wants done and returns the answer.
func (d *device) ask(ctx context.Context, r opencti.Request, m wire.Message, inOrder func(answer)) (wire.Message, error) {
	a, err := d.c.requestFor(ctx, errand{d.dn, r.ID}, m, inOrder)
	return a.message, err
}

func (d *device) do(ctx context.Context, r opencti.Request, m wire.Message) error {
	_, err := d.ask(ctx, r, m, nil)
	return err
}

// change does what changes calls, and may fail after it was accepted.
func (d *device) change(ctx context.Context, r opencti.Request, m wire.Message, calls ...string) (wire.Message, error) {
	p := d.phone()
	p.promise(r.ID, false, calls...)
	a, err := d.ask(ctx, r, m, nil)
	if err != nil {
		p.forgive(r.ID)
	}
	return a, err
}
