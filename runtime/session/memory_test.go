package session

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// sent is a memory as it comes to another pod.
func sent(t *testing.T, m Memory) (out Memory) {
	t.Helper()
	b, err := json.Marshal(m)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// succeed gives the session to another pod, which is told this by the CTI server.
func (b *bench) succeed(t *testing.T, snap opencti.DeviceSnapshot, options ...func(*Options)) *bench {
	t.Helper()
	m := sent(t, b.Memory())
	b.Close()
	return open(snap, append(options, func(o *Options) { o.Memory = m })...)
}

// onCall is a bubble's test with a desk that was offered call 7, answered it after a
// second and has it on hold since another.
func onCall(t *testing.T, test func(t *testing.T, b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		b := open(loggedIn(), treats(opencti.Full, opencti.TreatmentRule{Name: "pops", ScreenPop: &opencti.ScreenPop{Interaction: "Service"}}))
		defer b.Close()
		b.happen(opencti.Offering, "7", with{"ani": "5557", "interactionId": "g7", "callType": "CONSULT", "originalCallType": "INBOUND", "offeredBy": "Consult"})
		if e := b.perform(t, opencti.Request{Activity: opencti.AcceptInteraction, CallID: "7"}); e.Code != "" {
			t.Fatal(e)
		}
		time.Sleep(time.Second)
		b.happen(opencti.Established, "7")
		time.Sleep(time.Second)
		b.happen(opencti.Held, "7")
		time.Sleep(time.Minute)
		test(t, b)
	})
}

// bare is what a class without details tells of a call.
func bare(id string, state opencti.EventName) opencti.Call {
	return opencti.Call{CallID: id, State: state, CallType: opencti.UnknownType}
}

func TestASuccessorKnowsWhatNoServerTells(t *testing.T) {
	for name, told := range map[string]opencti.Call{
		"by its id alone":      bare("7", opencti.Held),
		"by its interactionId": {CallID: "7", InteractionID: "g7", State: opencti.Held},
		"by who calls":         callIn("7", opencti.Held),
	} {
		t.Run(name, func(t *testing.T) {
			onCall(t, func(t *testing.T, b *bench) {
				before := b.Snapshot()
				next := b.succeed(t, loggedIn(told))
				defer next.Close()
				want, got := before.Calls[0], next.Snapshot().Calls[0]
				if told.CallType == opencti.Inbound {
					want.ANI = told.ANI
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-before +after):\n%s", diff)
				}
				if got.Treatment == nil || !got.Treatment.Claimed {
					t.Errorf("it may pop again: %+v", got.Treatment)
				}
				if since := next.Snapshot().Agent.Since; !since.Equal(before.Agent.Since) {
					t.Errorf("the agent is there since %v, want %v", since, before.Agent.Since)
				}
			})
		})
	}
}

// What went on meanwhile begins now.
func TestWhatChangedMeanwhileBeginsNow(t *testing.T) {
	onCall(t, func(t *testing.T, b *bench) {
		before := b.Snapshot()
		snap := loggedIn(callIn("7", opencti.Established))
		snap.Agent.State = opencti.Busy
		next := b.succeed(t, snap)
		defer next.Close()
		got := next.Snapshot()
		c, was := got.Calls[0], before.Calls[0]
		if !c.StartedAt.Equal(was.StartedAt) || !c.AnsweredAt.Equal(*was.AnsweredAt) || !c.Since.Equal(time.Now()) || !got.Agent.Since.Equal(time.Now()) {
			t.Errorf("the call began %v, was answered %v, is so since %v; the agent since %v", c.StartedAt, c.AnsweredAt, c.Since, got.Agent.Since)
		}
	})
}

