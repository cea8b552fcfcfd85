package cstaserver

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// twoDesks are two applications of a switch; agent 4001 at the first telephone
// talks to a customer.
type twoDesks struct {
	*exchange
	first, second *client
	held          wire.ConnectionID
}

func startTwoDesks(t *testing.T) *twoDesks {
	t.Helper()
	x := startExchange(t, nil)
	d := &twoDesks{exchange: x, first: login(t, x), second: login(t, x)}
	d.first.SetAgent("1001", wire.RequestLoggedOn)
	d.first.SetAgent("1001", wire.RequestReady)
	call := place(t, x, supportCall)
	d.held = wire.Connection(string(call.ID), "1001")
	answerAs[*wire.AnswerCallResponse](d.first, wire.AnswerCall{Call: d.held})
	d.first.Monitor("1001")
	d.second.Monitor("1002")
	return d
}

// consult lets the first desk ask the second, which answers.
func (d *twoDesks) consult() (active wire.ConnectionID) {
	c := d.first
	c.T.Helper()
	active = answerAs[*wire.ConsultationCallResponse](c, wire.ConsultationCall{
		ExistingCall: d.held, ConsultedDevice: wire.Device("1002"),
		CorrelatorData: wire.NewCallData(map[string]string{"topic": "refund"}),
	}).InitiatedCall
	if got := eventAs[*wire.HeldEvent](c); got.Connection != d.held || got.LocalConnectionInfo != wire.StateHold || got.Cause != wire.CauseConsultation {
		c.T.Errorf("held: %+v", got)
	}
	eventAs[*wire.ServiceInitiatedEvent](c)
	eventAs[*wire.OriginatedEvent](c)
	eventAs[*wire.DeliveredEvent](c)

	rings := eventAs[*wire.DeliveredEvent](d.second)
	want := map[string]string{"customerId": "4711", "topic": "refund"}
	if diff := cmp.Diff(want, rings.Variables()); diff != "" || rings.Cause != wire.CauseConsultation || rings.LocalConnectionInfo != wire.StateAlerting {
		c.T.Errorf("rings: %+v; data (-want +got):\n%s", rings, diff)
	}
	answerAs[*wire.AnswerCallResponse](d.second, wire.AnswerCall{Call: rings.Connection})
	eventAs[*wire.EstablishedEvent](d.second)
	eventAs[*wire.EstablishedEvent](c)
	return active
}

// merged is what TransferedEvent and ConferencedEvent have in common.
type merged struct {
	Old, Secondary wire.ConnectionID
	By, To         string
	Local          wire.LocalConnectionState
	Cause          wire.EventCause
	NewID, OldID   string
	ACD            bool
	Data           map[string]string
	Parties        map[string]string // old call to new call, by device
}

func parties(pairs []wire.ConnectionPair) map[string]string {
	all := map[string]string{}
	for _, p := range pairs {
		all[p.Endpoint.DeviceID.Number] = p.Old.CallID + " to " + p.New.CallID
	}
	return all
}

func merge(primary wire.ConnectionID, secondary *wire.ConnectionID, by, to *wire.PartyID, data wire.EventData,
	details wire.MergeDetails, pairs []wire.ConnectionPair) merged {
	return merged{
		Old: primary, Secondary: *secondary, By: by.Number(), To: to.Number(),
		Local: data.LocalConnectionInfo, Cause: data.Cause, Data: data.Variables(),
		NewID: details.CallLinkageDataList.New.GlobalID(), OldID: details.CallLinkageDataList.Old.GlobalID(),
		ACD: details.CallCharacteristics != nil && details.CallCharacteristics.ACDCall, Parties: parties(pairs),
	}
}

