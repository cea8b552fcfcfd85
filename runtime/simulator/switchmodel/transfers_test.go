package switchmodel

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// conversation is call 1: a customer of the queue talks to agent 4001 at 1001.
// Agent 4002 sits at 1002; at 1003 and 1004 nobody is logged on.
func conversation(t *testing.T) *desk { return conversationAt(t, DefaultConfig()) }

func conversationAt(t *testing.T, cfg Config) *desk {
	t.Helper()
	d := newDesk(t, cfg)
	d.seat("4001", "1001", Ready)
	d.seat("4002", "1002", NotReady)
	d.call(supportCall)
	d.must(d.Answer(d.at("1001")))
	d.events = nil
	return d
}

const customer = DeviceID("+49301234567")

// consulting is call 2 beside it: 1001 asks 1002, where it rings.
func consulting(t *testing.T) *desk {
	t.Helper()
	d := conversation(t)
	d.consult("1001", "1002")
	d.events = nil
	return d
}

// consulted is the same when 1002 has answered.
func consulted(t *testing.T) *desk {
	t.Helper()
	d := consulting(t)
	d.must(d.Answer(of("2", "1002")))
	d.events = nil
	return d
}

func (d *desk) consult(phone DeviceID, to string) ConnectionID {
	d.test.Helper()
	id, err := d.Consult(d.at(phone), to, map[string]string{"topic": "refund"})
	d.must(err)
	return id
}

// of is the connection of a device in a call.
func of(call CallID, device DeviceID) ConnectionID { return ConnectionID{Call: call, Device: device} }

func (d *desk) transfer(held, active ConnectionID) *Merge {
	d.test.Helper()
	m, err := d.Transfer(held, active)
	d.must(err)
	return m
}

func (d *desk) conference(held, active ConnectionID) *Merge {
	d.test.Helper()
	m, err := d.Conference(held, active)
	d.must(err)
	return m
}

func (d *desk) giveAway(id ConnectionID, to string) {
	d.test.Helper()
	_, err := d.SingleStepTransfer(id, to, nil)
	d.must(err)
}

// toldAt is what the monitors of devices were told: the call, what, where, the
// device's own connection state, and why.
func (d *desk) toldAt(devices ...DeviceID) map[DeviceID][]string {
	told := map[DeviceID][]string{}
	for _, e := range d.events {
		if e.Call == nil {
			continue
		}
		for _, device := range e.Devices() {
			if slices.Contains(devices, device) {
				line := fmt.Sprintf("%s %s %s: %s %s", e.Call.ID, e.Kind, e.Device, e.Call.StateAt(device), e.Cause)
				told[device] = append(told[device], line)
			}
		}
	}
	return told
}

