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

// Who logs in where somebody else is, or is elsewhere, is told that; a call in the way is
// another matter.
func TestADeviceThatIsInUse(t *testing.T) {
	d := newDesk(t, simulator.DefaultSettings())
	login := func(dn, agent string) opencti.Request {
		return opencti.Request{Activity: opencti.LoginAgent, DN: dn, AgentID: agent, AgentPassword: "secret"}
	}
	d.do(login("1001", "4001"))
	d.refused(login("1001", "4002"), opencti.DeviceInUse, "stateIncompatibility/invalidObjectState")
	elsewhere := d.colleague("1002")
	elsewhere.refused(login("1002", "4001"), opencti.DeviceInUse, "stateIncompatibility/invalidObjectState")
	d.do(opencti.Request{Activity: opencti.MakeCall, DN: "1001", DestinationNumber: "1002"})
	d.refused(opencti.Request{Activity: opencti.MakeCall, DN: "1001", DestinationNumber: "1003"}, opencti.InvalidState, "stateIncompatibility/invalidObjectState")
	d.behaves("deviceInUse", `{"dn":"1003"}`)
	device, err := d.link.Open(t.Context(), opencti.Endpoint{DN: "1003"})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, device.Subscribe(t.Context()), opencti.DeviceInUse, "stateIncompatibility/invalidObjectState")
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
