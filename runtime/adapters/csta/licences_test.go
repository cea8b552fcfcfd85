package csta_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/simulator"
)

// behaves begins one of the switch's behaviours.
func (d *desk) behaves(name, parameters string) {
	d.Helper()
	b, ok := d.sim.Director.Find(name)
	if !ok {
		d.Fatalf("the switch has no behaviour %q", name)
	}
	p := b.Blank()
	if err := json.Unmarshal([]byte(parameters), p); err != nil {
		d.Fatal(err)
	}
	if _, err := d.sim.Director.Begin(b, p); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(d.sim.Director.Close)
}

// A session that was lost holds its licence for a moment only: the next one gets it, where
// there is just one.
func TestALostSessionFreesItsLicence(t *testing.T) {
	d := newDesk(t, simulator.DefaultSettings())
	d.behaves("licences", `{"sessions":1,"monitors":1,"duration":300}`)
	d.sim.Server.DropConnections()
	<-d.link.Done()
	for lost := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		again, err := connect(t, config(t, map[string]string{"address": d.address, "username": "ctilink", "password": "secret"}), make(sink, 64))
		if err == nil {
			d.link = again
			break
		}
		if opencti.AsError(err).Code != opencti.LicenceExhausted || time.Since(lost) > 15*time.Second {
			t.Fatalf("after %s: %v", time.Since(lost), err)
		}
	}
	device, err := d.link.Open(t.Context(), d.at)
	if err != nil {
		t.Fatal(err)
	}
	if err := device.Subscribe(t.Context()); err != nil {
		t.Errorf("the monitor's licence: %v", err)
	}
}