// Nothing is revived that the CTI server does not confirm.
func TestAnotherCallBeginsNow(t *testing.T) {
	for name, snap := range map[string]opencti.DeviceSnapshot{
		"it is over":              loggedIn(),
		"another id":              loggedIn(bare("8", opencti.Held)),
		"another interaction":     loggedIn(opencti.Call{CallID: "7", InteractionID: "g8", ANI: "5557", State: opencti.Held}),
		"another caller":          loggedIn(opencti.Call{CallID: "7", ANI: "5558", State: opencti.Held}),
		"the caller withholds it": loggedIn(opencti.Call{CallID: "7", DNIS: "800", State: opencti.Held}),
	} {
		t.Run(name, func(t *testing.T) {
			onCall(t, func(t *testing.T, b *bench) {
				next := b.succeed(t, snap)
				defer next.Close()
				calls := next.Snapshot().Calls
				if len(calls) != len(snap.Calls) {
					t.Fatalf("%d calls, want %d", len(calls), len(snap.Calls))
				}
				for _, c := range calls {
					if !c.StartedAt.Equal(time.Now()) || c.Treatment != nil || c.AnsweredAt != nil || c.OfferedBy != "" {
						t.Errorf("it has what another call had: %+v", c)
					}
				}
				// What is not confirmed at once is forgotten.
				next.sync(loggedIn(bare("7", opencti.Held)))
				if c := next.Snapshot().Calls[0]; c.OfferedBy != "" {
					t.Error("a call came back to life")
				}
			})
		})
	}
}

func TestWhoTalkedIsNotRung(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Established)))
	next := b.succeed(t, loggedIn(callIn("7", opencti.Offering)))
	if c := next.Snapshot().Calls[0]; c.AnsweredAt != nil {
		t.Error("a call that rings was answered")
	}
}

// The switch names the call of a consult otherwise than we do.
func TestTheInteractionOfAConsultIsKept(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Established)))
	defer b.Close()
	b.perform(t, opencti.Request{Activity: opencti.TransferInitiate, CallID: "7", DestinationNumber: "1002"})
	b.happen(opencti.Held, "7")
	b.happen(opencti.Initiated, "8", with{"interactionId": "g8", "callType": "CONSULT"})
	want := b.Snapshot().Calls
	if want[1].InteractionID == "g8" {
		t.Fatal("the consult is no part of the first call")
	}
	next := b.succeed(t, loggedIn(callIn("7", opencti.Held), opencti.Call{CallID: "8", InteractionID: "g8", State: opencti.Initiated}))
	defer next.Close()
	if diff := cmp.Diff(want, next.Snapshot().Calls); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if c := next.state.calls["8"]; c.consults != next.state.calls["7"] || c.purpose != opencti.TransferInitiate {
		t.Errorf("it consults %v for %q", c.consults, c.purpose)
	}
	// Without the first call it is a consult about none.
	alone := next.succeed(t, loggedIn(opencti.Call{CallID: "8", InteractionID: "g8", State: opencti.Initiated}))
	defer alone.Close()
	if c := alone.state.calls["8"]; c.consults != nil {
		t.Error("it consults about a call that is gone")
	}
}

// What a call treatment has to do is done, and what was done is not done again.
func TestATreatmentGoesOn(t *testing.T) {
	for name, tc := range map[string]struct {
		rule    opencti.TreatmentRule
		claimed bool
		data    map[string]string // what the server has
		now     []opencti.TreatmentRule
		wait    time.Duration
		want    []string
	}{
		"the rest of a delay":     {rule: soon, now: []opencti.TreatmentRule{soon}, wait: time.Second, want: []string{"AnswerCall "}},
		"not yet":                 {rule: soon, now: []opencti.TreatmentRule{soon}, wait: time.Second - 1},
		"the rule is gone":        {rule: soon, wait: time.Second, want: []string{"AnswerCall "}},
		"claimed":                 {rule: onceBegun, claimed: true, now: []opencti.TreatmentRule{onceBegun}, want: []string{"AnswerCall "}},
		"not claimed":             {rule: onceBegun, now: []opencti.TreatmentRule{onceBegun}, wait: time.Minute},
		"data that is missing":    {rule: attaches, now: []opencti.TreatmentRule{attaches}, want: []string{"AttachData "}},
		"data that is there":      {rule: attaches, data: map[string]string{"caller": "5557"}, now: []opencti.TreatmentRule{attaches}},
		"data of another rule":    {rule: opencti.TreatmentRule{Name: "old"}, now: []opencti.TreatmentRule{attaches}},
		"a claim without a rule":  {rule: opencti.TreatmentRule{Name: "never", When: "false"}, claimed: true, now: []opencti.TreatmentRule{soon}, wait: 3 * time.Second, want: []string{"AnswerCall "}},
		"by hand, and it is held": {rule: opencti.TreatmentRule{Name: "by hand"}, now: []opencti.TreatmentRule{soon}, wait: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := treating(opencti.Full, tc.rule)
				defer b.Close()
				b.device.do = nil
				b.happen(opencti.Offering, "7", with{"ani": "5557"})
				time.Sleep(2 * time.Second)
				m := sent(t, b.Memory())
				if tc.claimed { // as late as can be: nothing came of it
					if m.Calls[0].Treatment == nil {
						m.Calls[0].Treatment = &opencti.Treatment{Answer: opencti.AnswerManually}
					}
					m.Calls[0].Treatment.Claimed = true
				}
				told := callIn("7", opencti.Offering)
				told.Variables = tc.data
				next := open(loggedIn(told), treats(opencti.Full, tc.now...), func(o *Options) { o.Memory = m })
				defer next.Close()
				time.Sleep(tc.wait)
				synctest.Wait()
				if diff := cmp.Diff(tc.want, asked(next)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if got := next.Snapshot().Calls[0].Treatment; got.Claimed != tc.claimed {
					t.Errorf("%+v", got)
				}
			})
		})
	}
}

