package sink

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Each session's events come in order and without a gap, though the receiver fails now and
// then before and after it has taken one.
func TestOrderedAndAtLeastOnce(t *testing.T) {
	dns := []string{"1001", "1002", "1003"}
	c := newCentre(t, dns...)
	var requests atomic.Int32
	rec := started(t, func(_ http.ResponseWriter, _ *http.Request, _ []byte) int {
		switch requests.Add(1) % 5 {
		case 0:
			return http.StatusServiceUnavailable
		case 3:
			panic(http.ErrAbortHandler) // the connection breaks
		}
		return http.StatusOK
	})
	s := run(t, c, rec.URL, func(o *Options) { o.Attempts, o.Workers = 100, 2 })
	const calls = 20
	for i := range calls {
		for _, dn := range dns {
			c.happen(dn, opencti.Offering, fmt.Sprint(i))
			c.happen(dn, opencti.Released, fmt.Sprint(i))
		}
	}
	for _, dn := range dns {
		rec.await(t, "the last event of "+dn, func(posts []post) bool {
			return slices.ContainsFunc(posts, func(p post) bool { return p.id == fmt.Sprintf("%s/7-%d", dn, 2*calls+1) })
		})
	}
	next := map[string]int{}
	for _, p := range rec.posts() {
		e := p.event(t)
		next[e.DN]++
		if want := fmt.Sprintf("7-%d", next[e.DN]); e.ID != want || p.id != e.DN+"/"+want {
			t.Fatalf("%s: got %s (%s), want %s", e.DN, e.ID, p.id, want)
		}
	}
	st := delivered(t, s, 3*(2*calls+1)) // the last answer is still on its way
	if st.Lost != 0 || st.Refused != 0 || st.Retried == 0 {
		t.Errorf("%+v", st)
	}
	if most := rec.busiest(); most > 2 {
		t.Errorf("%d requests at the same time from 2 workers", most)
	}
}

