package session

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestHeldEventsComeAfterTheSnapshot(t *testing.T) {
	for name, tc := range map[string]struct {
		order uint64
		want  []string
	}{
		"the snapshot contains the first":  {1, []string{"Snapshot", "Established 7 Established"}},
		"the snapshot contains both":       {2, []string{"Snapshot"}},
		"unknown: all are applied":         {0, []string{"Snapshot", "Established 7 Established"}},
		"the snapshot is of another count": {99, []string{"Snapshot"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench()
			b.BeginSync()
			b.happen(opencti.Offering, "7")
			b.happen(opencti.Established, "7")
			b.wantTold(t)
			snap := loggedIn(callIn("7", opencti.Offering))
			snap.Order = tc.order
			b.EndSync(b.device, snap)
			b.wantTold(t, tc.want...)
		})
	}
}

func TestASecondSyncForgetsEventsOfTheFirst(t *testing.T) {
	b := newBench()
	b.BeginSync()
	b.happen(opencti.Offering, "7")
	b.sync(loggedIn())
	b.wantTold(t, "Snapshot")
}

func TestHeldEventsAreBounded(t *testing.T) {
	b := newBench()
	b.BeginSync()
	for i := range heldBound + 2 {
		b.happen(opencti.Offering, fmt.Sprint(i))
	}
	b.wantDropped(t, "Resync", "Resync")
	if len(b.held) != heldBound {
		t.Errorf("%d are held", len(b.held))
	}
}

func TestALossAndTheReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(loggedIn(callIn("gone", opencti.Established), callIn("kept", opencti.Held)))
		before := b.Snapshot()
		time.Sleep(time.Minute)
		b.Lost()
		b.Lost()
		b.wantTold(t, "LinkDown")
		if s := b.Snapshot(); s.Link != opencti.LinkLost || len(s.Calls) != 2 {
			t.Errorf("the state as last known stays: %+v", s)
		}
		b.sync(loggedIn(callIn("kept", opencti.Held), callIn("new", opencti.Offering)))
		told := b.wantTold(t, "Released gone Released ended", "LinkUp", "Snapshot")
		if told[0].Cause != "LostInResync" || len(told[0].Call.Capabilities) != 0 {
			t.Errorf("%+v", told[0])
		}
		after := told[2].Snapshot
		if after.Link != opencti.LinkUp || after.LastEvent != told[2].ID || len(after.Calls) != 2 {
			t.Errorf("%+v", after)
		}
		if kept := after.Calls[0]; kept.CallID != "kept" || !kept.StartedAt.Equal(before.Calls[0].StartedAt) || !kept.Since.Equal(before.Calls[0].Since) {
			t.Errorf("what only the session knew is lost: %+v", kept)
		}
		if !after.Agent.Since.Equal(before.Agent.Since) {
			t.Errorf("the agent's state did not change, since %v", after.Agent.Since)
		}
		b.happen(opencti.Held, "gone")
		b.wantTold(t)
	})
}

// What only the session knew outlives a snapshot, as far as it is the same call.
func TestWhatASnapshotKeeps(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Offering, "7", with{"interactionId": "g1", "ani": "555", "offeredBy": "BlindTransfer", "callType": "INBOUND", "queue": "5000",
		"variables": map[string]string{"a": "b"}, "parties": []map[string]string{{"id": "1", "dn": "555"}}})
	b.perform(t, opencti.Request{Activity: opencti.AcceptInteraction, CallID: "7"})
	before := b.Snapshot().Calls[0]
	b.sync(loggedIn(opencti.Call{CallID: "7", State: opencti.Offering, ANI: "555", InteractionID: "g2", CallType: opencti.Inbound}))
	if diff := cmp.Diff(before, b.Snapshot().Calls[0]); diff != "" {
		t.Error(diff)
	}
	b.told()
	b.sync(loggedIn(opencti.Call{CallID: "7", State: opencti.Offering, ANI: "777", InteractionID: "g3"}))
	b.wantTold(t, "Released 7 Released ended", "Snapshot")
	if c := b.Snapshot().Calls[0]; c.InteractionID != "g3" || c.Treatment != nil || c.OriginalCallType != "" {
		t.Errorf("another call has the same id: %+v", c)
	}
}

func TestAStateThatNoCallHas(t *testing.T) {
	b := open(loggedIn(opencti.Call{CallID: "7", State: "Parked"}, opencti.Call{CallID: "8"}))
	for _, c := range b.Snapshot().Calls {
		if c.State != opencti.Established || c.AnsweredAt == nil || c.InteractionID != c.CallID || c.CallType != opencti.UnknownType {
			t.Errorf("%+v", c)
		}
	}
}

func TestASessionThatOpensIsNotToldLinkUp(t *testing.T) {
	for name, last := range map[string]uint64{"for the first time": 0, "again in the same epoch": 41} {
		t.Run(name, func(t *testing.T) {
			b := newBench(func(o *Options) { o.LastSequence = last })
			b.read = last
			b.sync(loggedIn())
			if e := b.wantTold(t, "Snapshot")[0]; e.ID != (EventID{epoch, last + 1}).String() {
				t.Errorf("the count does not go on: %s", e.ID)
			}
		})
	}
}

func TestASnapshotSaysWhatIsPossible(t *testing.T) {
	always := []opencti.Activity{opencti.MakeCall, opencti.Resync, opencti.SetDoNotDisturb, opencti.GetStatistics}
	for name, tc := range map[string]struct {
		agent string
		state opencti.EventName
		want  []opencti.Activity
	}{
		"logged in":        {agentID, opencti.Available, []opencti.Activity{opencti.LogoutAgent, opencti.SetAgentNotReady}},
		"logged out":       {agentID, opencti.LoggedOut, []opencti.Activity{opencti.LoginAgent}},
		"without an agent": {"", opencti.Unknown, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(opencti.DeviceSnapshot{Agent: opencti.AgentState{State: tc.state}}, func(o *Options) { o.AgentID = tc.agent })
			if diff := cmp.Diff(append(tc.want, always...), b.Snapshot().Activities); diff != "" {
				t.Error(diff)
			}
		})
	}
}
