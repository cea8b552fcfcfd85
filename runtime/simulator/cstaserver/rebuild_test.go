package cstaserver

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// onlooker knows of a device what its monitor tells, as a driver does.
type onlooker struct {
	calls  map[string]wire.LocalConnectionState
	agents map[string]wire.AgentState // by queue
}

func newOnlooker() *onlooker {
	return &onlooker{map[string]wire.LocalConnectionState{}, map[string]wire.AgentState{}}
}

func (o *onlooker) hear(device string, m wire.Message) {
	switch e := m.(type) {
	case wire.TransferedEvent:
		o.merged(device, e.PrimaryOldCall, e.SecondaryOldCall, e.Connections, e.LocalConnectionInfo)
	case wire.ConferencedEvent:
		o.merged(device, e.PrimaryOldCall, e.SecondaryOldCall, e.Connections, e.LocalConnectionInfo)
	case wire.ServiceInitiatedEvent:
		o.enter(e.Connection, e.EventData)
	case wire.OriginatedEvent:
		o.enter(e.Connection, e.EventData)
	case wire.NetworkReachedEvent:
		o.enter(e.Connection, e.EventData)
	case wire.DeliveredEvent:
		o.enter(e.Connection, e.EventData)
	case wire.QueuedEvent:
		o.enter(e.Connection, e.EventData)
	case wire.DivertedEvent:
		o.enter(e.Connection, e.EventData)
	case wire.EstablishedEvent:
		o.enter(e.Connection, e.EventData)
	case wire.HeldEvent:
		o.enter(e.Connection, e.EventData)
	case wire.RetrievedEvent:
		o.enter(e.Connection, e.EventData)
	case wire.FailedEvent:
		o.enter(e.Connection, e.EventData)
	case wire.ConnectionClearedEvent:
		o.enter(e.Connection, e.EventData)
	case wire.AgentLoggedOnEvent:
		o.agent(e.AgentEvent, wire.AgentNotReady)
	case wire.AgentLoggedOffEvent:
		o.agent(e.AgentEvent, wire.AgentNull)
	case wire.AgentReadyEvent:
		o.agent(e.AgentEvent, wire.AgentReady)
	case wire.AgentNotReadyEvent:
		o.agent(e.AgentEvent, wire.AgentNotReady)
	case wire.AgentBusyEvent:
		o.agent(e.AgentEvent, wire.AgentBusy)
	case wire.AgentWorkingAfterCallEvent:
		o.agent(e.AgentEvent, wire.AgentWorkingAfterCall)
	}
}

func (o *onlooker) enter(c wire.ConnectionID, data wire.EventData) {
	o.calls[c.CallID] = data.LocalConnectionInfo
	if data.LocalConnectionInfo == wire.StateNull {
		delete(o.calls, c.CallID)
	}
}

func (o *onlooker) merged(device string, primary wire.ConnectionID, secondary *wire.ConnectionID, pairs []wire.ConnectionPair, local wire.LocalConnectionState) {
	delete(o.calls, primary.CallID)
	if secondary != nil {
		delete(o.calls, secondary.CallID)
	}
	for _, p := range pairs {
		if p.New.DeviceID.Number == device && local != wire.StateNull {
			o.calls[p.New.CallID] = local
		}
	}
}

func (o *onlooker) agent(e wire.AgentEvent, state wire.AgentState) {
	switch {
	case state == wire.AgentNull && e.Group == nil:
		clear(o.agents)
	case state == wire.AgentNull:
		delete(o.agents, e.Group.Number)
	case e.Group != nil:
		o.agents[e.Group.Number] = state
	default:
		for queue := range o.agents {
			o.agents[queue] = state
		}
	}
}

// outlook is a switch without a network, whose events onlookers hear.
type outlook struct {
	model     *switchmodel.Switch
	now       time.Time
	onlookers map[string]*onlooker
}

var watchedDevices = []string{"1001", "1002", "1003", "1004", "5000", "5001"}

func newOutlook(t *rapid.T) *outlook {
	cfg := switchmodel.DefaultConfig()
	cfg.Queues = append(cfg.Queues, switchmodel.QueueConfig{ID: "5001", Name: "sales", Agents: []switchmodel.Range{{First: "4002", Last: "4003"}}})
	cfg.ConferenceParties = 4
	o := &outlook{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), onlookers: map[string]*onlooker{}}
	model, err := switchmodel.New(cfg, switchmodel.WithClock(func() time.Time { return o.now }))
	if err != nil {
		t.Fatal(err)
	}
	o.model = model
	server := New(DefaultConfig(), model, logr.Discard())
	model.Subscribe(server.hear)
	owner := &session{server: server}
	owner.on.Store(&connection{})
	for _, device := range watchedDevices {
		o.onlookers[device] = newOnlooker()
		if _, err := server.monitors.start(owner, switchmodel.DeviceID(device), limits{100, -1}); err != nil {
			t.Fatal(err)
		}
	}
	server.HookEvents(func(told Telling, _ func(Telling)) {
		o.onlookers[string(told.Device)].hear(string(told.Device), told.Message)
	})
	return o
}

