//go:build asterisk

package asterisk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// consults has alice take a call of the queue and ask bob, who answers.
func (o *office) consults(alice, bob *desk) (first, consult *opencti.Call) {
	o.Helper()
	alice.ready("8001")
	o.calls("8001")
	first = alice.hears(opencti.Offering).Call
	alice.does(opencti.AnswerCall, opencti.Request{})
	alice.hears(opencti.Established)
	consult = o.asks(alice, bob, first)
	return first, consult
}

// asks has a desk consult another about a call.
func (o *office) asks(who, whom *desk, about *opencti.Call) *opencti.Call {
	o.Helper()
	who.does(opencti.ConferenceInitiate, opencti.Request{CallID: about.CallID, DestinationNumber: whom.session.DN()})
	whom.hears(opencti.Offering)
	whom.does(opencti.AnswerCall, opencti.Request{})
	whom.hears(opencti.Established)
	return who.hears(opencti.Established).Call
}

// holds has a desk put its call on hold.
func (d *desk) holds() *opencti.Call {
	d.Helper()
	d.does(opencti.HoldCall, opencti.Request{CallID: d.session.Snapshot().Calls[0].CallID})
	return d.hears(opencti.Held).Call
}

// cut breaks the connection, and gives what each desk's snapshot has afterwards.
func (o *office) cut(desks ...*desk) []map[string]string {
	o.Helper()
	o.must(o.Do(o.Context(), conformance.Act{Does: conformance.LosesConnections}))
	var out []map[string]string
	for _, d := range desks {
		d.hears(opencti.LinkUp)
		out = append(out, looks(d.hears(opencti.SnapshotEvent)))
	}
	return out
}

// looks writes each call of a snapshot in a word or two.
func looks(e *session.Event) map[string]string {
	out := map[string]string{}
	for _, c := range e.Snapshot.Calls {
		out[c.CallID] = string(c.State)
		if c.Muted {
			out[c.CallID] += " muted"
		}
	}
	return out
}

// Who has the consult on hold has the conference on hold: another made it.
func TestConferenceOfWhoIsOnHold(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice, bob := o.desk("1001"), o.desk("1002")
	first, _ := o.consults(alice, bob)
	there := bob.holds()
	alice.does(opencti.ConferenceCall, opencti.Request{})
	if e := alice.hears(opencti.Conferenced); e.Call.CallID != first.CallID || e.Call.State != opencti.Established {
		t.Errorf("told was %s, and the call is %s", told(e), e.Call.State)
	}
	if e := bob.hears(opencti.Conferenced); e.Call.CallID != there.CallID || e.Call.State != opencti.Held || len(e.Call.Parties) != 3 {
		t.Errorf("told was %s, and the call is %s", told(e), e.Call.State)
	}
	bob.does(opencti.RetrieveCall, opencti.Request{CallID: there.CallID})
	bob.hears(opencti.Retrieved)
	alice.does(opencti.HangUpCall, opencti.Request{})
	alice.hears(opencti.Released)
	bob.hears(opencti.PartyInfo)
}

// Who takes the first call back has the consult on hold; while it only rings there, it cannot be.
func TestRetrieveInAConsult(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice, bob := o.desk("1001"), o.desk("1002")
	first, consult := o.consults(alice, bob)
	for _, swap := range []struct{ back, away string }{{first.CallID, consult.CallID}, {consult.CallID, first.CallID}} {
		alice.does(opencti.RetrieveCall, opencti.Request{CallID: swap.back})
		if e := alice.hears(opencti.Held); e.Call.CallID != swap.away {
			t.Errorf("told was %s", told(e))
		}
		if e := alice.hears(opencti.Retrieved); e.Call.CallID != swap.back {
			t.Errorf("told was %s", told(e))
		}
	}
	alice.does(opencti.TransferCall, opencti.Request{})
	bob.hears(opencti.Transferred)
}

// A colleague who has the call on hold at his telephone keeps it, while others consult about it.
func TestCallerHasUsOnHold(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice, bob, carol := o.desk("1001"), o.desk("1002"), o.desk("1003")
	carol.does(opencti.MakeCall, opencti.Request{DestinationNumber: "1001"})
	first := alice.hears(opencti.Offering).Call
	alice.does(opencti.AnswerCall, opencti.Request{})
	alice.hears(opencti.Established)
	carol.hears(opencti.Established)
	hers := carol.holds()
	o.asks(alice, bob, first)
	if s := carol.session.Snapshot(); len(s.Calls) != 1 || s.Calls[0].CallID != hers.CallID || s.Calls[0].State != opencti.Held {
		t.Errorf("carol has %+v", s.Calls)
	}
	alice.does(opencti.TransferCall, opencti.Request{})
	alice.hears(opencti.Transferred)
	if e := carol.hears(opencti.Transferred); e.Ended || e.Call.CallID != hers.CallID || e.Call.State != opencti.Held {
		t.Errorf("told was %s, and the call is %s", told(e), e.Call.State)
	}
	carol.does(opencti.RetrieveCall, opencti.Request{CallID: hers.CallID})
	carol.hears(opencti.Retrieved)
}

// Asterisk tells nobody of a mute; the channel does.
func TestMuteOutlivesTheConnection(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice, bob := o.desk("1001"), o.desk("1002")
	first := o.talks(alice)
	alice.does(opencti.MuteCall, opencti.Request{})
	if e := alice.hears(opencti.CallInfo); !e.Call.Muted {
		t.Errorf("told was %s", told(e))
	}
	if diff := cmp.Diff([]map[string]string{{first.CallID: "Established muted"}}, o.cut(alice)); diff != "" {
		t.Errorf("after the cut (-want +got):\n%s", diff)
	}
	// The telephone stays muted, whomever its channel is connected with.
	consult := o.asks(alice, bob, first)
	if !consult.Muted {
		t.Error("the consult is not muted, the telephone is")
	}
	alice.does(opencti.UnmuteCall, opencti.Request{CallID: consult.CallID})
	want := map[string]string{first.CallID: "Held", consult.CallID: "Established"}
	if diff := cmp.Diff([]map[string]string{want}, o.cut(alice)); diff != "" {
		t.Errorf("after the second cut (-want +got):\n%s", diff)
	}
}

// Who consults out of a conference comes back to it, also over a new connection.
func TestConnectionIsLostInAConsultOfAConference(t *testing.T) {
	o := openOffice(t, realWorld(t, world.Options{}))
	alice, bob, carol := o.desk("1001"), o.desk("1002"), o.desk("1003")
	first, _ := o.consults(alice, bob)
	alice.does(opencti.ConferenceCall, opencti.Request{})
	all := alice.hears(opencti.Conferenced).Call
	there := bob.hears(opencti.Conferenced).Call
	consult := o.asks(alice, carol, all)
	want := []map[string]string{{first.CallID: "Held", consult.CallID: "Established"}, {there.CallID: "Established"}}
	if diff := cmp.Diff(want, o.cut(alice, bob)); diff != "" {
		t.Fatalf("after the cut (-want +got):\n%s", diff)
	}
	alice.does(opencti.ConferenceCall, opencti.Request{})
	if e := alice.hears(opencti.Conferenced); e.Call.CallID != first.CallID || len(e.Call.Parties) != 4 || e.Call.State != opencti.Established {
		t.Errorf("told was %s", told(e))
	}
	carol.hears(opencti.Conferenced)
	bob.hears(opencti.Conferenced)
}
