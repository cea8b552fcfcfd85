package session

import (
	stdcmp "cmp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

var (
	transferring = with{"role": "transferring"}
	fromInside   = with{"callType": "CONSULT", "originalCallType": "INBOUND", "offeredBy": "Consult", "interactionId": "g2", "ani": "1001"}
)

func goesOnAs(id string) with { return with{"newCallId": id} }

// The consult belongs to the interaction of the first call, whatever the switch calls it.
func TestAConsultIsOfTheFirstCall(t *testing.T) {
	b := consulting(t, opencti.TransferInitiate)
	c := b.Snapshot().Calls[1]
	if c.InteractionID != "g1" || c.CallType != opencti.Consult || c.OriginalCallType != opencti.Inbound {
		t.Errorf("%+v", c)
	}
	b.happen(opencti.CallInfo, "consult", with{"interactionId": "g3", "callType": "OUTBOUND"})
	b.wantTold(t)
}

// A consult that was dialled at the telephone is known by its type, where one call waits.
func TestAConsultAtTheTelephone(t *testing.T) {
	b := open(loggedIn(callIn("1", opencti.Held), callIn("2", opencti.Held)))
	b.happen(opencti.Initiated, "3", with{"callType": "CONSULT"})
	if c := b.state.calls["3"]; c.linked {
		t.Error("it may be about either of two")
	}
	b.happen(opencti.Released, "2")
	b.happen(opencti.Delivered, "3")
	if c := b.state.calls["3"]; c.consults == nil || c.consults.CallID != "1" || c.InteractionID != "1" {
		t.Errorf("%+v", c)
	}
}

// On the transferring side both calls end by Transferred, each once.
func TestTransferringSide(t *testing.T) {
	b := consulting(t, opencti.TransferInitiate)
	b.perform(t, opencti.Request{Activity: opencti.TransferCall, ID: "mine"})
	b.happen(opencti.Transferred, "first", transferring, goesOnAs("9"))
	b.happen(opencti.Transferred, "consult", transferring)
	b.happen(opencti.Transferred, "first", transferring)
	b.happen(opencti.Released, "first")
	b.happen(opencti.Released, "consult")
	for _, e := range b.wantTold(t, "Transferred first Transferred ended", "Transferred consult Transferred ended") {
		if e.Role != opencti.Transferring || e.CausedBy != "mine" || len(e.Call.Capabilities) > 0 || e.Call.InteractionID != "g1" {
			t.Errorf("%+v, %+v", e, e.Call)
		}
	}
	if n := len(b.Snapshot().Calls); n > 0 {
		t.Errorf("%d calls are left", n)
	}
}

// On the remaining side the same interaction goes on under another id.
func TestRemainingSide(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Offering, "2", fromInside, with{"interactionId": "g1", "variables": map[string]string{"origin": "g1", "customer": "42"}})
	b.happen(opencti.Established, "2")
	b.told()
	b.happen(opencti.Transferred, "2", goesOnAs("3"), with{"interactionId": "g2", "callType": "INBOUND",
		"parties": []map[string]string{{"id": "a", "dn": "555", "role": "Customer"}, {"id": "b", "dn": dn}}})
	e := b.wantTold(t, "Transferred 3 Established")[0]
	if e.Role != opencti.Remaining || e.Ended || !cmp.Equal(e.PreviousCallIDs, []string{"2"}) {
		t.Errorf("%+v", e)
	}
	c := e.Call
	if c.InteractionID != "g1" || c.CallType != opencti.Consult || c.OriginalCallType != opencti.Inbound || c.OfferedBy != opencti.ByConsult ||
		c.Variables["customer"] != "42" || c.Parties[0].DN != "555" {
		t.Errorf("%+v", c)
	}
}

