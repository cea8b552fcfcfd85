package server

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestLinkInfo(t *testing.T) {
	p := holding(t, "a", 7)
	p.cti.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Busy}, Calls: []opencti.Call{
		{CallID: "h", State: opencti.Held}, {CallID: "t", State: opencti.Established},
	}})
	p.open()
	p.openAs(`{"dn":"1009"}`)
	var got LinkInfo
	p.do("GET", "/v1/link", "").into(t, &got)
	modes := got.Modes
	got.Modes, got.Activities = nil, got.Activities[:1]
	want := LinkInfo{
		Name: "main", Class: "test", Driver: linktest.Name, State: "Connected", Sessions: 2, Activities: []opencti.Activity{opencti.LoginAgent},
		Statistics: LinkStatistics{
			SessionsByPool: map[string]int{"sales": 1, "": 1},
			Agents:         map[opencti.EventName]int{opencti.Busy: 1},
			Calls:          map[opencti.EventName]int{opencti.Held: 1, opencti.Established: 1},
			Queues:         []string{"east", "north", "west"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(modes) != 3 || modes[2].Mode != opencti.Full || len(modes[2].Activities) != len(opencti.Specs()) || len(modes[2].Events) != len(opencti.EventNames()) {
		b, _ := json.Marshal(modes)
		t.Errorf("%s", b)
	}
}

func TestModeTable(t *testing.T) {
	supported := []opencti.Activity{opencti.LoginAgent, opencti.SetAgentReady, opencti.AcceptInteraction, opencti.HoldCall}
	for name, tc := range map[string]struct {
		login bool
		want  map[opencti.TelephonyMode][]opencti.Activity
	}{
		"as the guide says": {false, map[opencti.TelephonyMode][]opencti.Activity{
			opencti.Simple:               {opencti.AcceptInteraction},
			opencti.SimpleWithAgentState: {opencti.LoginAgent, opencti.SetAgentReady, opencti.AcceptInteraction},
			opencti.Full:                 supported,
		}},
		"a class whose agents must log in": {true, map[opencti.TelephonyMode][]opencti.Activity{
			opencti.Simple:               {opencti.LoginAgent, opencti.AcceptInteraction},
			opencti.SimpleWithAgentState: {opencti.LoginAgent, opencti.SetAgentReady, opencti.AcceptInteraction},
			opencti.Full:                 supported,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[opencti.TelephonyMode][]opencti.Activity{}
			for _, row := range modeTable(supported, tc.login) {
				got[row.Mode] = row.Activities
				if row.Mode == opencti.Simple && (slices.Contains(row.Events, opencti.Held) || slices.Contains(row.Events, opencti.Available) ||
					!slices.Contains(row.Events, opencti.Offering) || !slices.Contains(row.Events, opencti.SnapshotEvent)) {
					t.Errorf("Simple sees %v", row.Events)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
