package session

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestIdempotency(t *testing.T) {
	ready := opencti.Request{Activity: opencti.SetAgentNotReady, ID: "first"}
	again := ready
	again.ID = "second"
	t.Run("the same key acts once", func(t *testing.T) {
		b := open(loggedIn())
		for _, r := range []opencti.Request{ready, again} {
			a, err := b.Perform(t.Context(), r, "key")
			if err != nil || a.RequestID != "first" {
				t.Errorf("%q, %v", a.RequestID, err)
			}
		}
		if n := len(b.device.requests()); n != 1 {
			t.Errorf("the CTI server was asked %d times", n)
		}
	})
	t.Run("without a key it acts each time", func(t *testing.T) {
		b := open(loggedIn())
		b.perform(t, ready)
		b.perform(t, ready)
		if n := len(b.device.requests()); n != 2 {
			t.Errorf("the CTI server was asked %d times", n)
		}
	})
	t.Run("a failure is remembered", func(t *testing.T) {
		b := open(loggedIn())
		b.device.do = func(context.Context, opencti.Request) error { return opencti.Errorf(opencti.InvalidState, "busy") }
		_, first := b.Perform(t.Context(), ready, "key")
		b.device.do = nil
		_, second := b.Perform(t.Context(), ready, "key")
		if errorOf(t, first).Code != opencti.InvalidState || first != second {
			t.Errorf("%v, then %v", first, second)
		}
	})
	t.Run("another request is a conflict", func(t *testing.T) {
		b := open(loggedIn())
		_, _ = b.Perform(t.Context(), ready, "key")
		other := opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "2"}
		_, err := b.Perform(t.Context(), other, "key")
		if e := errorOf(t, err); e.Code != opencti.IdempotencyConflict {
			t.Errorf("%v", err)
		}
	})
	t.Run("old keys make room", func(t *testing.T) {
		b := open(loggedIn())
		for i := range answersKept + 1 {
			_, _ = b.Perform(t.Context(), ready, fmt.Sprint("key", i))
		}
		_, _ = b.Perform(t.Context(), ready, fmt.Sprint("key", answersKept))
		_, _ = b.Perform(t.Context(), ready, "key0")
		if n := len(b.device.requests()); n != answersKept+2 || len(b.answers.byKey) != answersKept {
			t.Errorf("asked %d times, %d kept", n, len(b.answers.byKey))
		}
	})
}

func TestIdempotencyOfConcurrentRequests(t *testing.T) {
	b := open(loggedIn())
	var acted atomic.Int32
	b.device.do = func(context.Context, opencti.Request) error {
		acted.Add(1)
		return opencti.Errorf(opencti.InvalidState, "busy")
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := b.Perform(t.Context(), opencti.Request{Activity: opencti.SetAgentNotReady}, "key")
			if e := errorOf(t, err); e.Code != opencti.InvalidState {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	if n := acted.Load(); n != 1 {
		t.Errorf("acted %d times", n)
	}
}

// A desktop that gives up waiting and comes again must learn what became of its
// request, not that it gave up.
func TestAKeyedRequestGoesOnWithoutItsDesktop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(loggedIn())
		b.device.do = func(ctx context.Context, _ opencti.Request) error {
			select {
			case <-time.After(2 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		ready := opencti.Request{Activity: opencti.SetAgentNotReady, ID: "first"}
		gone, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = b.Perform(gone, ready, "key") })
		synctest.Wait()
		leave()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := b.Perform(hasty, ready, "key")
		if e := errorOf(t, err); e.Code != opencti.Timeout {
			t.Errorf("who cannot wait: %v", err)
		}
		if a, err := b.Perform(t.Context(), ready, "key"); a.RequestID != "first" || err != nil {
			t.Errorf("%q, %v; the CTI server accepted", a.RequestID, err)
		}
		wg.Wait()
	})
}

// What was never sent may be tried again with the same key.
func TestAFailureThatMayBeOver(t *testing.T) {
	notReady := opencti.Request{Activity: opencti.SetAgentNotReady}
	for name, tc := range map[string]struct {
		fail   func(*bench)
		code   opencti.ErrorCode
		second opencti.ErrorCode
	}{
		"the link was down":            {func(b *bench) { b.Lost() }, opencti.LinkDown, ""},
		"the gate refused":             {func(b *bench) { b.happen(opencti.LoggedOut, "") }, opencti.NotLoggedIn, opencti.NotLoggedIn},
		"it was sent, and cut off":     {func(b *bench) { b.fails(opencti.LinkDown) }, opencti.LinkDown, opencti.LinkDown},
		"it was sent, without answer":  {func(b *bench) { b.fails(opencti.Timeout) }, opencti.Timeout, opencti.Timeout},
		"it was sent, and was refused": {func(b *bench) { b.fails(opencti.DestinationBusy) }, opencti.DestinationBusy, opencti.DestinationBusy},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(loggedIn())
			tc.fail(b)
			_, first := b.Perform(t.Context(), notReady, "key")
			b.device.do = nil
			b.sync(loggedIn())
			_, second := b.Perform(t.Context(), notReady, "key")
			if e := errorOf(t, first); e.Code != tc.code {
				t.Errorf("first %+v", e)
			}
			if e := errorOf(t, second); e.Code != tc.second {
				t.Errorf("second %+v", e)
			}
		})
	}
}

