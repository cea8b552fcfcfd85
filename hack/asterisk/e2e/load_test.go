//go:build asterisk

package e2e

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx/pbxtest"
	"github.com/ctilink/ctilink-operator/hack/asterisk/phone"
	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/test/desktop"
	"github.com/ctilink/ctilink-operator/test/process"
)

var (
	loadAgents = flag.Int("agents", 20, "how many agents take the calls of the load")
	loadRate   = flag.Float64("rate", 4, "calls a second")
	loadFor    = flag.Duration("for", 5*time.Second, "how long calls come")
	loadTalk   = flag.Duration("talk", 2*time.Second, "how long a call is talked on")
)

// Calls come to a queue, agents' desktops answer them, customers hang up. Each is seen at one
// desktop, once, from beginning to end.
func TestLoad(t *testing.T) {
	w, err := world.New(t.Context(), world.Options{Tree: pbxtest.Tree(t), Agents: *loadAgents, RingSeconds: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	l := &load{T: t, World: w, tap: newTap(t, w.PBX.AMI()), bareTap: newTap(t, w.PBX.AMI()), calls: map[string]*life{}, ended: make(chan struct{}, 1)}
	config := w.Config()
	config["address"] = l.bareTap.address()
	bare := start(t, "bare", config, 0)
	readBare(t, bare, func(m mark, at time.Time) { l.seen(&l.bareTook, l.bareTap, m, at) })
	config["address"] = l.tap.address()
	pod := start(t, "pod", config, *loadAgents)
	streaming, stop := context.WithCancel(t.Context())
	defer stop()
	l.login(streaming, linkOf(t, pod))
	measured := map[string]*process.Process{"pod": pod, "bare client": bare, "Asterisk": {PID: w.PBX.PID()}}
	before := map[string]time.Duration{}
	for name, c := range measured {
		before[name] = c.Processor(t)
	}
	began := time.Now()
	l.ring()
	l.await()
	for _, name := range slices.Sorted(maps.Keys(measured)) {
		cpu, peak := measured[name].Processor(t), measured[name].Peak(t)
		t.Logf("%s: %.1f ms of CPU time a call, %.1f %% of a core, at most %d MiB", name,
			float64((cpu-before[name]).Microseconds())/1000/float64(l.made), 100*(cpu-before[name]).Seconds()/time.Since(began).Seconds(), peak>>20)
	}
	t.Logf("%d calls in %v; from the bytes of Asterisk to the desktop: %s; to the bare client: %s", l.made, time.Since(began).Round(time.Second),
		l.percentiles(&l.took), l.percentiles(&l.bareTook))
	stop()
	l.reading.Wait()
	l.check()
}

// patience is how long an answer may take under load.
const patience = 10 * time.Second

type load struct {
	*testing.T
	*world.World
	tap, bareTap *tap
	made         int
	reading      sync.WaitGroup // of streams
	ended        chan struct{}  // a call has

	mu       sync.Mutex
	took     []time.Duration
	bareTook []time.Duration
	calls    map[string]*life // by their order
	desks    []*desktop.Watch
}

// life is what desktops saw of a call, and the customer's end of it.
type life struct {
	customer *phone.Call
	seen     []string
}

func (l *load) seen(into *[]time.Duration, by *tap, m mark, at time.Time) {
	if took, ok := by.took(m, at); ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		*into = append(*into, took)
	}
}

// login opens the desktops and makes all agents ready. Streams are read until the context ends.
func (l *load) login(streaming context.Context, link desktop.Link) {
	l.Helper()
	opening, cancel := context.WithTimeout(l.Context(), patience+time.Duration(*loadAgents)*time.Second)
	defer cancel()
	for i := range *loadAgents {
		d, _, err := link.Open(opening, server.OpenSession{AgentID: agentID(i), DN: number(i)})
		if err != nil {
			l.Fatal(err)
		}
		w := desktop.NewWatch(d.Events(streaming))
		l.desks = append(l.desks, w)
		for _, step := range []struct {
			do   opencti.Activity
			then opencti.EventName
		}{{"", opencti.SnapshotEvent}, {opencti.LoginAgent, opencti.LoggedIn}, {opencti.SetAgentReady, opencti.Available}} {
			if err := l.step(d, w, step.do, step.then); err != nil {
				l.Fatal(err)
			}
		}
		w.Each = func(e desktop.Event) { l.take(d, e, time.Now()) }
		l.reading.Go(func() {
			_, _ = w.Next(streaming, "the end", func(desktop.Event) bool { return false })
		})
	}
}

// step asks for something and waits until it is so.
func (l *load) step(d *desktop.Desktop, w *desktop.Watch, do opencti.Activity, then opencti.EventName) error {
	ctx, cancel := context.WithTimeout(l.Context(), patience)
	defer cancel()
	if do != "" {
		if _, err := d.Do(ctx, do, nil); err != nil {
			return err
		}
	}
	_, err := w.Next(ctx, string(then), desktop.Named(then))
	return err
}

// take is what a desktop does with an event.
func (l *load) take(d *desktop.Desktop, e desktop.Event, at time.Time) {
	if e.Call == nil || e.Type != opencti.TypeCallState {
		return
	}
	order := e.Call.Variables["order"]
	l.mu.Lock()
	call := l.calls[order]
	if call == nil {
		l.mu.Unlock()
		l.Errorf("a call of nobody's: %+v", e.Event)
		return
	}
	call.seen = append(call.seen, d.Session+" "+string(e.Name))
	l.mu.Unlock()
	switch e.Name {
	case opencti.Offering:
		l.seen(&l.took, l.tap, mark{ringing, e.Call.CallID}, at)
		ctx, cancel := context.WithTimeout(l.Context(), patience)
		defer cancel()
		if _, err := d.Do(ctx, opencti.AnswerCall, map[string]any{"callId": e.Call.CallID}); err != nil {
			l.Errorf("answer %s: %v", order, err)
		}
	case opencti.Established:
		time.AfterFunc(*loadTalk, func() {
			if err := call.customer.HangUp(context.WithoutCancel(l.Context())); err != nil {
				l.Errorf("hang up %s: %v", order, err)
			}
		})
	case opencti.Released:
		l.seen(&l.took, l.tap, mark{gone, e.Call.CallID}, at)
		select {
		case l.ended <- struct{}{}:
		default:
		}
	}
}

// ring lets customers call, evenly.
func (l *load) ring() {
	l.Helper()
	every := time.NewTicker(time.Duration(float64(time.Second) / *loadRate))
	defer every.Stop()
	for end := time.Now().Add(*loadFor); time.Now().Before(end); <-every.C {
		order := strconv.Itoa(l.made)
		l.made++
		l.mu.Lock() // the desktop may be faster than we
		c, err := l.Carrier.Dial(l.Context(), queue, fmt.Sprintf("+4930%06d", l.made), world.Headers(map[string]string{"order": order})...)
		l.calls[order] = &life{customer: c}
		l.mu.Unlock()
		if err != nil {
			l.Fatal(err)
		}
	}
}

// await waits until all calls have ended.
func (l *load) await() {
	l.Helper()
	deadline := time.After(*loadTalk + 20*time.Second)
	for l.over() < l.made {
		select {
		case <-l.ended:
		case <-deadline:
			l.Errorf("%d of %d calls have ended", l.over(), l.made)
			return
		}
	}
}

func (l *load) over() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.calls {
		if len(c.seen) > 2 {
			n++
		}
	}
	return n
}

func (l *load) check() {
	l.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for order, c := range l.calls {
		if len(c.seen) == 0 {
			l.Errorf("call %s was seen by nobody", order)
			continue
		}
		who := c.seen[0][:len(c.seen[0])-len(" Offering")]
		if want := []string{who + " Offering", who + " Established", who + " Released"}; !slices.Equal(c.seen, want) {
			l.Errorf("call %s was seen as %q", order, c.seen)
		}
	}
	for _, w := range l.desks {
		if err := desktop.CheckHistory(w.Seen); err != nil {
			l.Error(err)
		}
	}
}

func (l *load) percentiles(took *[]time.Duration) string {
	l.mu.Lock()
	of := slices.Clone(*took)
	l.mu.Unlock()
	if len(of) == 0 {
		return "never"
	}
	slices.Sort(of)
	at := func(p float64) time.Duration {
		return of[min(int(p*float64(len(of))), len(of)-1)].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %v, p99 %v, at most %v", at(.5), at(.99), of[len(of)-1].Round(10*time.Microsecond))
}
