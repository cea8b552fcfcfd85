//go:build asterisk

package asterisk_test

import (
	"testing"

	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Every claim of the class, on a dialplan with the form of FreePBX's.
func TestConformanceOnFreePBX(t *testing.T) {
	w := realWorld(t, world.Options{RingSeconds: 3, FreePBX: true})
	conformance.Test(t, w.Bench("asterisk", asterisk.Driver{}))
}

// A queue of FreePBX answers the caller, calls its member through from-queue and a hint says
// whether the telephone is free. Both ways of a queue: to the extension, to the telephone alone.
func TestQueuesOfFreePBX(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{FreePBX: true}))
	o.console("manager show settings", "CTILINK_CALL,CTILINK_DATA") // by [general](+)
	alice, bob := o.desk("1001"), o.desk("1002")
	for _, queue := range o.Cast().Queues {
		alice.ready(queue)
		o.console("queue show "+queue, "(Local/1001@from-queue/n from hint:1001@ext-local)")
		customer := o.calls(queue)
		offer := alice.hears(opencti.Offering)
		alice.is(offer, map[string]string{"by": "Queue", "queue": queue, "ani": o.Cast().Customer, "dnis": queue, "type": "INBOUND", "order": "17"})
		alice.does(opencti.AnswerCall, opencti.Request{})
		alice.hears(opencti.Established)
		o.console("queue show "+queue, "Busy")
		alice.does(opencti.TransferInitiate, opencti.Request{CallID: offer.Call.CallID, DestinationNumber: "1002"})
		alice.hears(opencti.Delivered)
		there := bob.hears(opencti.Offering)
		bob.is(there, map[string]string{"by": "Consult", "original": "INBOUND", "order": "17"})
		bob.does(opencti.AnswerCall, opencti.Request{})
		alice.hears(opencti.Established)
		alice.does(opencti.TransferCall, opencti.Request{})
		alice.hears(opencti.Transferred)
		bob.is(bob.hears(opencti.Transferred), map[string]string{"role": "remaining", "ani": o.Cast().Customer, "interaction": offer.Call.InteractionID})
		o.must(customer.HangUp(t.Context()))
		bob.hears(opencti.Released)
		alice.hears(opencti.Available)
		alice.does(opencti.LogoutAgent, opencti.Request{})
		alice.hears(opencti.LoggedOut)
	}
}

// The hint of a telephone with do-not-disturb is busy: that is no call, and the agent is not
// told to be on one.
func TestDoNotDisturbOfFreePBX(t *testing.T) {
	w := realWorld(t, world.Options{FreePBX: true})
	o := openOffice(t, w)
	alice := o.desk("1001")
	alice.ready("8001")
	alice.does(opencti.SetDoNotDisturb, opencti.Request{Enabled: true})
	o.console("queue show 8001", "Busy")
	for name, d := range map[string]*desk{"the desktop": alice, "who comes later": openOffice(t, w).desk("1001")} {
		s := d.session.Snapshot()
		if s.Agent.State != opencti.Unavailable || s.Agent.NativeState != "do not disturb" || !s.DoNotDisturb {
			t.Errorf("%s sees %s (%s), do-not-disturb %v", name, s.Agent.State, s.Agent.NativeState, s.DoNotDisturb)
		}
	}
	alice.does(opencti.SetDoNotDisturb, opencti.Request{})
	alice.hears(opencti.Available)
}

// Who logs in by FreePBX's feature code has his name there; the desktop is logged in all the same.
func TestFeatureCodeOfFreePBX(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{FreePBX: true}))
	alice := o.desk("1001")
	o.console(`queue add member Local/1001@from-queue/n to 8001 penalty 0 as "Alice Adams" state_interface hint:1001@ext-local`, "Added interface")
	alice.hears(opencti.LoggedIn)
	alice.hears(opencti.Available)
	alice.does(opencti.SetAgentNotReady, opencti.Request{ReasonCode: "2"})
	alice.is(alice.hears(opencti.Unavailable), map[string]string{"reason": "2", "8001": "Unavailable"})
	alice.does(opencti.LogoutAgent, opencti.Request{})
	alice.hears(opencti.LoggedOut)
}