// fails lets the CTI server fail each request.
func (b *bench) fails(code opencti.ErrorCode) {
	b.device.do = func(context.Context, opencti.Request) error { return opencti.Errorf(code, "it fails") }
}

// records is a Recorder.
type records struct {
	mu   sync.Mutex
	told []AnswerRecord
	sent func() int
	seen []int // how many requests had been sent when each was told
}

func (r *records) Begun(key string, fingerprint []byte) {
	r.add(AnswerRecord{Key: key, Fingerprint: fingerprint})
}

func (r *records) Answered(key, requestID string, err *opencti.Error) {
	r.add(AnswerRecord{Key: key, Answered: true, RequestID: requestID, Error: err})
}

func (r *records) Changed() {}
func (r *records) Claimed() {}

func (r *records) add(a AnswerRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told, r.seen = append(r.told, a), append(r.seen, r.sent())
}

func TestARecorderIsToldBeforeAndAfter(t *testing.T) {
	rec := &records{}
	b := open(loggedIn(callIn("7", opencti.Offering)), func(o *Options) { o.Recorder = rec })
	rec.sent = func() int { return len(b.device.requests()) }
	notReady := opencti.Request{Activity: opencti.SetAgentNotReady, ID: "mine"}
	for _, key := range []string{"key", "key", ""} {
		_, _ = b.Perform(t.Context(), notReady, key)
	}
	_, _ = b.Perform(t.Context(), opencti.Request{Activity: opencti.HangUpCall}, "refused by the gate")
	_, _ = b.Perform(t.Context(), opencti.Request{Activity: opencti.AcceptInteraction, CallID: "7", ID: "claim"}, "claim")
	b.fails(opencti.Rejected)
	_, _ = b.Perform(t.Context(), notReady, "fails")
	var got []string
	for i, r := range rec.told {
		line := fmt.Sprint(r.Key, " after ", rec.seen[i])
		if r.Answered {
			line += " answered " + r.RequestID
		}
		if r.Error != nil {
			line += " " + string(r.Error.Code)
		}
		got = append(got, line)
	}
	want := []string{"key after 0", "key after 1 answered mine", "claim after 2", "claim after 2 answered claim", "fails after 2", "fails after 3 answered mine Rejected"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What a former holder of the slot knew is given again; what it did not is never done
// twice.
func TestRemember(t *testing.T) {
	notReady := opencti.Request{Activity: opencti.SetAgentNotReady, ReasonCode: "1", ID: "mine", AgentPassword: "secret"}
	mark := fingerprint(notReady)
	without := notReady
	without.AgentPassword, without.ID = "", "again"
	if !slices.Equal(mark, fingerprint(without)) {
		t.Error("the fingerprint tells of the password")
	}
	told := []AnswerRecord{
		{Key: "done", Fingerprint: mark, Answered: true, RequestID: "then"},
		{Key: "refused", Fingerprint: mark, Answered: true, RequestID: "then", Error: opencti.Errorf(opencti.InvalidReasonCode, "no lunch")},
		{Key: "begun", Fingerprint: mark},
		{Key: "own", Fingerprint: mark},
	}
	sent, err := json.Marshal(told) // as it goes to another pod
	if err != nil {
		t.Fatal(err)
	}
	var got []AnswerRecord
	if err := json.Unmarshal(sent, &got); err != nil {
		t.Fatal(err)
	}
	b := open(loggedIn())
	if _, err := b.Perform(t.Context(), notReady, "own"); err != nil {
		t.Fatal(err)
	}
	b.happen(opencti.Available, "")
	b.Remember(got)
	for key, want := range map[string]struct {
		id   string
		code opencti.ErrorCode
	}{"done": {"then", ""}, "refused": {"then", opencti.InvalidReasonCode}, "begun": {"", opencti.OutcomeUnknown}, "own": {"mine", ""}} {
		for range 2 {
			a, err := b.Perform(t.Context(), notReady, key)
			if e := errorOf(t, err); a.RequestID != want.id || e.Code != want.code {
				t.Errorf("%s: %q, %+v", key, a.RequestID, e)
			}
		}
		if _, err := b.Perform(t.Context(), opencti.Request{Activity: opencti.SetAgentReady}, key); errorOf(t, err).Code != opencti.IdempotencyConflict {
			t.Errorf("%s for another request: %v", key, err)
		}
	}
	if n := len(b.device.requests()); n != 1 {
		t.Errorf("the CTI server was asked %d times", n)
	}
}
