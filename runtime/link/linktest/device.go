package linktest

import (
	"context"
	"slices"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Device is one session at the server.
type Device struct {
	opencti.Endpoint
	conn *Connection
}

// Happen sends an event of this device.
func (d *Device) Happen(name opencti.EventName, fields map[string]any) {
	d.conn.Happen(d.DN, name, fields)
}

// Subscribe implements opencti.Device.
func (d *Device) Subscribe(ctx context.Context) error {
	if on := d.conn.driver.OnSubscribe; on != nil {
		if err := on(ctx, d.Endpoint); err != nil {
			return err
		}
	}
	return d.conn.alive()
}

// Snapshot implements opencti.Device.
func (d *Device) Snapshot(context.Context) (opencti.DeviceSnapshot, error) {
	snap, err := d.conn.driver.snapshot(d.DN), d.conn.alive()
	if on := d.conn.driver.OnSnapshot; on != nil {
		on(d.Endpoint)
	}
	return snap, err
}

// Detach implements opencti.Device.
func (d *Device) Detach(ctx context.Context) error { return d.Close(ctx) }

// Close implements opencti.Device.
func (d *Device) Close(ctx context.Context) error {
	if on := d.conn.driver.OnClose; on != nil {
		if err := on(ctx); err != nil {
			return err
		}
	}
	d.conn.mu.Lock()
	defer d.conn.mu.Unlock()
	d.conn.devices = slices.DeleteFunc(d.conn.devices, func(o *Device) bool { return o == d })
	return nil
}

func (d *Device) perform(ctx context.Context, r opencti.Request) error {
	if err := d.conn.alive(); err != nil {
		return err
	}
	if on := d.conn.driver.OnPerform; on != nil {
		return on(ctx, d, r)
	}
	return nil
}
