package switchmodel

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestRunDoesWhatIsDueByTheWallClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go s.Run(ctx)
		synctest.Wait() // it sleeps, with nothing to do
		var cleared []time.Duration
		start := time.Now()
		s.Subscribe(func(e Event) {
			if e.Kind == ConnectionCleared && e.Device == e.Call.Calling {
				cleared = append(cleared, e.At.Sub(start))
			}
		})
		for _, patience := range []time.Duration{time.Minute, time.Second, time.Hour} {
			in := InboundCall{From: "+4930", Queue: "support", Caller: Caller{Patience: patience}}
			if _, err := s.Inbound(in); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(cleared) != 2 || cleared[0] != time.Second || cleared[1] != time.Minute {
			t.Errorf("callers gave up after %v, want 1s and 1m", cleared)
		}
	})
}

func TestAlarmsOfOneMomentGoOffInOrder(t *testing.T) {
	d := newDesk(t, DefaultConfig())
	var got []int
	cancelled := d.after(time.Second, func() { got = append(got, -1) })
	for i := range 5 {
		d.after(time.Second, func() { got = append(got, i) })
	}
	d.cancel(cancelled)
	d.cancel(cancelled)
	d.advance(time.Second)
	for i, n := range got {
		if i != n {
			t.Fatalf("order %v", got)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d alarms went off, want 5", len(got))
	}
}
