package csta_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/simulator"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// talking is a desk with an inbound call, established, and what its session knows of it.
func talking(t *testing.T, change func(*simulator.Settings)) (d *desk, call, interaction string) {
	t.Helper()
	settings := simulator.DefaultSettings()
	if change != nil {
		change(&settings)
	}
	d = newDesk(t, settings)
	d.logIn()
	d.inbound(map[string]string{"customer": "4711"})
	offer := d.await(opencti.Offering)
	d.do(opencti.Request{Activity: opencti.AnswerCall, CallID: offer.Call})
	d.await(opencti.Established)
	return d, offer.Call, offer.Data["interactionId"]
}

// handOn is a request that goes on with a call, as a session completes it.
func handOn(a opencti.Activity, interaction string, r opencti.Request) opencti.Request {
	r.Activity, r.ID = a, "r1"
	r.Lineage = opencti.Lineage{InteractionID: interaction, CallType: opencti.Inbound}
	r.Variables = map[string]string{"customer": "4711", "case": "C-9"}
	return r
}

// consult begins a consult and lets the colleague answer it.
func (d *desk) consult(other *desk, call, interaction string) (consult string) {
	d.Helper()
	d.do(handOn(opencti.TransferInitiate, interaction, opencti.Request{CallID: call, DestinationNumber: other.at.DN}))
	d.await(opencti.Held)
	consult = d.await(opencti.Initiated).Call
	offer := other.await(opencti.Offering)
	want := kin{interaction, "CONSULT", "INBOUND", "Consult", map[string]string{"customer": "4711", "case": "C-9"}}
	if diff := cmp.Diff(want, kinOf(offer)); diff != "" {
		d.Errorf("the colleague is offered (-want +got):\n%s", diff)
	}
	other.do(opencti.Request{Activity: opencti.AnswerCall, CallID: offer.Call})
	d.await(opencti.Established)
	other.await(opencti.Established)
	return consult
}

var survivors = map[string]func(*simulator.Settings){
	"the first call's id survives":   func(s *simulator.Settings) { s.SurvivingLinkage = switchmodel.FirstLinkage },
	"the consult call's id survives": func(s *simulator.Settings) { s.SurvivingLinkage = switchmodel.ConsultLinkage },
}

func TestWarmTransferAtTheSwitch(t *testing.T) {
	for name, change := range survivors {
		t.Run(name, func(t *testing.T) {
			d, call, interaction := talking(t, change)
			other := d.colleague("1002")
			consult := d.consult(other, call, interaction)
			d.do(handOn(opencti.TransferCall, interaction, opencti.Request{CallID: consult, HeldCallID: call}))
			for _, id := range []string{call, consult} {
				if h := d.await(opencti.Transferred); h.Call != id || h.Data["role"] != "transferring" {
					t.Errorf("%+v, want the end of call %s", h, id)
				}
			}
			h := other.await(opencti.Transferred)
			if h.Call != consult || h.Data["role"] != "remaining" || h.Data["newCallId"] == "" || h.Data["interactionId"] != interaction {
				t.Errorf("the colleague's call goes on as %+v, want interaction %s", h, interaction)
			}
			s := other.snapshot()
			if len(s.Calls) != 1 {
				t.Fatalf("the colleague has %+v", s.Calls)
			}
			got := s.Calls[0]
			want := opencti.Call{CallID: h.Data["newCallId"], InteractionID: interaction, State: opencti.Established, CallType: opencti.Consult,
				OriginalCallType: opencti.Inbound, OtherDNs: []string{"+492215550101"}, Variables: map[string]string{"customer": "4711", "case": "C-9"},
				Parties: []opencti.Party{
					{ID: "+492215550101", DN: "+492215550101", State: opencti.Established, Role: opencti.RoleCustomer},
					{ID: "1002", DN: "1002", State: opencti.Established, Role: opencti.RoleAgent}}}
			want.ANI, want.DNIS, want.OfferedBy, want.Queue = got.ANI, got.DNIS, got.OfferedBy, got.Queue
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the colleague's call (-want +got):\n%s", diff)
			}
			if calls := d.snapshot().Calls; len(calls) != 0 {
				t.Errorf("who transferred has %+v", calls)
			}
			// A pod that takes over sees the same.
			again := d.colleague("1002").snapshot().Calls[0]
			if again.InteractionID != interaction || again.CallType != opencti.Consult || again.OriginalCallType != opencti.Inbound {
				t.Errorf("after a fail-over the call is %+v", again)
			}
		})
	}
}

