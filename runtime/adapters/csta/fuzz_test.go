package csta

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/costtest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// told are messages of a switch that leave something out or contradict themselves.
var told = map[string]string{
	"delivered":            `<DeliveredEvent><connection><callID>7</callID></connection><alertingDevice><deviceIdentifier>1001</deviceIdentifier></alertingDevice></DeliveredEvent>`,
	"cleared of no call":   `<ConnectionClearedEvent><droppedConnection><deviceID>1001</deviceID></droppedConnection></ConnectionClearedEvent>`,
	"transfer of no call":  `<TransferedEvent/>`,
	"transfer to itself":   `<TransferedEvent><primaryOldCall><callID>8</callID></primaryOldCall><secondaryOldCall><callID>8</callID></secondaryOldCall></TransferedEvent>`,
	"transfer":             `<TransferedEvent><primaryOldCall/><secondaryOldCall><callID>8</callID></secondaryOldCall><transferredConnections><connectionListItem><newConnection><callID>8</callID><deviceID>1001</deviceID></newConnection></connectionListItem></transferredConnections></TransferedEvent>`,
	"conference of nobody": `<ConferencedEvent><conferenceConnections><connectionListItem/></conferenceConnections></ConferencedEvent>`,
	"pending nonsense":     `<AgentBusyEvent><acdGroup>a</acdGroup><pendingAgentState>x</pendingAgentState></AgentBusyEvent>`,
	"agent of no device":   `<AgentLoggedOffEvent/>`,
	"empty cleared":        `<CallClearedEvent/>`,
	"empty diverted":       `<DivertedEvent/>`,
	"empty failed":         `<FailedEvent/>`,
	"empty held":           `<HeldEvent/>`,
	"empty information":    `<CallInformationEvent/>`,
	"snapshot of nothing":  `<SnapshotDeviceResponse/>`,
	"snapshot, null": `<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData><snapshotDeviceResponseInfo><localCallState><compoundCallState>` +
		`<localConnectionState>null</localConnectionState></compoundCallState></localCallState></snapshotDeviceResponseInfo></snapshotData></crossRefIDorSnapshotData></SnapshotDeviceResponse>`,
	"snapshot, strange state": `<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData><snapshotDeviceResponseInfo><localCallState><compoundCallState>` +
		`<localConnectionState>x</localConnectionState></compoundCallState></localCallState></snapshotDeviceResponseInfo></snapshotData></crossRefIDorSnapshotData></SnapshotDeviceResponse>`,
	"call of nobody": `<SnapshotCallResponse/>`,
	"call, strange state": `<SnapshotCallResponse><crossRefIDorSnapshotData><snapshotData><snapshotCallResponseInfo><deviceOnCall><deviceIdentifier>1001` +
		`</deviceIdentifier></deviceOnCall><localConnectionInfo>x</localConnectionInfo></snapshotCallResponseInfo></snapshotData></crossRefIDorSnapshotData></SnapshotCallResponse>`,
	"agents, strange state": `<GetAgentStateResponse><agentStateList><agentStateEntry><loggedOnState>true</loggedOnState><agentInfo><agentInfoItem>` +
		`<agentState>x</agentState><pendingAgentState>y</pendingAgentState></agentInfoItem></agentInfo></agentStateEntry></agentStateList></GetAgentStateResponse>`,
	"merged, nobody named": `<ConferencedEvent><primaryOldCall><callID>7</callID></primaryOldCall></ConferencedEvent>`,
	"failed after all":     `<ServiceCompletionFailureEvent><primaryCall><connectionID><callID>7</callID></connectionID></primaryCall></ServiceCompletionFailureEvent>`,
	"failed, and lives on": `<FailedEvent><failedConnection><callID>7</callID></failedConnection><localConnectionInfo>hold</localConnectionInfo></FailedEvent>`,
	"empty failure":        `<ServiceCompletionFailureEvent/>`,
	"muted nobody":         `<MicrophoneMuteEvent><microphoneMuteOn>1</microphoneMuteOn></MicrophoneMuteEvent>`,
	"disturbed":            `<DoNotDisturbEvent/>`,
	"foreign lineage": `<DeliveredEvent><connection><callID>7</callID></connection><alertingDevice><deviceIdentifier>1001</deviceIdentifier></alertingDevice>` +
		`<correlatorData><string>ctilink.interactionId=x&amp;ctilink.originalCallType=CONSULT</string></correlatorData></DeliveredEvent>`,
	"ended session":  `<ApplicationSessionTerminated/>`,
	"status":         `<SystemStatus/>`,
	"stop":           `<MonitorStop/>`,
	"unknown":        `<AlternateCall/>`,
	"refusal":        `<CSTAErrorCode/>`,
	"nothing at all": ``,
	"no XML":         `hello`,
	"document type":  `<!DOCTYPE x><HeldEvent/>`,
}

