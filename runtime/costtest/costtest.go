// Package costtest asserts what parsers of foreign bytes may cost. Tests of such parsers
// use it, nothing else: a peer that sends 64 KiB must not make us work as if it were more.
package costtest

import (
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	small = 16 << 10
	large = 64 << 10
	// growth is what four times the input may cost. Linear work costs 4, quadratic 16.
	growth = 10
	// factor and slack bound the bytes that a parser allocates for each byte of its input.
	factor = 200
	slack  = 1 << 20
	// attempts: of some, the fastest is right even on a machine whose caches are busy
	// with something else.
	attempts = 8
)

// Linear asserts that parsing what make gives for 16 and for 64 KiB costs time and memory
// in proportion to the size.
func Linear(t *testing.T, make func(size int) []byte, parse func([]byte)) {
	t.Helper()
	few, many := make(small), make(large)
	parse(few) // what is built once does not count
	Bounded(t, many, parse)
	before, after := allocated(few, parse), allocated(many, parse)
	if after > growth*before+slack {
		t.Errorf("%d bytes allocate %d, %d bytes %d: more than in proportion", len(few), before, len(many), after)
	}
	one, four := took(few, parse), took(many, parse)
	for range attempts {
		one, four = min(one, took(few, parse)), min(four, took(many, parse))
	}
	if four > growth*one+time.Millisecond {
		t.Errorf("%d bytes take %v, %d bytes %v: more than in proportion", len(few), one, len(many), four)
	}
}

// Seeds gives the inputs that a fuzzer should start from: large ones keep it busy with what
// the tests have tried already.
func Seeds(inputs ...string) (small []string) {
	for _, s := range inputs {
		if len(s) <= 2<<10 {
			small = append(small, s)
		}
	}
	return small
}

// Bounded asserts that parsing allocates in proportion to the input. It may parse more
// than once.
func Bounded(t testing.TB, input []byte, parse func([]byte)) {
	t.Helper()
	bound := uint64(factor*len(input) + slack)
	if roughly(input, parse) <= bound {
		return
	}
	if got := allocated(input, parse); got > bound {
		t.Errorf("%d bytes of input allocate %d, more than %d", len(input), got, bound)
	}
}

// roughly is allocated without stopping the world, for the fuzzer's sake. It may count what
// others have allocated before.
func roughly(input []byte, parse func([]byte)) uint64 {
	heap := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(heap)
	before := heap[0].Value.Uint64()
	parse(input)
	metrics.Read(heap)
	return heap[0].Value.Uint64() - before
}

// allocated is how many bytes the parser takes from the heap, whether it gives them back
// or not. Of some measurements the least is right: others allocate, too.
func allocated(input []byte, parse func([]byte)) uint64 {
	least := uint64(math.MaxUint64)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		parse(input)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// took is the processor time that parsing takes on its own thread: what else the machine
// does is not in it.
func took(input []byte, parse func([]byte)) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	runtime.GC()
	start := threadTime()
	parse(input)
	return threadTime() - start
}

func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err) // every Linux has this clock
	}
	return time.Duration(t.Nano())
}