func TestWhatEachDeviceIsTold(t *testing.T) {
	type lines = map[DeviceID][]string
	tests := map[string]struct {
		start func(t *testing.T) *desk
		tc    func(d *desk)
		want  lines
	}{
		"consult: the first call is held, the second says what it is": {
			start: conversation,
			tc:    func(d *desk) { d.consult("1001", "1002"); d.must(d.Answer(d.at("1002"))) },
			want: lines{
				"1001": {
					"1 Held 1001: hold consultation", "2 ServiceInitiated 1001: initiated consultation",
					"2 Originated 1001: connected consultation", "2 Delivered 1002: connected consultation",
					"2 Established 1002: connected newCall",
				},
				"1002":   {"2 Delivered 1002: alerting consultation", "2 Established 1002: connected newCall"},
				customer: {"1 Held 1001: connected consultation"},
			},
		},
		"consult of a queue": {
			start: conversation,
			tc: func(d *desk) {
				d.consult("1001", "5000")
				d.set(AgentRequest{Device: "1002", State: Ready})
			},
			want: lines{
				"1001": {
					"1 Held 1001: hold consultation", "2 ServiceInitiated 1001: initiated consultation",
					"2 Originated 1001: connected consultation", "2 Queued 5000: connected enteringDistribution",
					"2 Diverted 5000: connected distributed", "2 Delivered 1002: connected distributed",
				},
				"1002":   {"2 Delivered 1002: alerting distributed"},
				customer: {"1 Held 1001: connected consultation"},
			},
		},
		"warm transfer: all get the new call at once, who transfers is out": {
			start: consulted,
			tc:    func(d *desk) { d.transfer(of("1", "1001"), of("2", "1001")) },
			want: lines{
				"1001":   {"3 Transferred 1001: null transfer"},
				"1002":   {"3 Transferred 1001: connected transfer"},
				customer: {"3 Transferred 1001: connected transfer"},
			},
		},
		"transfer while it rings: it rings on": {
			start: consulting,
			tc: func(d *desk) {
				d.transfer(of("1", "1001"), of("2", "1001"))
				d.must(d.Answer(d.at("1002")))
			},
			want: lines{
				"1001":   {"3 Transferred 1001: null transfer"},
				"1002":   {"3 Transferred 1001: alerting transfer", "3 Established 1002: connected newCall"},
				customer: {"3 Transferred 1001: connected transfer", "3 Established 1002: connected newCall"},
			},
		},
		"transfer to a queue, where the customer waits on": {
			start: conversation,
			tc: func(d *desk) {
				d.consult("1001", "5000")
				d.events = nil
				d.transfer(of("1", "1001"), of("2", "1001"))
				d.set(AgentRequest{Device: "1002", State: Ready})
			},
			want: lines{
				"1001":   {"3 Transferred 1001: null transfer"},
				"1002":   {"3 Delivered 1002: alerting distributed"},
				customer: {"3 Transferred 1001: connected transfer", "3 Diverted 5000: connected distributed", "3 Delivered 1002: connected distributed"},
			},
		},
		"conference of three; the customer leaves; then one of the two": {
			start: consulted,
			tc: func(d *desk) {
				d.conference(of("1", "1001"), of("2", "1001"))
				d.must(d.HangUp("3"))
				d.must(d.Clear(of("3", "1002")))
			},
			want: lines{
				"1001": {
					"3 Conferenced 1001: connected conference", "3 ConnectionCleared +49301234567: connected normalClearing",
					"3 ConnectionCleared 1002: connected normalClearing", "3 ConnectionCleared 1001: null normalClearing",
				},
				"1002": {
					"3 Conferenced 1001: connected conference", "3 ConnectionCleared +49301234567: connected normalClearing",
					"3 ConnectionCleared 1002: null normalClearing",
				},
				customer: {"3 Conferenced 1001: connected conference", "3 ConnectionCleared +49301234567: null normalClearing"},
			},
		},
		"conference of four, of which one is dropped": {
			start: consulted,
			tc: func(d *desk) {
				d.conference(of("1", "1001"), of("2", "1001"))
				d.consult("1001", "1003")
				d.must(d.Answer(d.at("1003")))
				d.events = nil
				d.conference(of("3", "1001"), of("4", "1001"))
				d.must(d.Clear(of("5", "1002")))
			},
			want: lines{
				"1001":   {"5 Conferenced 1001: connected conference", "5 ConnectionCleared 1002: connected normalClearing"},
				"1002":   {"5 Conferenced 1001: connected conference", "5 ConnectionCleared 1002: null normalClearing"},
				"1003":   {"5 Conferenced 1001: connected conference", "5 ConnectionCleared 1002: connected normalClearing"},
				customer: {"5 Conferenced 1001: connected conference", "5 ConnectionCleared 1002: connected normalClearing"},
			},
		},
		"alternate": {
			start: consulted,
			tc:    func(d *desk) { d.must(d.Alternate(of("1", "1001"), of("2", "1001"))) },
			want: lines{
				"1001":   {"2 Held 1001: hold alternate", "1 Retrieved 1001: connected alternate"},
				"1002":   {"2 Held 1001: connected alternate"},
				customer: {"1 Retrieved 1001: connected alternate"},
			},
		},
		"cancel: the consult ends, the first call is back": {
			start: consulted,
			tc:    func(d *desk) { d.must(d.Reconnect(of("2", "1001"), of("1", "1001"))) },
			want: lines{
				"1001":   {"2 ConnectionCleared 1001: null normalClearing", "1 Retrieved 1001: connected normal"},
				"1002":   {"2 ConnectionCleared 1001: connected normalClearing", "2 ConnectionCleared 1002: null normalClearing"},
				customer: {"1 Retrieved 1001: connected normal"},
			},
		},
		"cancel while it rings": {
			start: consulting,
			tc:    func(d *desk) { d.must(d.Reconnect(of("2", "1001"), of("1", "1001"))) },
			want: lines{
				"1001":   {"2 ConnectionCleared 1001: null normalClearing", "1 Retrieved 1001: connected normal"},
				"1002":   {"2 ConnectionCleared 1001: alerting normalClearing", "2 ConnectionCleared 1002: null callCancelled"},
				customer: {"1 Retrieved 1001: connected normal"},
			},
		},
		"cancel when the consulted party has gone": {
			start: consulted,
			tc: func(d *desk) {
				d.must(d.Clear(of("2", "1002")))
				d.events = nil
				d.must(d.Reconnect(of("2", "1001"), of("1", "1001")))
			},
			want: lines{
				"1001":   {"1 Retrieved 1001: connected normal"},
				customer: {"1 Retrieved 1001: connected normal"},
			},
		},
		"cancel of a consult that met a busy telephone": {
			start: conversation,
			tc: func(d *desk) {
				d.must(d.SetDoNotDisturb("1002", true))
				d.consult("1001", "1002")
				d.must(d.Reconnect(of("2", "1001"), of("1", "1001")))
			},
			want: lines{
				"1001": {
					"1 Held 1001: hold consultation", "2 ServiceInitiated 1001: initiated consultation",
					"2 Originated 1001: connected consultation", "2 Failed 1002: connected doNotDisturb",
					"2 ConnectionCleared 1001: null normalClearing", "1 Retrieved 1001: connected normal",
				},
				"1002":   {"2 ConnectionCleared 1002: null normalClearing"},
				customer: {"1 Held 1001: connected consultation", "1 Retrieved 1001: connected normal"},
			},
		},
		"the customer leaves during a consult, which goes on": {
			start: consulted,
			tc:    func(d *desk) { d.must(d.HangUp("1")) },
			want: lines{
				"1001":   {"1 ConnectionCleared +49301234567: hold normalClearing", "1 ConnectionCleared 1001: null normalClearing"},
				customer: {"1 ConnectionCleared +49301234567: null normalClearing"},
			},
		},
		"blind transfer to a telephone": {
			start: conversation,
			tc: func(d *desk) {
				d.giveAway(of("1", "1001"), "4002")
				d.must(d.Answer(d.at("1002")))
			},
			want: lines{
				"1001":   {"2 Transferred 1001: null singleStepTransfer"},
				"1002":   {"2 Delivered 1002: alerting singleStepTransfer", "2 Established 1002: connected newCall"},
				customer: {"2 Transferred 1001: connected singleStepTransfer", "2 Delivered 1002: connected singleStepTransfer", "2 Established 1002: connected newCall"},
			},
		},
		"blind transfer to a queue": {
			start: conversation,
			tc: func(d *desk) {
				d.giveAway(of("1", "1001"), "support")
				d.set(AgentRequest{Device: "1002", State: Ready})
			},
			want: lines{
				"1001": {"2 Transferred 1001: null singleStepTransfer"},
				"1002": {"2 Delivered 1002: alerting distributed"},
				customer: {
					"2 Transferred 1001: connected singleStepTransfer", "2 Queued 5000: connected enteringDistribution",
					"2 Diverted 5000: connected distributed", "2 Delivered 1002: connected distributed",
				},
			},
		},
		"blind transfer outside": {
			start: conversation,
			tc:    func(d *desk) { d.giveAway(of("1", "1001"), "+4989"); d.advance(3 * time.Second) },
			want: lines{
				"1001": {"2 Transferred 1001: null singleStepTransfer"},
				customer: {
					"2 Transferred 1001: connected singleStepTransfer", "2 NetworkReached +4989: connected normal",
					"2 Delivered +4989: connected networkSignal", "2 Established +4989: connected newCall",
				},
			},
		},
		"a call that rings is sent elsewhere": {
			start: conversation,
			tc: func(d *desk) {
				d.call(InboundCall{From: "+4940", To: "1003"})
				d.must(d.Deflect(of("2", "1003"), "1002", nil))
			},
			want: lines{
				"1003":  {"2 Delivered 1003: alerting newCall", "2 Diverted 1003: null redirected"},
				"1002":  {"2 Delivered 1002: alerting redirected"},
				"+4940": {"2 Delivered 1003: connected newCall", "2 Diverted 1003: connected redirected", "2 Delivered 1002: connected redirected"},
			},
		},
		"data attached in mid-call reaches all, digits as well": {
			start: consulted,
			tc: func(d *desk) {
				d.must(d.Attach(of("2", "1002"), map[string]string{"topic": "invoice"}))
				d.must(d.SendDigits(of("2", "1001"), "12#"))
				d.must(d.SendDigits(of("1", "1001"), "9"))
			},
			want: lines{
				"1001":   {"2 CallInformation 1002: connected normal", "2 DigitsGenerated 1001: connected normal", "1 DigitsGenerated 1001: hold normal"},
				"1002":   {"2 CallInformation 1002: connected normal", "2 DigitsGenerated 1001: connected normal"},
				customer: {"1 DigitsGenerated 1001: connected normal"},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := test.start(t)
			test.tc(d)
			if diff := cmp.Diff(test.want, d.toldAt("1001", "1002", "1003", customer, "+4940")); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}