func TestConferenceAtTheSwitch(t *testing.T) {
	for name, change := range survivors {
		t.Run(name, func(t *testing.T) {
			d, call, interaction := talking(t, change)
			other := d.colleague("1002")
			consult := d.consult(other, call, interaction)
			d.do(handOn(opencti.ConferenceCall, interaction, opencti.Request{CallID: consult, HeldCallID: call}))
			h := d.await(opencti.Conferenced)
			if h.Call != call || h.Data["interactionId"] != interaction || h.Data["callType"] == "CONSULT" {
				t.Errorf("the conference is %+v, want the first call", h)
			}
			conference := h.Data["newCallId"]
			if there := other.await(opencti.Conferenced); there.Data["newCallId"] != conference || there.Data["interactionId"] != interaction {
				t.Errorf("the colleague's is %+v", there)
			}
			roles := map[string]opencti.PartyRole{}
			for _, p := range d.snapshot().Calls[0].Parties {
				roles[p.DN] = p.Role
			}
			want := map[string]opencti.PartyRole{"+492215550101": opencti.RoleCustomer, "1001": opencti.RoleAgent, "1002": opencti.RoleConsulted}
			if diff := cmp.Diff(want, roles); diff != "" {
				t.Errorf("parties (-want +got):\n%s", diff)
			}
			d.do(opencti.Request{Activity: opencti.DropParty, CallID: conference, Party: "1002"})
			if left := d.await(opencti.PartyInfo); !cmp.Equal(left.With, []string{"+492215550101"}) {
				t.Errorf("with %v are left", left.With)
			}
			other.await(opencti.Released)
		})
	}
}

func TestConferenceIsFullAtTheSwitch(t *testing.T) {
	d, call, interaction := talking(t, func(s *simulator.Settings) { s.ConferenceParties = 3 })
	consult := d.consult(d.colleague("1002"), call, interaction)
	d.do(opencti.Request{Activity: opencti.ConferenceCall, CallID: consult, HeldCallID: call})
	three := d.await(opencti.Conferenced).Data["newCallId"]
	consult = d.consult(d.colleague("1003"), three, interaction)
	d.refused(opencti.Request{Activity: opencti.ConferenceCall, CallID: consult, HeldCallID: three}, opencti.ConferenceFull, "conferenceMemberLimitExceeded")
}

func TestBlindTransferAtTheSwitch(t *testing.T) {
	d, call, interaction := talking(t, nil)
	other := d.colleague("1002")
	d.do(handOn(opencti.BlindTransfer, interaction, opencti.Request{CallID: call, DestinationNumber: "1002"}))
	if h := d.await(opencti.Transferred); h.Call != call || h.Data["role"] != "transferring" {
		t.Errorf("here it is %+v", h)
	}
	offer := other.await(opencti.Offering)
	want := kin{interaction, "CONSULT", "INBOUND", "BlindTransfer", map[string]string{"customer": "4711", "case": "C-9"}}
	if diff := cmp.Diff(want, kinOf(offer)); diff != "" {
		t.Errorf("there (-want +got):\n%s", diff)
	}
}

func TestTransferWhileItRingsAtTheSwitch(t *testing.T) {
	d, call, interaction := talking(t, nil)
	other := d.colleague("1002")
	d.do(handOn(opencti.TransferInitiate, interaction, opencti.Request{CallID: call, DestinationNumber: "1002"}))
	consult := d.await(opencti.Initiated).Call
	other.await(opencti.Offering)
	d.await(opencti.Delivered)
	d.do(handOn(opencti.TransferCall, interaction, opencti.Request{CallID: consult, HeldCallID: call}))
	if h := other.await(opencti.Transferred); h.Data["offeredBy"] != "Transfer" || h.Data["interactionId"] != interaction {
		t.Errorf("it rings on as %+v, want by Transfer", h)
	}
}

