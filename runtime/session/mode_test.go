package session

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func inMode(m opencti.TelephonyMode) func(*Options) { return func(o *Options) { o.Policy.Mode = m } }

// What each mode sees of the same day.
func TestWhatAModeSees(t *testing.T) {
	for _, tc := range []struct {
		mode opencti.TelephonyMode
		want []string
	}{
		{opencti.Full, []string{"Offering 7 Offering", "PartyInfo 7 Offering", "Established 7 Established", "Busy", "CallInfo 7 Established", "Held 7 Held",
			"Initiated 8 Initiated", "Released 8 Released ended", "Released 7 Released ended", "Unavailable", "Offering 9 Offering", "CallInfo 9 Offering",
			"Offering 10 Offering", "Abandoned 10 Abandoned ended", "Offering 11 Offering", "Held 11 Held", "LoggedOut", "Snapshot"}},
		{opencti.SimpleWithAgentState, []string{"Offering 7 Offering", "CallInfo 7 Offering", "Established 7 Established", "Busy", "Unavailable",
			"Offering 9 Offering", "CallInfo 9 Offering", "Offering 10 Offering", "Abandoned 10 Abandoned ended", "Offering 11 Offering", "Snapshot",
			"LoggedOut", "Snapshot"}},
		{opencti.Simple, []string{"Offering 7 Offering", "CallInfo 7 Offering", "Established 7 Established",
			"Offering 9 Offering", "CallInfo 9 Offering", "Offering 10 Offering", "Abandoned 10 Abandoned ended", "Offering 11 Offering", "Snapshot", "Snapshot"}},
	} {
		t.Run(string(tc.mode), func(t *testing.T) {
			b := open(loggedIn(), inMode(tc.mode))
			for _, s := range []step{
				{opencti.Offering, "7", nil}, {opencti.PartyInfo, "7", with{"parties": []map[string]string{{"id": "1"}}}},
				{opencti.Established, "7", nil}, {opencti.Busy, "", nil}, {opencti.CallInfo, "7", with{"variables": map[string]string{"a": "b"}}},
				{opencti.Held, "7", nil}, {opencti.Initiated, "8", nil}, {opencti.Released, "8", nil}, {opencti.Released, "7", nil},
				{opencti.Unavailable, "", with{"reasonCode": "1"}}, {opencti.Offering, "9", nil}, {opencti.CallInfo, "9", with{"variables": map[string]string{"a": "b"}}},
				{opencti.Transferred, "9", goesOnAs("10")}, {opencti.Abandoned, "10", nil},
				{opencti.Offering, "11", nil}, {opencti.Held, "11", nil}, // its answer was missed
				{opencti.LoggedOut, "", nil},
			} {
				b.happen(s.event, s.call, s.more)
			}
			b.wantTold(t, tc.want...)
		})
	}
}

func TestTheSnapshotOfAMode(t *testing.T) {
	calls := []opencti.Call{callIn("held", opencti.Held), callIn("rings", opencti.Offering)}
	agent := opencti.AgentState{State: opencti.Unavailable, ReasonCode: "1", Queues: []opencti.QueueState{{Name: "5000"}}}
	for mode, want := range map[opencti.TelephonyMode]struct {
		calls int
		agent opencti.AgentState
		can   activities
		call  activities
	}{
		opencti.Simple: {1, opencti.AgentState{State: opencti.LoggedIn}, setOf(opencti.Resync, opencti.GetStatistics), setOf(opencti.AcceptInteraction)},
		opencti.SimpleWithAgentState: {1, agent, setOf(opencti.Resync, opencti.GetStatistics, opencti.LogoutAgent, opencti.SetAgentReady, opencti.SetAgentNotReady),
			setOf(opencti.AcceptInteraction)},
		opencti.Full: {2, agent, setOf(opencti.Resync, opencti.GetStatistics, opencti.LogoutAgent, opencti.SetAgentReady, opencti.SetAgentNotReady, opencti.MakeCall,
			opencti.SetDoNotDisturb), setOf(opencti.AcceptInteraction, opencti.AnswerCall, opencti.DeclineCall, opencti.AttachData)},
	} {
		b := open(opencti.DeviceSnapshot{Agent: agent, Calls: calls}, inMode(mode), func(o *Options) { codes(&o.Policy); o.Policy.Pool, o.Policy.LogoutRequired = "sales", true })
		s := b.Snapshot()
		s.Agent.Since = want.agent.Since
		if s.Mode != mode || s.Pool != "sales" || len(s.Calls) != want.calls || !cmp.Equal(s.Agent, want.agent) || setOf(s.Activities...) != want.can {
			t.Errorf("%s: %+v", mode, s)
		}
		if rings := s.Calls[len(s.Calls)-1]; setOf(rings.Capabilities...) != want.call {
			t.Errorf("%s: %v", mode, rings.Capabilities)
		}
		codes := ReasonCodes{[]Reason{{"1", "Lunch"}, {"2", ""}}, []Reason{{"9", "End of shift"}}, []string{"Logout"}}
		if diff := cmp.Diff(codes, s.ReasonCodes); diff != "" {
			t.Error(diff)
		}
	}
}

