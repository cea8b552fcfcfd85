package csta_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Frames that fit nothing change nothing: the connection and its monitor live on.
func TestFramesThatFitNothing(t *testing.T) {
	terminated := func(id string) string {
		return `<ApplicationSessionTerminated><sessionID>` + id + `</sessionID><sessionTermReason><definedTermReason>x</definedTermReason>` +
			`</sessionTermReason></ApplicationSessionTerminated>`
	}
	for _, tc := range []struct{ name, id, xml string }{
		{"the end of another session", "9999", terminated("ANOTHER")},
		{"an event of another monitor", "9999", delivered("72", "1")},
		{"an event without a monitor", "9999", `<DeliveredEvent><connection><callID>1</callID></connection></DeliveredEvent>`},
		{"an event that nobody knows", "9999", `<OfferedEvent><monitorCrossRefID>71</monitorCrossRefID></OfferedEvent>`},
		{"an event under a request's id", "0001", delivered("72", "1")},
		{"an answer to nothing", "4711", `<HoldCallResponse/>`},
		{"a refusal of nothing", "4711", `<CSTAErrorCode><operation>generic</operation></CSTAErrorCode>`},
		{"an answer that was given already", "0001", quiet()["StartApplicationSession"]},
		{"an answer that nobody knows", "4711", `<AlternateCallResponse/>`},
		{"an answer under an event's id", "9999", `<HoldCallResponse/>`},
		{"a monitor that nobody asked for", "4711", quiet()["MonitorStart"]},
		{"an end of a monitor that is not ours", "0003", `<MonitorStop><monitorCrossRefID>72</monitorCrossRefID></MonitorStop>`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, events := newPeer(t, quiet()), make(sink, 8)
			c, device := p.subscribed(events)
			p.send(tc.id, tc.xml)
			p.event(delivered("71", "2"))
			if e := events.next(t); e.Name != "Delivered" || e.Fields["callID"] != "2" {
				t.Errorf("the next event is %+v", e)
			}
			if tc.id == "0003" {
				p.expect("MonitorStopResponse")
			}
			p.expectNothing()
			if err := device.(opencti.CallControl).HoldCall(t.Context(), opencti.Request{CallID: "2"}); err != nil {
				t.Errorf("a request after it: %v", err)
			}
			if c.Err() != nil {
				t.Errorf("the connection was given up: %v", c.Err())
			}
		})
	}
}

// An answer of another type than the request's ends that request alone.
func TestAnswersOfAnotherType(t *testing.T) {
	for request, answer := range map[string]string{
		"HoldCall":     `<RetrieveCallResponse/>`,
		"AnswerCall":   `<SomethingResponse/>`,
		"RetrieveCall": `<StartApplicationSessionPosResponse/>`,
		"MonitorStart": `<SnapshotDeviceResponse/>`,
	} {
		t.Run(request, func(t *testing.T) {
			p := newPeer(t, with(map[string]string{request: answer}))
			c, device := p.connected(make(sink, 1))
			var err error
			if request == "MonitorStart" {
				err = device.Subscribe(t.Context())
			} else {
				err = opencti.Perform(t.Context(), device, opencti.Request{Activity: opencti.Activity(request), CallID: "1"})
			}
			wantCode(t, err, opencti.Rejected, "to "+request)
			if c.Err() != nil {
				t.Errorf("the connection was given up: %v", c.Err())
			}
		})
	}
}

// An event that is there before the answer to MonitorStart belongs to the snapshot.
func TestEventBeforeTheMonitorsAnswer(t *testing.T) {
	answers := quiet()
	delete(answers, "MonitorStart")
	p, events := newPeer(t, answers), make(sink, 8)
	_, device := p.connected(events)
	subscribed := make(chan error, 1)
	go func() { subscribed <- device.Subscribe(t.Context()) }()
	start := p.expect("MonitorStart")
	p.event(delivered("71", "1"))
	p.send(start.id, quiet()["MonitorStart"])
	p.event(delivered("71", "2"))
	if err := <-subscribed; err != nil {
		t.Fatal(err)
	}
	if e := events.next(t); e.Fields["callID"] != "2" {
		t.Errorf("the first event is %+v, want that of call 2", e)
	}
	events.none(t)
}

// Events of two devices, or of none, cannot be told apart by such a reference.
func TestMonitorsWithoutAReferenceOfTheirOwn(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 8)
	c, _ := p.subscribed(events) // has 71
	second, err := c.Open(t.Context(), opencti.Endpoint{DN: "1002"})
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"71", "", " "} {
		p.answer("MonitorStart", `<MonitorStartResponse><monitorCrossRefID>`+ref+`</monitorCrossRefID></MonitorStartResponse>`)
		wantCode(t, second.Subscribe(t.Context()), opencti.Rejected, "monitorCrossRefID")
		p.expect("MonitorStart")
	}
	p.event(`<DeliveredEvent><connection><callID>1</callID></connection></DeliveredEvent>`)
	p.event(delivered("71", "2"))
	if e := events.next(t); e.DN != "1001" || e.Fields["callID"] != "2" {
		t.Errorf("event %+v, want call 2 at 1001", e)
	}
}

// What a switch sends without being asked costs it more than us: no request, no goroutine,
// and not a line of log for each.
func TestAFloodOfWhatNobodyAskedFor(t *testing.T) {
	for name, xml := range map[string]string{
		"monitors":         quiet()["MonitorStart"],
		"answers":          `<HoldCallResponse/>`,
		"what is no XML":   `<HoldCallResponse`,
		"foreign sessions": `<ApplicationSessionTerminated><sessionID>X</sessionID></ApplicationSessionTerminated>`,
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			p := newPeer(t, quiet())
			c, device := p.logged(&log, discard{})
			for i := range 5000 {
				p.send(fmt.Sprintf("%04d", 5000+i%4000), xml)
			}
			if err := device.(opencti.CallControl).HoldCall(t.Context(), opencti.Request{CallID: "1"}); err != nil {
				t.Fatal(err)
			}
			p.expect("HoldCall")
			p.expectNothing()
			if err := c.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if lines := strings.Count(log.String(), "\n"); lines == 0 || lines > 100 {
				t.Errorf("%d lines of log", lines)
			}
		})
	}
}

// discard is a sink that keeps nothing.
type discard struct{}

func (discard) HandleRaw(opencti.RawEvent) {}
func (discard) EventsLost(string, error)   {}

func (discard) RequestFailed(string, string, error) {}
