package csta_test

import (
	"context"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestSpeaksTheVersionOfTheSwitch(t *testing.T) {
	const priv7 = "http://www.ecma-international.org/standards/ecma-323/csta/ed3/priv7"
	answers := quiet()
	answers["StartApplicationSession"] = strings.ReplaceAll(answers["StartApplicationSession"], "csta/ed3", "csta/ed3/priv7")
	p := newPeer(t, answers)
	_, device := p.connected(nil)
	if err := device.Subscribe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if start := p.expect("MonitorStart").xml; !strings.Contains(start, `xmlns="`+priv7+`"`) {
		t.Errorf("%s is not in %s", start, priv7)
	}
}

func TestMonitorIsShared(t *testing.T) {
	p := newPeer(t, quiet())
	events := make(sink, 8)
	c, first := p.subscribed(events)
	second, err := c.Open(t.Context(), opencti.Endpoint{DN: "1001", AgentID: "5502"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := second.Subscribe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.expectNothing()
	if err := first.Detach(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.expectNothing()
	p.event(delivered("71", "7"))
	if e := events.next(t); e.DN != "1001" || e.Name != "Delivered" {
		t.Errorf("event %+v, want Delivered at 1001", e)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if stop := p.expect("MonitorStop").xml; !strings.Contains(stop, "<monitorCrossRefID>71</monitorCrossRefID>") {
		t.Errorf("stopped another monitor: %s", stop)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.event(delivered("71", "8"))
	if err := first.Subscribe(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.expect("MonitorStart")
	events.none(t)
}

func TestMonitorRefused(t *testing.T) {
	p := newPeer(t, quiet())
	p.answer("MonitorStart", `<CSTAErrorCode><systemResourceAvailibility>overallMonitorLimitExceeded</systemResourceAvailibility></CSTAErrorCode>`)
	_, device := p.connected(nil)
	wantCode(t, device.Subscribe(t.Context()), opencti.LicenceExhausted, "overallMonitorLimitExceeded")
	p.expect("MonitorStart")
	if err := device.Detach(t.Context()); err != nil {
		t.Errorf("Detach of what was not subscribed: %v", err)
	}
	p.expectNothing()
	p.answer("MonitorStart", quiet()["MonitorStart"])
	if err := device.Subscribe(t.Context()); err != nil {
		t.Errorf("the second attempt: %v", err)
	}
}

func TestMonitorThatComesTooLateIsStopped(t *testing.T) {
	answers := quiet()
	delete(answers, "MonitorStart")
	p := newPeer(t, answers)
	_, device := p.connected(nil)
	ctx, giveUp := context.WithCancel(t.Context())
	subscribed := make(chan error, 1)
	go func() { subscribed <- device.Subscribe(ctx) }()
	start := p.expect("MonitorStart")
	giveUp()
	wantCode(t, <-subscribed, opencti.LinkDown, "MonitorStart")
	p.send(start.id, `<MonitorStartResponse><monitorCrossRefID>72</monitorCrossRefID></MonitorStartResponse>`)
	if stop := p.expect("MonitorStop").xml; !strings.Contains(stop, "<monitorCrossRefID>72</monitorCrossRefID>") {
		t.Errorf("stopped another monitor: %s", stop)
	}
}

func TestDetachOfAMonitorThatIsGone(t *testing.T) {
	p := newPeer(t, quiet())
	_, device := p.subscribed(nil)
	p.answer("MonitorStop", `<CSTAErrorCode><operation>invalidMonitorCrossRefID</operation></CSTAErrorCode>`)
	if err := device.Detach(t.Context()); err != nil {
		t.Errorf("Detach() = %v, want nil", err)
	}
}

func TestDetachChangesNoState(t *testing.T) {
	p := newPeer(t, quiet())
	_, device := p.subscribed(nil)
	if err := device.Detach(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.expect("MonitorStop")
	p.expectNothing()
}
