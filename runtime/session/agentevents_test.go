package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestWhatAnAgentEventTells(t *testing.T) {
	b := agentIn(opencti.AgentState{State: opencti.Available})
	ends := time.Date(2026, 1, 1, 12, 0, 30, 0, time.UTC)
	b.happen(opencti.AfterCallWork, "", with{"nativeState": "WORK", "workMode": "AFTER_CALL_WORK", "pendingState": "Available", "cause": "System",
		"wrapUpEndsAt": ends.Format(time.RFC3339), "queues": []map[string]string{{"name": "5000", "state": "AfterCallWork"}}})
	e := b.told()[0]
	want := opencti.AgentState{
		State: opencti.AfterCallWork, NativeState: "WORK", WorkMode: opencti.AfterCallWorkMode, PendingState: opencti.Available, Cause: opencti.CauseSystem,
		WrapUpEndsAt: &ends, Queues: []opencti.QueueState{{Name: "5000", State: opencti.AfterCallWork}}, Since: e.Agent.Since,
	}
	if diff := cmp.Diff(want, *e.Agent); diff != "" {
		t.Error(diff)
	}
	if e.Cause != "System" || len(e.Activities) == 0 {
		t.Errorf("%+v", e)
	}
	b.happen(opencti.AfterCallWork, "", with{"workMode": "AFTER_CALL_WORK", "pendingState": "Available", "cause": "the weather", "wrapUpEndsAt": "soon"})
	b.wantTold(t) // it tells less, and nothing else
}

func TestChangesOfTheSameState(t *testing.T) {
	ends := time.Now().Add(time.Minute)
	for name, tc := range map[string]struct {
		was  opencti.AgentState
		then with
		told bool
	}{
		"reserved, then talking":    {opencti.AgentState{State: opencti.Busy, NativeState: "RESERVED"}, with{"nativeState": "TALKING"}, true},
		"a pending state":           {opencti.AgentState{State: opencti.Busy}, with{"pendingState": "Unavailable", "pendingReasonCode": "1"}, true},
		"another pending reason":    {opencti.AgentState{State: opencti.Busy, PendingState: opencti.Unavailable, PendingReasonCode: "1"}, with{"pendingState": "Unavailable", "pendingReasonCode": "2"}, true},
		"wrap-up lasts longer":      {opencti.AgentState{State: opencti.Busy, WrapUpEndsAt: &ends}, with{"wrapUpEndsAt": "2030-01-01T00:00:00Z"}, true},
		"the state of a queue":      {opencti.AgentState{State: opencti.Busy, Queues: []opencti.QueueState{{Name: "1"}}}, with{"queues": []map[string]string{{"name": "1", "state": "Available"}}}, true},
		"another cause":             {opencti.AgentState{State: opencti.Busy}, with{"cause": "Phone"}, false},
		"less than what was known":  {opencti.AgentState{State: opencti.Busy, NativeState: "TALKING", WrapUpEndsAt: &ends}, nil, false},
		"nothing is pending anyway": {opencti.AgentState{State: opencti.Busy, PendingState: opencti.Unavailable}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := agentIn(tc.was)
			b.happen(opencti.Busy, "", tc.then)
			if told := b.told(); (len(told) > 0) != tc.told {
				t.Errorf("told %v", lines(told))
			}
		})
	}
}

// raw is an agent's event as a link might hand it on.
func raw(name opencti.EventName, change func(*opencti.RawEvent)) opencti.RawEvent {
	e := opencti.RawEvent{Name: string(name), DN: dn, Fields: map[string]any{}, Received: time.Now()}
	change(&e)
	return e
}

func TestEventsOfOthersAndOfLongAgo(t *testing.T) {
	for name, change := range map[string]func(*opencti.RawEvent){
		"another agent, by presence key": func(e *opencti.RawEvent) { e.AgentID = "4002" },
		"another agent, by field":        func(e *opencti.RawEvent) { e.Fields["agentId"] = "4002" },
		"the agent at another device":    func(e *opencti.RawEvent) { e.DN, e.AgentID = "1009", agentID },
		"older than the last":            func(e *opencti.RawEvent) { e.Order = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			b := agentIn(opencti.AgentState{State: opencti.Available})
			b.order = 1
			b.happen(opencti.Busy, "")
			b.told()
			b.HandleEvent(raw(opencti.LoggedOut, change))
			b.wantTold(t)
		})
	}
	b := agentIn(opencti.AgentState{State: opencti.Available})
	b.HandleEvent(raw(opencti.Busy, func(e *opencti.RawEvent) { e.DN, e.AgentID = "", agentID }))
	b.wantTold(t, "Busy")
}

