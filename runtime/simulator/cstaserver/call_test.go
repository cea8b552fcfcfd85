package cstaserver

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

var supportCall = switchmodel.InboundCall{
	From: "+49301234567", Queue: "support", Data: map[string]string{"customerId": "4711"},
}

func place(t *testing.T, x *exchange, in switchmodel.InboundCall) *switchmodel.Call {
	t.Helper()
	call, err := x.model.Inbound(in)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// An agent's day on the wire: log on, ready, a call with data, held and
// retrieved, work after it, log off.
func TestAgentServesACall(t *testing.T) {
	x := startExchange(t, func(_ *Config, m *switchmodel.Config) { m.WrapUpTime = time.Hour })
	c := login(t, x)
	monitor := c.Monitor("1001")

	c.SetAgent("1001", wire.RequestLoggedOn)
	if got := eventAs[*wire.AgentLoggedOnEvent](c); got.AgentID != "4001" || got.MonitorCrossRefID != monitor || got.Device.Number() != "1001" {
		t.Errorf("logged on: %+v", got)
	}
	eventAs[*wire.AgentNotReadyEvent](c)
	c.SetAgent("1001", wire.RequestReady)
	eventAs[*wire.AgentReadyEvent](c)

	call := place(t, x, supportCall)
	offered := eventAs[*wire.DeliveredEvent](c)
	checkOffer(t, offered, call)
	eventAs[*wire.AgentBusyEvent](c)

	here := offered.Connection
	answerAs[*wire.AnswerCallResponse](c, wire.AnswerCall{Call: here})
	if got := eventAs[*wire.EstablishedEvent](c); got.AnsweringDevice.Number() != "1001" || got.LocalConnectionInfo != wire.StateConnected {
		t.Errorf("established: %+v", got)
	}
	answerAs[*wire.HoldCallResponse](c, wire.HoldCall{Call: here})
	if got := eventAs[*wire.HeldEvent](c); got.LocalConnectionInfo != wire.StateHold {
		t.Errorf("held: %+v", got)
	}
	answerAs[*wire.RetrieveCallResponse](c, wire.RetrieveCall{Call: here})
	eventAs[*wire.RetrievedEvent](c)

	answerAs[*wire.ClearConnectionResponse](c, wire.ClearConnection{Connection: here})
	cleared := eventAs[*wire.ConnectionClearedEvent](c)
	if cleared.LocalConnectionInfo != wire.StateNull || cleared.Connection != here || cleared.Cause != wire.CauseNormalClearing {
		t.Errorf("cleared: %+v", cleared)
	}
	if got := eventAs[*wire.AgentWorkingAfterCallEvent](c); got.PendingState != wire.AgentReady {
		t.Errorf("working after call: %+v", got)
	}
	c.SetAgent("1001", wire.RequestLoggedOff)
	eventAs[*wire.AgentLoggedOffEvent](c)
}

func checkOffer(t *testing.T, got *wire.DeliveredEvent, call *switchmodel.Call) {
	t.Helper()
	type offer struct {
		Call, Alerting, Calling, Called, Network, Last, Linkage string
		Local                                                   wire.LocalConnectionState
		Cause                                                   wire.EventCause
		Data                                                    map[string]string
	}
	want := offer{
		string(call.ID), "1001", "+49301234567", "5000", "+49301234567", "5000", call.GlobalLinkage,
		wire.StateAlerting, wire.CauseDistributed, map[string]string{"customerId": "4711"},
	}
	seen := offer{
		got.Connection.CallID, got.AlertingDevice.Number(), got.CallingDevice.Number(), got.CalledDevice.Number(),
		got.NetworkCallingDevice.Number(), got.LastRedirectionDevice.Number(), got.CallLinkageData.GlobalID(),
		got.LocalConnectionInfo, got.Cause, got.Variables(),
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("offer (-want +got):\n%s", diff)
	}
}

func TestCallerGivesUp(t *testing.T) {
	x := startExchange(t, nil)
	c := login(t, x)
	c.Monitor("1001")
	c.SetAgent("1001", wire.RequestLoggedOn)
	c.SetAgent("1001", wire.RequestReady)
	c.Events = nil
	call := place(t, x, supportCall)
	offered := findEvent[*wire.DeliveredEvent](c)
	if err := x.model.HangUp(call.ID); err != nil {
		t.Fatal(err)
	}
	caller := findEvent[*wire.ConnectionClearedEvent](c)
	if caller.Connection.DeviceID.Number != "+49301234567" || caller.LocalConnectionInfo != wire.StateAlerting {
		t.Errorf("the caller's connection: %+v", caller)
	}
	own := eventAs[*wire.ConnectionClearedEvent](c)
	if own.Connection != offered.Connection || own.LocalConnectionInfo != wire.StateNull || own.Cause != wire.CauseCallCancelled {
		t.Errorf("the agent's connection: %+v", own)
	}
}

func TestNobodyAnswers(t *testing.T) {
	x := startExchange(t, func(_ *Config, m *switchmodel.Config) { m.RingTime = 50 * time.Millisecond })
	c := login(t, x)
	c.Monitor("1001")
	c.SetAgent("1001", wire.RequestLoggedOn)
	c.SetAgent("1001", wire.RequestReady)
	place(t, x, supportCall)
	diverted := findEvent[*wire.DivertedEvent](c)
	if diverted.DivertingDevice.Number() != "1001" || diverted.NewDestination.Number() != "5000" || diverted.LocalConnectionInfo != wire.StateNull {
		t.Errorf("diverted: %+v", diverted)
	}
	if got := findEvent[*wire.AgentNotReadyEvent](c); got.Extensions.Agent().ReasonCode != "no-answer" || got.Cause != wire.CauseCallNotAnswered {
		t.Errorf("not ready: %+v, %+v", got, got.Extensions.Agent())
	}
}

func TestMakeCall(t *testing.T) {
	x := startExchange(t, func(_ *Config, m *switchmodel.Config) { m.AnswerDelay = time.Millisecond })
	c := login(t, x)
	c.Monitor("1001")
	made := answerAs[*wire.MakeCallResponse](c, wire.MakeCall{
		CallingDevice: wire.Device("1001"), CalledNumber: wire.Device("+49891234567"),
		CorrelatorData: wire.NewCallData(map[string]string{"campaign": "7"}),
	})
	eventAs[*wire.ServiceInitiatedEvent](c)
	if got := eventAs[*wire.OriginatedEvent](c); got.Connection != made.Connection || got.LocalConnectionInfo != wire.StateConnected {
		t.Errorf("originated: %+v, want connection %+v", got, made.Connection)
	}
	eventAs[*wire.NetworkReachedEvent](c)
	if got := eventAs[*wire.DeliveredEvent](c); got.AlertingDevice.Number() != "+49891234567" || got.Variables()["campaign"] != "7" {
		t.Errorf("delivered: %+v", got)
	}
	eventAs[*wire.EstablishedEvent](c)
}

func TestMakeCallToNowhereFails(t *testing.T) {
	x := startExchange(t, nil)
	c := login(t, x)
	c.Monitor("1001")
	made := answerAs[*wire.MakeCallResponse](c, wire.MakeCall{CallingDevice: wire.Device("1001"), CalledNumber: wire.Device("9999")})
	failed := findEvent[*wire.FailedEvent](c)
	if failed.Cause != wire.CauseDestNotObtainable || failed.LocalConnectionInfo != wire.StateConnected || failed.FailingDevice.Number() != "9999" {
		t.Errorf("failed: %+v", failed)
	}
	answerAs[*wire.ClearConnectionResponse](c, wire.ClearConnection{Connection: made.Connection})
}

func TestSnapshots(t *testing.T) {
	x := startExchange(t, nil)
	c := login(t, x)
	c.SetAgent("1001", wire.RequestLoggedOn)
	c.SetAgent("1001", wire.RequestReady)
	call := place(t, x, supportCall)
	answerAs[*wire.AnswerCallResponse](c, wire.AnswerCall{Call: wire.Connection(string(call.ID), "1001")})
	answerAs[*wire.HoldCallResponse](c, wire.HoldCall{Call: wire.Connection(string(call.ID), "1001")})

	device := answerAs[*wire.SnapshotDeviceResponse](c, wire.SnapshotDevice{SnapshotObject: wire.Device("1001")})
	if len(device.Snapshot.Calls) != 1 || device.Snapshot.Calls[0].State.Local() != wire.StateHold {
		t.Fatalf("device: %+v", device)
	}
	got := answerAs[*wire.SnapshotCallResponse](c, wire.SnapshotCall{SnapshotObject: device.Snapshot.Calls[0].Connection})
	if diff := cmp.Diff(supportCall.Data, got.Variables()); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	if got.CallingDevice.Number() != supportCall.From || got.CallLinkageData.GlobalID() != call.GlobalLinkage || len(got.Snapshot.Parties) != 2 {
		t.Errorf("call: %+v", got)
	}
	agent := answerAs[*wire.GetAgentStateResponse](c, wire.GetAgentState{Device: wire.Device("1001")})
	want := []wire.AgentStateEntry{{AgentID: "4001", LoggedOn: true, Info: []wire.AgentInfo{{
		Group: &wire.DeviceID{Number: "5000"}, State: wire.AgentBusy,
	}}}}
	if diff := cmp.Diff(want, agent.Agents); diff != "" {
		t.Errorf("agent (-want +got):\n%s", diff)
	}
}

func TestRequestsWhileBusyArePending(t *testing.T) {
	x := startExchange(t, nil)
	c := login(t, x)
	c.SetAgent("1001", wire.RequestLoggedOn)
	c.SetAgent("1001", wire.RequestReady)
	place(t, x, supportCall)
	r := agentRequest("1001", wire.RequestNotReady)
	r.Extensions = wire.NewAgentExtensions(wire.AgentData{ReasonCode: "3"})
	if got := answerAs[*wire.SetAgentStateResponse](c, r).PendingState; got != wire.AgentNotReady {
		t.Errorf("pending %q", got)
	}
	state := answerAs[*wire.GetAgentStateResponse](c, wire.GetAgentState{Device: wire.Device("1001")})
	if info := state.Agents[0].Info[0]; info.PendingState != wire.AgentNotReady || state.Extensions.Agent().PendingReasonCode != "3" {
		t.Errorf("state: %+v, %+v", info, state.Extensions.Agent())
	}
	if got := c.SetAgent("1001", wire.RequestLoggedOff); got != wire.AgentNull {
		t.Errorf("pending log off: %q", got)
	}
}