func TestWarmTransfer(t *testing.T) {
	d := startTwoDesks(t)
	active := d.consult()
	done := answerAs[*wire.TransferCallResponse](d.first, wire.TransferCall{HeldCall: d.held, ActiveCall: active})
	everybody := map[string]string{"+49301234567": "1 to 3", "1002": "2 to 3"}
	if diff := cmp.Diff(everybody, parties(done.Connections)); diff != "" || done.TransferredCall != wire.Connection("3", "1002") {
		t.Errorf("response %+v; connections (-want +got):\n%s", done, diff)
	}
	want := merged{
		Old: d.held, Secondary: active, By: "1001", To: "1002", Local: wire.StateNull, Cause: wire.CauseTransfer,
		NewID: "0000000000000001", OldID: "0000000000000002", ACD: true,
		Data: map[string]string{"customerId": "4711", "topic": "refund"}, Parties: everybody,
	}
	check := func(c *client) {
		t.Helper()
		e := eventAs[*wire.TransferedEvent](c)
		got := merge(e.PrimaryOldCall, e.SecondaryOldCall, e.TransferringDevice, e.TransferredToDevice, e.EventData, e.MergeDetails, e.Connections)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("transferred (-want +got):\n%s", diff)
		}
	}
	check(d.first)
	eventAs[*wire.AgentWorkingAfterCallEvent](d.first)
	want.Local = wire.StateConnected
	check(d.second)

	snapshot := answerAs[*wire.SnapshotCallResponse](d.second, wire.SnapshotCall{SnapshotObject: wire.Connection("3", "1002")})
	if snapshot.CallingDevice.Number() != supportCall.From || len(snapshot.Snapshot.Parties) != 2 || snapshot.CallLinkageData.GlobalID() != want.NewID {
		t.Errorf("snapshot: %+v", snapshot)
	}
	d.first.refused(wire.ClearConnection{Connection: d.held}, wire.CategoryOperation, "invalidCallID")
	answerAs[*wire.ClearConnectionResponse](d.second, wire.ClearConnection{Connection: wire.Connection("3", "1002")})
}

func TestConference(t *testing.T) {
	d := startTwoDesks(t)
	active := d.consult()
	done := answerAs[*wire.ConferenceCallResponse](d.first, wire.ConferenceCall{HeldCall: d.held, ActiveCall: active})
	everybody := map[string]string{"+49301234567": "1 to 3", "1001": "1 to 3", "1002": "2 to 3"}
	if diff := cmp.Diff(everybody, parties(done.Connections)); diff != "" || done.ConferenceCall != wire.Connection("3", "1001") {
		t.Errorf("response %+v; connections (-want +got):\n%s", done, diff)
	}
	want := merged{
		Old: d.held, Secondary: active, By: "1001", To: "1002", Local: wire.StateConnected, Cause: wire.CauseConference,
		NewID: "0000000000000001", OldID: "0000000000000002", ACD: true,
		Data: map[string]string{"customerId": "4711", "topic": "refund"}, Parties: everybody,
	}
	for _, c := range []*client{d.first, d.second} {
		e := eventAs[*wire.ConferencedEvent](c)
		got := merge(e.PrimaryOldCall, e.SecondaryOldCall, e.ConferencingDevice, e.AddedParty, e.EventData, e.MergeDetails, e.Connections)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("conferenced (-want +got):\n%s", diff)
		}
	}

	// One drops the other; two stay.
	answerAs[*wire.ClearConnectionResponse](d.first, wire.ClearConnection{Connection: wire.Connection("3", "1002")})
	if e := eventAs[*wire.ConnectionClearedEvent](d.first); e.Connection.DeviceID.Number != "1002" || e.LocalConnectionInfo != wire.StateConnected {
		t.Errorf("dropped, seen from the first: %+v", e)
	}
	if e := eventAs[*wire.ConnectionClearedEvent](d.second); e.Connection.DeviceID.Number != "1002" || e.LocalConnectionInfo != wire.StateNull {
		t.Errorf("dropped, seen from the second: %+v", e)
	}
	if call, err := d.model.Call("3"); err != nil || len(call.Connections) != 2 {
		t.Errorf("left: %+v, %v", call, err)
	}
}

