package memory

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

// The heap of a pod that fills collects less often, and more often again once it is empty.
func TestTuneFollowsTheHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "off") // that of the machine does not matter here
	percentWas := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(percentWas) })
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		go Tune(ctx)
		whileLarge(func() { becomes(t, whenLarge) })
		becomes(t, whenSmall)
		stop()
		synctest.Wait()
	})
}

func whileLarge(do func()) {
	heap := make([]byte, 2*large)
	do()
	runtime.KeepAlive(heap)
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
	percentWas, limitWas := debug.SetGCPercent(123), debug.SetMemoryLimit(1<<30)
	t.Cleanup(func() { debug.SetGCPercent(percentWas); debug.SetMemoryLimit(limitWas) })
	Tune(t.Context())
	if p, l := debug.SetGCPercent(123), debug.SetMemoryLimit(-1); p != 123 || l != 1<<30 {
		t.Errorf("%d %%, %d bytes", p, l)
	}
}
