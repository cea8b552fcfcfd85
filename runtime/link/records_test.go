package link

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// notes is a Records that remembers the order of what it was told.
type notes struct {
	mu      sync.Mutex
	entries map[string]json.RawMessage
	story   []string
}

func newNotes() *notes { return &notes{entries: map[string]json.RawMessage{}} }

func (n *notes) Put(key string, value any) (uint64, error) {
	b, err := json.Marshal(value)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.entries[key] = b
	n.story = append(n.story, "put "+key)
	return 1, err
}

func (n *notes) Delete(key string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.entries, key)
}

func (n *notes) Told(context.Context, uint64) { n.note("told") }

func (n *notes) note(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.story = append(n.story, what)
}

func (n *notes) keys() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.entries))
}

// succeeded runs a test with a link and its records, and can give the slot to a
// successor.
func withRecords(t *testing.T, test func(t *testing.T, b *bench, n *notes, succeed func() *bench)) {
	synctest.Test(t, func(t *testing.T) {
		n := newNotes()
		b := newBench(t)
		b.journal.records = n
		b.start()
		synctest.Wait()
		test(t, b, n, func() *bench {
			next := newBench(t)
			next.server, next.journal.records = b.server, n
			next.mustApply(document(1))
			next.Inherit(maps.Clone(n.entries))
			next.run()
			synctest.Wait()
			return next
		})
	})
}

func TestASuccessorHasTheSessions(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, n *notes, succeed func() *bench) {
		b.mustOpen("1001", "4001")
		b.mustOpen("2002", "4002")
		if err := b.Close(t.Context(), "4002"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"closed/4002", "session/4001"}, n.keys()); diff != "" {
			t.Error(diff)
		}
		b.server.Set("1001", onHold("7"))
		b.stop()

		next := succeed()
		s, ok := next.Session("4001")
		if !ok {
			t.Fatal("the session did not come back")
		}
		if calls := s.Snapshot().Calls; len(calls) != 1 {
			t.Errorf("calls = %v", calls)
		}
		if _, ok := next.Session("4002"); ok {
			t.Error("a closed session came back")
		}
		if got := next.EndedSince("4002", time.Now().Add(-time.Hour)); got != Closed {
			t.Errorf("%v: a token would bring the closed session back", got)
		}
	})
}

// What a desktop said of where its user sits is known to the successor, too.
func TestASuccessorKnowsWhereUsersSit(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, _ *notes, succeed func() *bench) {
		open := func(p session.Presence) {
			if _, _, err := b.Open(t.Context(), Request{AgentID: "4001", Presence: p}); err != nil {
				t.Fatal(err)
			}
		}
		open(session.Presence{Workstation: "pc-12"})
		open(session.Presence{Workstation: "pc-13", ClientHandle: "h-1"})
		open(session.Presence{}) // joins and says nothing
		b.stop()

		next := succeed()
		s, ok := next.Session("4001")
		if want := (session.Presence{Workstation: "pc-13", ClientHandle: "h-1"}); !ok || s.Presence() != want {
			t.Errorf("%+v, want %+v", s.Presence(), want)
		}
	})
}

func TestADesktopThatIsFasterThanTheConnection(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, _ *notes, succeed func() *bench) {
		b.mustOpen("1001", "4001")
		b.stop()
		b.server.OnConnect = nil
		release := make(chan struct{})
		b.server.OnSubscribe = func(context.Context, opencti.Endpoint) error { <-release; return nil }
		next := succeed()
		if _, ok := next.Session("4001"); ok {
			t.Error("the session is found before it is in step")
		}
		go func() { time.Sleep(time.Second); close(release) }()
		if s := next.mustOpen("1001", "4001"); s.Snapshot().Link != opencti.LinkUp {
			t.Error("the desktop was not made to wait")
		}
	})
}

func TestAKeyIsKnownBeforeAnythingIsSent(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, n *notes, succeed func() *bench) {
		s := b.mustOpen("1001", "4001")
		b.server.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error { n.note("sent"); return nil }
		call := opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "2000"}
		first, err := s.Perform(t.Context(), call, "k1")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"put session/4001", "put answer/4001/k1", "told", "sent", "put answer/4001/k1"}
		if diff := cmp.Diff(want, n.story); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		b.stop()

		next := succeed()
		s, _ = next.Session("4001")
		again, err := s.Perform(t.Context(), call, "k1")
		if err != nil || again.RequestID != first.RequestID {
			t.Errorf("the retry at the successor gave %v, %v; want %s", again, err, first.RequestID)
		}
		if sent := strings.Count(strings.Join(n.story, " "), "sent"); sent != 1 {
			t.Errorf("the request was sent %d times", sent)
		}
	})
}

