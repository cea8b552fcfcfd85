package link

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

func policy(p v1alpha1.PoolPolicy) func(*v1alpha1.CTISlotSpec) {
	return func(s *v1alpha1.CTISlotSpec) { s.Pools = []v1alpha1.SlotPool{{Name: "sales", PoolPolicy: p}} }
}

func eventRules(r v1alpha1.EventRules) func(*v1alpha1.CTISlotSpec) {
	return func(s *v1alpha1.CTISlotSpec) { s.Rules = &r }
}

func TestAPoolsPolicyIsHot(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.server.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}})
		s := b.mustOpen("1001", "4001")
		perform := func(a opencti.Activity, reason string) error {
			_, err := s.Perform(t.Context(), opencti.Request{Activity: a, ReasonCode: reason, DestinationNumber: "2000"}, "")
			return err
		}
		wantCode(t, perform(opencti.MakeCall, ""), "")
		wantCode(t, perform(opencti.SetAgentNotReady, "7"), "")

		b.mustApply(document(2, policy(v1alpha1.PoolPolicy{
			TelephonyMode: v1alpha1.ModeSimpleWithAgentState,
			ReasonCodes: v1alpha1.ReasonCodes{
				Unavailable: []v1alpha1.ReasonCode{{Code: "1", Label: "Lunch"}},
				Required:    []v1alpha1.ReasonRequired{v1alpha1.RequiredUnavailable},
			},
		})))
		wantCode(t, perform(opencti.MakeCall, ""), opencti.NotPermittedInMode)
		wantCode(t, perform(opencti.SetAgentNotReady, "7"), opencti.InvalidReasonCode)
		wantCode(t, perform(opencti.SetAgentNotReady, ""), opencti.ReasonCodeRequired)
		wantCode(t, perform(opencti.SetAgentNotReady, "1"), "")
		want := session.ReasonCodes{Unavailable: []session.Reason{{Code: "1", Label: "Lunch"}}, Logout: []session.Reason{}, Required: []string{"Unavailable"}}
		if diff := cmp.Diff(want, s.Snapshot().ReasonCodes); diff != "" {
			t.Error(diff)
		}
		if n := b.server.Connections(); n != 1 {
			t.Errorf("%d connections were made", n)
		}
	})
}

func TestRulesAreHot(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		ring := func(id string) { b.server.Connection(1).Happen("1001", "Bell", map[string]any{"callId": id}) }
		ring("7")
		if calls := s.Snapshot().Calls; len(calls) != 0 {
			t.Errorf("a raw event of no rule made %v", calls)
		}
		b.mustApply(document(2, eventRules(v1alpha1.EventRules{
			CallID:   "event.callId",
			Identify: []v1alpha1.IdentifyRule{{Name: "bell", Raw: "Bell", Then: "Offering"}},
			Populate: map[string]v1alpha1.PopulateRules{"CallState": {"callId": "event.callId", "ani": "'+49' + event.callId"}},
		})))
		ring("8")
		if calls := s.Snapshot().Calls; len(calls) != 1 || calls[0].State != opencti.Offering || calls[0].ANI != "+498" {
			t.Errorf("calls = %v", calls)
		}
	})
}

func TestABadRuleIsRefusedAndTheLastGoodOnesStay(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		for name, change := range map[string]func(*v1alpha1.CTISlotSpec){
			"an event rule": eventRules(v1alpha1.EventRules{Identify: []v1alpha1.IdentifyRule{{Name: "x", Raw: "Bell", When: "event.", Then: "Offering"}}}),
			"a treatment":   policy(v1alpha1.PoolPolicy{CallTreatment: []v1alpha1.TreatmentRule{{Name: "x", When: "call."}}}),
		} {
			if err := b.Apply(document(2, change)); err == nil {
				t.Errorf("%s was accepted", name)
			}
		}
		b.server.Connection(1).Happen("1001", opencti.Offering, map[string]any{"callId": "7"})
		if calls := s.Snapshot().Calls; len(calls) != 1 {
			t.Errorf("calls = %v", calls)
		}
	})
}

