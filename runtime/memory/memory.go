// Package memory says how far the heap may grow before garbage is collected. A collection
// delays events by milliseconds, so a pod with thousands of sessions collects seldom; an
// idle one stays small. Programs call it once. It imports nothing of ours.
package memory

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Percentages of the live heap by which it grows until the next collection.
const (
	whenSmall = 75
	whenLarge = 400
)

// large is the live heap of some hundred sessions, in bytes.
const large = 24 << 20

// share of the container's limit that the heap keeps to; the rest is for what Go's runtime
// does not count.
const share = 0.8

// Tune sets the limit, and adapts the growth until the context ends. What the administrator
// set by GOGC or GOMEMLIMIT stays as it is.
func Tune(ctx context.Context) {
	_, _ = memlimit.Set(memlimit.WithRatio(share)) // without a limit there is nothing to keep to
	if os.Getenv("GOGC") != "" {
		return
	}
	now := whenSmall
	debug.SetGCPercent(now)
	look := time.NewTicker(5 * time.Second)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if next := percent(live()); next != now {
				now = next
				debug.SetGCPercent(now)
			}
		}
	}
}

func percent(live uint64) int {
	if live < large {
		return whenSmall
	}
	return whenLarge
}

// live is what the last collection found in use, in bytes.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
