package asterisk

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/ami"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk/mirror"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// device is one session of a telephone.
type device struct {
	c       *connection
	dn      string
	agentID string

	mu         sync.Mutex
	subscribed bool
}

var (
	_ opencti.Device            = (*device)(nil)
	_ opencti.AgentStateControl = (*device)(nil)
	_ opencti.CallControl       = (*device)(nil)
	_ opencti.ToneControl       = (*device)(nil)
	_ opencti.TransferControl   = (*device)(nil)
	_ opencti.ConferenceControl = (*device)(nil)
	_ opencti.CallDataControl   = (*device)(nil)
	_ opencti.AlternateControl  = (*device)(nil)
	_ opencti.DeclineControl    = (*device)(nil)
	_ opencti.MuteControl       = (*device)(nil)
	_ opencti.DisturbControl    = (*device)(nil)
	_ opencti.Statistics        = (*connection)(nil)
)

// Subscribe implements opencti.Device. Asterisk sends everything in any case; from now on what
// concerns this telephone is told.
func (d *device) Subscribe(ctx context.Context) error {
	state, err := d.c.request(ctx, "Getvar", header("Variable", "DEVICE_STATE("+d.c.mirror.Device(d.dn)+")"))
	if err != nil {
		return err
	}
	if state.Get("Value") == "INVALID" {
		return opencti.Errorf(opencti.UnknownDevice, "Asterisk has no telephone with this number").WithDetail("DEVICE_STATE: INVALID")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.subscribed {
		d.subscribed = true
		d.c.watch(d.dn, 1)
	}
	return nil
}

func (c *connection) watch(dn string, more int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users[dn] += more; c.users[dn] <= 0 {
		delete(c.users, dn)
	}
}

// Snapshot implements opencti.Device.
func (d *device) Snapshot(ctx context.Context) (opencti.DeviceSnapshot, error) {
	if err := d.c.sync(ctx, time.Now().Add(-youngEnough)); err != nil {
		return opencti.DeviceSnapshot{}, err
	}
	disturb, err := d.disturb(ctx)
	if err != nil {
		return opencti.DeviceSnapshot{}, err
	}
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	out := opencti.DeviceSnapshot{Agent: agentOf(d.c.mirror.Agent(d.dn)), DoNotDisturb: disturb, Order: d.c.serial}
	for _, call := range d.c.mirror.Calls(d.dn) {
		out.Calls = append(out.Calls, callOf(call))
	}
	return out, nil
}

// disturb asks the database. Getvar may not (asterisk.conf, live_dangerously).
func (d *device) disturb(ctx context.Context) (bool, error) {
	items, err := d.c.list(ctx, "DBGet", header("Family", d.c.config.DisturbFamily), header("Key", d.dn))
	switch e := opencti.AsError(err); {
	case e == nil:
		return slices.ContainsFunc(items, func(m ami.Message) bool { return m.Get("Val") != "" }), nil
	case e.Code == opencti.Forbidden, strings.Contains(e.Detail, notInDatabase):
		return false, nil
	}
	return false, err
}

// notInDatabase is how Asterisk says that there is no such entry.
const notInDatabase = "entry not found"

// Detach implements opencti.Device.
func (d *device) Detach(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.subscribed {
		d.subscribed = false
		d.c.watch(d.dn, -1)
	}
	return nil
}

// Close implements opencti.Device. Asterisk knows no sessions of telephones.
func (d *device) Close(ctx context.Context) error { return d.Detach(ctx) }

// place finds the call of a request.
func (d *device) place(callID string) (mirror.Place, error) {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	p, ok := d.c.mirror.Find(d.dn, callID)
	if !ok {
		return p, opencti.Errorf(opencti.NoSuchCall, "callId names no call at this telephone")
	}
	return p, nil
}

// changed has the loop take over what was just done and Asterisk tells in no event, or in
// one that may be filtered.
func (c *connection) changed(change func(*mirror.Mirror) []mirror.Change) { c.do(change) }