func TestConsultIsCancelledAtTheSwitch(t *testing.T) {
	d, call, interaction := talking(t, nil)
	other := d.colleague("1002")
	consult := d.consult(other, call, interaction)
	d.do(opencti.Request{Activity: opencti.AlternateCall, CallID: consult, HeldCallID: call})
	d.await(opencti.Retrieved)
	d.do(opencti.Request{Activity: opencti.AlternateCall, CallID: call, HeldCallID: consult})
	d.await(opencti.Retrieved)
	d.do(opencti.Request{Activity: opencti.CancelTransfer, CallID: consult, HeldCallID: call})
	if h := d.await(opencti.Retrieved); h.Call != call {
		t.Errorf("call %s is retrieved, want %s", h.Call, call)
	}
	there := other.await(opencti.Released).Call

	consult = d.consult(other, call, interaction)
	other.do(opencti.Request{Activity: opencti.HangUpCall, CallID: other.snapshot().Calls[0].CallID})
	d.await(opencti.Released)
	d.do(opencti.Request{Activity: opencti.CancelConference, HeldCallID: call})
	if h := d.await(opencti.Retrieved); h.Call != call || consult == there {
		t.Errorf("call %s is retrieved, want %s", h.Call, call)
	}
}

func TestFeaturesAtTheSwitch(t *testing.T) {
	d, call, _ := talking(t, nil)
	d.do(opencti.Request{Activity: opencti.SendDTMF, CallID: call, Digits: "12#"})
	d.do(opencti.Request{Activity: opencti.MuteCall, CallID: call})
	if h := d.await(opencti.CallInfo); h.Call != call || !slices.Contains(h.Is, "muted") {
		t.Errorf("after muting: %+v", h)
	}
	if !d.snapshot().Calls[0].Muted {
		t.Error("the snapshot does not say that the call is muted")
	}
	d.do(opencti.Request{Activity: opencti.UnmuteCall, CallID: call})
	if h := d.await(opencti.CallInfo); slices.Contains(h.Is, "muted") {
		t.Errorf("after unmuting: %+v", h)
	}
	d.do(opencti.Request{Activity: opencti.AttachData, CallID: call, Variables: map[string]string{"note": "x"}})
	if diff := cmp.Diff(map[string]string{"customer": "4711", "note": "x"}, d.await(opencti.CallInfo).Vars); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	d.do(opencti.Request{Activity: opencti.SetDoNotDisturb, Enabled: true})
	if h := d.await(opencti.SnapshotEvent); !slices.Contains(h.Is, "doNotDisturb") {
		t.Errorf("not to be disturbed: %+v", h)
	}
	if !d.snapshot().DoNotDisturb {
		t.Error("the snapshot does not say do-not-disturb")
	}
}

func TestDeclineAtTheSwitch(t *testing.T) {
	d := newDesk(t, simulator.DefaultSettings())
	d.logIn()
	d.inbound(nil)
	call := d.await(opencti.Offering).Call
	d.do(opencti.Request{Activity: opencti.DeclineCall, CallID: call})
	for {
		raw := d.events.next(t)
		if h := d.judge.of(t, raw, opencti.Offering); h.Name == opencti.Diverted || h.Name == opencti.Released {
			return
		}
	}
}

func TestStatisticsAtTheSwitch(t *testing.T) {
	d, _, _ := talking(t, nil)
	other := d.colleague("1002")
	other.at.AgentID = "4002"
	other.do(opencti.Request{Activity: opencti.LoginAgent, AgentID: "4002", AgentPassword: "secret"})
	other.await(opencti.LoggedIn)
	stats := func() opencti.QueueStatistics { return statistics(t, d.link, "5000") }
	want := opencti.QueueStatistics{Queue: "5000", AgentsLoggedIn: 2, AgentsBusy: 1, AgentsUnavailable: 1}
	got := stats()
	want.At = got.At
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	monitors := d.sim.Server.Monitors()
	d.inbound(nil)
	if got := stats(); got.CallsWaiting != 1 || got.LongestWaitSeconds > 60 {
		t.Errorf("%+v, want one call that waits", got)
	}
	if n := d.sim.Server.Monitors(); n != monitors {
		t.Errorf("%d monitors, want the same %d", n, monitors)
	}
	_, err := d.link.(opencti.Statistics).QueueStatistics(t.Context(), "5999")
	wantCode(t, err, opencti.InvalidQueue, "invalidDeviceID")
	if err := d.link.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); d.sim.Server.Monitors() != 1; { // that of the colleague
		if time.Now().After(deadline) {
			t.Fatalf("%d monitors are left, want 1", d.sim.Server.Monitors())
		}
	}
}
