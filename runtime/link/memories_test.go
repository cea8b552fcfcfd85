package link

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// rings lets call 7 ring at agent 4001's, whose session it opens.
func (b *bench) rings() *session.Session {
	b.t.Helper()
	s := b.mustOpen("1001", "4001")
	b.server.Connection(1).Happen("1001", opencti.Offering, map[string]any{"callId": "7", "ani": "555", "offeredBy": "Queue"})
	return s
}

func (b *bench) accept(s *session.Session) {
	b.t.Helper()
	if _, err := s.Perform(b.t.Context(), opencti.Request{Activity: opencti.AcceptInteraction, CallID: "7"}, ""); err != nil {
		b.t.Fatal(err)
	}
}

// ringing is what the server says of a device where call 7 rings.
func ringing() opencti.DeviceSnapshot {
	return opencti.DeviceSnapshot{Agent: opencti.AgentState{State: opencti.Available}, Calls: []opencti.Call{{CallID: "7", ANI: "555", State: opencti.Offering}}}
}

func theCall(t *testing.T, l *bench) *opencti.Call {
	t.Helper()
	s, ok := l.Session("4001")
	if !ok || len(s.Snapshot().Calls) != 1 {
		t.Fatal("there is no session with one call")
	}
	return s.Snapshot().Calls[0]
}

// A call that goes on at the successor began when it began, and does not pop again.
func TestASuccessorKnowsTheCalls(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, _ *notes, succeed func() *bench) {
		b.accept(b.rings())
		time.Sleep(time.Second)
		b.server.Connection(1).Happen("1001", opencti.Established, map[string]any{"callId": "7"})
		time.Sleep(time.Second)
		want := theCall(t, b)
		talks := ringing()
		talks.Calls[0].State = opencti.Established
		b.server.Set("1001", talks)
		b.stop()
		for range 2 { // also the successor's successor
			time.Sleep(time.Minute)
			b = succeed()
			if diff := cmp.Diff(want, theCall(t, b)); diff != "" {
				t.Errorf("(-before +after):\n%s", diff)
			}
			b.stop()
		}
	})
}

// A claim is known to the standby when the desktop learns of it: a pod that is killed
// writes nothing any more.
func TestAClaimIsKnownBeforeItIsAnswered(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, n *notes, succeed func() *bench) {
		b.accept(b.rings())
		if want := []string{"put session/4001", "put session/4001", "told"}; !cmp.Equal(want, n.story) {
			t.Errorf("%q, want %q", n.story, want)
		}
		b.server.Set("1001", ringing())
		next := succeed()
		c := theCall(t, next)
		if c.Treatment == nil || !c.Treatment.Claimed {
			t.Errorf("it may pop again: %+v", c.Treatment)
		}
		s, _ := next.Session("4001")
		_, err := s.Perform(t.Context(), opencti.Request{Activity: opencti.AcceptInteraction, CallID: "7"}, "")
		wantCode(t, err, opencti.SameState)
	})
}

// What happens within a moment is written once, and at rest nothing is.
func TestRecordsOfCallsAreGathered(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, n *notes, _ func() *bench) {
		b.rings()
		time.Sleep(time.Minute)
		synctest.Wait()
		before := len(n.story)
		for _, name := range []opencti.EventName{opencti.Established, opencti.Held, opencti.Retrieved} {
			b.server.Connection(1).Happen("1001", name, map[string]any{"callId": "7"})
		}
		for range 2 {
			time.Sleep(time.Hour)
			synctest.Wait()
			if diff := cmp.Diff([]string{"put session/4001"}, n.story[before:]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	})
}

// What a session still has to say when it is closed does not bring it back.
func TestAClosedSessionIsNotRecorded(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, n *notes, _ func() *bench) {
		b.rings()
		if err := b.Close(t.Context(), "4001"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if diff := cmp.Diff([]string{"closed/4001"}, n.keys()); diff != "" {
			t.Error(diff)
		}
	})
}

