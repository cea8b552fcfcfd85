package sink

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// taker answers each post, without a network.
type taker func(*http.Request) int

func (t taker) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: t(r), Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

// atWork runs a sink without a network until the function that it gives is called, which
// then tells how often the desk was woken.
func atWork(t testing.TB, c *centre, take taker) (end func() int) {
	t.Helper()
	s, err := New(Options{
		URL: "https://crm.example.com/events", Sessions: c.sessions, MayAct: always, Log: quietLog, Workers: 2, Attempts: 3,
		FirstPause: time.Second, LastPause: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.client.Transport = take
	d := newDesk(s)
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); s.serve(ctx, d) }()
	return sync.OnceValue(func() int { stop(); <-ran; return d.woken })
}

// At rest a sink costs nothing, however many sessions there are and however long it lasts:
// no timer, no look.
func TestAtRestNothingWakesTheDesk(t *testing.T) {
	woken := func(rest time.Duration) (woken int, posts int32) {
		synctest.Test(t, func(t *testing.T) {
			c := newCentre(t)
			for i := range 200 {
				c.open(fmt.Sprint(1000 + i))
			}
			var taken atomic.Int32
			end := atWork(t, c, func(*http.Request) int { taken.Add(1); return http.StatusNoContent })
			synctest.Wait()
			time.Sleep(rest)
			c.happen("1000", opencti.Offering, "a")
			synctest.Wait()
			woken, posts = end(), taken.Load()
		})
		return woken, posts
	}
	short, posts := woken(0)
	long, _ := woken(24 * time.Hour)
	if posts != 201 {
		t.Errorf("%d posts, want a Snapshot of each session and one event", posts)
	}
	if long > short+20 { // scheduling decides how many of the news are seen at once
		t.Errorf("woken %d times with a day of rest, %d without", long, short)
	}
}

// While the receiver is away there is one timer, for whoever is next.
func TestWhoWaitsIsTriedInItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre(t)
		for i := range 50 {
			c.open(fmt.Sprint(1000 + i))
		}
		var away atomic.Bool
		away.Store(true)
		var tried, taken atomic.Int32
		end := atWork(t, c, func(r *http.Request) int {
			if tried.Add(1); away.Load() {
				return http.StatusServiceUnavailable
			}
			taken.Add(1)
			return http.StatusNoContent
		})
		time.Sleep(time.Hour)
		if n := tried.Load(); n < 50*360 || n > 50*720+100 { // a pause is 5 to 10 s
			t.Errorf("tried %d times in an hour", n)
		}
		for range 100 { // what happens meanwhile makes nobody try sooner
			before := tried.Load()
			c.happen("1000", opencti.Offering, "a")
			c.happen("1000", opencti.Released, "a")
			synctest.Wait()
			if tried.Load() != before {
				t.Fatal("news of a session that waits were tried at once")
			}
		}
		away.Store(false)
		time.Sleep(11 * time.Second)
		if n := taken.Load(); n != 50 {
			t.Errorf("%d of 50 Snapshots were taken when the receiver was back", n)
		}
		end()
	})
}

// A session that closes while its event waits for another try is let go of.
func TestASessionClosesWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCentre(t, "1001")
		end := atWork(t, c, func(*http.Request) int { return http.StatusServiceUnavailable })
		time.Sleep(time.Second)
		if err := c.link.Close(t.Context(), "1001"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		time.Sleep(time.Hour)
		if n := end(); n > 50 {
			t.Errorf("woken %d times for a session that is gone", n)
		}
	})
}

// How long an event takes to the receiver while 2,000 sessions are at rest.
func BenchmarkOneEventAmongMany(b *testing.B) {
	c := newCentre(b)
	for i := range 2000 {
		c.open(fmt.Sprint(10000 + i))
	}
	arrived := make(chan struct{}, 1)
	var snapshots sync.WaitGroup
	snapshots.Add(2000)
	end := atWork(b, c, func(r *http.Request) int {
		if strings.HasSuffix(r.Header.Get(HeaderEventID), "/7-1") {
			snapshots.Done()
		} else {
			arrived <- struct{}{}
		}
		return http.StatusNoContent
	})
	defer end()
	snapshots.Wait()
	for i := 0; b.Loop(); i++ {
		name := []opencti.EventName{opencti.Offering, opencti.Released}[i%2]
		c.happen("10007", name, fmt.Sprint(i/2))
		<-arrived
	}
}