// A pod that dies before it asked the CTI server hands on what it took over.
func TestMemoryOutlivesAPodThatNeverAsked(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Held)))
	defer b.Close()
	want := sent(t, b.Memory())
	between := newBench(func(o *Options) { o.Memory = want })
	if diff := cmp.Diff(want, between.Memory()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The clock of the former holder may be ahead.
func TestNothingBeganInTheFuture(t *testing.T) {
	later := time.Now().Add(time.Hour)
	var m Memory
	for _, at := range []time.Time{{}, later} {
		c := callIn("7", opencti.Established)
		c.StartedAt, c.Since, c.AnsweredAt = at, at, &at
		m = Memory{Calls: []CallMemory{{Call: c}}, Agent: &AgentMemory{State: opencti.Available, Since: at, LoginSince: at}}
		b := open(loggedIn(callIn("7", opencti.Established)), func(o *Options) { o.Memory = m })
		defer b.Close()
		snap := b.Snapshot()
		for _, got := range []time.Time{snap.Calls[0].StartedAt, snap.Calls[0].Since, *snap.Calls[0].AnsweredAt, snap.Agent.Since, b.state.loginSince} {
			if got.IsZero() || got.After(time.Now()) {
				t.Errorf("told %v, it is %v", at, got)
			}
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	b := open(loggedIn())
	defer b.Close()
	for i := range callsRemembered + 1 {
		b.happen(opencti.Offering, string(rune('a'+i)), with{"variables": map[string]string{"note": strings.Repeat("x", dataRemembered)}})
	}
	m := b.Memory()
	if len(m.Calls) != callsRemembered || m.Calls[0].Variables != nil {
		t.Errorf("%d calls, with data of %d", len(m.Calls), len(m.Calls[0].Variables))
	}
}

// The form that goes to pods of other versions: fields may be added, none may change.
func TestMemoryOnTheWire(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m := Memory{
		Calls: []CallMemory{{
			Call: opencti.Call{CallID: "7", InteractionID: "g7", State: opencti.Held, CallType: opencti.Consult, OriginalCallType: opencti.Inbound,
				OfferedBy: opencti.ByConsult, Variables: map[string]string{"a": "b"}, Since: at, StartedAt: at, AnsweredAt: &at,
				Treatment: &opencti.Treatment{Rule: "pops", Answer: opencti.AnswerManually, Claimed: true}},
			KnownAs: "g8", Offered: true, Consults: "6", Purpose: opencti.TransferInitiate, Linked: true, PassedOn: true,
		}},
		Agent: &AgentMemory{opencti.Busy, "1", at, at},
	}
	const want = `{"calls":[{"callId":"7","interactionId":"g7","state":"Held","callType":"CONSULT","originalCallType":"INBOUND",` +
		`"offeredBy":"Consult","variables":{"a":"b"},"treatment":{"rule":"pops","answer":"Manual","claimed":true},"capabilities":null,` +
		`"since":"2026-01-02T03:04:05Z","startedAt":"2026-01-02T03:04:05Z","answeredAt":"2026-01-02T03:04:05Z",` +
		`"knownAs":"g8","offered":true,"consults":"6","purpose":"TransferInitiate","linked":true,"passedOn":true}],` +
		`"agent":{"state":"Busy","reasonCode":"1","since":"2026-01-02T03:04:05Z","loginSince":"2026-01-02T03:04:05Z"}}`
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(m, sent(t, m)); diff != "" {
		t.Errorf("(-sent +read):\n%s", diff)
	}
}
