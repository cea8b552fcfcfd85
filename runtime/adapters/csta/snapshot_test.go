package csta_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

const (
	twoCalls = `<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData>` +
		`<snapshotDeviceResponseInfo><connectionIdentifier><deviceID>1001</deviceID><callID>7</callID></connectionIdentifier>` +
		`<localCallState><compoundCallState><localConnectionState>hold</localConnectionState><localConnectionState>connected</localConnectionState>` +
		`</compoundCallState></localCallState></snapshotDeviceResponseInfo>` +
		`<snapshotDeviceResponseInfo><connectionIdentifier><callID>8</callID><deviceID>1001</deviceID></connectionIdentifier>` +
		`<localCallState><simpleCallState>callReceived</simpleCallState></localCallState></snapshotDeviceResponseInfo>` +
		`</snapshotData></crossRefIDorSnapshotData></SnapshotDeviceResponse>`

	inboundCall = `<SnapshotCallResponse><crossRefIDorSnapshotData><snapshotData>` +
		`<snapshotCallResponseInfo><deviceOnCall><deviceIdentifier>4930</deviceIdentifier></deviceOnCall><callIdentifier><callID>7</callID>` +
		`<deviceID>T7</deviceID></callIdentifier><localConnectionInfo>connected</localConnectionInfo></snapshotCallResponseInfo>` +
		`<snapshotCallResponseInfo><deviceOnCall><deviceIdentifier>1001</deviceIdentifier></deviceOnCall><callIdentifier><callID>7</callID>` +
		`<deviceID>1001</deviceID></callIdentifier><localConnectionInfo>hold</localConnectionInfo></snapshotCallResponseInfo>` +
		`</snapshotData></crossRefIDorSnapshotData><callingDevice><deviceIdentifier>4930</deviceIdentifier></callingDevice>` +
		`<calledDevice><deviceIdentifier>0800</deviceIdentifier></calledDevice>` +
		`<associatedCallingDevice><deviceIdentifier>T7</deviceIdentifier></associatedCallingDevice>` +
		`<correlatorData><private><callData xmlns="http://ctilink.io/csta"><variable name="customer">4711</variable></callData></private></correlatorData>` +
		linkage + `<deviceHistory><deviceHistoryListItem><oldDeviceID><numberDialed>sales</numberDialed></oldDeviceID><eventCause>distributed</eventCause>` +
		`</deviceHistoryListItem></deviceHistory></SnapshotCallResponse>`

	gone = `<CSTAErrorCode><operation>invalidCallID</operation></CSTAErrorCode>`
)

var heldInbound = opencti.Call{
	CallID: "7", InteractionID: "00001012341398", State: opencti.Held, CallType: opencti.Inbound, ANI: "4930", DNIS: "0800",
	OtherDNs: []string{"4930"}, Queue: "sales", OfferedBy: opencti.ByQueue, Variables: map[string]string{"customer": "4711"},
	Parties: []opencti.Party{
		{ID: "4930", DN: "4930", State: opencti.Established, Role: opencti.RoleCustomer},
		{ID: "1001", DN: "1001", State: opencti.Held, Role: opencti.RoleAgent},
	},
}

// oneCall is the answer to SnapshotDevice of a switch with one call in this state.
func oneCall(state string) string {
	return `<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData><snapshotDeviceResponseInfo><connectionIdentifier><callID>7</callID>` +
		`<deviceID>1001</deviceID></connectionIdentifier><localCallState>` + state + `</localCallState></snapshotDeviceResponseInfo>` +
		`</snapshotData></crossRefIDorSnapshotData></SnapshotDeviceResponse>`
}

