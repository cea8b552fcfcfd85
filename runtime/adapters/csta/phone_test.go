package csta_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func microphone(off string) string {
	return `<MicrophoneMuteEvent><monitorCrossRefID>71</monitorCrossRefID>` + deviceNamed("invokingDevice", "1001") +
		`<auditoryApparatus>1</auditoryApparatus><microphoneMuteOn>` + off + `</microphoneMuteOn></MicrophoneMuteEvent>`
}

// CSTA mutes telephones: of its calls it is the one that is talked on that is muted.
func TestMutedCalls(t *testing.T) {
	p, events := newPeer(t, quiet()), make(sink, 32)
	p.subscribed(events)
	j := newJudge(t)
	established := func(id string) string {
		return ofCall("Established", "establishedConnection", id, "1001", deviceNamed("answeringDevice", "1001"))
	}
	held := func(id string) string {
		return ofCall("Held", "heldConnection", id, "1001", deviceNamed("holdingDevice", "1001"))
	}
	retrieved := ofCall("Retrieved", "retrievedConnection", "7", "1001", deviceNamed("retrievingDevice", "1001"))
	type seen struct {
		Name  opencti.EventName
		Call  string
		Muted bool
	}
	for _, tc := range []struct {
		xml  string
		want seen
	}{
		{established("7"), seen{opencti.Established, "7", false}},
		{held("7"), seen{opencti.Held, "7", false}},
		{established("8"), seen{opencti.Established, "8", false}},
		{microphone("true"), seen{opencti.CallInfo, "8", true}},
		{held("8"), seen{opencti.Held, "8", false}},
		{retrieved, seen{opencti.Retrieved, "7", true}},
		{microphone("0"), seen{opencti.CallInfo, "7", false}},
	} {
		p.event(tc.xml)
		raw := events.next(t)
		h := j.of(t, raw, opencti.Established)
		if got := (seen{h.Name, h.Call, slices.Contains(h.Is, "muted")}); got != tc.want {
			t.Errorf("%s is %+v, want %+v", raw.Name, got, tc.want)
		}
		if parties, _ := raw.Fields["parties"].([]map[string]string); len(parties) == 0 {
			t.Errorf("%s tells no parties", raw.Name)
		}
	}
	p.event(held("7"))
	events.next(t)
	p.event(microphone("true")) // of no call
	p.event(delivered("71", "99"))
	if e := events.next(t); e.Fields["callID"] != "99" {
		t.Errorf("event %+v, want no other", e)
	}
}

// Whether a call that left the switch was answered is not told, unless it is.
func TestNetworkReached(t *testing.T) {
	p, events := newPeer(t, with(map[string]string{"SnapshotDevice": oneCall(`<unknown/>`), "SnapshotCall": inboundCall})), make(sink, 8)
	_, device := p.subscribed(events)
	reached := told("NetworkReached", "outboundConnection", "T7", deviceNamed("networkInterfaceUsed", "T7")+deviceNamed("calledDevice", "+4930"))
	p.event(reached)
	p.event(told("Held", "heldConnection", "1001", deviceNamed("holdingDevice", "1001")))
	p.event(told("Established", "establishedConnection", "T7", deviceNamed("answeringDevice", "+4930")))
	j := newJudge(t)
	for _, want := range [][]string{{"networkReached"}, {"networkReached"}, nil} {
		if h := j.of(t, events.next(t), opencti.Delivered); !cmp.Equal(h.Is, want) {
			t.Errorf("%s: %v, want %v", h.Name, h.Is, want)
		}
	}
	p.event(reached)
	events.next(t)
	s, err := device.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !s.Calls[0].NetworkReached {
		t.Error("the snapshot forgets that the call left the switch")
	}
}