func TestWhatWasBegunIsNeverDoneTwice(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, n *notes, succeed func() *bench) {
		s := b.mustOpen("1001", "4001")
		call := opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "2000"}
		var atDeath map[string]json.RawMessage
		b.server.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error {
			n.mu.Lock()
			defer n.mu.Unlock()
			atDeath = maps.Clone(n.entries)
			return errors.New("the pod is gone")
		}
		_, _ = s.Perform(t.Context(), call, "k1")
		b.stop()
		n.entries = atDeath

		sent := false
		b.server.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error { sent = true; return nil }
		next := succeed()
		s, _ = next.Session("4001")
		_, err := s.Perform(t.Context(), call, "k1")
		wantCode(t, err, opencti.OutcomeUnknown)
		if sent {
			t.Error("it was done again")
		}
	})
}

func TestRecordsAreBounded(t *testing.T) {
	n := newNotes()
	j := journal{records: n}
	for i := range answersRecorded + 10 {
		j.put(&j.answers, answersRecorded, answerRecords+string(rune('a'+i%26))+strings.Repeat("x", i/26), time.Time{})
	}
	if len(n.entries) > answersRecorded || len(j.answers) > answersRecorded {
		t.Errorf("%d entries, %d names", len(n.entries), len(j.answers))
	}
}

func TestRubbishIsNotInherited(t *testing.T) {
	b := newBench(t)
	b.mustApply(document(1))
	b.Inherit(map[string]json.RawMessage{
		"session/4001": json.RawMessage(`[]`), "session/": json.RawMessage(`{}`), "session/9": json.RawMessage(`{"dn":"1","agentId":"9"}`),
		"answer/4001/k": json.RawMessage(`7`), "closed/4001": json.RawMessage(`"yesterday"`), "taken/4001": json.RawMessage(`{}`), "other": bytes.Repeat([]byte{0}, 4),
	})
	if st, _ := b.Status(); st.Sessions != 0 {
		t.Errorf("%d sessions", st.Sessions)
	}
}

// Of many answers the successor has the last: a desktop retries what it asked last.
func TestASuccessorHasTheLastAnswers(t *testing.T) {
	withRecords(t, func(t *testing.T, b *bench, n *notes, succeed func() *bench) {
		s := b.mustOpen("1001", "4001")
		call := opencti.Request{Activity: opencti.MakeCall, DestinationNumber: "2000"}
		const many = 1000
		for i := range many {
			if _, err := s.Perform(t.Context(), call, fmt.Sprint("k", i)); err != nil {
				t.Fatal(err)
			}
		}
		b.stop()
		for range 2 { // also the successor's successor
			b = succeed()
			s, _ = b.Session("4001")
			b.server.OnPerform = func(context.Context, *linktest.Device, opencti.Request) error { n.note("sent"); return nil }
			for i := many - 100; i < many; i++ {
				if _, err := s.Perform(t.Context(), call, fmt.Sprint("k", i)); err != nil {
					t.Fatal(err)
				}
			}
			if slices.Contains(n.story, "sent") {
				t.Fatal("a retry was done again")
			}
			b.stop()
		}
	})
}

// However often the slot moves, the records do not grow.
func TestInheritedRecordsAreBounded(t *testing.T) {
	n := newNotes()
	for i := range answersRecorded {
		n.entries[fmt.Sprint("answer/4001/old", i)] = json.RawMessage(fmt.Sprintf(`{"Key":"old%d","Answered":true}`, i))
		n.entries[fmt.Sprint("closed/old", i)] = json.RawMessage(`"2026-01-01T00:00:00Z"`)
	}
	b := newBench(t)
	b.journal.records = n
	b.mustApply(document(1))
	b.Inherit(maps.Clone(n.entries))
	for i := range 10 {
		b.recorder("4001").Begun(fmt.Sprint("new", i), nil)
		b.noteEnd(fmt.Sprint("new", i), Closed)
	}
	if most := answersRecorded + endingsRecorded; len(n.entries) > most {
		t.Errorf("%d entries, want %d at most", len(n.entries), most)
	}
	for _, last := range []string{"answer/4001/new9", "closed/new9"} {
		if n.entries[last] == nil {
			t.Errorf("%s is not there", last)
		}
	}
}

// A session whose agent is in no pool any more must not come back some day, when the agent
// is and nobody is at the desk.
func TestWhatIsNotInheritedIsForgotten(t *testing.T) {
	n := newNotes()
	n.entries["session/9"] = json.RawMessage(`{"dn":"1","agentId":"9"}`)
	b := newBench(t)
	b.journal.records = n
	b.mustApply(document(1))
	b.Inherit(maps.Clone(n.entries))
	if diff := cmp.Diff([]string(nil), n.keys()); diff != "" {
		t.Error(diff)
	}
}
