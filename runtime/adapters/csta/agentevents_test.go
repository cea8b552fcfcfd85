package csta_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// An agent may be ready for one queue and not for another.
func TestQueuesOfAnAgent(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 16)
	p.subscribed(events)
	j := newJudge(t)
	for _, tc := range []struct {
		xml    string
		want   opencti.EventName
		native string
		queues []map[string]string
	}{
		{agentTold("AgentLoggedOn", `<acdGroup>sales</acdGroup>`), opencti.LoggedIn, "", queues("sales", "LoggedIn")},
		{agentTold("AgentLoggedOn", `<acdGroup>help</acdGroup>`), opencti.LoggedIn, "agentNull", queues("sales", "LoggedIn", "help", "LoggedIn")},
		{agentTold("AgentReady", ``), opencti.Available, "agentReady", queues("sales", "Available", "help", "Available")},
		{agentTold("AgentNotReady", `<acdGroup>sales</acdGroup>`), opencti.Available, "agentReady", queues("sales", "Unavailable", "help", "Available")},
		{agentTold("AgentBusy", `<acdGroup>help</acdGroup>`), opencti.Busy, "agentBusy", queues("sales", "Unavailable", "help", "Busy")},
		{agentTold("AgentWorkingAfterCall", `<acdGroup>help</acdGroup>`), opencti.AfterCallWork, "agentWorkingAfterCall",
			queues("sales", "Unavailable", "help", "AfterCallWork")},
		{agentTold("AgentNotReady", `<acdGroup>help</acdGroup>`), opencti.Unavailable, "agentNotReady", queues("sales", "Unavailable", "help", "Unavailable")},
		{agentTold("AgentLoggedOff", `<acdGroup>sales</acdGroup>`), opencti.Unavailable, "agentNotReady", queues("help", "Unavailable")},
		{agentTold("AgentLoggedOff", `<acdGroup>help</acdGroup>`), opencti.LoggedOut, "agentNull", nil},
		{agentTold("AgentLoggedOn", `<acdGroup>sales</acdGroup>`), opencti.LoggedIn, "", queues("sales", "LoggedIn")},
		{agentTold("AgentNotReady", `<acdGroup>sales</acdGroup>`), opencti.Unavailable, "agentNotReady", queues("sales", "Unavailable")},
		{agentTold("AgentLoggedOff", ``), opencti.LoggedOut, "agentNull", nil},
	} {
		p.event(tc.xml)
		raw := events.next(t)
		got, _ := raw.Fields["queues"].([]map[string]string)
		h := j.of(t, raw, "")
		if h.Name != tc.want || h.Data["nativeState"] != tc.native || !cmp.Equal(got, tc.queues) {
			t.Errorf("%s is %q (%s) with %v, want %q (%s) with %v", raw.Name, h.Name, h.Data["nativeState"], got, tc.want, tc.native, tc.queues)
		}
	}
}

// queues makes the list of names and states.
func queues(pairs ...string) (out []map[string]string) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, map[string]string{"name": pairs[i], "state": pairs[i+1]})
	}
	return out
}

// What a snapshot tells of the queues, events go on from.
func TestQueuesOfASnapshot(t *testing.T) {
	p, events := newPeer(t, with(map[string]string{"GetAgentState": agents("5501", "<acdGroup>help</acdGroup><agentState>agentReady</agentState>"+
		"</agentInfoItem><agentInfoItem><acdGroup>sales</acdGroup><agentState>agentNotReady</agentState>"+
		"<agentStateCondition>forcedPause</agentStateCondition>", "")})), make(sink, 8)
	_, device := p.subscribed(events)
	s, err := device.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Agent.State != opencti.Available || s.Agent.Cause != "" {
		t.Errorf("the agent is %+v, want available", s.Agent)
	}
	p.event(agentTold("AgentNotReady", `<acdGroup>help</acdGroup>`))
	raw := events.next(t)
	if h := newJudge(t).of(t, raw, ""); h.Name != opencti.Unavailable {
		t.Errorf("not ready for the last queue is %s", h.Name)
	}
	if diff := cmp.Diff(queues("help", "Unavailable", "sales", "Unavailable"), raw.Fields["queues"]); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
}
