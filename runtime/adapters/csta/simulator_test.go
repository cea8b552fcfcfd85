package csta_test

import (
	"cmp"
	"context"
	"net"
	"testing"
	"time"

	"github.com/go-logr/logr"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/simulator"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// desk is an agent's session with the simulated switch.
type desk struct {
	*testing.T
	sim     *simulator.Simulator
	address string
	at      opencti.Endpoint
	link    opencti.Connection
	device  opencti.Device
	events  sink
	judge   judge
	states  map[string]opencti.EventName // of calls, as events tell
}

func newDesk(t *testing.T, s simulator.Settings) *desk {
	t.Helper()
	sim, err := simulator.New(s, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- sim.Serve(ctx, listener, nil) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	d := &desk{T: t, sim: sim, address: listener.Addr().String(), at: opencti.Endpoint{DN: "1001", AgentID: "4001"},
		judge: newJudge(t), states: map[string]opencti.EventName{}}
	d.open()
	return d
}

// colleague is a desk at the same switch, on a connection of its own: in another pod.
func (d *desk) colleague(dn string) *desk {
	d.Helper()
	other := &desk{T: d.T, sim: d.sim, address: d.address, at: opencti.Endpoint{DN: dn}, judge: d.judge, states: map[string]opencti.EventName{}}
	other.open()
	return other
}

// open connects, subscribes and snapshots, as the link does after each loss.
func (d *desk) open() opencti.DeviceSnapshot {
	d.Helper()
	d.events = make(sink, 64)
	link, err := connect(d.T, config(d.T, map[string]string{"address": d.address, "username": "ctilink", "password": "secret"}), d.events)
	if err != nil {
		d.Fatal(err)
	}
	d.link = link
	if d.device, err = link.Open(d.Context(), d.at); err != nil {
		d.Fatal(err)
	}
	if err := d.device.Subscribe(d.Context()); err != nil {
		d.Fatal(err)
	}
	return d.snapshot()
}

func (d *desk) snapshot() opencti.DeviceSnapshot {
	d.Helper()
	s, err := d.device.Snapshot(d.Context())
	if err != nil {
		d.Fatal(err)
	}
	return s
}

func (d *desk) do(r opencti.Request) {
	d.Helper()
	if err := opencti.Perform(d.Context(), d.device, r); err != nil {
		d.Fatalf("%s: %v", r.Activity, err)
	}
}

func (d *desk) refused(r opencti.Request, code opencti.ErrorCode, detail string) {
	d.Helper()
	wantCode(d.T, opencti.Perform(d.Context(), d.device, r), code, detail)
}

// await reads events until this one comes.
func (d *desk) await(name opencti.EventName) happened {
	d.Helper()
	for {
		raw := d.events.next(d.T)
		callID, _ := raw.Fields["callID"].(string)
		h := d.judge.of(d.T, raw, d.states[callID])
		if t, _ := opencti.TypeOf(h.Name); t == opencti.TypeCallState {
			d.states[cmp.Or(h.Data["newCallId"], callID)] = h.Name
		}
		if h.Name == name {
			return h
		}
	}
}

func (d *desk) logIn() {
	d.Helper()
	d.do(opencti.Request{Activity: opencti.LoginAgent, AgentPassword: "secret"})
	d.await(opencti.LoggedIn)
	d.do(opencti.Request{Activity: opencti.SetAgentReady})
	d.await(opencti.Available)
}

func (d *desk) inbound(data map[string]string) {
	d.Helper()
	call := switchmodel.InboundCall{From: "+492215550101", Queue: "support", To: "0800", Data: data}
	if _, err := d.sim.Switch.Inbound(call); err != nil {
		d.Fatal(err)
	}
}

func TestADayAtTheSwitch(t *testing.T) {
	settings := simulator.DefaultSettings()
	settings.WrapUpTime = simulator.Duration(time.Millisecond)
	d := newDesk(t, settings)
	d.logIn()
	d.inbound(map[string]string{"customer": "4711"})

	offer := d.await(opencti.Offering)
	for field, want := range map[string]string{"ani": "+492215550101", "dnis": "0800", "queue": "5000", "offeredBy": "Queue", "callType": "INBOUND"} {
		if offer.Data[field] != want {
			t.Errorf("%s = %q, want %q", field, offer.Data[field], want)
		}
	}
	if diff := gocmp.Diff(map[string]string{"customer": "4711"}, offer.Vars); diff != "" {
		t.Errorf("call data (-want +got):\n%s", diff)
	}
	if offer.Data["interactionId"] == "" || len(offer.With) != 1 || offer.With[0] != "+492215550101" {
		t.Errorf("interactionId %q with %v", offer.Data["interactionId"], offer.With)
	}
	call := offer.Call
	d.do(opencti.Request{Activity: opencti.AnswerCall, CallID: call})
	d.await(opencti.Established)
	d.do(opencti.Request{Activity: opencti.HoldCall, CallID: call})
	d.await(opencti.Held)
	d.refused(opencti.Request{Activity: opencti.HoldCall, CallID: call}, opencti.NoActiveCall, "noActiveCall")
	d.do(opencti.Request{Activity: opencti.RetrieveCall, CallID: call})
	d.await(opencti.Retrieved)
	d.do(opencti.Request{Activity: opencti.HangUpCall, CallID: call})
	d.await(opencti.Released)
	d.await(opencti.AfterCallWork)
	d.await(opencti.Available)
	d.do(opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "lunch"})
	if got := d.await(opencti.Unavailable).Data["reasonCode"]; got != "lunch" {
		t.Errorf("reasonCode = %q, want lunch", got)
	}
	d.do(opencti.Request{Activity: opencti.SetAgentNotReady, WorkMode: opencti.AfterCallWorkMode})
	if got := d.await(opencti.AfterCallWork).Data["workMode"]; got != opencti.AfterCallWorkMode {
		t.Errorf("workMode = %q", got)
	}
	d.do(opencti.Request{Activity: opencti.LogoutAgent})
	d.await(opencti.LoggedOut)
}

func TestCallsThatAreMade(t *testing.T) {
	settings := simulator.DefaultSettings()
	settings.AnswerDelay = simulator.Duration(time.Millisecond)
	d := newDesk(t, settings)
	d.do(opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "+4930", Variables: map[string]string{"case": "C-9"}})
	made := d.await(opencti.Initiated)
	answered := d.await(opencti.Established)
	if answered.Data["callType"] != "OUTBOUND" || answered.Vars["case"] != "C-9" {
		t.Errorf("established %+v", answered)
	}
	d.do(opencti.Request{Activity: opencti.HangUpCall, CallID: made.Call})
	d.await(opencti.Released)

	d.do(opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1002"})
	rings := d.await(opencti.Delivered)
	if rings.Data["callType"] != "INTERNAL" || rings.Data["dnis"] != "1002" {
		t.Errorf("delivered %+v", rings)
	}
	if calls := d.snapshot().Calls; len(calls) != 1 || calls[0].State != opencti.Delivered || calls[0].CallType != opencti.Internal {
		t.Errorf("snapshot %+v, want one call that rings", calls)
	}
	d.do(opencti.Request{Activity: opencti.HangUpCall, CallID: rings.Call})
	d.await(opencti.Released)
}

func TestNumberThatLeadsNowhere(t *testing.T) {
	d := newDesk(t, simulator.DefaultSettings())
	d.do(opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "x"})
	failed := d.await(opencti.Failed)
	if failed.Data["cause"] != "destNotObtainable" {
		t.Errorf("cause = %q", failed.Data["cause"])
	}
	if calls := d.snapshot().Calls; len(calls) != 1 || calls[0].State != opencti.Failed {
		t.Errorf("snapshot %+v, want one call that failed", calls)
	}
	d.do(opencti.Request{Activity: opencti.HangUpCall, CallID: failed.Call})
	d.await(opencti.Released)
}

