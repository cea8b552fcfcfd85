package memory

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimit(t *testing.T) {
	for container, want := range map[string]int64{
		"": math.MaxInt64, "rubbish": math.MaxInt64, "0": math.MaxInt64, "-1": math.MaxInt64, "268435456": 214748364,
	} {
		if got := limit(container); got != want {
			t.Errorf("%q: %d, want %d", container, got, want)
		}
	}
}

// The heap of a pod that fills collects less often, and more often again once it is empty.
func TestTuneFollowsTheHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	t.Setenv(LimitVariable, "1073741824")
	percentWas, limitWas := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetGCPercent(percentWas); debug.SetMemoryLimit(limitWas) })
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		go Tune(ctx)
		heap := make([]byte, 2*large)
		becomes(t, whenLarge)
		runtime.KeepAlive(heap)
		heap = nil
		becomes(t, whenSmall)
		stop()
		synctest.Wait()
	})
	if got := debug.SetMemoryLimit(-1); got != 858993459 {
		t.Errorf("the limit is %d", got)
	}
}

func becomes(t *testing.T, want int) {
	t.Helper()
	runtime.GC()
	time.Sleep(6 * time.Second)
	synctest.Wait()
	got := debug.SetGCPercent(want)
	if got != want {
		t.Errorf("it grows by %d %%, want %d", got, want)
	}
}

// What the administrator set stays.
func TestTuneLeavesWhatIsSet(t *testing.T) {
	t.Setenv("GOGC", "123")
	t.Setenv("GOMEMLIMIT", "1GiB")
	t.Setenv(LimitVariable, "268435456")
	percentWas, limitWas := debug.SetGCPercent(123), debug.SetMemoryLimit(1<<30)
	t.Cleanup(func() { debug.SetGCPercent(percentWas); debug.SetMemoryLimit(limitWas) })
	Tune(t.Context())
	if p, l := debug.SetGCPercent(123), debug.SetMemoryLimit(-1); p != 123 || l != 1<<30 {
		t.Errorf("%d %%, %d bytes", p, l)
	}
}