func TestAlternateAndReconnect(t *testing.T) {
	d := startTwoDesks(t)
	active := d.consult()
	answerAs[*wire.AlternateCallResponse](d.first, wire.AlternateCall{HeldCall: d.held, ActiveCall: active})
	if e := eventAs[*wire.HeldEvent](d.first); e.Connection != active || e.Cause != wire.CauseAlternate {
		t.Errorf("held: %+v", e)
	}
	if e := eventAs[*wire.RetrievedEvent](d.first); e.Connection != d.held || e.Cause != wire.CauseAlternate {
		t.Errorf("retrieved: %+v", e)
	}
	answerAs[*wire.ReconnectCallResponse](d.first, wire.ReconnectCall{ActiveCall: d.held, HeldCall: active})
	eventAs[*wire.ConnectionClearedEvent](d.first)
	if e := eventAs[*wire.RetrievedEvent](d.first); e.Connection != active {
		t.Errorf("retrieved: %+v", e)
	}
}

func TestBlindTransfer(t *testing.T) {
	d := startTwoDesks(t)
	done := answerAs[*wire.SingleStepTransferCallResponse](d.first, wire.SingleStepTransferCall{
		ActiveCall: d.held, TransferredTo: wire.Device("1002"), CorrelatorData: wire.NewCallData(map[string]string{"topic": "refund"}),
	})
	if done.TransferredCall != wire.Connection("2", "1002") {
		t.Errorf("response: %+v", done)
	}
	e := eventAs[*wire.TransferedEvent](d.first)
	if e.SecondaryOldCall != nil || e.PrimaryOldCall != d.held || e.LocalConnectionInfo != wire.StateNull || e.Cause != wire.CauseSingleStepTransfer {
		t.Errorf("transferred: %+v", e)
	}
	rings := eventAs[*wire.DeliveredEvent](d.second)
	if rings.Connection != done.TransferredCall || rings.Cause != wire.CauseSingleStepTransfer || rings.CallingDevice.Number() != supportCall.From {
		t.Errorf("rings: %+v", rings)
	}

	answerAs[*wire.DeflectCallResponse](d.second, wire.DeflectCall{Call: rings.Connection, NewDestination: wire.Device("1003")})
	if e := eventAs[*wire.DivertedEvent](d.second); e.NewDestination.Number() != "1003" || e.Cause != wire.CauseRedirected || e.LocalConnectionInfo != wire.StateNull {
		t.Errorf("diverted: %+v", e)
	}
	history := answerAs[*wire.SnapshotCallResponse](d.second, wire.SnapshotCall{SnapshotObject: wire.Connection("2", "1003")}).DeviceHistory
	if len(history) != 1 || history[0].OldDevice.Number() != "1002" || history[0].Cause != wire.CauseRedirected {
		t.Errorf("history: %+v", history)
	}
}

func TestCallDataAndDigits(t *testing.T) {
	d := startTwoDesks(t)
	active := d.consult()
	answerAs[*wire.AssociateDataResponse](d.second, wire.AssociateData{
		ExistingCall: wire.Connection(active.CallID, "1002"), CorrelatorData: wire.NewCallData(map[string]string{"topic": "invoice"}),
	})
	for _, c := range []*client{d.first, d.second} {
		e := eventAs[*wire.CallInformationEvent](c)
		if e.Connection.CallID != active.CallID || e.Device.Number() != "1002" || e.Variables()["topic"] != "invoice" || e.Variables()["customerId"] != "4711" {
			t.Errorf("data: %+v %v", e, e.Variables())
		}
	}
	answerAs[*wire.GenerateDigitsResponse](d.first, wire.GenerateDigits{Connection: d.held, Characters: "12#"})
	if e := eventAs[*wire.DigitsGeneratedEvent](d.first); e.Connection != d.held || e.Digits != "12#" {
		t.Errorf("digits: %+v", e)
	}
}