// disagrees compares what monitors told with what the switch answers when it is
// asked.
func (o *outlook) disagrees() error {
	for _, device := range watchedDevices {
		answer, err := snapshotDevice(o.model, &wire.SnapshotDevice{SnapshotObject: wire.Device(device)})
		if err != nil {
			return err
		}
		calls := map[string]wire.LocalConnectionState{}
		for _, call := range answer.(wire.SnapshotDeviceResponse).Snapshot.Calls {
			calls[call.Connection.CallID] = call.State.Local()
		}
		if diff := cmp.Diff(calls, o.onlookers[device].calls); diff != "" {
			return fmt.Errorf("calls at %s (-asked +told):\n%s", device, diff)
		}
		if err := o.disagreesAboutAgent(device); err != nil {
			return err
		}
	}
	return nil
}

func (o *outlook) disagreesAboutAgent(device string) error {
	if !o.model.IsExtension(switchmodel.DeviceID(device)) {
		return nil
	}
	answer, err := getAgentState(o.model, &wire.GetAgentState{Device: wire.Device(device)})
	if err != nil {
		return err
	}
	agents := map[string]wire.AgentState{}
	for _, info := range answer.(wire.GetAgentStateResponse).Agents[0].Info {
		if info.Group != nil {
			agents[info.Group.Number] = info.State
		}
	}
	if diff := cmp.Diff(agents, o.onlookers[device].agents); diff != "" {
		return fmt.Errorf("agent at %s (-asked +told):\n%s", device, diff)
	}
	return nil
}

// Whatever is asked of the switch, and however oddly it behaves: what a monitor
// tells comes to what a snapshot says.
func TestMonitorsTellWhatSnapshotsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newOutlook(t)
		for i, device := range watchedDevices[:3] {
			_, _ = o.model.Seat(switchmodel.AgentID(fmt.Sprint(4001+i)), switchmodel.DeviceID(device))
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				if err := o.disagrees(); err != nil {
					t.Fatal(err)
				}
			},
			"inbound": func(t *rapid.T) {
				_, _ = o.model.Inbound(switchmodel.InboundCall{From: "+4930", To: destination.Draw(t, "to"), Data: map[string]string{"a": "b"}})
			},
			"agent":  o.anyAgentRequest,
			"agent2": o.anyAgentRequest,
			"call":   o.anyRequest,
			"call2":  o.anyRequest,
			"pair":   o.anyPairRequest,
			"odd":    o.anyOddity,
			"time": func(t *rapid.T) {
				o.now = o.now.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "seconds")) * time.Second)
				o.model.CatchUp()
			},
		})
	})
}

var (
	telephone   = rapid.SampledFrom(watchedDevices[:4])
	destination = rapid.SampledFrom(append(slices.Clone(watchedDevices), "4001", "9999", "+4989123456"))
)

func (o *outlook) do(request wire.Message) {
	c := &connection{server: &Server{model: o.model}}
	_, _ = c.doService(request)
}

func (o *outlook) anyAgentRequest(t *rapid.T) {
	r := &wire.SetAgentState{
		Device: wire.Device(telephone.Draw(t, "device")), AgentID: fmt.Sprint(rapid.IntRange(4001, 4003).Draw(t, "agent")), Password: wire.HexBinary("secret"),
		RequestedState: rapid.SampledFrom([]wire.RequestedAgentState{
			wire.RequestLoggedOn, wire.RequestLoggedOff, wire.RequestReady, wire.RequestReady, wire.RequestNotReady, wire.RequestWorkingAfterCall,
		}).Draw(t, "state"),
	}
	if group := rapid.SampledFrom([]string{"", "", "5000", "5001"}).Draw(t, "group"); group != "" {
		queue := wire.Device(group)
		r.Group = &queue
	}
	o.do(r)
}

// anyIn draws a connection in one of the states, if there is one.
func (o *outlook) anyIn(t *rapid.T, states ...switchmodel.ConnectionState) wire.ConnectionID {
	all := []wire.ConnectionID{wire.Connection("0", "1001")}
	for _, call := range o.model.Calls() {
		for _, n := range call.Connections {
			if slices.Contains(states, n.State) {
				all = append(all, wire.Connection(string(call.ID), string(n.Device)))
			}
		}
	}
	return all[len(all)-1-rapid.IntRange(0, len(all)-1).Draw(t, "connection")]
}

