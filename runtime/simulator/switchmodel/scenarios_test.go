package switchmodel

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var supportCall = InboundCall{From: "+49301234567", Queue: "support", Data: map[string]string{"customerId": "4711"}}

func TestWhatIsTold(t *testing.T) {
	tests := map[string]struct {
		tc   func(d *desk)
		want []string
	}{
		"log on, ready, not ready with another reason, log off": {
			tc: func(d *desk) {
				d.seat("4001", "1001", Ready)
				d.set(AgentRequest{Device: "1001", State: Ready})
				d.set(AgentRequest{Device: "1001", State: NotReady, Reason: "1"})
				d.set(AgentRequest{Device: "1001", State: NotReady, Reason: "2"})
				d.set(AgentRequest{Device: "1001", State: NotReady, Reason: "2"})
				d.set(AgentRequest{Device: "1001", State: LoggedOff})
			},
			want: []string{
				"AgentLoggedOn 4001", "AgentNotReady 4001", "AgentReady 4001",
				"AgentNotReady 4001 1", "AgentNotReady 4001 2", "AgentLoggedOff 4001",
			},
		},
		"a call of a queue with all that belongs to it": {
			tc: func(d *desk) {
				d.call(supportCall)
				d.seat("4001", "1001", Ready)
				d.must(d.Answer(d.at("1001")))
				d.must(d.Hold(d.at("1001")))
				d.must(d.Retrieve(d.at("1001")))
				d.must(d.Clear(d.at("1001")))
				d.advance(time.Minute)
			},
			want: []string{
				"Queued 5000 queued enteringDistribution",
				"AgentLoggedOn 4001", "AgentNotReady 4001", "AgentReady 4001",
				"Diverted 5000 null distributed", "Delivered 1001 alerting distributed", "AgentBusy 4001",
				"Established 1001 connected newCall",
				"Held 1001 hold normal", "Retrieved 1001 connected normal",
				"ConnectionCleared 1001 null normalClearing", "ConnectionCleared +49301234567 null normalClearing",
				"AgentWorkingAfterCall 4001 then ready", "AgentReady 4001",
			},
		},
		"nobody answers: back to the queue, the agent not ready": {
			tc: func(d *desk) {
				d.seat("4001", "1001", Ready)
				d.events = nil
				d.call(supportCall)
				d.advance(time.Minute)
			},
			want: []string{
				"Queued 5000 queued enteringDistribution", "Diverted 5000 null distributed",
				"Delivered 1001 alerting distributed", "AgentBusy 4001",
				"Diverted 1001 null callNotAnswered", "AgentNotReady 4001 no-answer",
				"Queued 5000 queued callNotAnswered",
			},
		},
		"the caller gives up while it rings": {
			tc: func(d *desk) {
				d.seat("4001", "1001", Ready)
				d.events = nil
				in := supportCall
				in.Patience = 5 * time.Second
				d.call(in)
				d.advance(5 * time.Second)
			},
			want: []string{
				"Queued 5000 queued enteringDistribution", "Diverted 5000 null distributed",
				"Delivered 1001 alerting distributed", "AgentBusy 4001",
				"ConnectionCleared +49301234567 null normalClearing", "ConnectionCleared 1001 null callCancelled",
				"AgentReady 4001",
			},
		},
		"the caller gives up while he waits": {
			tc: func(d *desk) { d.must(d.HangUp(d.call(supportCall).ID)) },
			want: []string{
				"Queued 5000 queued enteringDistribution",
				"ConnectionCleared +49301234567 null normalClearing", "ConnectionCleared 5000 null normalClearing",
			},
		},
		"the caller hangs up when all is said": {
			tc: func(d *desk) {
				d.seat("4001", "1001", Ready)
				in := supportCall
				in.TalkTime = 30 * time.Second
				d.call(in)
				d.must(d.Answer(d.at("1001")))
				d.events = nil
				d.advance(30 * time.Second)
			},
			want: []string{
				"ConnectionCleared +49301234567 null normalClearing", "ConnectionCleared 1001 null normalClearing",
				"AgentWorkingAfterCall 4001 then ready",
			},
		},
		"not ready while busy waits for the end of the work": {
			tc: func(d *desk) {
				d.seat("4001", "1001", Ready)
				d.call(supportCall)
				d.must(d.Answer(d.at("1001")))
				d.set(AgentRequest{Device: "1001", State: NotReady, Reason: "7"})
				d.events = nil
				d.must(d.Clear(d.at("1001")))
				d.advance(time.Minute)
			},
			want: []string{
				"ConnectionCleared 1001 null normalClearing", "ConnectionCleared +49301234567 null normalClearing",
				"AgentWorkingAfterCall 4001 then notReady", "AgentNotReady 4001 7",
			},
		},
		"work after the call that was asked for has no end of its own": {
			tc: func(d *desk) {
				d.seat("4001", "1001", Ready)
				d.call(supportCall)
				d.must(d.Answer(d.at("1001")))
				d.set(AgentRequest{Device: "1001", State: WorkingAfterCall})
				d.must(d.Clear(d.at("1001")))
				d.events = nil
				d.advance(time.Hour)
				d.set(AgentRequest{Device: "1001", State: Ready})
			},
			want: []string{"AgentReady 4001"},
		},
		"a colleague's call ends the work after a call": {
			tc: func(d *desk) {
				d.seat("4001", "1001", Ready)
				d.call(supportCall)
				d.must(d.Answer(d.at("1001")))
				d.must(d.Clear(d.at("1001")))
				d.events = nil
				d.call(InboundCall{From: "+4940", To: "4001"})
				d.must(d.Clear(d.at("1001")))
				d.advance(time.Hour)
			},
			want: []string{
				"Delivered 1001 alerting newCall", "AgentBusy 4001",
				"ConnectionCleared 1001 null normalClearing", "ConnectionCleared +4940 null normalClearing",
				"AgentReady 4001",
			},
		},
		"log off while busy happens after the call": {
			tc: func(d *desk) {
				d.seat("4001", "1001", Ready)
				d.call(supportCall)
				d.must(d.Answer(d.at("1001")))
				d.events = nil
				d.set(AgentRequest{Device: "1001", State: LoggedOff})
				d.must(d.Clear(d.at("1001")))
			},
			want: []string{
				"AgentBusy 4001 then loggedOff",
				"ConnectionCleared 1001 null normalClearing", "ConnectionCleared +49301234567 null normalClearing",
				"AgentLoggedOff 4001",
			},
		},
		"a call from desk to desk": {
			tc: func(d *desk) {
				_, err := d.MakeCall("1001", "1002", nil)
				d.must(err)
				d.must(d.Answer(d.at("1002")))
				d.must(d.Clear(d.at("1001")))
			},
			want: []string{
				"ServiceInitiated 1001 initiated makeCall", "Originated 1001 connected newCall",
				"Delivered 1002 alerting newCall", "Established 1002 connected newCall",
				"ConnectionCleared 1001 null normalClearing", "ConnectionCleared 1002 null normalClearing",
			},
		},
		"a call to an agent rings where he sits, and needs no work after it": {
			tc: func(d *desk) {
				d.seat("4002", "1002", NotReady)
				d.events = nil
				_, err := d.MakeCall("1001", "4002", nil)
				d.must(err)
				d.must(d.Answer(d.at("1002")))
				d.must(d.Clear(d.at("1002")))
			},
			want: []string{
				"ServiceInitiated 1001 initiated makeCall", "Originated 1001 connected newCall",
				"Delivered 1002 alerting newCall", "AgentBusy 4002", "Established 1002 connected newCall",
				"ConnectionCleared 1002 null normalClearing", "ConnectionCleared 1001 null normalClearing",
				"AgentNotReady 4002",
			},
		},
		"a call outside is answered after a time": {
			tc: func(d *desk) {
				_, err := d.MakeCall("1001", "+49891234567", nil)
				d.must(err)
				d.advance(3 * time.Second)
			},
			want: []string{
				"ServiceInitiated 1001 initiated makeCall", "Originated 1001 connected newCall",
				"NetworkReached +49891234567 null normal", "Delivered +49891234567 alerting networkSignal",
				"Established +49891234567 connected newCall",
			},
		},
		"a number that leads nowhere": {
			tc: func(d *desk) {
				_, err := d.MakeCall("1001", "9999", nil)
				d.must(err)
				d.must(d.Clear(d.at("1001")))
			},
			want: []string{
				"ServiceInitiated 1001 initiated makeCall", "Originated 1001 connected newCall",
				"Failed 9999 fail destNotObtainable",
				"ConnectionCleared 1001 null normalClearing", "ConnectionCleared 9999 null normalClearing",
			},
		},
		"a telephone that only holds a call rings for another": {
			tc: func(d *desk) {
				d.call(InboundCall{From: "+4930", To: "1001"})
				d.must(d.Answer(d.at("1001")))
				d.must(d.Hold(d.at("1001")))
				d.events = nil
				d.call(InboundCall{From: "+4940", To: "1001"})
			},
			want: []string{"Delivered 1001 alerting newCall"},
		},
		"somebody outside meets a busy telephone and gives up": {
			tc: func(d *desk) {
				_, err := d.MakeCall("1001", "1002", nil)
				d.must(err)
				d.events = nil
				d.call(InboundCall{From: "+4930", To: "1001"})
				d.advance(toneTime)
			},
			want: []string{
				"Failed 1001 fail busy",
				"ConnectionCleared +4930 null normalClearing", "ConnectionCleared 1001 null normalClearing",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, DefaultConfig())
			test.tc(d)
			if diff := cmp.Diff(test.want, d.told()); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLongestIdleAgentIsOffered(t *testing.T) {
	d := newDesk(t, DefaultConfig())
	for _, seat := range []struct {
		agent AgentID
		phone DeviceID
	}{{"4001", "1001"}, {"4002", "1002"}, {"4003", "1003"}} {
		d.seat(seat.agent, seat.phone, Ready)
		d.advance(time.Second)
	}
	// 4001 is out and back: now he is the last.
	d.set(AgentRequest{Device: "1001", State: NotReady})
	d.set(AgentRequest{Device: "1001", State: Ready})

	var got []DeviceID
	for range 3 {
		got = append(got, d.call(supportCall).Connections[1].Device)
	}
	if diff := cmp.Diff([]DeviceID{"1002", "1003", "1001"}, got); diff != "" {
		t.Errorf("offered to (-want +got):\n%s", diff)
	}
}

func TestLongestWaitingCallIsOffered(t *testing.T) {
	d := newDesk(t, DefaultConfig())
	d.seat("4001", "1001", Ready)
	first := d.call(supportCall)
	d.advance(time.Second)
	d.call(supportCall)
	d.advance(time.Minute) // the first one rang in vain, and is in front again
	d.set(AgentRequest{Device: "1001", State: Ready})
	if got := d.at("1001").Call; got != first.ID {
		t.Errorf("offered call %s, want %s", got, first.ID)
	}
}

func TestCallDataAndLinkageStayWithTheCall(t *testing.T) {
	d := newDesk(t, DefaultConfig())
	d.seat("4001", "1001", Ready)
	c := d.call(supportCall)
	for _, e := range d.events {
		if e.Call == nil {
			continue
		}
		if e.Call.Data["customerId"] != "4711" || e.Call.GlobalLinkage != c.GlobalLinkage {
			t.Errorf("%s: data %v, linkage %q", e.Kind, e.Call.Data, e.Call.GlobalLinkage)
		}
	}
}
