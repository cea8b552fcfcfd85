package csta_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// waitingCalls is the answer to SnapshotDevice of a queue.
func waitingCalls(ids ...string) string {
	xml := `<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData>`
	for _, id := range ids {
		xml += `<snapshotDeviceResponseInfo>` + at("connectionIdentifier", id, "5000") + `<localCallState><compoundCallState>` +
			`<localConnectionState>queued</localConnectionState><localConnectionState>connected</localConnectionState>` +
			`</compoundCallState></localCallState></snapshotDeviceResponseInfo>`
	}
	return xml + `</snapshotData></crossRefIDorSnapshotData></SnapshotDeviceResponse>`
}

// staff is the answer to GetAgentState of a queue: each state is that in queue 5000 and, after
// a slash, in another.
func staff(states ...string) string {
	xml := `<GetAgentStateResponse><agentStateList>`
	for i, s := range states {
		here, there, both := strings.Cut(s, "/")
		xml += fmt.Sprintf(`<agentStateEntry><agentID>55%02d</agentID><loggedOnState>%t</loggedOnState><agentInfo>`, i, here != "agentNull")
		if both {
			xml += `<agentInfoItem><acdGroup>5001</acdGroup><agentState>` + there + `</agentState></agentInfoItem>`
		}
		xml += `<agentInfoItem><acdGroup>5000</acdGroup><agentState>` + here + `</agentState></agentInfoItem></agentInfo></agentStateEntry>`
	}
	return xml + `</agentStateList></GetAgentStateResponse>`
}

func ofQueue(event, connection, callID, rest string) string {
	return `<` + event + `><monitorCrossRefID>71</monitorCrossRefID>` + at(connection, callID, "5000") + rest + `</` + event + `>`
}

func statistics(t *testing.T, c opencti.Connection, queue string) opencti.QueueStatistics {
	t.Helper()
	s, err := c.(opencti.Statistics).QueueStatistics(t.Context(), queue)
	if err != nil {
		t.Fatal(err)
	}
	if since := time.Since(s.At); since < 0 || since > time.Minute {
		t.Errorf("it was so at %v", s.At)
	}
	return s
}

func TestQueueStatistics(t *testing.T) {
	p, events := newPeer(t, with(map[string]string{
		"SnapshotDevice": waitingCalls("1", "2"),
		"GetAgentState":  staff("agentReady", "agentNotReady/agentReady", "agentBusy", "agentWorkingAfterCall", "agentReady/agentNotReady", "agentNull"),
	})), make(sink, 8)
	c, _ := p.connected(events)
	want := opencti.QueueStatistics{Queue: "5000", CallsWaiting: 2, AgentsLoggedIn: 5, AgentsAvailable: 2, AgentsBusy: 2, AgentsUnavailable: 1}
	for range 2 { // the monitor is kept
		if diff := cmp.Diff(want, statistics(t, c, "5000"), cmpopts.IgnoreFields(opencti.QueueStatistics{}, "At")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if start := p.expect("MonitorStart").xml; !strings.Contains(start, "<deviceObject>5000</deviceObject>") {
		t.Errorf("%s is not of the queue", start)
	}
	for range 2 {
		for _, request := range []string{"SnapshotDevice", "GetAgentState"} {
			if xml := p.expect(request).xml; !strings.Contains(xml, ">5000<") {
				t.Errorf("%s is not of the queue", xml)
			}
		}
	}
	p.event(ofQueue("QueuedEvent", "queuedConnection", "3", ""))
	p.event(ofQueue("AgentReadyEvent", "x", "", ""))
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.expect("MonitorStop")
	p.expect("StopApplicationSession")
	events.none(t) // of a queue no session is told
}

// An agent's telephone and a queue may have the same number, and the same device.
func TestQueueBesideATelephone(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 8)
	c, _ := p.subscribed(events)
	p.answer("MonitorStart", strings.ReplaceAll(quiet()["MonitorStart"], "71", "72"))
	statistics(t, c, "1001")
	p.event(delivered("72", "7"))
	p.event(delivered("71", "8"))
	if e := events.next(t); e.Fields["callID"] != "8" {
		t.Errorf("event %+v, want that of the telephone's monitor alone", e)
	}
}

func TestQueueStatisticsRefused(t *testing.T) {
	for _, tc := range []struct {
		name    string
		queue   string
		answers map[string]string
		want    opencti.ErrorCode
	}{
		{"no queue named", "", nil, opencti.InvalidQueue},
		{"unknown to the monitor", "7", map[string]string{"MonitorStart": `<CSTAErrorCode><operation>invalidDeviceID</operation></CSTAErrorCode>`}, opencti.InvalidQueue},
		{"unknown to the snapshot", "7", map[string]string{"SnapshotDevice": `<CSTAErrorCode><operation>invalidDeviceID</operation></CSTAErrorCode>`}, opencti.InvalidQueue},
		{"no licence", "7", map[string]string{"MonitorStart": `<CSTAErrorCode><systemResourceAvailibility>overallMonitorLimitExceeded</systemResourceAvailibility></CSTAErrorCode>`},
			opencti.LicenceExhausted},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t, with(tc.answers))
			c, _ := p.connected(nil)
			_, err := c.(opencti.Statistics).QueueStatistics(t.Context(), tc.queue)
			wantCode(t, err, tc.want, "")
			for element := range tc.answers { // the next attempt begins anew
				p.answer(element, quiet()[element])
				statistics(t, c, tc.queue)
			}
		})
	}
}

// A switch that does not list a queue's agents counts its calls all the same, and is not asked
// for them again.
func TestQueueWithoutAgents(t *testing.T) {
	p := newPeer(t, with(map[string]string{"SnapshotDevice": waitingCalls("1"),
		"GetAgentState": `<CSTAErrorCode><operation>serviceNotSupported</operation></CSTAErrorCode>`}))
	c, _ := p.connected(nil)
	for range 2 {
		if s := statistics(t, c, "5000"); s.CallsWaiting != 1 || s.AgentsLoggedIn != 0 {
			t.Errorf("%+v, want one call", s)
		}
	}
	for _, request := range []string{"MonitorStart", "SnapshotDevice", "GetAgentState", "SnapshotDevice"} {
		p.expect(request)
	}
	p.expectNothing()
}

// The switch may stop a queue's monitor: it is started again when somebody asks.
func TestMonitorOfAQueueIsStopped(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 8)
	c, _ := p.connected(events)
	statistics(t, c, "5000")
	p.send("0001", `<MonitorStop><monitorCrossRefID>71</monitorCrossRefID></MonitorStop>`)
	p.send("0002", `<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>`) // when this is answered, that is done
	for _, request := range []string{"MonitorStart", "SnapshotDevice", "GetAgentState", "MonitorStopResponse", "SystemStatusResponse"} {
		p.expect(request)
	}
	statistics(t, c, "5000")
	p.expect("MonitorStart")
	events.none(t)
}