func (o *outlook) anyRequest(t *rapid.T) {
	to := wire.Device(destination.Draw(t, "to"))
	requests := map[string]func() wire.Message{
		"make": func() wire.Message {
			return &wire.MakeCall{CallingDevice: wire.Device(telephone.Draw(t, "from")), CalledNumber: to}
		},
		"answer":  func() wire.Message { return &wire.AnswerCall{Call: o.anyIn(t, switchmodel.Alerting)} },
		"answer2": func() wire.Message { return &wire.AnswerCall{Call: o.anyIn(t, switchmodel.Alerting)} },
		"hold":    func() wire.Message { return &wire.HoldCall{Call: o.anyIn(t, switchmodel.Connected)} },
		"fetch":   func() wire.Message { return &wire.RetrieveCall{Call: o.anyIn(t, switchmodel.Hold)} },
		"clear": func() wire.Message {
			return &wire.ClearConnection{Connection: o.anyIn(t, switchmodel.Connected, switchmodel.Alerting, switchmodel.Hold)}
		},
		"consult": func() wire.Message {
			return &wire.ConsultationCall{ExistingCall: o.anyIn(t, switchmodel.Connected), ConsultedDevice: to}
		},
		"give": func() wire.Message {
			return &wire.SingleStepTransferCall{ActiveCall: o.anyIn(t, switchmodel.Connected), TransferredTo: to}
		},
		"deflect": func() wire.Message {
			return &wire.DeflectCall{Call: o.anyIn(t, switchmodel.Alerting), NewDestination: to}
		},
		"dnd": func() wire.Message {
			return &wire.SetDoNotDisturb{Device: wire.Device(telephone.Draw(t, "device")), On: rapid.Bool().Draw(t, "on")}
		},
	}
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(requests))).Draw(t, "request")
	o.do(requests[name]())
}

// anyPairRequest takes a held call and the active one of the same telephone.
func (o *outlook) anyPairRequest(t *rapid.T) {
	held := o.anyIn(t, switchmodel.Hold)
	active := held
	calls, _ := o.model.CallsAt(deviceID(held.DeviceID))
	for _, call := range calls {
		if call.StateAt(deviceID(held.DeviceID)) == switchmodel.Connected {
			active.CallID = string(call.ID)
		}
	}
	o.do(rapid.SampledFrom([]wire.Message{
		&wire.TransferCall{HeldCall: held, ActiveCall: active}, &wire.ConferenceCall{HeldCall: held, ActiveCall: active},
		&wire.AlternateCall{HeldCall: held, ActiveCall: active}, &wire.ReconnectCall{HeldCall: held, ActiveCall: active},
	}).Draw(t, "request"))
}

func (o *outlook) anyOddity(t *rapid.T) {
	one, other := switchmodel.DeviceID(telephone.Draw(t, "one")), switchmodel.DeviceID(telephone.Draw(t, "other"))
	agent := switchmodel.AgentID(fmt.Sprint(rapid.IntRange(4001, 4003).Draw(t, "agent")))
	oddities := map[string]func(){
		"reserve": func() {
			o.model.Behave(switchmodel.ReservesAgents, switchmodel.Oddity{Times: 1, Delay: 5 * time.Second})
		},
		"share":   func() { o.model.Behave(switchmodel.SharesLine, switchmodel.Oddity{Device: one, With: other, Times: 1}) },
		"ring":    func() { o.model.Behave(switchmodel.RingsUnanswered, switchmodel.Oddity{Times: 1}) },
		"reuse":   func() { o.model.Behave(switchmodel.ReusesCallIDs, switchmodel.Oddity{Times: 2}) },
		"fail":    func() { o.model.Behave(switchmodel.FailsDialling, switchmodel.Oddity{Times: 1, Delay: time.Second}) },
		"sight":   func() { o.model.Behave(switchmodel.LosesSight, switchmodel.Oddity{Times: 1}) },
		"pickup":  func() { _ = o.model.Pickup(one, other) },
		"observe": func() { _, _ = o.model.Observe(one, other) },
		"leave":   func() { _, _ = o.model.Leave(one, "") },
		"seat":    func() { _, _ = o.model.Seat(agent, one) },
		"list": func() {
			_, _ = o.model.SetQueueAgents("sales", []switchmodel.Range{{First: string(agent), Last: "4003"}})
		},
	}
	oddities[rapid.SampledFrom(slices.Sorted(maps.Keys(oddities))).Draw(t, "oddity")]()
}