func TestALineIsSharedWithThoseWhoWatchIt(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		agent, watcher := b.mustOpen("1001", "4001"), b.mustOpen("1001", "")
		b.server.Connection(1).Happen("1001", opencti.Offering, map[string]any{"callId": "7"})
		for name, s := range map[string]*session.Session{"the agent": agent, "who watches": watcher} {
			if calls := s.Snapshot().Calls; len(calls) != 1 {
				t.Errorf("%s sees %v", name, calls)
			}
		}
		if err := b.Close(t.Context(), watcher.Key()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"1001"}, b.server.Connection(1).Devices()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestQueuesOfThePools(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		if diff := cmp.Diff([]string{"east"}, b.Queues()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"east"}, b.PoolQueues("sales")); diff != "" {
			t.Error(diff)
		}
		if got := b.PoolQueues("other"); len(got) != 0 {
			t.Errorf("queues of no pool: %v", got)
		}
		b.server.OnStatistics = func(_ context.Context, queue string) (opencti.QueueStatistics, error) {
			return opencti.QueueStatistics{Queue: queue, CallsWaiting: 3}, nil
		}
		st, err := b.QueueStatistics(t.Context(), "east")
		if err != nil || st.CallsWaiting != 3 {
			t.Errorf("%+v, %v", st, err)
		}
		s := b.mustOpen("1001", "4001")
		answer, err := s.Perform(t.Context(), opencti.Request{Activity: opencti.GetStatistics, Queue: "east"}, "")
		if err != nil || answer.Statistics == nil || answer.Statistics.CallsWaiting != 3 {
			t.Errorf("%+v, %v", answer, err)
		}
	})
}

func TestResyncAsksAnew(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		b.server.Set("1001", onHold("7"))
		if _, err := s.Perform(t.Context(), opencti.Request{Activity: opencti.Resync}, ""); err != nil {
			t.Fatal(err)
		}
		if calls := s.Snapshot().Calls; len(calls) != 1 || calls[0].State != opencti.Held {
			t.Errorf("calls = %v", calls)
		}
		if diff := cmp.Diff([]string{"Snapshot", "Snapshot"}, names(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAgentsAreAskedForWhatTheServerDoesNotTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.server.Poll = 2 * time.Second
		b.start()
		synctest.Wait()
		s := b.mustOpen("1001", "4001")
		b.server.Set("1001", opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}})
		time.Sleep(5 * time.Second)
		if got := s.Agent().State; got != opencti.Available {
			t.Errorf("the agent is %s", got)
		}
	})
}

func TestPoolSessions(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		none, changed := b.PoolSessions("sales")
		s := b.mustOpen("1001", "4001")
		b.mustOpen("1009", "")
		<-changed
		some, _ := b.PoolSessions("sales")
		if len(none) != 0 || len(some) != 1 || some[0] != s {
			t.Errorf("first %v, then %v", none, some)
		}
		if !b.HasPool("sales") || b.HasPool("other") {
			t.Error("the pools are others")
		}
	})
}

// An agent who is moved to another pool, or out of all, while at work.
func TestTheAgentsPoolIsHot(t *testing.T) {
	moved := func(pool string) Document {
		return document(2, func(s *v1alpha1.CTISlotSpec) {
			s.Pools = []v1alpha1.SlotPool{{Name: "sales"}, {Name: "callers", PoolPolicy: v1alpha1.PoolPolicy{TelephonyMode: v1alpha1.ModeSimple}}}
			s.Agents[0].Pool = pool
			if pool == "" {
				s.Agents = s.Agents[1:]
			}
		})
	}
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		want := func(pool string, mode opencti.TelephonyMode) {
			t.Helper()
			st, _ := b.Status()
			open, _ := b.PoolSessions(pool)
			if snap := s.Snapshot(); snap.Pool != pool || snap.Mode != mode || st.SessionsByPool[pool] != 1 || len(open) != 1 {
				t.Errorf("pool %q, mode %s, by pool %v, of the pool %d; want %q, %s", snap.Pool, snap.Mode, st.SessionsByPool, len(open), pool, mode)
			}
		}
		want("sales", opencti.Full)
		b.mustApply(moved("callers"))
		want("callers", opencti.Simple)
		b.mustApply(moved("")) // what the pool forbade stays forbidden
		want("callers", opencti.Simple)
	})
}
