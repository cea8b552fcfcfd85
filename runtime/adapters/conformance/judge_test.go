package conformance

import (
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

func heardBy(mode opencti.TelephonyMode, events ...*session.Event) (objections string) {
	j := newJudge(func(opencti.Activity) bool { return false }, mode)
	for _, e := range events {
		e.Type, _ = opencti.TypeOf(e.Name)
		j.hear(e)
	}
	for _, p := range j.wrong {
		objections += string(p.clause) + ": " + p.want + "\n"
	}
	return objections
}

func ofCallIn(name, state opencti.EventName) *session.Event {
	return &session.Event{Name: name, Ended: name.Ends(), Call: &opencti.Call{CallID: "1", InteractionID: "1", State: state}}
}

// What a mode hides must not be told.
func TestTheJudgeKnowsTheModes(t *testing.T) {
	offering, established := ofCallIn(opencti.Offering, opencti.Offering), ofCallIn(opencti.Established, opencti.Established)
	released := ofCallIn(opencti.Released, opencti.Released)
	available := &session.Event{Name: opencti.Available, Agent: &opencti.AgentState{State: opencti.Available}}
	talking := &session.Event{Name: opencti.SnapshotEvent, Snapshot: &session.Snapshot{Calls: []*opencti.Call{established.Call}}}
	for name, tc := range map[string]struct {
		mode   opencti.TelephonyMode
		events []*session.Event
		want   string // an objection; empty: none
	}{
		"an offer that is answered":      {opencti.Simple, []*session.Event{offering, established}, ""},
		"the end of what was answered":   {opencti.Simple, []*session.Event{offering, established, released}, "no Released in the mode Simple"},
		"a call that was made":           {opencti.SimpleWithAgentState, []*session.Event{ofCallIn(opencti.Initiated, opencti.Initiated)}, "no Initiated in the mode"},
		"an agent's state":               {opencti.Simple, []*session.Event{available}, "no Available in the mode Simple"},
		"an agent's state where it is":   {opencti.SimpleWithAgentState, []*session.Event{available}, ""},
		"a Snapshot with an active call": {opencti.Simple, []*session.Event{talking}, "no call in the Snapshot that is Established"},
		"and in Full":                    {opencti.Full, []*session.Event{talking, released, available}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := heardBy(tc.mode, tc.events...)
			if (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
				t.Errorf("the judge objects:\n%swant %q", got, tc.want)
			}
		})
	}
}
