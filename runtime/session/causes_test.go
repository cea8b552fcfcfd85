package session

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestCausedBy(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Offering), callIn("8", opencti.Offering)))
	answer := opencti.Request{Activity: opencti.AnswerCall, CallID: "7", ID: "mine"}
	// The event is faster than the response.
	b.device.do = func(context.Context, opencti.Request) error {
		b.happen(opencti.Established, "8")
		b.happen(opencti.Established, "7")
		return nil
	}
	b.perform(t, answer)
	told := b.wantTold(t, "Established 8 Established", "Established 7 Established")
	if told[0].CausedBy != "" || told[1].CausedBy != "mine" {
		t.Errorf("causedBy: %q, %q", told[0].CausedBy, told[1].CausedBy)
	}
	b.happen(opencti.Held, "7")
	b.happen(opencti.Retrieved, "7")
	for _, e := range b.told() {
		if e.CausedBy != "" {
			t.Errorf("%s is caused by %q, once more", e.Name, e.CausedBy)
		}
	}
}

func TestCausedByComesAfterTheResponse(t *testing.T) {
	for activity, event := range map[opencti.Activity]opencti.EventName{
		opencti.SetAgentReady: opencti.Available, opencti.SetAgentNotReady: opencti.Unavailable,
		opencti.LogoutAgent: opencti.LoggedOut, opencti.MakeCall: opencti.Initiated,
	} {
		t.Run(string(activity), func(t *testing.T) {
			b := open(opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.AfterCallWork}})
			b.perform(t, opencti.Request{Activity: activity, ID: "mine", DestinationNumber: "1"})
			callID := ""
			if event == opencti.Initiated {
				callID = "7"
			}
			b.happen(event, callID)
			if e := b.told()[0]; e.Name != event || e.CausedBy != "mine" {
				t.Errorf("%s is caused by %q", e.Name, e.CausedBy)
			}
		})
	}
}

func TestWhatDoesNotCause(t *testing.T) {
	for name, after := range map[string]func(*bench){
		"a request that failed": func(b *bench) {
			b.device.do = func(context.Context, opencti.Request) error { return errors.New("no") }
		},
		"a request of long ago":     func(*bench) { time.Sleep(causeLife + 1) },
		"a request before the loss": func(b *bench) { b.Lost(); b.sync(loggedIn()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(loggedIn())
				ready := opencti.Request{Activity: opencti.SetAgentNotReady, ID: "mine"}
				if strings.Contains(name, "failed") {
					after(b)
					b.perform(t, ready)
				} else {
					b.perform(t, ready)
					after(b)
				}
				b.happen(opencti.Unavailable, "")
				told := b.told()
				if e := told[len(told)-1]; e.Name != opencti.Unavailable || e.CausedBy != "" {
					t.Errorf("%s is caused by %q", e.Name, e.CausedBy)
				}
			})
		})
	}
}