// Made at a telephone, the consult has an id of its own until it becomes the customer's
// call: then it is that interaction.
func TestAConsultBecomesTheCustomersCall(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Offering, "2", fromInside)
	b.happen(opencti.Established, "2")
	b.happen(opencti.Transferred, "2", goesOnAs("3"), with{"interactionId": "g1"})
	told := b.told()
	if c := told[2].Call; told[1].Call.InteractionID != "g2" || c.InteractionID != "g1" {
		t.Errorf("%s, then %s", told[1].Call.InteractionID, c.InteractionID)
	}
	b.happen(opencti.Conferenced, "3", goesOnAs("4"), with{"interactionId": "g1"})
	if c := b.told()[0].Call; c.CallID != "4" || c.InteractionID != "g1" {
		t.Errorf("%+v", c)
	}
}

// A transfer that is completed while it rings offers the call anew.
func TestTransferWhileRinging(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Offering, "2", fromInside)
	b.told()
	b.happen(opencti.Transferred, "2", goesOnAs("3"), with{"ani": "555", "interactionId": "g1"})
	b.happen(opencti.Transferred, "2", goesOnAs("3"))
	e := b.wantTold(t, "Offering 3 Offering")[0]
	if e.Call.OfferedBy != opencti.ByTransfer || e.Call.ANI != "555" || e.Call.CallType != opencti.Consult || e.Role != opencti.Remaining ||
		!cmp.Equal(e.PreviousCallIDs, []string{"2"}) {
		t.Errorf("%+v, %+v", e, e.Call)
	}
	b.happen(opencti.Established, "3")
	b.wantTold(t, "Established 3 Established")
}

// A blind transfer arrives as CONSULT, as the guide says, and keeps what it was.
func TestABlindTransferArrives(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Offering, "2", with{"offeredBy": "BlindTransfer", "callType": "INBOUND", "ani": "555"})
	if c := b.told()[0].Call; c.CallType != opencti.Consult || c.OriginalCallType != opencti.Inbound {
		t.Errorf("%+v", c)
	}
}

func TestConference(t *testing.T) {
	merged := map[string]string{"customer": "42", "topic": "refund"}
	for name, tc := range map[string]struct {
		tell func(*bench)
		want []string
		id   string
	}{
		"under a new id": {func(b *bench) {
			b.happen(opencti.Conferenced, "consult", goesOnAs("9"))
			b.happen(opencti.Conferenced, "first", goesOnAs("9"))
		}, []string{"Conferenced 9 Established", "Conferenced 9 Established"}, "9"},
		"under a new id, the first call first": {func(b *bench) {
			b.happen(opencti.Conferenced, "first", goesOnAs("9"))
			b.happen(opencti.Conferenced, "consult", goesOnAs("9"))
		}, []string{"Conferenced 9 Established", "Conferenced 9 Established"}, "9"},
		"under the first's id": {func(b *bench) {
			b.happen(opencti.Conferenced, "consult", goesOnAs("first"))
		}, []string{"Conferenced first Established"}, "first"},
		"under the consult's id": {func(b *bench) {
			b.happen(opencti.Conferenced, "first", goesOnAs("consult"))
		}, []string{"Conferenced consult Established"}, "consult"},
		"the consult ends before": {func(b *bench) {
			b.happen(opencti.Released, "consult", with{"cause": "conference"})
			b.happen(opencti.Conferenced, "first", goesOnAs("9"))
		}, []string{"Released consult Released ended", "Conferenced 9 Established"}, "9"},
	} {
		t.Run(name, func(t *testing.T) {
			b := consulting(t, opencti.ConferenceInitiate)
			b.perform(t, opencti.Request{Activity: opencti.ConferenceCall, ID: "mine"})
			tc.tell(b)
			b.happen(opencti.Released, "nobody")
			told := b.wantTold(t, tc.want...)
			for _, e := range told {
				if e.CausedBy != "mine" {
					t.Errorf("%s is caused by %q", e.Name, e.CausedBy)
				}
			}
			last := told[len(told)-1]
			if c := last.Call; c.InteractionID != "g1" || c.CallType != opencti.Inbound || !cmp.Equal(c.Variables, merged) {
				t.Errorf("%+v", c)
			}
			calls := b.Snapshot().Calls
			if len(calls) != 1 || calls[0].CallID != tc.id || len(b.state.calls) != 1 {
				t.Errorf("what is left: %v", calls)
			}
			b.happen(opencti.Established, "late-consult")
			b.told()
			for _, old := range []string{"first", "consult"} {
				if old != tc.id {
					b.happen(opencti.Held, old)
				}
			}
			b.wantTold(t)
			b.happen(opencti.Released, tc.id)
			b.wantTold(t, "Released "+tc.id+" Released ended")
		})
	}
}

