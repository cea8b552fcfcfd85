package bench

import (
	"slices"
	"testing"
	"time"
)

// measured is a process with its switch and its desktops.
type measured struct {
	cti      *cti
	child    *child
	desktops *desktops
	work     time.Duration // of the processor, for an event, in the last load
}

// load sends events and tells how long each took to the desktop.
func (m *measured) load(tb testing.TB, events [][]byte, rate int, lasting time.Duration) latencies {
	tb.Helper()
	before := m.child.Processor(tb)
	l := m.desktops.load(tb, m.cti, events, rate, lasting)
	m.work = (m.child.Processor(tb) - before) / time.Duration(len(l))
	return l
}

func measure(tb testing.TB, role string, agents int) *measured {
	tb.Helper()
	m := &measured{cti: newCTI(tb)}
	m.child = start(tb, role, m.cti.address(), agents)
	m.desktops = openDesktops(tb, m.child, agents, role == "pod")
	return m
}

const (
	streams = 5000
	rate    = 5000 // events/s
	rounds  = 5
)

// lasting makes each device have whole calls: three events each.
const lasting = 3 * time.Second

// BenchmarkEventToDesktop compares the way of an event through a pod with that through
// a bare relay, in turns: 5,000 events/s over 5,000 streams, each process on one core.
func BenchmarkEventToDesktop(b *testing.B) {
	events := frames(b)
	relay, pod := measure(b, "relay", streams), measure(b, "pod", streams)
	for b.Loop() {
		var p50, p99, ratio50, ratio99, work, ratioWork []float64
		for range rounds {
			bare := relay.load(b, events, rate, lasting)
			ours := pod.load(b, events, rate, lasting)
			b.Logf("relay p50 %v p99 %v, %v of the processor for an event; pod p50 %v p99 %v, %v",
				bare.at(.5), bare.at(.99), relay.work, ours.at(.5), ours.at(.99), pod.work)
			p50, p99 = append(p50, micros(ours.at(.5))), append(p99, micros(ours.at(.99)))
			ratio50 = append(ratio50, float64(ours.at(.5))/float64(bare.at(.5)))
			ratio99 = append(ratio99, float64(ours.at(.99))/float64(bare.at(.99)))
			work, ratioWork = append(work, micros(pod.work)), append(ratioWork, float64(pod.work)/float64(relay.work))
		}
		b.ReportMetric(median(p50), "p50-µs")
		b.ReportMetric(median(p99), "p99-µs")
		b.ReportMetric(median(ratio50), "p50-ratio")
		b.ReportMetric(median(ratio99), "p99-ratio")
		b.ReportMetric(median(work), "processor-µs")
		b.ReportMetric(median(ratioWork), "processor-ratio")
	}
	b.ReportMetric(0, "ns/op")
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// BenchmarkSustained tells which rate of events one core keeps up with, p99 within 10 ms:
// for some seconds, so that collections of garbage have their part.
func BenchmarkSustained(b *testing.B) {
	events := frames(b)
	pod := measure(b, "pod", 3000)
	for b.Loop() {
		best := 0
		for _, rate := range []int{5000, 10000, 12000, 15000, 20000} {
			l := pod.load(b, events, rate, 9*time.Second)
			b.Logf("%d events/s: p50 %v, p99 %v, %v of the processor for an event", rate, l.at(.5), l.at(.99), pod.work)
			if l.at(.99) > 10*time.Millisecond {
				break
			}
			best = rate
		}
		b.ReportMetric(float64(best), "events/s")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSessionMemory tells what a session with its open stream takes, after a call.
func BenchmarkSessionMemory(b *testing.B) {
	events := frames(b)
	const agents = 2000
	for b.Loop() {
		cti := newCTI(b)
		child := start(b, "pod", cti.address(), agents)
		empty := child.inUse(b)
		d := openDesktops(b, child, agents, true)
		d.load(b, cti, events, 1000, 6*time.Second)
		full := child.inUse(b)
		b.Logf("without sessions %d KiB, with %d sessions and streams %d KiB", empty>>10, agents, full>>10)
		b.ReportMetric(float64(full-empty)/agents/1024, "KiB/session")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRecovery tells how long it takes, after the connection to the CTI server is
// lost, until 2,000 desktops have their Snapshots: LinkDown, LinkUp, Snapshot each.
func BenchmarkRecovery(b *testing.B) {
	const agents = 2000
	pod := measure(b, "pod", agents)
	for b.Loop() {
		var took []float64
		for range 3 {
			time.Sleep(11 * time.Second) // one that has not stood for ten is not dialled again at once
			before := pod.desktops.events.Load()
			start := time.Now()
			pod.cti.drop()
			pod.desktops.await(b, before+3*agents, time.Minute)
			took = append(took, time.Since(start).Seconds())
		}
		b.ReportMetric(median(took), "s")
		b.Logf("%.2f s each", took)
	}
	b.ReportMetric(0, "ns/op")
}