func TestSnapshotOfATelephone(t *testing.T) {
	notSupported := `<CSTAErrorCode><operation>serviceNotSupported</operation></CSTAErrorCode>`
	talking := twoParties("connected", "connected")
	mutes := func(states ...string) string {
		xml := `<GetMicrophoneMuteResponse><microphoneMuteList>`
		for _, off := range states {
			xml += `<microphoneMuteItem><auditoryApparatus>1</auditoryApparatus><microphoneMuteOn>` + off + `</microphoneMuteOn></microphoneMuteItem>`
		}
		return xml + `</microphoneMuteList></GetMicrophoneMuteResponse>`
	}
	for _, tc := range []struct {
		name             string
		answers          map[string]string
		disturbed, muted bool
	}{
		{name: "nothing special"},
		{name: "takes no calls", disturbed: true,
			answers: map[string]string{"GetDoNotDisturb": `<GetDoNotDisturbResponse><doNotDisturbOn>true</doNotDisturbOn></GetDoNotDisturbResponse>`}},
		{name: "muted", muted: true, answers: map[string]string{"GetMicrophoneMute": mutes("true")}},
		{name: "muted, with two microphones", muted: true, answers: map[string]string{"GetMicrophoneMute": mutes("1", "1")}},
		{name: "one of two is on", answers: map[string]string{"GetMicrophoneMute": mutes("true", "false")}},
		{name: "no such services", answers: map[string]string{"GetMicrophoneMute": notSupported, "GetDoNotDisturb": notSupported}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			answers := with(tc.answers)
			answers["SnapshotDevice"], answers["SnapshotCall"] = oneCall(`<unknown/>`), talking
			p := newPeer(t, answers)
			_, device := p.connected(nil)
			s, err := device.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if s.DoNotDisturb != tc.disturbed || s.Calls[0].Muted != tc.muted {
				t.Errorf("do-not-disturb %v, muted %v; want %v, %v", s.DoNotDisturb, s.Calls[0].Muted, tc.disturbed, tc.muted)
			}
		})
	}
}

// What a switch has not it is asked for once.
func TestOptionalServicesAreAskedForOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		answer string
		times  int
	}{
		"no such service":                    {`<CSTAErrorCode><operation>serviceNotSupported</operation></CSTAErrorCode>`, 1},
		"refused for the device, or for now": {gone, 3},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPeer(t, with(map[string]string{"GetDoNotDisturb": tc.answer}))
			_, device := p.connected(nil)
			for i := range 3 {
				if _, err := device.Snapshot(t.Context()); err != nil {
					t.Fatal(err)
				}
				p.expect("SnapshotDevice")
				if i < tc.times {
					p.expect("GetDoNotDisturb")
				}
				p.expect("GetAgentState")
			}
			p.expectNothing()
		})
	}
}

func TestAgentStatePoll(t *testing.T) {
	p := newPeer(t, with(map[string]string{"GetAgentState": agents("5501", "<agentState>agentNotReady</agentState><agentStateCondition>forcedPause</agentStateCondition>",
		`<extensions><privateData><private><agentData xmlns="http://ctilink.io/csta"><reasonCode>3</reasonCode><wrapUpEndsAt>2026-05-04T12:00:30Z</wrapUpEndsAt>`+
			`</agentData></private></privateData></extensions>`)}))
	_, device := p.connected(nil, "agentStatePoll", "2s")
	poll := device.(opencti.AgentStatePoll)
	if got := poll.PollInterval(); got != 2*time.Second {
		t.Errorf("PollInterval() = %v, want 2s", got)
	}
	got, err := poll.AgentState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ends := time.Date(2026, 5, 4, 12, 0, 30, 0, time.UTC)
	want := opencti.AgentState{State: opencti.Unavailable, NativeState: "agentNotReady", ReasonCode: "3", Cause: opencti.CauseSystem, WrapUpEndsAt: &ends}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.expect("GetAgentState")
	_, silent := newPeer(t, quiet()).connected(nil)
	if got := silent.(opencti.AgentStatePoll).PollInterval(); got != 0 {
		t.Errorf("PollInterval() = %v where nobody asked for it, want 0", got)
	}
}