func TestCallerGivesUp(t *testing.T) {
	d := newDesk(t, simulator.DefaultSettings())
	d.logIn()
	d.inbound(nil)
	call := d.await(opencti.Offering).Call
	if err := d.sim.Switch.HangUp(switchmodel.CallID(call)); err != nil {
		t.Fatal(err)
	}
	d.await(opencti.Abandoned)
}

func TestNobodyAnswers(t *testing.T) {
	settings := simulator.DefaultSettings()
	settings.RingTime = simulator.Duration(50 * time.Millisecond)
	d := newDesk(t, settings)
	d.logIn()
	d.inbound(nil)
	d.await(opencti.Offering)
	d.await(opencti.Diverted)
	if got := d.await(opencti.Unavailable).Data["reasonCode"]; got != "no-answer" {
		t.Errorf("reasonCode = %q, want no-answer", got)
	}
}

func TestLinkIsLostWithTwoCalls(t *testing.T) {
	d := newDesk(t, simulator.DefaultSettings())
	d.logIn()
	d.inbound(map[string]string{"customer": "4711"})
	held := d.await(opencti.Offering).Call
	d.do(opencti.Request{Activity: opencti.AnswerCall, CallID: held})
	d.await(opencti.Established)
	d.do(opencti.Request{Activity: opencti.HoldCall, CallID: held})
	d.await(opencti.Held)
	direct := switchmodel.InboundCall{From: "+4930", To: "1001", Data: map[string]string{"customer": "4712"}}
	if _, err := d.sim.Switch.Inbound(direct); err != nil {
		t.Fatal(err)
	}
	d.await(opencti.Offering)

	d.sim.Server.DropConnections()
	waitDone(t, d.link)
	wantCode(t, d.link.Err(), opencti.LinkDown, "")

	s := d.open()
	if s.Agent.State != opencti.Busy && s.Agent.State != opencti.Available {
		t.Errorf("agent is %s, want one who is still logged in", s.Agent.State)
	}
	type seen struct {
		State     opencti.EventName
		ANI       string
		Queue     string
		OfferedBy opencti.OfferedBy
		Customer  string
	}
	var got []seen
	for _, c := range s.Calls {
		got = append(got, seen{c.State, c.ANI, c.Queue, c.OfferedBy, c.Variables["customer"]})
	}
	want := []seen{
		{opencti.Held, "+492215550101", "5000", opencti.ByQueue, "4711"},
		{opencti.Offering, "+4930", "", opencti.ByDirect, "4712"},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestDetachKeepsTheAgent(t *testing.T) {
	d := newDesk(t, simulator.DefaultSettings())
	d.logIn()
	if err := d.device.Detach(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.link.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, err := d.sim.Switch.AgentAt("1001"); err != nil || a == nil || a.State != switchmodel.Ready {
		t.Errorf("the agent is %+v, %v; want ready", a, err)
	}
}

func TestRefusals(t *testing.T) {
	d := newDesk(t, simulator.DefaultSettings())
	d.refused(opencti.Request{Activity: opencti.LoginAgent, AgentPassword: "wrong"}, opencti.AuthenticationFailed, "invalidAgentPassword")
	d.refused(opencti.Request{Activity: opencti.AnswerCall, CallID: "99"}, opencti.NoSuchCall, "invalidCallID")
	d.refused(opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1001"}, opencti.InvalidDestination, "invalidDestination")
	nowhere, err := d.link.Open(t.Context(), opencti.Endpoint{DN: "7777"})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, nowhere.Subscribe(t.Context()), opencti.UnknownDevice, "invalidDeviceID")

	d.sim.Server.RefuseLogin(true)
	_, err = connect(t, config(t, map[string]string{"address": d.address, "username": "ctilink", "password": "secret"}), nil)
	wantCode(t, err, opencti.AuthenticationFailed, "invalidApplicationInfo")
}

func TestTwoConnectionsCoexist(t *testing.T) {
	d := newDesk(t, simulator.DefaultSettings())
	d.logIn()
	first := d.events
	d.open()
	d.inbound(nil)
	d.await(opencti.Offering)
	for first.next(t).Name != "Delivered" {
	}
}
