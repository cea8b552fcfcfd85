package switchmodel

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// person takes a telephone into the hands.
func (d *desk) person(at DeviceID) Handset {
	d.test.Helper()
	h, err := d.Handset(at)
	d.must(err)
	return h
}

func TestWhatPeopleDoAtTheTelephone(t *testing.T) {
	tests := map[string]struct {
		tc   func(d *desk, at Handset)
		want []string // told at 1001
	}{
		"off the hook, a number, back on the hook": {
			tc: func(d *desk, at Handset) {
				d.must(at.Hold())
				d.must(at.OffHook())
				d.must(at.Dial("1002"))
				d.must(at.HangUp(Any))
				d.must(at.Retrieve(Any))
			},
			want: []string{
				"1 Held 1001: hold normal", "2 ServiceInitiated 1001: initiated newCall", "2 Originated 1001: connected newCall",
				"2 Delivered 1002: connected newCall", "2 ConnectionCleared 1001: null normalClearing", "1 Retrieved 1001: connected normal",
			},
		},
		"off the hook and on it again": {
			tc: func(d *desk, at Handset) {
				d.must(at.HangUp(Any))
				d.must(at.OffHook())
				d.must(at.HangUp(Any))
			},
			want: []string{
				"1 ConnectionCleared 1001: null normalClearing",
				"2 ServiceInitiated 1001: initiated newCall", "2 ConnectionCleared 1001: null normalClearing",
			},
		},
		"consult, to and fro, and transfer": {
			tc: func(d *desk, at Handset) {
				d.must(at.Consult("1002"))
				d.must(d.person("1002").Answer(Any))
				d.must(at.Alternate())
				d.must(at.Transfer())
			},
			want: []string{
				"1 Held 1001: hold consultation", "2 ServiceInitiated 1001: initiated consultation", "2 Originated 1001: connected consultation",
				"2 Delivered 1002: connected consultation", "2 Established 1002: connected newCall",
				"2 Held 1001: hold alternate", "1 Retrieved 1001: connected alternate", "3 Transferred 1001: null transfer",
			},
		},
		"consult, back, consult, conference": {
			tc: func(d *desk, at Handset) {
				d.must(at.Consult("1002"))
				d.events = nil
				d.must(at.Reconnect())
				d.must(at.Consult("1003"))
				d.must(d.person("1003").Answer(Any))
				d.must(at.Conference())
				d.must(at.Digits("5"))
			},
			want: []string{
				"2 ConnectionCleared 1001: null normalClearing", "1 Retrieved 1001: connected normal",
				"1 Held 1001: hold consultation", "3 ServiceInitiated 1001: initiated consultation", "3 Originated 1001: connected consultation",
				"3 Delivered 1003: connected consultation", "3 Established 1003: connected newCall",
				"4 Conferenced 1001: connected conference", "4 DigitsGenerated 1001: connected normal",
			},
		},
		"gives the call away": {
			tc:   func(d *desk, at Handset) { d.must(at.GiveAway("1002")) },
			want: []string{"2 Transferred 1001: null singleStepTransfer"},
		},
		"sends what rings elsewhere and keeps what it holds": {
			tc: func(d *desk, at Handset) {
				d.must(at.Hold())
				d.call(InboundCall{From: "+4940", To: "1001"})
				d.must(at.GiveAway("1002"))
			},
			want: []string{"1 Held 1001: hold normal", "2 Delivered 1001: alerting newCall", "2 Diverted 1001: null redirected"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := conversation(t)
			test.tc(d, d.person("1001"))
			if diff := cmp.Diff(test.want, d.toldAt("1001")["1001"]); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusedAtTheTelephone(t *testing.T) {
	d := conversation(t)
	at, idle := d.person("1001"), d.person("1003")
	for name, tc := range map[string]struct{ got, want error }{
		"off the hook while one talks":     {at.OffHook(), ErrDeviceBusy},
		"dial while one talks":             {at.Dial("1002"), ErrDeviceBusy},
		"dial oneself":                     {idle.Dial("1003"), ErrInvalidDestination},
		"answer what does not ring":        {idle.Answer(Any), ErrNotAlerting},
		"hang up without a call":           {idle.HangUp(Any), ErrNotConnected},
		"retrieve what is not held":        {at.Retrieve(Any), ErrNotHeld},
		"transfer without a held call":     {at.Transfer(), ErrNotHeld},
		"a call that is at another device": {at.HangUp("7"), ErrNotConnected},
	} {
		if !errors.Is(tc.got, tc.want) {
			t.Errorf("%s: got %v, want %v", name, tc.got, tc.want)
		}
	}
	if _, err := d.Handset("1999"); !errors.Is(err, ErrInvalidDevice) {
		t.Errorf("no such telephone: %v", err)
	}
}

// Of several held calls the one that the consult is about is transferred.
func TestTheConsultSaysWhichCallIsMeant(t *testing.T) {
	d := conversation(t)
	at := d.person("1001")
	d.must(at.Consult("1003")) // call 2, about call 1
	d.must(at.Hold())
	d.call(InboundCall{From: "+4940", To: "1001"})
	d.must(at.Answer(Any)) // call 3
	d.must(at.Hold())
	d.must(at.Retrieve("2"))
	d.must(at.Transfer())
	if phone, err := d.Phone("1001"); err != nil || len(phone.Calls) != 1 || phone.Calls[0].ID != "3" {
		t.Errorf("left: %+v, %v", phone, err)
	}
}

func TestMuteAndDoNotDisturb(t *testing.T) {
	d := conversation(t)
	var told []Phone
	d.Subscribe(func(e Event) {
		if e.Phone != nil {
			told = append(told, Phone{Device: e.Device, Muted: e.Phone.Muted, DoNotDisturb: e.Phone.DoNotDisturb})
		}
	})
	at := d.person("1001")
	at.Mute(true)
	d.must(d.SetMute("1001", true))
	at.DoNotDisturb(true)
	d.must(d.SetDoNotDisturb("1001", true))
	d.must(at.HangUp(Any))
	want := []Phone{
		{Device: "1001", Muted: true},
		{Device: "1001", Muted: true, DoNotDisturb: true},
		{Device: "1001", DoNotDisturb: true}, // the next call finds the microphone on
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}

	d.advance(DefaultConfig().WrapUpTime)
	d.events = nil
	d.call(InboundCall{From: "+4940", To: "1001"})
	d.call(supportCall) // a queue does not ask
	if diff := cmp.Diff([]string{"3 Delivered 1001: alerting distributed"}, d.toldAt("1001")["1001"]); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestDigitsAreRemembered(t *testing.T) {
	d := conversation(t)
	at := d.person("1001")
	d.must(at.Digits("12#"))
	d.must(at.Hold())
	d.must(d.SendDigits(of("1", "1001"), "9"))
	call, err := d.Call("1")
	d.must(err)
	if call.Digits != "12#9" {
		t.Errorf("digits %q", call.Digits)
	}
	for range digitsPerCall {
		d.must(d.SendDigits(of("1", "1001"), "1"))
	}
	if call, err = d.Call("1"); err != nil || len(call.Digits) != digitsPerCall {
		t.Errorf("%d digits are remembered, %v", len(call.Digits), err)
	}
}
