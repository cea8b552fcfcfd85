//go:build asterisk

package asterisk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx/pbxtest"
	"github.com/ctilink/ctilink-operator/hack/asterisk/phone"
	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// realWorld is an Asterisk with telephones, until the test ends.
func realWorld(t *testing.T, o world.Options) *world.World {
	t.Helper()
	o.Tree, o.Verbose = pbxtest.Tree(t), pbxtest.Verbosity()
	w, err := world.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Asterisk said:\n%s\n%s", w.PBX.Log(), w.Transcript())
		}
		w.Close()
	})
	return w
}

// Every claim of the class, against a real Asterisk with real telephones.
func TestConformance(t *testing.T) {
	w := realWorld(t, world.Options{RingSeconds: 3})
	conformance.Test(t, w.Bench("asterisk", asterisk.Driver{}))
}

// Asterisk is restarted in mid-call: dynamic members are gone, and so are calls.
func TestAsteriskIsRestarted(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice := o.desk("1001")
	call := o.talks(alice)
	o.PBX.Kill()
	alice.hears(opencti.LinkLost)
	o.must(o.PBX.Run(t.Context()))
	o.must(o.Register(t.Context()))
	gone := alice.hears(opencti.Released)
	if gone.Call.CallID != call.CallID || gone.Cause != "LostInResync" {
		t.Errorf("told was %s", told(gone))
	}
	alice.hears(opencti.LinkUp)
	if s := alice.hears(opencti.SnapshotEvent).Snapshot; s.Agent.State != opencti.LoggedOut || len(s.Calls) > 0 {
		t.Errorf("the snapshot has the agent %s and %d calls", s.Agent.State, len(s.Calls))
	}
	alice.ready("8001")
	o.calls("8001")
	alice.hears(opencti.Offering)
}

// The connection is lost in the middle of a consult; what the channels say is enough to go on.
func TestConnectionIsLostInAConsult(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice, bob := o.desk("1001"), o.desk("1002")
	first := o.talks(alice)
	alice.does(opencti.TransferInitiate, opencti.Request{CallID: first.CallID, DestinationNumber: "1002"})
	alice.hears(opencti.Delivered)
	offer := bob.hears(opencti.Offering).Call
	bob.does(opencti.AnswerCall, opencti.Request{})
	consult := alice.hears(opencti.Established).Call
	bob.hears(opencti.Established)
	o.must(o.Do(t.Context(), conformance.Act{Does: conformance.LosesConnections}))
	alice.hears(opencti.LinkUp)
	states := map[string]opencti.EventName{}
	for _, c := range alice.hears(opencti.SnapshotEvent).Snapshot.Calls {
		states[c.CallID] = c.State
		if c.InteractionID != first.InteractionID {
			t.Errorf("call %s is of interaction %s, want %s", c.CallID, c.InteractionID, first.InteractionID)
		}
	}
	want := map[string]opencti.EventName{first.CallID: opencti.Held, consult.CallID: opencti.Established}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	bob.hears(opencti.LinkUp)
	if calls := bob.hears(opencti.SnapshotEvent).Snapshot.Calls; len(calls) != 1 || calls[0].OfferedBy != opencti.ByConsult || calls[0].OriginalCallType != opencti.Inbound {
		t.Errorf("bob has %+v", calls)
	}
	alice.does(opencti.TransferCall, opencti.Request{})
	alice.hears(opencti.Transferred)
	alice.hears(opencti.Transferred)
	if e := bob.hears(opencti.Transferred); e.Call.CallID != offer.CallID || e.Call.ANI != o.Cast().Customer {
		t.Errorf("told was %s", told(e))
	}
}

// Who waits on hold for a telephone that is hung up is not lost.
func TestTelephoneIsHungUpInAConsult(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice, bob := o.desk("1001"), o.desk("1002")
	o.calls("1001")
	first := alice.hears(opencti.Offering).Call
	alice.does(opencti.AnswerCall, opencti.Request{})
	alice.hears(opencti.Established)
	alice.does(opencti.TransferInitiate, opencti.Request{CallID: first.CallID, DestinationNumber: "1002"})
	bob.hears(opencti.Offering)
	o.must(o.at("1001", phone.Talking).HangUp(t.Context()))
	alice.hears(opencti.Released)
	bob.hears(opencti.Abandoned)
	again := alice.hears(opencti.Offering)
	alice.is(again, map[string]string{"interaction": first.InteractionID, "ani": o.Cast().Customer, "order": "17"})
}