func TestStrangeMessagesMakeLegalEvents(t *testing.T) {
	for name, xml := range told {
		t.Run(name, func(t *testing.T) { checkMessage(t, []byte(xml)) })
	}
}

// FuzzMessages gives whatever the codec lets through to those who read it.
func FuzzMessages(f *testing.F) {
	for _, xml := range told {
		f.Add([]byte(xml))
	}
	f.Fuzz(checkMessage)
}

// checkMessage asserts that a message becomes legal events, calls and states.
func checkMessage(t *testing.T, body []byte) {
	message, err := wire.Unmarshal(body)
	if err != nil {
		return
	}
	p := newPhone("1001")
	p.promise("r1", false, "7")
	costtest.Bounded(t, body, func([]byte) {
		for range 2 { // once more, now that the call is known
			told := p.hear(message)
			for _, raw := range told.events {
				if raw.Name == "" || raw.DN != "1001" || raw.Fields == nil {
					t.Errorf("event %+v without a name, device or fields", raw)
				}
			}
			for _, f := range told.failed {
				if f.requestID != "r1" || f.why == nil {
					t.Errorf("%+v failed", f)
				}
			}
		}
	})
	q := &queue{monitor: &monitor{dn: "1001"}, calls: map[string]arrival{}}
	if told := q.hear(message); told.events != nil {
		t.Errorf("a queue tells %+v", told.events)
	}
	switch r := message.(type) {
	case *wire.SnapshotDeviceResponse:
		for _, info := range r.Snapshot.Calls {
			checkState(t, callWithoutDetails(info).State)
		}
		if count, since := q.waiting(r.Snapshot.Calls); count < 0 || since.After(time.Now()) {
			t.Errorf("%d wait since %v", count, since)
		}
	case *wire.SnapshotCallResponse:
		checkState(t, p.snapshot(wire.SnapshotDeviceInfo{Connection: wire.Connection("7", "1001")}, r).State)
	case *wire.GetAgentStateResponse:
		for _, entry := range r.Agents {
			checkState(t, agentStateOf(entry, r.Extensions.Agent()).State)
		}
		out := opencti.QueueStatistics{Queue: "1001"}
		countAgents(&out, r.Agents)
		if out.AgentsAvailable+out.AgentsBusy+out.AgentsUnavailable > out.AgentsLoggedIn {
			t.Errorf("statistics %+v", out)
		}
	}
}

func checkState(t *testing.T, state opencti.EventName) {
	t.Helper()
	if _, known := opencti.TypeOf(state); !known {
		t.Errorf("state %q is none of the closed set", state)
	}
}

// streams are what a switch may write after the session has begun.
var streams = map[string][]byte{
	"nothing":               nil,
	"an event":              frame(wire.EventInvokeID, told["delivered"]),
	"the end":               frame(wire.EventInvokeID, told["ended session"]),
	"an answer":             frame(7, `<MonitorStartResponse><monitorCrossRefID>1</monitorCrossRefID></MonitorStartResponse>`),
	"a request":             frame(1, told["status"]),
	"a request and a half":  append(frame(1, told["stop"]), frame(2, told["unknown"])[:20]...),
	"no XML":                frame(1, told["no XML"]),
	"no frame":              []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
	"a short length":        []byte("\x00\x00\x00\x070001"),
	"a frame that is empty": []byte("\x00\x00\x00\x080001"),
}

// FuzzSwitch lets a switch write anything after the session has begun. The connection must
// end when the switch hangs up, and leave nothing behind.
func FuzzSwitch(f *testing.F) {
	for _, stream := range streams {
		f.Add(stream)
	}
	f.Fuzz(func(t *testing.T, stream []byte) { serveStream(t, stream) })
}

func TestSwitchThatWritesAnything(t *testing.T) {
	for name, stream := range streams {
		t.Run(name, func(t *testing.T) { serveStream(t, stream) })
	}
}

func serveStream(t *testing.T, stream []byte) {
	costtest.Bounded(t, stream, func([]byte) {
		ours, theirs := net.Pipe()
		config := Config{ResponseTimeout: 5 * time.Second, OutstandingRequests: 2, SessionDuration: time.Minute}
		c := newConnection(ours, config, opencti.Environment{Sink: nobody{}})
		watch(c, "1001", "1")
		go drain(theirs)
		_, _ = theirs.Write(stream) // it may be cut off
		_ = theirs.Close()
		<-c.Done()
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// watch makes a monitor as if the switch had been asked for it.
func watch(c *connection, dn, ref string) {
	m := c.monitorOf(dn)
	c.mu.Lock()
	defer c.mu.Unlock()
	m.ref, c.byRef[ref] = ref, m
}

type nobody struct{}

func (nobody) HandleRaw(opencti.RawEvent) {}
func (nobody) EventsLost(string, error)   {}

func (nobody) RequestFailed(string, string, error) {}