// Pods of two versions follow each other while a link is upgraded.
func TestRecordsOfOtherVersions(t *testing.T) {
	const call = `{"callId":"7","ani":"555","state":"Offering","startedAt":"1999-01-01T00:00:00Z"`
	for name, tc := range map[string]struct {
		memory string
		known  bool
	}{
		"older: there is none":        {``, false},
		"null":                        {`,"memory":null`, false},
		"newer: with fields of its":   {`,"extra":{},"memory":{"calls":[` + call + `,"colour":"red"}],"moods":[1]}`, true},
		"newer: it is said otherwise": {`,"memory":{"calls":{"7":{}}}`, false},
		"newer: it is a text":         {`,"memory":"base64"`, false},
		"as few fields as can be":     {`,"memory":{"calls":[` + call + `}]}`, true},
		"a call without a name":       {`,"memory":{"calls":[{}]}`, false},
		"a state that no call has":    {`,"memory":{"calls":[{"callId":"7","state":"Dreaming"}],"agent":{"state":"Dreaming"}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.server.Set("1001", ringing())
				b.mustApply(document(1))
				b.Inherit(map[string]json.RawMessage{"session/4001": json.RawMessage(`{"dn":"1001","agentId":"4001"` + tc.memory + `}`)})
				b.run()
				synctest.Wait()
				if c := theCall(t, b); (c.StartedAt.Year() == 1999) != tc.known || c.State != opencti.Offering {
					t.Errorf("it is %s since %v", c.State, c.StartedAt)
				}
			})
		})
	}
}

// An older pod reads what it knows of a record.
func TestAnOlderPodReadsTheRecord(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, n *notes, _ func() *bench) {
		b.accept(b.rings())
		var older struct {
			DN      string   `json:"dn"`
			AgentID string   `json:"agentId"`
			Hidden  []string `json:"hidden"`
		}
		if err := json.Unmarshal(n.entries["session/4001"], &older); err != nil || older.DN != "1001" || older.AgentID != "4001" {
			t.Errorf("%+v, %v", older, err)
		}
	})
}

func TestWhatIsRecordedOfCallsIsBounded(t *testing.T) {
	long := strings.Repeat("x", 1000)
	of := func(calls int, c opencti.Call) session.Memory {
		m := session.Memory{}
		for range calls {
			m.Calls = append(m.Calls, session.CallMemory{Call: c})
		}
		return m
	}
	for name, tc := range map[string]struct {
		memory session.Memory
		calls  int
		data   bool
	}{
		"nothing":         {session.Memory{}, 0, false},
		"little":          {of(2, opencti.Call{CallID: "7", Variables: map[string]string{"a": long}}), 2, true},
		"much data":       {of(9, opencti.Call{CallID: "7", Variables: map[string]string{"a": long}}), 9, false},
		"too much of all": {of(9, opencti.Call{CallID: "7", ANI: long}), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := encodeMemory(tc.memory)
			got := decodeMemory(b)
			if len(b) > memoryBound || len(got.Calls) != tc.calls || (tc.calls > 0 && got.Calls[0].Variables != nil) != tc.data {
				t.Errorf("%d bytes, %d calls", len(b), len(got.Calls))
			}
		})
	}
}

// What it costs to record a session with a call: once for what happens within memoryInterval.
func BenchmarkRecordOfACall(b *testing.B) {
	at := time.Now()
	c := opencti.Call{CallID: "7", InteractionID: "g7", State: opencti.Established, CallType: opencti.Inbound, ANI: "555", DNIS: "800", Queue: "5000",
		OfferedBy: opencti.ByQueue, Variables: map[string]string{"customer": "42", "topic": "invoice"}, Since: at, StartedAt: at, AnsweredAt: &at}
	m := session.Memory{Calls: []session.CallMemory{{Call: c, Offered: true}}, Agent: &session.AgentMemory{State: opencti.Busy, Since: at, LoginSince: at}}
	n := newNotes()
	for b.Loop() {
		if _, err := n.Put("session/4001", recorded{DN: "1001", AgentID: "4001", Memory: encodeMemory(m)}); err != nil {
			b.Fatal(err)
		}
		n.story = nil
	}
}
