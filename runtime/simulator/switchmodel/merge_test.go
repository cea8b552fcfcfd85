package switchmodel

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestATransferNamesOldAndNew(t *testing.T) {
	for side, want := range map[Side]string{FirstLinkage: "0000000000000001", ConsultLinkage: "0000000000000002"} {
		cfg := DefaultConfig()
		cfg.SurvivingLinkage = side
		d := conversationAt(t, cfg)
		d.consult("1001", "1002")
		got := d.transfer(of("1", "1001"), of("2", "1001"))
		ended := map[Side]string{FirstLinkage: "0000000000000002", ConsultLinkage: "0000000000000001"}[side]
		merge := &Merge{
			Call: "3", First: of("1", "1001"), Consult: of("2", "1001"), To: "1002", OldLinkage: ended,
			Parties: []Renamed{{of("1", customer), of("3", customer)}, {of("2", "1002"), of("3", "1002")}},
		}
		if diff := cmp.Diff(merge, got); diff != "" {
			t.Errorf("%s: merge (-want +got):\n%s", side, diff)
		}
		call, err := d.Call("3")
		d.must(err)
		type shown struct {
			Linkage         string
			Calling, Called DeviceID
			Queue           string
			Data            map[string]string
		}
		wanted := shown{want, customer, "5000", "support", map[string]string{"customerId": "4711", "topic": "refund"}}
		if diff := cmp.Diff(wanted, shown{call.GlobalLinkage, call.Calling, call.Called, call.Queue, call.Data}); diff != "" {
			t.Errorf("%s: call (-want +got):\n%s", side, diff)
		}
	}
}

