package session

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