// A logout that comes after another login may be that of the login before: the CTI
// server is asked.
func TestALateLogout(t *testing.T) {
	in, out := loggedIn(), opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.LoggedOut}}
	for name, tc := range map[string]struct {
		start   opencti.DeviceSnapshot
		before  func(*testing.T, *bench)
		truth   opencti.DeviceSnapshot
		asked   bool
		want    []string
		request bool
	}{
		"a login on top of the first": {start: in, before: func(_ *testing.T, b *bench) { b.happen(opencti.LoggedIn, "") },
			truth: in, asked: true, want: []string{"Snapshot"}},
		"a logout told twice": {start: in, before: func(_ *testing.T, b *bench) { b.happen(opencti.LoggedOut, ""); b.happen(opencti.LoggedIn, "") },
			truth: in, asked: true, want: []string{"Snapshot"}},
		"it was true": {start: in, before: func(_ *testing.T, b *bench) { b.happen(opencti.LoggedIn, "") },
			truth: out, asked: true, want: []string{"Snapshot"}},
		"long after the login": {start: in, before: func(_ *testing.T, b *bench) { b.happen(opencti.LoggedIn, ""); time.Sleep(reloginDoubt) },
			want: []string{"LoggedOut", "Snapshot"}},
		"after the first login": {start: out, before: func(_ *testing.T, b *bench) { b.happen(opencti.LoggedIn, "") },
			want: []string{"LoggedOut", "Snapshot"}},
		"after a login to one queue more": {start: in, before: func(_ *testing.T, b *bench) {
			b.happen(opencti.LoggedIn, "", with{"queues": []map[string]string{{"name": "5000"}}})
		}, want: []string{"LoggedOut", "Snapshot"}},
		"asked for": {start: in, before: func(t *testing.T, b *bench) {
			b.happen(opencti.LoggedIn, "")
			b.perform(t, opencti.Request{Activity: opencti.LogoutAgent})
		}, want: []string{"LoggedOut", "Snapshot"}},
		"asked for before the other login": {start: in, before: func(t *testing.T, b *bench) {
			b.perform(t, opencti.Request{Activity: opencti.LogoutAgent})
			b.happen(opencti.LoggedIn, "")
		}, truth: in, asked: true, want: []string{"Snapshot"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(tc.start)
				defer b.Close()
				tc.before(t, b)
				b.told()
				b.truth = tc.truth
				b.happen(opencti.LoggedOut, "")
				synctest.Wait()
				b.wantTold(t, tc.want...)
				if asked := b.state.agent.State == tc.truth.Agent.State && b.asked.Load() == 1; tc.asked && !asked {
					t.Errorf("asked %d times, the agent is %s", b.asked.Load(), b.Agent().State)
				}
				if !tc.asked && (b.asked.Load() > 0 || b.Agent().LoggedIn()) {
					t.Error("it was doubted")
				}
			})
		})
	}
}

func TestADoubtThatCannotBeSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(loggedIn())
		defer b.Close()
		b.happen(opencti.LoggedIn, "")
		b.told()
		b.gone.Store(true)
		b.happen(opencti.LoggedOut, "")
		b.happen(opencti.LoggedOut, "")
		synctest.Wait()
		b.wantTold(t)
		if !b.Agent().LoggedIn() || b.doubting {
			t.Error("the agent stays logged in until it is known")
		}
	})
}