func TestFeaturesOfATelephone(t *testing.T) {
	x := startExchange(t, nil)
	c := login(t, x)
	monitor, device := c.Monitor("1001"), wire.Device("1001")
	answerAs[*wire.SetMicrophoneMuteResponse](c, wire.SetMicrophoneMute{Device: device, Apparatus: wire.FirstApparatus, Mute: true})
	if e := eventAs[*wire.MicrophoneMuteEvent](c); e.MonitorCrossRefID != monitor || e.Device.Number() != "1001" || !e.Mute || e.Apparatus != wire.FirstApparatus {
		t.Errorf("mute: %+v", e)
	}
	if got := answerAs[*wire.GetMicrophoneMuteResponse](c, wire.GetMicrophoneMute{Device: device}).Microphones; len(got) != 1 || !got[0].Mute {
		t.Errorf("microphones: %+v", got)
	}
	answerAs[*wire.SetDoNotDisturbResponse](c, wire.SetDoNotDisturb{Device: device, On: true})
	if e := eventAs[*wire.DoNotDisturbEvent](c); e.MonitorCrossRefID != monitor || e.Device.Number() != "1001" || !e.On {
		t.Errorf("do not disturb: %+v", e)
	}
	if !answerAs[*wire.GetDoNotDisturbResponse](c, wire.GetDoNotDisturb{Device: device}).On {
		t.Error("do not disturb is off")
	}
	place(t, x, switchmodel.InboundCall{From: "+4930", To: "1001"})
	if call, err := x.model.Call("1"); err != nil || call.StateAt("1001") != switchmodel.Fail {
		t.Errorf("a call to it: %+v, %v", call, err)
	}
}

func TestTransfersThatAreRefused(t *testing.T) {
	d := startTwoDesks(t)
	active := d.consult()
	gone, other := wire.Connection("7", "1001"), wire.Connection(active.CallID, "1002")
	for name, tc := range map[string]struct {
		request         wire.Message
		category, value string
	}{
		"no call":            {wire.TransferCall{HeldCall: d.held, ActiveCall: gone}, wire.CategoryOperation, "invalidCallID"},
		"not in the call":    {wire.ConsultationCall{ExistingCall: wire.Connection("1", "1003"), ConsultedDevice: wire.Device("1002")}, wire.CategoryOperation, "invalidConnectionID"},
		"not connected":      {wire.ConsultationCall{ExistingCall: d.held, ConsultedDevice: wire.Device("1003")}, wire.CategoryState, "noActiveCall"},
		"two devices":        {wire.ConferenceCall{HeldCall: d.held, ActiveCall: other}, wire.CategoryOperation, "notSameDevice"},
		"not held":           {wire.AlternateCall{HeldCall: active, ActiveCall: d.held}, wire.CategoryState, "noHeldCall"},
		"it is in the call":  {wire.SingleStepTransferCall{ActiveCall: other, TransferredTo: wire.Device("1001")}, wire.CategoryOperation, "invalidDestination"},
		"does not ring":      {wire.DeflectCall{Call: active, NewDestination: wire.Device("1003")}, wire.CategoryState, "invalidConnectionState"},
		"letters for digits": {wire.GenerateDigits{Connection: active, Characters: "x"}, wire.CategoryOperation, "invalidParameterValue"},
		"no data":            {wire.AssociateData{ExistingCall: active}, wire.CategoryOperation, "atLeastOneConditionalParameterNotProvided"},
		"mute no device":     {wire.SetMicrophoneMute{Device: wire.Device("1999")}, wire.CategoryOperation, "invalidDeviceID"},
		"ask no device":      {wire.GetDoNotDisturb{Device: wire.Device("1999")}, wire.CategoryOperation, "invalidDeviceID"},
	} {
		t.Run(name, func(t *testing.T) {
			d.first.T = t
			d.first.refused(tc.request, tc.category, tc.value)
		})
	}
}