func TestSnapshot(t *testing.T) {
	loggedOut := opencti.AgentState{State: opencti.LoggedOut, NativeState: "agentNull"}
	for _, tc := range []struct {
		name    string
		answers map[string]string
		want    opencti.DeviceSnapshot
	}{
		{"nothing", nil, opencti.DeviceSnapshot{Agent: loggedOut}},
		{"a call with its data", map[string]string{"SnapshotDevice": oneCall(`<unknown/>`), "SnapshotCall": inboundCall},
			opencti.DeviceSnapshot{Agent: loggedOut, Calls: []opencti.Call{heldInbound}}},
		{"a call that ends meanwhile", map[string]string{"SnapshotDevice": oneCall(`<unknown/>`), "SnapshotCall": gone},
			opencti.DeviceSnapshot{Agent: loggedOut}},
		{"a switch without SnapshotCall", map[string]string{"SnapshotDevice": twoCalls,
			"SnapshotCall": `<CSTAErrorCode><operation>serviceNotSupported</operation></CSTAErrorCode>`},
			opencti.DeviceSnapshot{Agent: loggedOut, Calls: []opencti.Call{
				{CallID: "7", InteractionID: "7", State: opencti.Held, CallType: opencti.UnknownType},
				{CallID: "8", InteractionID: "8", State: opencti.Offering, CallType: opencti.UnknownType}}}},
		{"a switch without SnapshotCall, a call in one word", map[string]string{"SnapshotDevice": oneCall(`<simpleCallState>callDelivered</simpleCallState>`),
			"SnapshotCall": `<CSTAErrorCode><operation>serviceNotSupported</operation></CSTAErrorCode>`},
			opencti.DeviceSnapshot{Agent: loggedOut, Calls: []opencti.Call{
				{CallID: "7", InteractionID: "7", State: opencti.Delivered, CallType: opencti.UnknownType}}}},
		{"a switch without agents", map[string]string{"GetAgentState": `<CSTAErrorCode><operation>serviceNotSupported</operation></CSTAErrorCode>`},
			opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Unknown}}},
		{"another agent", map[string]string{"GetAgentState": agents("5502", "<agentState>agentReady</agentState>", "")},
			opencti.DeviceSnapshot{Agent: loggedOut}},
		{"not ready, Avaya's reason", map[string]string{"GetAgentState": agents("5501", "<agentState>agentNotReady</agentState>",
			`<extensions><privateData><private><a:GetAgentStateResponsePrivateData xmlns:a="http://www.avaya.com/csta"><a:workMode>auxWork</a:workMode>`+
				`<a:reasonCode>4</a:reasonCode></a:GetAgentStateResponsePrivateData></private></privateData></extensions>`)},
			opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Unavailable, NativeState: "agentNotReady", WorkMode: "auxWork", ReasonCode: "4"}}},
		{"busy for one queue, ready for another", map[string]string{"GetAgentState": agents("5501",
			"<acdGroup>help</acdGroup><agentState>agentReady</agentState></agentInfoItem><agentInfoItem><acdGroup>sales</acdGroup>"+
				"<agentState>agentBusy</agentState><pendingAgentState>agentNotReady</pendingAgentState>", "")},
			opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Busy, NativeState: "agentBusy", PendingState: opencti.Unavailable,
				Queues: []opencti.QueueState{{Name: "help", State: opencti.Available}, {Name: "sales", State: opencti.Busy}}}}},
		{"after-call work", map[string]string{"GetAgentState": agents("5501", "<agentState>agentWorkingAfterCall</agentState>", "")},
			opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.AfterCallWork, NativeState: "agentWorkingAfterCall",
				WorkMode: opencti.AfterCallWorkMode}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t, with(tc.answers))
			_, device := p.connected(nil)
			got, err := device.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func agents(id, info, rest string) string {
	return `<GetAgentStateResponse><agentStateList><agentStateEntry><agentID>` + id + `</agentID><loggedOnState>true</loggedOnState><agentInfo>` +
		`<agentInfoItem>` + info + `</agentInfoItem></agentInfo></agentStateEntry></agentStateList>` + rest + `</GetAgentStateResponse>`
}

func TestSnapshotRefused(t *testing.T) {
	busy := `<CSTAErrorCode><systemResourceAvailibility>resourceBusy</systemResourceAvailibility></CSTAErrorCode>`
	for _, element := range []string{"SnapshotDevice", "SnapshotCall", "GetAgentState"} {
		p := newPeer(t, with(map[string]string{"SnapshotDevice": oneCall(`<unknown/>`), "SnapshotCall": inboundCall, element: busy}))
		_, device := p.connected(nil)
		_, err := device.Snapshot(t.Context())
		wantCode(t, err, opencti.Overloaded, "resourceBusy")
	}
}