// What others do with a call that is on hold here leaves it on hold.
func TestATransferOfACallOnHold(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Held)))
	b.happen(opencti.Transferred, "7", goesOnAs("8"))
	b.wantTold(t, "Transferred 8 Held")
}

// A consult that a colleague made at the telephone becomes the call that it was about, under
// whichever id the switch goes on with it; once, whatever global ids later merges bring.
func TestAConsultedAgentGetsTheInteraction(t *testing.T) {
	for name, tc := range map[string]struct {
		by opencti.EventName
		id string
	}{
		"conference, a new id":  {opencti.Conferenced, "9"},
		"conference, its own":   {opencti.Conferenced, "7"},
		"transfer, a new id":    {opencti.Transferred, "9"},
		"transfer, its own":     {opencti.Transferred, "7"},
		"its own is not named":  {opencti.Conferenced, ""},
		"and not by a transfer": {opencti.Transferred, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(loggedIn())
			b.happen(opencti.Offering, "7", fromInside)
			b.happen(opencti.Established, "7")
			b.happen(tc.by, "7", goesOnAs(tc.id), with{"interactionId": "g1", "role": "remaining"})
			b.happen(tc.by, stdcmp.Or(tc.id, "7"), goesOnAs("11"), with{"interactionId": "g5", "role": "remaining"})
			var got []string
			for _, e := range b.told() {
				got = append(got, e.Call.InteractionID)
			}
			if diff := cmp.Diff([]string{"g2", "g2", "g1", "g1"}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Call types are told late, and wrongly: the cause of an event is not the call's.
func TestCallTypes(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Offering, "7", with{"callType": "INTERNAL"})
	b.happen(opencti.Established, "7", with{"callType": "INBOUND"})
	b.happen(opencti.Held, "7", with{"callType": "CONSULT"}) // for a consultation
	told := b.told()
	if got := []opencti.CallType{told[0].Call.CallType, told[1].Call.CallType, told[2].Call.CallType}; !cmp.Equal(got,
		[]opencti.CallType{opencti.Internal, opencti.Inbound, opencti.Inbound}) {
		t.Error(got)
	}
}

// Events of one call may change what is possible on the others: desktops are told.
func TestCapabilitiesOfTheOtherCalls(t *testing.T) {
	b := open(loggedIn(callIn("1", opencti.Held)))
	b.happen(opencti.Initiated, "2")
	b.happen(opencti.Delivered, "2")
	b.happen(opencti.CallInfo, "2", with{"variables": map[string]string{"a": "b"}})
	b.happen(opencti.Released, "2")
	var got []int
	for _, e := range b.told() {
		got = append(got, len(e.Capabilities["1"]))
	}
	// Cancelling is possible while it dials; transfer and conference when it rings there.
	if diff := cmp.Diff([]int{5, 7, 0, 3}, got); diff != "" {
		t.Error(diff)
	}
}

func TestInteractionIDs(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Offering, "7")
	b.happen(opencti.Established, "7", with{"interactionId": "g1"}) // told late
	b.happen(opencti.Held, "7", with{"interactionId": "g2"})        // the switch gave it another
	var got []string
	for _, e := range b.told() {
		got = append(got, e.Call.InteractionID)
	}
	if diff := cmp.Diff([]string{"7", "g1", "g1"}, got); diff != "" {
		t.Error(diff)
	}
}