func TestReconcileAgent(t *testing.T) {
	at := func(s opencti.EventName) opencti.AgentState { return opencti.AgentState{State: s} }
	for name, tc := range map[string]struct {
		was  opencti.AgentState
		poll func(*testing.T, *bench)
		want []string
	}{
		"it differs": {at(opencti.Available), func(_ *testing.T, b *bench) { b.ReconcileAgent(at(opencti.Unavailable), time.Now()) }, []string{"Unavailable"}},
		"it is so": {opencti.AgentState{State: opencti.Available, NativeState: "READY", Queues: []opencti.QueueState{{Name: "5000"}}},
			func(_ *testing.T, b *bench) { b.ReconcileAgent(at(opencti.Available), time.Now()) }, nil},
		"logged out at the telephone": {at(opencti.Available), func(_ *testing.T, b *bench) { b.ReconcileAgent(at(opencti.LoggedOut), time.Now()) }, []string{"LoggedOut", "Snapshot"}},
		"an event came since": {at(opencti.Available), func(_ *testing.T, b *bench) {
			asked := time.Now()
			time.Sleep(time.Second)
			b.happen(opencti.Busy, "")
			b.ReconcileAgent(at(opencti.Available), asked)
		}, []string{"Busy"}},
		"an event that changed nothing came since": {at(opencti.Available), func(_ *testing.T, b *bench) {
			asked := time.Now()
			time.Sleep(time.Second)
			b.happen(opencti.Available, "")
			b.ReconcileAgent(at(opencti.Unavailable), asked)
		}, nil},
		"a request is under way": {at(opencti.Available), func(t *testing.T, b *bench) {
			b.device.do = func(context.Context, opencti.Request) error {
				b.ReconcileAgent(at(opencti.AfterCallWork), time.Now())
				return nil
			}
			b.perform(t, opencti.Request{Activity: opencti.SetAgentNotReady})
		}, nil},
		"a request was under way then": {at(opencti.Available), func(t *testing.T, b *bench) {
			asked := time.Now()
			time.Sleep(time.Second)
			b.device.do = func(context.Context, opencti.Request) error { return opencti.Errorf(opencti.Rejected, "no") }
			b.perform(t, opencti.Request{Activity: opencti.SetAgentNotReady})
			b.ReconcileAgent(at(opencti.AfterCallWork), asked)
		}, nil},
		"a request is yet to show": {at(opencti.Unavailable), func(t *testing.T, b *bench) {
			b.perform(t, opencti.Request{Activity: opencti.SetAgentReady})
			time.Sleep(time.Second)
			b.ReconcileAgent(at(opencti.AfterCallWork), time.Now())
		}, nil},
		"a request shows by it": {at(opencti.Unavailable), func(t *testing.T, b *bench) {
			b.perform(t, opencti.Request{Activity: opencti.SetAgentReady, ID: "mine"})
			time.Sleep(time.Second)
			b.ReconcileAgent(at(opencti.Available), time.Now())
		}, []string{"Available"}},
		"nothing came of a request": {at(opencti.Unavailable), func(t *testing.T, b *bench) {
			b.perform(t, opencti.Request{Activity: opencti.SetAgentReady})
			time.Sleep(defaultPatience + time.Second)
			b.ReconcileAgent(at(opencti.AfterCallWork), time.Now())
		}, []string{"RequestFailed", "AfterCallWork"}},
		"no state at all":       {at(opencti.Available), func(_ *testing.T, b *bench) { b.ReconcileAgent(at(""), time.Now()) }, nil},
		"a state of calls":      {at(opencti.Available), func(_ *testing.T, b *bench) { b.ReconcileAgent(at(opencti.Held), time.Now()) }, nil},
		"the link is down":      {at(opencti.Available), func(_ *testing.T, b *bench) { b.Lost(); b.told(); b.ReconcileAgent(at(opencti.Busy), time.Now()) }, nil},
		"a snapshot is awaited": {at(opencti.Available), func(_ *testing.T, b *bench) { b.BeginSync(); b.ReconcileAgent(at(opencti.Busy), time.Now()) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := agentIn(tc.was)
				defer b.Close()
				time.Sleep(time.Minute)
				tc.poll(t, b)
				told := b.wantTold(t, tc.want...)
				if name == "a request shows by it" && told[0].CausedBy != "mine" {
					t.Errorf("it is caused by %q", told[0].CausedBy)
				}
			})
		})
	}
}

// What is possible without a call comes with the agent's state.
func TestActivitiesFollowTheAgent(t *testing.T) {
	b := agentIn(opencti.AgentState{State: opencti.Available}, func(o *Options) { o.Policy.Queues = []string{"5000", "5001"} })
	for _, step := range []struct {
		event  opencti.EventName
		queues []map[string]string
		want   activities
	}{
		{opencti.Unavailable, nil, setOf(opencti.LogoutAgent, opencti.SetAgentReady, opencti.SetAgentNotReady)},
		{opencti.Available, []map[string]string{{"name": "5000"}}, setOf(opencti.LoginAgent, opencti.LogoutAgent, opencti.SetAgentNotReady)},
		{opencti.Busy, []map[string]string{{"name": "5000"}, {"name": "5001"}}, setOf(opencti.LogoutAgent, opencti.SetAgentReady, opencti.SetAgentNotReady)},
		{opencti.LoggedOut, nil, setOf(opencti.LoginAgent)},
	} {
		more := with{}
		if step.queues != nil {
			more["queues"] = step.queues
		}
		b.happen(step.event, "", more)
		always := setOf(opencti.MakeCall, opencti.Resync, opencti.SetDoNotDisturb, opencti.GetStatistics)
		if diff := cmp.Diff((step.want | always).list(), b.told()[0].Activities); diff != "" {
			t.Errorf("%s: %s", step.event, diff)
		}
	}
}