// What is posted again has the same id, so that a receiver can tell.
func TestAnAnswerThatIsLostIsPostedAgain(t *testing.T) {
	c := newCentre(t, "1001")
	var ids []string
	rec := started(t, func(_ http.ResponseWriter, r *http.Request, _ []byte) int {
		if ids = append(ids, r.Header.Get(HeaderEventID)); len(ids) == 1 {
			panic(http.ErrAbortHandler)
		}
		return http.StatusOK
	})
	run(t, c, rec.URL)
	rec.last(t, "1001", opencti.SnapshotEvent)
	if diff := cmp.Diff([]string{"1001/7-1", "1001/7-1"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestGivesUpAndTellsASnapshot(t *testing.T) {
	c := newCentre(t, "1001")
	var down atomic.Bool
	rec := started(t, func(http.ResponseWriter, *http.Request, []byte) int {
		if down.Load() {
			return http.StatusBadGateway
		}
		return http.StatusOK
	})
	s := run(t, c, rec.URL)
	rec.last(t, "1001", opencti.SnapshotEvent)
	down.Store(true)
	c.happen("1001", opencti.Offering, "a")
	c.happen("1001", opencti.Established, "a")
	st := awaitStatus(t, s, "events are lost", func(st Status) bool { return st.Lost > 0 })
	if st.Reason != Unavailable || st.Lost != 2 || st.Waiting != 1 || st.Oldest.IsZero() {
		t.Errorf("%+v", st)
	}
	down.Store(false)
	posts := rec.await(t, "another Snapshot", func(posts []post) bool { return len(posts) == 2 })
	if e := posts[1].event(t); e.Name != opencti.SnapshotEvent || e.ID != "7-3" || len(e.Snapshot.Calls) != 1 {
		t.Errorf("%s", posts[1].body)
	}
	c.happen("1001", opencti.Released, "a")
	if e := rec.last(t, "1001", opencti.Released); e.ID != "7-4" {
		t.Errorf("%+v", e)
	}
	st = awaitStatus(t, s, "it goes on", func(st Status) bool { return st.Delivered == 3 })
	if st.Reason != "" || st.Waiting != 0 || st.Lost != 2 {
		t.Errorf("%+v", st)
	}
}

// Whoever reads too late gets a Snapshot, and what it missed is counted.
func TestFallsBehind(t *testing.T) {
	c := newCentre(t, "1001")
	hold := make(chan struct{})
	rec := started(t, func(http.ResponseWriter, *http.Request, []byte) int { <-hold; return http.StatusOK })
	s := run(t, c, rec.URL, func(o *Options) { o.Workers = 1 })
	awaitPost := func() bool { return rec.busiest() == 1 }
	for late := time.Now().Add(20 * time.Second); !awaitPost(); time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("nothing was posted")
		}
	}
	for i := range 200 {
		c.happen("1001", opencti.Offering, fmt.Sprint(i))
		c.happen("1001", opencti.Released, fmt.Sprint(i))
	}
	close(hold)
	posts := rec.await(t, "a Snapshot of the end", func(posts []post) bool { return len(posts) >= 2 })
	if e := posts[1].event(t); e.Name != opencti.SnapshotEvent || e.ID != "7-401" {
		t.Errorf("%+v", e)
	}
	if st := awaitStatus(t, s, "it is counted", func(st Status) bool { return st.Lost > 0 }); st.Lost != 400 {
		t.Errorf("%+v", st)
	}
}

// An event that the receiver refuses does not hold up the others.
func TestARefusedEventIsPassedOver(t *testing.T) {
	c := newCentre(t, "1001")
	rec := started(t, func(_ http.ResponseWriter, _ *http.Request, body []byte) int {
		if strings.Contains(string(body), `"name":"Offering"`) {
			return http.StatusUnprocessableEntity
		}
		return http.StatusOK
	})
	s := run(t, c, rec.URL)
	c.happen("1001", opencti.Offering, "a")
	c.happen("1001", opencti.Established, "a")
	rec.last(t, "1001", opencti.Established)
	st := awaitStatus(t, s, "the second is counted", func(st Status) bool { return st.Delivered == 2 })
	if st.Refused != 1 || st.Retried != 0 || st.Lost != 0 || len(rec.posts()) != 2 {
		t.Errorf("%+v", st)
	}
}

// A session for which the receiver hangs does not hold up the others.
func TestOneSessionDoesNotHoldUpTheOthers(t *testing.T) {
	c := newCentre(t, "1001", "1002")
	released := make(chan struct{})
	rec := started(t, func(_ http.ResponseWriter, _ *http.Request, body []byte) int {
		if strings.Contains(string(body), `"dn":"1001"`) {
			<-released
		}
		return http.StatusOK
	})
	defer close(released)
	s := run(t, c, rec.URL, func(o *Options) { o.Workers, o.Timeout, o.Attempts = 2, 100*time.Millisecond, 1000 })
	for i := range 5 {
		c.happen("1002", opencti.Offering, fmt.Sprint(i))
		c.happen("1002", opencti.Released, fmt.Sprint(i))
	}
	rec.await(t, "all of 1002", func(posts []post) bool {
		return slices.ContainsFunc(posts, func(p post) bool { return p.id == "1002/7-11" })
	})
	awaitStatus(t, s, "1001 waits", func(st Status) bool { return st.Waiting == 1 })
}

// The last events of a session that is closed still come; then it is forgotten.
func TestAClosedSession(t *testing.T) {
	c := newCentre(t, "1001")
	var down atomic.Bool
	down.Store(true)
	rec := started(t, func(http.ResponseWriter, *http.Request, []byte) int {
		if down.Load() {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	s := run(t, c, rec.URL, func(o *Options) { o.Attempts = 10_000 })
	c.happen("1001", opencti.Offering, "a")
	awaitStatus(t, s, "it is tried", func(st Status) bool { return st.Waiting == 1 })
	if err := c.link.Close(t.Context(), "1001"); err != nil {
		t.Fatal(err)
	}
	down.Store(false)
	rec.last(t, "1001", opencti.Offering)
	c.open("1001") // goes on counting
	rec.await(t, "the next session's", func(posts []post) bool { return len(posts) == 3 })
	if e := rec.posts()[2].event(t); e.ID != "7-3" || e.Name != opencti.SnapshotEvent {
		t.Errorf("%+v", e)
	}
	if st, _ := s.Status(); st.Lost != 0 {
		t.Errorf("%+v", st)
	}
}

// A log that ends while its session is still listed is not told from the start again.
func TestReadersAreSentAway(t *testing.T) {
	c := newCentre(t, "1001")
	rec := started(t, nil)
	s := run(t, c, rec.URL)
	c.happen("1001", opencti.Offering, "a")
	rec.last(t, "1001", opencti.Offering)
	c.link.CloseReaders()
	c.open("1002") // the list is read anew
	rec.last(t, "1002", opencti.SnapshotEvent)
	if st, _ := s.Status(); len(rec.posts()) != 3 || st.Lost != 0 {
		t.Errorf("%d posts, %+v", len(rec.posts()), st)
	}
}

// A closed session whose events nobody takes is given up for good.
func TestAClosedSessionThatNobodyTakes(t *testing.T) {
	c := newCentre(t, "1001")
	rec := started(t, func(http.ResponseWriter, *http.Request, []byte) int { return http.StatusServiceUnavailable })
	s := run(t, c, rec.URL)
	awaitStatus(t, s, "it is tried", func(st Status) bool { return st.Waiting == 1 })
	if err := c.link.Close(t.Context(), "1001"); err != nil {
		t.Fatal(err)
	}
	awaitStatus(t, s, "it is forgotten", func(st Status) bool { return st.Waiting == 0 && st.Lost == 1 })
}

func TestSaysNothingWithoutTheSlot(t *testing.T) {
	c := newCentre(t, "1001")
	rec := started(t, nil)
	asked := make(chan struct{}, 100)
	var held atomic.Bool
	run(t, c, rec.URL, func(o *Options) {
		o.MayAct = func() error {
			asked <- struct{}{}
			if !held.Load() {
				return errors.New("not the holder")
			}
			return nil
		}
	})
	<-asked
	<-asked
	if n := len(rec.posts()); n != 0 {
		t.Errorf("%d posts", n)
	}
	held.Store(true)
	rec.last(t, "1001", opencti.SnapshotEvent)
}

// The log tells neither the URL, which may hold a secret, nor numbers.
func TestTheLogTellsNoSecrets(t *testing.T) {
	c := newCentre(t, "4930123456")
	var log safeLog
	rec := started(t, func(http.ResponseWriter, *http.Request, []byte) int { return http.StatusServiceUnavailable })
	to, err := url.Parse(rec.URL)
	if err != nil {
		t.Fatal(err)
	}
	to.RawQuery = "key=s3cret"
	rec.Close() // every attempt fails at the network, whose errors repeat URLs
	s := run(t, c, to.String(), func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	awaitStatus(t, s, "it gives up", func(st Status) bool { return st.Lost > 0 })
	text := log.String()
	for _, secret := range []string{"s3cret", "4930123456"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in %s", secret, text)
		}
	}
	for _, said := range []string{"trying again", "Giving up", "reason=Unreachable"} {
		if !strings.Contains(text, said) {
			t.Errorf("no %q in %s", said, text)
		}
	}
}

// delivered waits until the sink knows of so many deliveries.
func delivered(t *testing.T, s *Sink, n uint64) Status {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		st, _ := s.Status()
		if st.Delivered == n {
			return st
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d deliveries, want %d", st.Delivered, n)
		}
		time.Sleep(time.Millisecond)
	}
}