// Agents who must log in to be called do so in Simple, too; a Snapshot tells.
func TestLoginInSimpleMode(t *testing.T) {
	b := open(opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.LoggedOut}}, inMode(opencti.Simple),
		func(o *Options) { o.Class.LoginInSimpleMode = true })
	if e := b.perform(t, opencti.Request{Activity: opencti.LoginAgent}); e.Code != "" {
		t.Fatal(e)
	}
	b.happen(opencti.LoggedIn, "")
	b.happen(opencti.Available, "")
	b.happen(opencti.Busy, "")
	s := b.wantTold(t, "Snapshot")[0].Snapshot
	if s.Agent.State != opencti.LoggedIn || !setOf(s.Activities...).has(opencti.LogoutAgent) || s.Agent.Since.IsZero() {
		t.Errorf("%+v", s)
	}
}

// A newer policy is in force at once; desktops are told when it is another for them.
func TestAdopt(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Policy)
		want   []string
	}{
		"nothing":      {func(*Policy) {}, nil},
		"its name":     {func(p *Policy) { p.Mode = opencti.Full }, nil},
		"the mode":     {func(p *Policy) { p.Mode = opencti.Simple }, []string{"Snapshot"}},
		"reasons":      {func(p *Policy) { p.Unavailable = []Reason{{"1", "Lunch"}} }, []string{"Snapshot"}},
		"a must":       {func(p *Policy) { p.LogoutRequired = true }, []string{"Snapshot"}},
		"queues":       {func(p *Policy) { p.Queues = []string{"5000"} }, []string{"Snapshot"}},
		"a treatment":  {func(p *Policy) { p.Treatments = treatments(atOnce) }, nil},
		"when it rang": {func(p *Policy) { p.Mode = opencti.Simple; p.Treatments = treatments(soon) }, []string{"Snapshot"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(loggedIn(callIn("7", opencti.Offering)))
			var p Policy
			tc.change(&p)
			b.Adopt(b.class, p, compiled())
			b.wantTold(t, tc.want...)
			if e := b.perform(t, opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "1"}); (e.Code == opencti.NotPermittedInMode) != (p.Mode == opencti.Simple) {
				t.Errorf("%+v", e)
			}
		})
	}
	t.Run("before the first snapshot", func(t *testing.T) {
		b := newBench()
		b.Adopt(b.class, Policy{Mode: opencti.Simple}, compiled())
		b.wantTold(t)
		b.sync(loggedIn())
		if s := b.wantTold(t, "Snapshot")[0].Snapshot; s.Mode != opencti.Simple {
			t.Errorf("%+v", s)
		}
	})
	t.Run("while the link is down", func(t *testing.T) {
		b := open(loggedIn())
		b.Lost()
		b.told()
		b.Adopt(b.class, Policy{Mode: opencti.Simple}, compiled())
		b.wantTold(t, "Snapshot")
	})
}

// Calls that are gone after a loss end for those who saw them.
func TestLostInResyncByMode(t *testing.T) {
	b := open(loggedIn(callIn("held", opencti.Held), callIn("rings", opencti.Offering)), inMode(opencti.Simple))
	b.sync(loggedIn())
	b.wantTold(t, "Released rings Released ended", "Snapshot")
}

// A new document comes while requests, of a desktop and of a treatment, are under way.
func TestAdoptWhileRequestsAreUnderWay(t *testing.T) {
	b := treating(opencti.Full, atOnce)
	defer b.Close()
	class, policy := b.class, b.policy
	adopted := make(chan struct{})
	go func() {
		defer close(adopted)
		for range 20 {
			b.Adopt(class, policy, compiled())
		}
	}()
	for i := range 20 {
		b.happen(opencti.Offering, strconv.Itoa(i))
		_, _ = b.Perform(t.Context(), opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "2000"}, "") // the race detector judges
	}
	<-adopted
}