func TestAConferenceKeepsWhoMadeIt(t *testing.T) {
	d := consulted(t)
	got := d.conference(of("1", "1001"), of("2", "1001")).Parties
	want := []Renamed{
		{of("1", customer), of("3", customer)}, {of("1", "1001"), of("3", "1001")}, {of("2", "1002"), of("3", "1002")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parties (-want +got):\n%s", diff)
	}
}

// However the two calls alternated, the consult's values win and the first
// call's id stays.
func TestTheConsultsValuesWin(t *testing.T) {
	for name, alternated := range map[string]bool{"as it was": false, "alternated": true} {
		d := consulted(t)
		d.must(d.Attach(of("2", "1002"), map[string]string{"customerId": "4712"}))
		held, active := of("1", "1001"), of("2", "1001")
		if alternated {
			d.must(d.Alternate(held, active))
			held, active = active, held
		}
		m := d.transfer(held, active)
		call, err := d.Call(m.Call)
		d.must(err)
		if call.Data["customerId"] != "4712" || call.GlobalLinkage != "0000000000000001" || m.First.Call != "1" || m.To != "1002" {
			t.Errorf("%s: %+v, %+v", name, call, m)
		}
	}
}

// Who called is who is left, when the one who called transfers.
func TestWhoCallsWhomAfterATransfer(t *testing.T) {
	type shown struct {
		Calling, Called        DeviceID
		FromOutside, ToOutside bool
	}
	tests := map[string]struct {
		tc   func(d *desk) CallID
		want shown
	}{
		"a call from inside is given to somebody outside": {
			tc: func(d *desk) CallID {
				_, err := d.MakeCall("1003", "1004", nil)
				d.must(err)
				d.must(d.Answer(d.at("1004")))
				held := d.at("1004")
				return d.transfer(held, d.consult("1004", "+4989")).Call
			},
			want: shown{"1003", "+4989", false, true},
		},
		"a call to outside is given to a colleague": {
			tc: func(d *desk) CallID {
				made, err := d.MakeCall("1003", "+4989", nil)
				d.must(err)
				d.advance(3 * time.Second)
				return d.transfer(made, d.consult("1003", "1004")).Call
			},
			want: shown{"+4989", "1004", true, false},
		},
		"a call to outside, blindly": {
			tc: func(d *desk) CallID {
				made, err := d.MakeCall("1003", "+4989", nil)
				d.must(err)
				d.advance(3 * time.Second)
				m, err := d.SingleStepTransfer(made, "1004", nil)
				d.must(err)
				return m.Call
			},
			want: shown{"+4989", "1004", true, false},
		},
		"a call that waits in a queue is given to a colleague": {
			tc: func(d *desk) CallID {
				made, err := d.MakeCall("1003", "5000", nil)
				d.must(err)
				active := d.consult("1003", "1004")
				d.must(d.Answer(of(active.Call, "1004")))
				return d.transfer(made, active).Call
			},
			want: shown{"1004", "5000", false, false},
		},
		"a customer is given to somebody outside": {
			tc: func(d *desk) CallID {
				return d.transfer(of("1", "1001"), d.consult("1001", "+4989")).Call
			},
			want: shown{customer, "5000", true, false},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := conversation(t)
			call, err := d.Call(test.tc(d))
			d.must(err)
			if diff := cmp.Diff(test.want, shown{call.Calling, call.Called, call.FromOutside, call.ToOutside}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAgentsAfterATransfer(t *testing.T) {
	d := consulted(t)
	d.transfer(of("1", "1001"), of("2", "1001"))
	want := []string{"Transferred 1001 null transfer", "AgentWorkingAfterCall 4001 then ready"}
	if diff := cmp.Diff(want, d.told()); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	d.must(d.Clear(of("3", "1002")))
	if a, err := d.AgentAt("1002"); err != nil || a.State != NotReady {
		t.Errorf("the agent who was transferred to: %+v, %v", a, err)
	}
}

// A call that was transferred while it rang for a queue goes back there, with all
// that belongs to it.
func TestATransferredCallReturnsToItsQueue(t *testing.T) {
	d := conversation(t)
	d.set(AgentRequest{Device: "1002", State: Ready})
	d.transfer(of("1", "1001"), d.consult("1001", "5000"))
	d.advance(DefaultConfig().RingTime) // meanwhile 4001 is ready again
	call, err := d.Call("3")
	d.must(err)
	if call.StateAt("1001") != Alerting || call.Data["customerId"] != "4711" || call.GlobalLinkage != "0000000000000001" {
		t.Errorf("call: %+v", call)
	}
	if a, err := d.AgentAt("1002"); err != nil || a.State != NotReady || a.Reason != "no-answer" {
		t.Errorf("who did not answer: %+v, %v", a, err)
	}
}

func TestRefusedTransfers(t *testing.T) {
	tests := map[string]struct {
		start func(t *testing.T) *desk
		tc    func(d *desk) error
		want  error
	}{
		"consult on a held call": {conversation, func(d *desk) error {
			d.must(d.Hold(of("1", "1001")))
			_, err := d.Consult(of("1", "1001"), "1002", nil)
			return err
		}, ErrNotConnected},
		"consult oneself": {conversation, func(d *desk) error {
			_, err := d.Consult(of("1", "1001"), "4001", nil)
			return err
		}, ErrInvalidDestination},
		"transfer of calls of two telephones": {consulted, func(d *desk) error {
			_, err := d.Transfer(of("1", "1001"), of("2", "1002"))
			return err
		}, ErrNotSameDevice},
		"transfer the wrong way round": {consulted, func(d *desk) error {
			_, err := d.Transfer(of("2", "1001"), of("1", "1001"))
			return err
		}, ErrNotHeld},
		"transfer to a call that is gone": {conversation, func(d *desk) error {
			_, err := d.Transfer(of("1", "1001"), of("2", "1001"))
			return err
		}, ErrInvalidCall},
		"transfer to a busy telephone": {conversation, func(d *desk) error {
			d.must(d.SetDoNotDisturb("1002", true))
			_, err := d.Transfer(of("1", "1001"), d.consult("1001", "1002"))
			return err
		}, ErrCallFailed},
		"transfer that leaves two that ring": {conversation, func(d *desk) error {
			first, err := d.MakeCall("1003", "1002", nil)
			d.must(err)
			_, err = d.Transfer(first, d.consult("1003", "1004"))
			return err
		}, ErrNobodyTalks},
		"conference with somebody who is in it": {consulted, func(d *desk) error {
			d.must(d.Hold(of("2", "1002")))
			d.conference(of("1", "1001"), of("2", "1001"))
			_, err := d.Conference(of("3", "1001"), d.consult("1001", "1002"))
			return err
		}, ErrTwiceInCall},
		"conference of too many": {consulted, func(d *desk) error {
			d.cfg.ConferenceParties = 3
			d.conference(of("1", "1001"), of("2", "1001"))
			_, err := d.Conference(of("3", "1001"), d.consult("1001", "1003"))
			return err
		}, ErrConferenceFull},
		"blind transfer to nowhere": {conversation, giveAway("9999"), ErrInvalidDestination},
		"blind transfer to oneself": {conversation, giveAway("1001"), ErrInvalidDestination},
		"blind transfer to a busy one": {conversation, func(d *desk) error {
			_, err := d.MakeCall("1002", "1003", nil)
			d.must(err)
			return giveAway("1002")(d)
		}, ErrDestinationBusy},
		"blind transfer of a held call": {consulted, giveAway("1003"), ErrNotConnected},
		"deflect what was answered":     {conversation, func(d *desk) error { return d.Deflect(of("1", "1001"), "1002", nil) }, ErrNotDivertible},
		"reconnect without a held call": {conversation, func(d *desk) error {
			return d.Reconnect(of("2", "1001"), of("1", "1001"))
		}, ErrNotHeld},
		"digits that are none": {conversation, func(d *desk) error { return d.SendDigits(of("1", "1001"), "1x") }, ErrInvalidDigits},
		"digits to what rings": {consulting, func(d *desk) error { return d.SendDigits(of("2", "1002"), "1") }, ErrNotConnected},
		"no data":              {conversation, func(d *desk) error { return d.Attach(of("1", "1001"), nil) }, ErrNoData},
		"more data than fits": {conversation, func(d *desk) error {
			return d.Attach(of("1", "1001"), map[string]string{"x": string(make([]byte, maxData))})
		}, ErrTooMuchData},
		"the caller has left it": {consulted, callerHangsUpTwice, ErrCallerLeft},
		"mute no telephone":      {conversation, func(d *desk) error { return d.SetMute("1999", true) }, ErrInvalidDevice},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.tc(test.start(t)); !errors.Is(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// giveAway gives the customer away.
func giveAway(to string) func(d *desk) error {
	return func(d *desk) error {
		_, err := d.SingleStepTransfer(of("1", "1001"), to, nil)
		return err
	}
}

func callerHangsUpTwice(d *desk) error {
	d.conference(of("1", "1001"), of("2", "1001"))
	d.must(d.HangUp("3"))
	return d.HangUp("3")
}