// Queues that call members by Local channels, as FreePBX's do.
func TestLocalMembers(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}), "member", "Local/{dn}@from-queue/n")
	alice, bob := o.desk("1001"), o.desk("1002")
	alice.ready("8001")
	customer := o.calls("8001")
	offer := alice.hears(opencti.Offering)
	alice.is(offer, map[string]string{"by": "Queue", "queue": "8001", "ani": o.Cast().Customer, "dnis": "8001", "type": "INBOUND", "order": "17"})
	alice.does(opencti.AnswerCall, opencti.Request{})
	alice.hears(opencti.Established)
	alice.does(opencti.HoldCall, opencti.Request{CallID: offer.Call.CallID})
	alice.hears(opencti.Held)
	alice.does(opencti.RetrieveCall, opencti.Request{CallID: offer.Call.CallID})
	alice.hears(opencti.Retrieved)
	alice.does(opencti.TransferInitiate, opencti.Request{CallID: offer.Call.CallID, DestinationNumber: "1002"})
	alice.hears(opencti.Delivered)
	bob.is(bob.hears(opencti.Offering), map[string]string{"by": "Consult", "original": "INBOUND", "order": "17"})
	bob.does(opencti.AnswerCall, opencti.Request{})
	alice.hears(opencti.Established)
	alice.does(opencti.TransferCall, opencti.Request{})
	alice.hears(opencti.Transferred)
	bob.is(bob.hears(opencti.Transferred), map[string]string{"role": "remaining", "ani": o.Cast().Customer, "interaction": offer.Call.InteractionID})
	o.must(customer.HangUp(t.Context()))
	bob.hears(opencti.Released)
	alice.hears(opencti.Available)
}

// An agent whose leg is connected all day.
func TestAlwaysConnectedLeg(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}), "remoteControl", "connected", "member", "Local/{dn}@agent-request/n", "stateInterface", "Agent:{dn}")
	alice := o.desk("1001")
	_, err := o.Phones["1001"].Dial(t.Context(), "*45", "")
	o.must(err)
	alice.hears(opencti.Released)             // dialling for it is no call
	o.console("agent show 1001", "NOT_INUSE") // Asterisk waits for some seconds first
	alice.ready("8001")
	customer := o.calls("8001")
	offer := alice.hears(opencti.Offering)
	alice.is(offer, map[string]string{"by": "Queue", "queue": "8001", "ani": o.Cast().Customer, "dnis": "8001", "type": "INBOUND"})
	alice.does(opencti.AnswerCall, opencti.Request{})
	alice.is(alice.hears(opencti.Established), map[string]string{"call": offer.Call.CallID})
	o.must(customer.HangUp(t.Context()))
	alice.hears(opencti.Released)
	o.calls("8001")
	second := alice.hears(opencti.Offering)
	alice.does(opencti.AnswerCall, opencti.Request{CallID: second.Call.CallID})
	alice.hears(opencti.Established)
	alice.does(opencti.HangUpCall, opencti.Request{CallID: second.Call.CallID})
	alice.hears(opencti.Released)
	if calls := o.Phones["1001"].Calls(); len(calls) != 1 || calls[0].State() != phone.Talking {
		t.Errorf("the leg is %v, want connected", calls)
	}
}

