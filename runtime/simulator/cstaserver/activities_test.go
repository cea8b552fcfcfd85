package cstaserver

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// floor is a switch on which nothing happens by itself, with an application that
// watches two telephones and a queue. Agent 4001 at 1001 talks to a customer.
type floor struct {
	*exchange
	*client
	held wire.ConnectionID
}

func startFloor(t *testing.T, change func(*switchmodel.Config)) *floor {
	t.Helper()
	x := startExchange(t, func(_ *Config, m *switchmodel.Config) {
		m.RingTime, m.WrapUpTime, m.AnswerDelay = time.Hour, time.Hour, time.Hour
		m.ConferenceParties = 3
		m.Queues = append(m.Queues, switchmodel.QueueConfig{ID: "5001", Name: "sales", Agents: []switchmodel.Range{{First: "4001", Last: "4001"}}})
		if change != nil {
			change(m)
		}
	})
	f := &floor{exchange: x, client: login(t, x)}
	on := agentRequest("1001", wire.RequestLoggedOn)
	support := wire.Device("5000")
	on.Group = &support
	f.do(on)
	f.SetAgent("1001", wire.RequestReady)
	f.held = wire.Connection(string(place(t, x, supportCall).ID), "1001")
	f.do(wire.AnswerCall{Call: f.held})
	for _, device := range []string{"1001", "1002", "5000"} {
		f.Monitor(device)
	}
	return f
}

// do asks for something that must be accepted.
func (f *floor) do(request wire.Message) wire.Message {
	f.T.Helper()
	answer := f.Ask(request)
	if refused, ok := answer.(*wire.CSTAErrorCode); ok {
		category, value := refused.Value()
		f.T.Fatalf("%s was refused: %s %s", wire.Name(request), category, value)
	}
	return answer
}

// consults asks somebody, who answers if he has a telephone.
func (f *floor) consults(to string) (active wire.ConnectionID) {
	f.T.Helper()
	active = f.do(wire.ConsultationCall{ExistingCall: f.held, ConsultedDevice: wire.Device(to)}).(*wire.ConsultationCallResponse).InitiatedCall
	if f.model.IsExtension(switchmodel.DeviceID(to)) {
		f.do(wire.AnswerCall{Call: wire.Connection(active.CallID, to)})
	}
	return active
}

func (f *floor) inbound(to string) wire.ConnectionID {
	return wire.Connection(string(place(f.T.(*testing.T), f.exchange, switchmodel.InboundCall{From: "+4930", To: to}).ID), to)
}

