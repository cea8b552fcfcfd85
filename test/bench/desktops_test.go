package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// desktops are the streams of all agents, and when what they wait for was sent.
type desktops struct {
	sent     []chan time.Time // by agent; one for each event under way
	measured sync.Mutex
	took     []time.Duration
	events   atomic.Int64 // all events seen, Snapshots too
	grown    chan struct{}
}

// underWay bounds the events of one device that are not yet at its desktop.
const underWay = 256

// openDesktops opens a session (not at the relay) and a stream for each agent, and
// waits until each has its Snapshot.
func openDesktops(tb testing.TB, c *child, agents int, sessions bool) *desktops {
	tb.Helper()
	d := &desktops{sent: make([]chan time.Time, agents), grown: make(chan struct{}, 1)}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	tb.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	each(agents, 32, func(i int) {
		d.sent[i] = make(chan time.Time, underWay)
		if sessions {
			open(tb, client, c.URL, i)
		}
		d.read(tb, client, c.URL, i)
	})
	if tb.Failed() {
		tb.FailNow()
	}
	d.await(tb, int64(agents), time.Minute)
	return d
}

// each calls do for 0 … n-1, some at the same time.
func each(n, width int, do func(i int)) {
	var wg sync.WaitGroup
	next := atomic.Int64{}
	for range width {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

func open(tb testing.TB, client *http.Client, url string, i int) {
	resp, err := request(tb, client, http.MethodPost, url+"/v1/sessions", fmt.Sprintf(`{"agentId":%q}`, agentID(i)))
	if err != nil {
		tb.Error(err)
		return
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		tb.Errorf("open session %d: %s", i, resp.Status)
	}
}

func request(tb testing.TB, client *http.Client, method, url, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(context.WithoutCancel(tb.Context()), method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	return client.Do(r)
}

// read follows a stream in the background. An event's time is taken when its data line
// is there.
func (d *desktops) read(tb testing.TB, client *http.Client, url string, i int) {
	resp, err := request(tb, client, http.MethodGet, url+"/v1/sessions/"+agentID(i)+"/events", "")
	if err != nil {
		tb.Error(err)
		return
	}
	tb.Cleanup(func() { _ = resp.Body.Close() })
	go func() {
		lines := bufio.NewReaderSize(resp.Body, 4096)
		for {
			line, err := lines.ReadSlice('\n')
			if err != nil {
				return
			}
			if bytes.HasPrefix(line, []byte("data: ")) {
				d.seen(i, time.Now())
			}
		}
	}()
}

func (d *desktops) seen(i int, at time.Time) {
	select {
	case sent := <-d.sent[i]:
		d.measured.Lock()
		d.took = append(d.took, at.Sub(sent))
		d.measured.Unlock()
	default: // a Snapshot: nobody sent it
	}
	d.events.Add(1)
	select {
	case d.grown <- struct{}{}:
	default:
	}
}

// await waits until so many events were seen in all.
func (d *desktops) await(tb testing.TB, n int64, limit time.Duration) {
	tb.Helper()
	deadline := time.After(limit)
	for d.events.Load() < n {
		select {
		case <-d.grown:
		case <-deadline:
			tb.Fatalf("%d of %d events came within %v", d.events.Load(), n, limit)
		}
	}
}

// latencies are sorted times of a run.
type latencies []time.Duration

func (l latencies) at(p float64) time.Duration {
	return l[min(int(p*float64(len(l))), len(l)-1)]
}

// take gives the times since the last call, sorted.
func (d *desktops) take() latencies {
	d.measured.Lock()
	defer d.measured.Unlock()
	out := d.took
	d.took = nil
	slices.Sort(out)
	return out
}

// load sends events at a rate, spread evenly over time and devices, and waits until
// all are seen.
func (d *desktops) load(tb testing.TB, c *cti, frames [][]byte, rate int, lasting time.Duration) latencies {
	tb.Helper()
	d.take()
	before, agents, total := d.events.Load(), len(d.sent), int(float64(rate)*lasting.Seconds())
	start := time.Now()
	for k := range total {
		if due := start.Add(time.Duration(float64(k) / float64(rate) * float64(time.Second))); time.Until(due) > 200*time.Microsecond {
			time.Sleep(time.Until(due))
		}
		i := k % agents
		select {
		case d.sent[i] <- time.Now():
		default:
			tb.Fatalf("%d events of one device are under way at %d events/s: too slow", underWay, rate)
		}
		if err := c.emit(frames, number(i), k/agents); err != nil {
			tb.Fatal(err)
		}
	}
	d.await(tb, before+int64(total), time.Minute)
	return d.take()
}