// twoParties is the answer to SnapshotCall of a call with these states, here and there.
func twoParties(own, other string) string {
	party := func(where, state string) string {
		return `<snapshotCallResponseInfo>` + deviceNamed("deviceOnCall", where) + at("callIdentifier", "7", where) +
			`<localConnectionInfo>` + state + `</localConnectionInfo></snapshotCallResponseInfo>`
	}
	parties := party("1001", own)
	if other != "" {
		parties += party("1002", other)
	}
	return `<SnapshotCallResponse><crossRefIDorSnapshotData><snapshotData>` + parties + `</snapshotData></crossRefIDorSnapshotData></SnapshotCallResponse>`
}

func TestStateOfACallInASnapshot(t *testing.T) {
	for _, tc := range []struct {
		own, other string
		want       opencti.EventName
	}{
		{"alerting", "connected", opencti.Offering},
		{"initiated", "", opencti.Initiated},
		{"connected", "", opencti.Initiated},
		{"connected", "alerting", opencti.Delivered},
		{"connected", "queued", opencti.Queued},
		{"connected", "fail", opencti.Failed},
		{"connected", "connected", opencti.Established},
		{"connected", "hold", opencti.Established},
		{"hold", "connected", opencti.Held},
		{"fail", "connected", opencti.Failed},
	} {
		p := newPeer(t, with(map[string]string{"SnapshotDevice": oneCall(`<unknown/>`), "SnapshotCall": twoParties(tc.own, tc.other)}))
		_, device := p.connected(nil)
		got, err := device.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Calls[0].State != tc.want {
			t.Errorf("%s here, %s there is %s, want %s", tc.own, tc.other, got.Calls[0].State, tc.want)
		}
	}
}

// What the snapshot contains and what it does not is told by the order.
func TestSnapshotKnowsItsEvents(t *testing.T) {
	p, events := newPeer(t, with(map[string]string{"SnapshotDevice": ""})), make(sink, 8)
	_, device := p.subscribed(events)
	snapshots := make(chan opencti.DeviceSnapshot, 1)
	go func() {
		s, err := device.Snapshot(t.Context())
		if err != nil {
			t.Error(err)
		}
		snapshots <- s
	}()
	request := p.expect("SnapshotDevice")
	p.event(delivered("71", "7"))
	p.send(request.id, quiet()["SnapshotDevice"])
	p.event(delivered("71", "8"))
	s := <-snapshots
	if before, after := events.next(t).Order, events.next(t).Order; s.Order != before || after <= s.Order {
		t.Errorf("order %d between the events %d and %d", s.Order, before, after)
	}
}

// Events after a snapshot know the parties that it brought.
func TestSnapshotKnowsTheParties(t *testing.T) {
	p, events := newPeer(t, with(map[string]string{"SnapshotDevice": oneCall(`<unknown/>`), "SnapshotCall": inboundCall})), make(sink, 8)
	_, device := p.subscribed(events)
	if _, err := device.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.event(told("Retrieved", "retrievedConnection", "1001", `<retrievingDevice><deviceIdentifier>1001</deviceIdentifier></retrievingDevice>`))
	want := []map[string]string{
		{"id": "4930", "dn": "4930", "state": "Established", "role": "Customer"},
		{"id": "1001", "dn": "1001", "state": "Established", "role": "Agent"},
	}
	if diff := cmp.Diff(want, events.next(t).Fields["parties"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a snapshot does not have any more was missed: its parties and queues are gone.
func TestSnapshotForgets(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 8)
	_, device := p.subscribed(events)
	p.event(told("Held", "heldConnection", "1002", deviceNamed("holdingDevice", "1002")))
	p.event(agentTold("AgentLoggedOn", `<acdGroup>sales</acdGroup>`))
	if _, err := device.Snapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.event(told("Held", "heldConnection", "1001", deviceNamed("holdingDevice", "1001"))) // the callID is used again
	p.event(agentTold("AgentReady", ""))
	for range 2 {
		events.next(t)
	}
	me := []map[string]string{{"id": "1001", "dn": "1001", "state": "Held", "role": "Agent"}}
	if diff := cmp.Diff(me, events.next(t).Fields["parties"]); diff != "" {
		t.Errorf("parties (-want +got):\n%s", diff)
	}
	if queues, ok := events.next(t).Fields["queues"]; ok {
		t.Errorf("queues = %v, want none", queues)
	}
}