// What an activity of a desktop comes to on the wire, where the other tests do not
// show it already.
func TestActivities(t *testing.T) {
	const data = "customerId=4711 "
	for name, test := range map[string]struct {
		config func(*switchmodel.Config)
		tc     func(f *floor)
		want   []string
	}{
		"decline a direct call": {
			tc: func(f *floor) {
				call := f.inbound("1002")
				f.Told()
				f.do(wire.ClearConnection{Connection: call})
			},
			want: []string{"1002: ConnectionCleared 2@1002 null normalClearing"},
		},
		"decline a call of a queue": {
			tc: func(f *floor) {
				f.do(wire.ClearConnection{Connection: f.held})
				f.SetAgent("1001", wire.RequestReady)
				call := f.inbound("5000")
				f.Told()
				f.do(wire.ClearConnection{Connection: wire.Connection(call.CallID, "1001")})
			},
			want: []string{
				"1001: Diverted 2@1001 null callNotAnswered", "5000: Diverted 2@1001 null callNotAnswered",
				"1001: AgentNotReady 4001 callNotAnswered (no-answer) by NoAnswer", "5000: Queued 2@5000 queued callNotAnswered",
			},
		},
		"deflect to a queue": {
			tc: func(f *floor) {
				call := f.inbound("1002")
				f.Told()
				f.do(wire.DeflectCall{Call: call, NewDestination: wire.Device("5000"), CorrelatorData: wire.NewCallData(map[string]string{"why": "lunch"})})
			},
			want: []string{"1002: Diverted 2@1002 null why=lunch redirected", "5000: Queued 2@5000 queued why=lunch enteringDistribution"},
		},
		"deflect outside": {
			tc: func(f *floor) {
				call := f.inbound("1002")
				f.Told()
				f.do(wire.DeflectCall{Call: call, NewDestination: wire.Device("+4989123456")})
			},
			want: []string{"1002: Diverted 2@1002 null redirected"},
		},
		"tones on a held call": {
			tc: func(f *floor) {
				f.do(wire.HoldCall{Call: f.held})
				f.Told()
				f.do(wire.GenerateDigits{Connection: f.held, Characters: "12#", DigitMode: wire.DigitModeDTMF})
			},
			want: []string{"1001: DigitsGenerated 1@1001 12#", "5000: DigitsGenerated 1@1001 12#"},
		},
		"the microphone is on again after the call": {
			tc: func(f *floor) {
				f.do(wire.SetMicrophoneMute{Device: wire.Device("1001"), Apparatus: wire.FirstApparatus, Mute: true})
				f.do(wire.ClearConnection{Connection: f.held})
			},
			want: []string{
				"1001: MicrophoneMute on",
				"1001: ConnectionCleared 1@1001 null " + data + "normalClearing", "5000: ConnectionCleared 1@1001 null " + data + "normalClearing",
				"5000: ConnectionCleared 1@+49301234567 null " + data + "normalClearing",
				"1001: MicrophoneMute", "1001: AgentWorkingAfterCall 4001 agentReady autoWork by System",
			},
		},
		"a call finds do not disturb": {
			tc: func(f *floor) {
				f.do(wire.SetDoNotDisturb{Device: wire.Device("1003"), On: true})
				f.do(wire.MakeCall{CallingDevice: wire.Device("1002"), CalledNumber: wire.Device("1003")})
			},
			want: []string{
				"1002: ServiceInitiated 2@1002 initiated makeCall", "1002: Originated 2@1002 connected newCall",
				"1002: Failed 2@1003 connected doNotDisturb",
			},
		},
		"a call is diverted by do not disturb": {
			config: func(c *switchmodel.Config) { c.DoNotDisturbTo = "1002" },
			tc: func(f *floor) {
				f.do(wire.SetDoNotDisturb{Device: wire.Device("1003"), On: true})
				f.Monitor("1003")
				f.inbound("1003")
			},
			want: []string{"1003: Diverted 2@1003 null doNotDisturb", "1002: Delivered 2@1002 alerting doNotDisturb"},
		},
		"hand on to an agent": {
			tc: func(f *floor) {
				on := agentRequest("1002", wire.RequestLoggedOn)
				on.AgentID = "4002"
				f.do(on)
				f.Told()
				f.do(wire.SingleStepTransferCall{ActiveCall: f.held, TransferredTo: wire.Device("4002")})
			},
			want: []string{
				"1001: Transfered 1@1001 1>2@+49301234567 null " + data + "singleStepTransfer",
				"1002: Delivered 2@1002 alerting " + data + "singleStepTransfer", "1002: AgentBusy 4002 newCall",
				"1001: AgentWorkingAfterCall 4001 agentReady autoWork by System",
			},
		},
		"hand on to a queue": {
			tc: func(f *floor) {
				f.do(wire.SingleStepTransferCall{ActiveCall: f.held, TransferredTo: wire.Device("5000")})
			},
			want: []string{
				"1001: Transfered 1@1001 1>2@+49301234567 null " + data + "singleStepTransfer",
				"5000: Queued 2@5000 queued " + data + "enteringDistribution",
				"1001: AgentWorkingAfterCall 4001 agentReady autoWork by System",
			},
		},
		"hand on to somebody outside": {
			tc: func(f *floor) {
				f.do(wire.SingleStepTransferCall{ActiveCall: f.held, TransferredTo: wire.Device("+4989123456")})
			},
			want: []string{
				"1001: Transfered 1@1001 1>2@+49301234567 null " + data + "singleStepTransfer",
				"1001: AgentWorkingAfterCall 4001 agentReady autoWork by System",
			},
		},
		"consult outside, transfer": {
			tc: func(f *floor) {
				active := f.consults("+4989123456")
				f.Told()
				f.do(wire.TransferCall{HeldCall: f.held, ActiveCall: active})
			},
			want: []string{
				"1001: Transfered 1@1001 2@1001 1>3@+49301234567 2>3@+4989123456 null " + data + "transfer",
				"5000: Transfered 1@1001 2@1001 1>3@+49301234567 2>3@+4989123456 null " + data + "transfer",
				"1001: AgentWorkingAfterCall 4001 agentReady autoWork by System",
			},
		},
		"a party is dropped by another than who brought it": {
			tc: func(f *floor) {
				f.do(wire.ConferenceCall{HeldCall: f.held, ActiveCall: f.consults("1002")})
				f.Told()
				f.do(wire.ClearConnection{Connection: wire.Connection("3", supportCall.From)})
			},
			want: []string{
				"1001: ConnectionCleared 3@+49301234567 connected " + data + "normalClearing",
				"1002: ConnectionCleared 3@+49301234567 connected " + data + "normalClearing",
				"5000: ConnectionCleared 3@+49301234567 null " + data + "normalClearing",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFloor(t, test.config)
			f.Told()
			test.tc(f)
			if diff := cmp.Diff(test.want, f.Told()); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAConferenceHasALimit(t *testing.T) {
	f := startFloor(t, nil)
	f.do(wire.ConferenceCall{HeldCall: f.held, ActiveCall: f.consults("1002")})
	f.held = wire.Connection("3", "1001")
	active := f.consults("1003")
	f.refused(wire.ConferenceCall{HeldCall: f.held, ActiveCall: active}, wire.CategorySystemResource, "conferenceMemberLimitExceeded")
	f.do(wire.ReconnectCall{ActiveCall: active, HeldCall: f.held})
}

// Queues are logged on to, left, and worked for one by one.
func TestQueueWiseAgents(t *testing.T) {
	f := startFloor(t, nil)
	f.do(wire.ClearConnection{Connection: f.held})
	f.SetAgent("1001", wire.RequestReady)
	f.Told()
	for _, step := range []struct {
		state wire.RequestedAgentState
		group string
		want  []string
	}{
		{wire.RequestLoggedOn, "5001", []string{"1001: AgentLoggedOn 4001 for 5001 normal by Agent", "1001: AgentReady 4001 for 5001 normal by Agent"}},
		{wire.RequestNotReady, "5000", []string{"1001: AgentNotReady 4001 for 5000 normal by Agent"}},
		{wire.RequestNotReady, "5000", []string{}},
		{wire.RequestNotReady, "5001", []string{"1001: AgentNotReady 4001 normal by Agent"}},
		{wire.RequestReady, "5001", []string{"1001: AgentReady 4001 for 5001 normal by Agent"}},
		{wire.RequestReady, "5000", []string{"1001: AgentReady 4001 for 5000 normal by Agent"}},
		{wire.RequestLoggedOff, "5000", []string{"1001: AgentLoggedOff 4001 for 5000 normal by Agent"}},
		{wire.RequestLoggedOff, "5001", []string{"1001: AgentLoggedOff 4001 normal by Agent"}},
	} {
		request, group := agentRequest("1001", step.state), wire.Device(step.group)
		request.Group = &group
		f.do(request)
		if diff := cmp.Diff(step.want, f.Told()); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", step.state, step.group, diff)
		}
	}
}

// A queue's number can be monitored, and asked for who waits and who serves.
func TestAQueueIsADevice(t *testing.T) {
	f := startFloor(t, nil)
	f.Told()
	waits := f.inbound("5000")
	f.inbound("5000")
	snapshot := f.do(wire.SnapshotDevice{SnapshotObject: wire.Device("5000")}).(*wire.SnapshotDeviceResponse)
	if calls := snapshot.Snapshot.Calls; len(calls) != 2 || calls[0].Connection != waits || calls[0].State.Local() != wire.StateQueued {
		t.Errorf("who waits: %+v", calls)
	}
	f.do(wire.ClearConnection{Connection: f.held})
	f.SetAgent("1001", wire.RequestReady)
	f.do(wire.AnswerCall{Call: wire.Connection(waits.CallID, "1001")})
	if err := f.model.HangUp(switchmodel.CallID(waits.CallID)); err != nil {
		t.Fatal(err)
	}
	var queue []string
	for _, line := range f.Told() {
		if line[:5] == "5000:" {
			queue = append(queue, line)
		}
	}
	want := []string{
		"5000: Queued 2@5000 queued enteringDistribution", "5000: Queued 3@5000 queued enteringDistribution",
		"5000: ConnectionCleared 1@1001 null customerId=4711 normalClearing",
		"5000: ConnectionCleared 1@+49301234567 null customerId=4711 normalClearing",
		"5000: Diverted 2@5000 null distributed", "5000: Delivered 2@1001 null distributed",
		"5000: Established 2@1001 null newCall",
		"5000: ConnectionCleared 2@+4930 null normalClearing", "5000: ConnectionCleared 2@1001 null normalClearing",
	}
	if diff := cmp.Diff(want, queue); diff != "" {
		t.Errorf("the queue is told (-want +got):\n%s", diff)
	}
}

func TestAQueueListsItsAgents(t *testing.T) {
	f := startFloor(t, nil)
	on := agentRequest("1002", wire.RequestLoggedOn)
	on.AgentID = "4002"
	f.do(on)
	for queue, want := range map[string][]string{
		"5000": {"4001 agentBusy", "4002 agentNotReady"},
		"5001": nil,
	} {
		var got []string
		for _, a := range f.do(wire.GetAgentState{Device: wire.Device(queue)}).(*wire.GetAgentStateResponse).Agents {
			if len(a.Info) != 1 || a.Info[0].Group.Number != queue || !a.LoggedOn {
				t.Errorf("%s: %+v", queue, a)
			}
			got = append(got, fmt.Sprintf("%s %s", a.AgentID, a.Info[0].State))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("agents of %s (-want +got):\n%s", queue, diff)
		}
	}
}
