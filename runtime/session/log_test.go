package session

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func fill(t *testing.T, l *Log, n int) {
	t.Helper()
	for range n {
		if err := l.append(&Event{Name: opencti.Available, Type: opencti.TypeAgentState}); err != nil {
			t.Fatal(err)
		}
	}
}

func numbers(entries []Entry) []uint64 {
	var out []uint64
	for _, e := range entries {
		out = append(out, e.ID.Sequence)
	}
	return out
}

func TestLogAfter(t *testing.T) {
	for name, tc := range map[string]struct {
		start  uint64 // what NewLog goes on from
		events int
		seen   uint64
		want   []uint64
		behind bool
	}{
		"from the start":           {0, 3, 0, []uint64{1, 2, 3}, false},
		"some are seen":            {0, 3, 2, []uint64{3}, false},
		"just not evicted":         {0, logSize + 2, logSize, []uint64{logSize + 1, logSize + 2}, false},
		"the eldest that is there": {0, logSize + 1, logSize, []uint64{logSize + 1}, false},
		"one too old":              {0, logSize + 1, 0, nil, true},
		"before the log began":     {41, 2, 40, nil, true},
		"where the log began":      {41, 2, 41, []uint64{42, 43}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLog(epoch, tc.start)
			fill(t, l, tc.events)
			got, ok, err := l.After(t.Context(), tc.seen)
			if err != nil || ok == tc.behind {
				t.Fatalf("ok %v, %v", ok, err)
			}
			if diff := cmp.Diff(tc.want, numbers(got)); diff != "" {
				t.Error(diff)
			}
			if holds := l.Holds(EventID{epoch, tc.seen}); holds == tc.behind {
				t.Errorf("Holds says %v", holds)
			}
		})
	}
}

func TestLogHolds(t *testing.T) {
	l := NewLog(epoch, 10)
	fill(t, l, 2)
	for id, want := range map[EventID]bool{
		{epoch, 10}: true, {epoch, 12}: true, {epoch, 9}: false, {epoch, 13}: false, {epoch + 1, 11}: false, {epoch - 1, 11}: false, {}: false,
	} {
		if got := l.Holds(id); got != want {
			t.Errorf("Holds(%s) = %v", id, got)
		}
	}
}

func TestLogWakesAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLog(epoch, 0)
		type answer struct {
			entries []Entry
			ok      bool
			err     error
		}
		read := func(ctx context.Context, seen uint64) <-chan answer {
			c := make(chan answer, 1)
			go func() {
				e, ok, err := l.After(ctx, seen)
				c <- answer{e, ok, err}
			}()
			return c
		}
		woken, alsoWoken := read(t.Context(), 0), read(t.Context(), 0)
		synctest.Wait()
		fill(t, l, 1)
		for _, c := range []<-chan answer{woken, alsoWoken} {
			if a := <-c; len(a.entries) != 1 || a.err != nil {
				t.Errorf("%+v", a)
			}
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if a := <-read(short, 1); !a.ok || !errors.Is(a.err, context.DeadlineExceeded) {
			t.Errorf("%+v", a)
		}
		waiting := read(t.Context(), 1)
		synctest.Wait()
		l.close(ErrTakenOver)
		l.close(ErrClosed)
		if a := <-waiting; a.err != ErrTakenOver || !errors.Is(a.err, ErrClosed) { // the first reason stands
			t.Errorf("%+v", a)
		}
		if a := <-read(t.Context(), 0); len(a.entries) != 1 {
			t.Errorf("who comes late still gets what is there: %+v", a)
		}
		fill(t, l, 1)
		if l.Last().Sequence != 1 {
			t.Error("a closed log grew")
		}
	})
}

func TestLogUnderManyReaders(t *testing.T) {
	l := NewLog(epoch, 0)
	const events = 3 * logSize
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for seen := uint64(0); seen < events; {
				entries, ok, err := l.After(context.Background(), seen)
				if err != nil {
					t.Errorf("%v", err)
					return
				}
				if !ok {
					seen = l.Last().Sequence // as a Snapshot would
					continue
				}
				for _, e := range entries {
					if e.ID.Sequence != seen+1 {
						t.Errorf("a gap: %d after %d", e.ID.Sequence, seen)
						return
					}
					seen = e.ID.Sequence
				}
			}
		})
	}
	fill(t, l, events)
	wg.Wait()
}

func TestACloseAndReopenGoesOnCounting(t *testing.T) {
	b := open(loggedIn())
	b.happen(opencti.Unavailable, "")
	device, last := b.Close()
	if device != opencti.Device(b.device) || last != 2 {
		t.Errorf("%v, %d", device, last)
	}
	if device, _ := b.Close(); device != nil {
		t.Error("the device is given out twice")
	}
	b.happen(opencti.Available, "")
	if b.Events.Last().Sequence != last {
		t.Error("a closed session goes on telling")
	}
	again := newBench(func(o *Options) { o.LastSequence = last })
	again.sync(loggedIn())
	seen := EventID{epoch, last}
	if !again.Events.Holds(seen) {
		t.Fatal("a reader of before cannot go on")
	}
	entries, _, _ := again.Events.After(t.Context(), seen.Sequence)
	if len(entries) != 1 || entries[0].Type != opencti.TypeSnapshot {
		t.Errorf("the first that a reader of before must get is a Snapshot: %v", entries)
	}
}

func TestFreshSnapshotIsNotInTheLog(t *testing.T) {
	b := open(loggedIn(callIn("7", opencti.Held)))
	e, at := b.FreshSnapshot()
	if at != b.Events.Last() || e.ID != at.String() || e.Snapshot.LastEvent != at.String() || len(e.Snapshot.Calls) != 1 {
		t.Errorf("%+v at %s", e, at)
	}
	b.wantTold(t)
}

func TestParseEventID(t *testing.T) {
	for text, want := range map[string]EventID{
		"1767225600000-42": {1767225600000, 42}, "0-0": {}, "1-18446744073709551615": {1, 1<<64 - 1},
	} {
		got, err := ParseEventID(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("ParseEventID(%q) = %v, %v", text, got, err)
		}
	}
	for _, text := range badEventIDs {
		if got, err := ParseEventID(text); err == nil {
			t.Errorf("ParseEventID(%q) = %v", text, got)
		}
	}
}

func FuzzParseEventID(f *testing.F) {
	for _, s := range append(badEventIDs, "1767225600000-42", "0-0", "-1-1", "+1-1", "1-+1", "01-1") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseEventID(s)
		if err != nil {
			return
		}
		if id.Epoch < 0 {
			t.Errorf("%q has a negative epoch", s)
		}
		if back, err := ParseEventID(id.String()); err != nil || back != id {
			t.Errorf("%q -> %v -> %v, %v", s, id, back, err)
		}
	})
}

// Who follows many logs is told of each event, and of the end, once.
func TestNotify(t *testing.T) {
	l := NewLog(7, 0)
	var first, second int
	stop := l.Notify(func() { first++ })
	defer l.Notify(func() { second++ })()
	fill(t, l, 2)
	stop()
	stop()
	fill(t, l, 1)
	l.close(ErrClosed)
	l.close(ErrClosed)
	if first != 2 || second != 4 {
		t.Errorf("told %d and %d times, want 2 and 4", first, second)
	}
}