// Telephones that cannot be told anything: hold is the switch's.
func TestWithoutRemoteControlAtAll(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}), "remoteControl", "none")
	alice, bob := o.desk("1001"), o.desk("1002")
	customer := o.calls("1001")
	call := alice.hears(opencti.Offering).Call
	o.must(o.at("1001", phone.Ringing).Answer())
	alice.hears(opencti.Established)
	alice.does(opencti.HoldCall, opencti.Request{CallID: call.CallID})
	alice.hears(opencti.Held)
	alice.does(opencti.RetrieveCall, opencti.Request{CallID: call.CallID})
	alice.hears(opencti.Retrieved)
	alice.does(opencti.BlindTransfer, opencti.Request{CallID: call.CallID, DestinationNumber: "1002"})
	alice.hears(opencti.Transferred)
	bob.is(bob.hears(opencti.Offering), map[string]string{"by": "BlindTransfer", "ani": o.Cast().Customer, "interaction": call.InteractionID})
	o.must(customer.HangUp(t.Context()))
	bob.hears(opencti.Abandoned)
	alice.does(opencti.MakeCall, opencti.Request{DestinationNumber: "1002"})
	alice.hears(opencti.Initiated)
	o.must(o.at("1001", phone.Ringing).Answer())
	alice.hears(opencti.Delivered)
	bob.hears(opencti.Offering)
}

func TestRingGroup(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice, bob, carol := o.desk("1001"), o.desk("1002"), o.desk("1003")
	carol.does(opencti.MakeCall, opencti.Request{DestinationNumber: "1900"})
	alice.hears(opencti.Offering)
	bob.hears(opencti.Offering)
	alice.does(opencti.AnswerCall, opencti.Request{})
	alice.hears(opencti.Established)
	if e := bob.hears(opencti.Diverted); e.Cause != "answeredElsewhere" {
		t.Errorf("told was %s", told(e))
	}
	if e := carol.hears(opencti.Established); len(e.Call.Parties) != 2 {
		t.Errorf("told was %s", told(e))
	}
}

// What a person does at the telephone is right at the desktop.
func TestByHand(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice := o.desk("1001")
	_, err := o.Phones["1001"].Dial(t.Context(), "*97", "")
	o.must(err)
	alice.is(alice.hears(opencti.Initiated), map[string]string{"dnis": "*97"})
	alice.hears(opencti.Established) // something that Asterisk does itself
	o.must(o.at("1001", phone.Talking).HangUp(t.Context()))
	alice.hears(opencti.Released)
	_, err = o.Phones["1001"].Dial(t.Context(), o.Cast().Outside, "")
	o.must(err)
	alice.is(alice.hears(opencti.Established), map[string]string{"type": "OUTBOUND", "dnis": o.Cast().Outside})
	call := o.at("1001", phone.Talking)
	o.must(call.Hold(t.Context()))
	alice.hears(opencti.Held)
	o.must(call.Retrieve(t.Context()))
	alice.hears(opencti.Retrieved)
	o.must(call.Transfer(t.Context(), "1002"))
	alice.hears(opencti.Transferred)
	bob := o.desk("1002")
	if calls := bob.session.Snapshot().Calls; len(calls) != 1 || calls[0].OfferedBy != opencti.ByBlindTransfer || calls[0].OriginalCallType != opencti.Outbound {
		t.Errorf("bob has %d calls, the first is %+v", len(calls), *calls[0])
	}
}

// Do-not-disturb is what Asterisk's database says, also to who comes later.
func TestDoNotDisturb(t *testing.T) {
	w := realWorld(t, world.Options{})
	alice := openOffice(t, w).desk("1001")
	for _, on := range []bool{true, false} {
		alice.does(opencti.SetDoNotDisturb, opencti.Request{Enabled: on})
		if e := alice.hears(opencti.SnapshotEvent); e.Snapshot.DoNotDisturb != on {
			t.Errorf("told is %v, want %v", e.Snapshot.DoNotDisturb, on)
		}
		if later := openOffice(t, w).desk("1001").session.Snapshot(); later.DoNotDisturb != on {
			t.Errorf("later seen is %v, want %v", later.DoNotDisturb, on)
		}
	}
}

func TestByTLS(t *testing.T) {
	w := realWorld(t, world.Options{})
	o := openOffice(t, w, "address", w.PBX.AMITLS(), "tls", "true", "tlsCA", w.PBX.CA)
	alice := o.desk("1001")
	alice.ready("8001")
	alice.does(opencti.LogoutAgent, opencti.Request{})
	alice.hears(opencti.LoggedOut)
}
