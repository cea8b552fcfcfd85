package switchmodel

import (
	"errors"
	"testing"
)

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		tc   func(d *desk) error
		want error
	}{
		"log on with a wrong password": {
			tc:   logOn(AgentRequest{Device: "1001", Agent: "4001", Password: "guess"}),
			want: ErrInvalidPassword,
		},
		"log on as nobody": {
			tc:   logOn(AgentRequest{Device: "1001", Agent: "4999", Password: "secret"}),
			want: ErrInvalidAgent,
		},
		"log on at no telephone": {
			tc:   logOn(AgentRequest{Device: "1999", Agent: "4001", Password: "secret"}),
			want: ErrInvalidDevice,
		},
		"log on to a queue that is not there": {
			tc:   logOn(AgentRequest{Device: "1001", Agent: "4001", Password: "secret", Queue: "sales"}),
			want: ErrInvalidQueue,
		},
		"log on twice": {
			tc:   logOn(AgentRequest{Device: "1002", Agent: "4002", Password: "secret"}),
			want: ErrAgentElsewhere,
		},
		"log on where another sits": {
			tc:   logOn(AgentRequest{Device: "1005", Agent: "4001", Password: "secret"}),
			want: ErrDeviceTaken,
		},
		"log on again at the same place": {
			tc: logOn(AgentRequest{Device: "1005", Agent: "4002", Password: "secret"}),
		},
		"ready without an agent": {
			tc: func(d *desk) error {
				_, err := d.SetAgentState(AgentRequest{Device: "1001", State: Ready})
				return err
			},
			want: ErrInvalidAgentState,
		},
		"busy cannot be asked for": {
			tc: func(d *desk) error {
				_, err := d.SetAgentState(AgentRequest{Device: "1005", State: Busy})
				return err
			},
			want: ErrInvalidAgentState,
		},
		"answer what does not ring": {
			tc: func(d *desk) error {
				id, _ := d.MakeCall("1001", "1002", nil)
				return d.Answer(id)
			},
			want: ErrNotAlerting,
		},
		"answer a call that is not there": {
			tc:   func(d *desk) error { return d.Answer(ConnectionID{Call: "77", Device: "1001"}) },
			want: ErrInvalidCall,
		},
		"answer another's call": {
			tc: func(d *desk) error {
				id, _ := d.MakeCall("1001", "1002", nil)
				return d.Answer(ConnectionID{Call: id.Call, Device: "1003"})
			},
			want: ErrInvalidConnection,
		},
		"hold what rings": {
			tc: func(d *desk) error {
				id, _ := d.MakeCall("1001", "1002", nil)
				return d.Hold(ConnectionID{Call: id.Call, Device: "1002"})
			},
			want: ErrNotConnected,
		},
		"retrieve what is not held": {
			tc: func(d *desk) error {
				id, _ := d.MakeCall("1001", "1002", nil)
				return d.Retrieve(id)
			},
			want: ErrNotHeld,
		},
		"retrieve beside a conversation": {
			tc: func(d *desk) error {
				held, _ := d.MakeCall("1001", "1002", nil)
				d.must(d.Hold(held))
				_, err := d.MakeCall("1001", "1003", nil)
				d.must(err)
				return d.Retrieve(held)
			},
			want: ErrDeviceBusy,
		},
		"dial while one talks": {
			tc: func(d *desk) error {
				_, err := d.MakeCall("1001", "1002", nil)
				d.must(err)
				_, err = d.MakeCall("1001", "1003", nil)
				return err
			},
			want: ErrDeviceBusy,
		},
		"dial without a free line": {
			tc: func(d *desk) error {
				for range maxLines {
					id, err := d.MakeCall("1001", "5000", nil)
					d.must(err)
					d.must(d.Hold(id))
				}
				_, err := d.MakeCall("1001", "5000", nil)
				return err
			},
			want: ErrNoLine,
		},
		"dial oneself": {
			tc: func(d *desk) error {
				_, err := d.MakeCall("1005", "4002", nil)
				return err
			},
			want: ErrInvalidDestination,
		},
		"a call from outside with an inside number": {
			tc: func(d *desk) error {
				_, err := d.Inbound(InboundCall{From: "1001", Queue: "support"})
				return err
			},
			want: ErrInvalidDevice,
		},
		"a call to nowhere": {
			tc: func(d *desk) error {
				_, err := d.Inbound(InboundCall{From: "+49", To: "999"})
				return err
			},
			want: ErrInvalidDestination,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, DefaultConfig())
			d.seat("4002", "1005", NotReady)
			if got := test.tc(d); !errors.Is(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func logOn(r AgentRequest) func(d *desk) error {
	r.State = LoggedOn
	return func(d *desk) error {
		_, err := d.SetAgentState(r)
		return err
	}
}

func TestLogOffWhileBusyCanBeRefused(t *testing.T) {
	cfg := DefaultConfig()
	cfg.RefuseLogoutWhileBusy = true
	d := newDesk(t, cfg)
	d.seat("4001", "1001", Ready)
	d.call(supportCall)
	if _, err := d.SetAgentState(AgentRequest{Device: "1001", State: LoggedOff}); !errors.Is(err, ErrInvalidAgentState) {
		t.Errorf("got %v, want %v", err, ErrInvalidAgentState)
	}
}
