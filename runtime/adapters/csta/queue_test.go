package csta

import (
	"bufio"
	"cmp"
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// queueSwitch is a switch in a time of its own, with one queue.
type queueSwitch struct {
	mu      sync.Mutex
	out     *wire.Writer
	asked   []string // the requests, by name
	waiting []string // calls in the queue

	duration int // of the session, in seconds; 0: an hour
}

func (s *queueSwitch) serve(socket net.Conn) {
	frames := wire.NewReader(bufio.NewReader(socket))
	for {
		id, body, err := frames.ReadFrame()
		if err != nil {
			return
		}
		m, err := wire.Unmarshal(body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.asked = append(s.asked, wire.Name(m))
		s.mu.Unlock()
		if answer := s.answer(m); answer != nil {
			s.write(id, answer)
		}
	}
}

func (s *queueSwitch) answer(m wire.Message) wire.Message {
	switch m.(type) {
	case *wire.StartApplicationSession:
		return &wire.StartApplicationSessionPosResponse{SessionID: "S1", Duration: cmp.Or(s.duration, 3600)}
	case *wire.StopApplicationSession:
		return &wire.StopApplicationSessionPosResponse{}
	case *wire.ResetApplicationSessionTimer:
		return &wire.ResetApplicationSessionTimerPosResponse{}
	case *wire.MonitorStart:
		return &wire.MonitorStartResponse{MonitorCrossRefID: "q1"}
	case *wire.MonitorStop:
		return &wire.MonitorStopResponse{}
	case *wire.SnapshotDevice:
		s.mu.Lock()
		defer s.mu.Unlock()
		r := &wire.SnapshotDeviceResponse{}
		for _, id := range s.waiting {
			r.Snapshot.Calls = append(r.Snapshot.Calls, wire.SnapshotDeviceInfo{Connection: wire.Connection(id, "5000"), State: wire.Compound(wire.StateQueued)})
		}
		return r
	case *wire.GetAgentState:
		return &wire.GetAgentStateResponse{}
	case *wire.GetDoNotDisturb:
		return nil // some do not even refuse
	}
	return &wire.HoldCallResponse{}
}

func (s *queueSwitch) write(id int, m wire.Message) {
	body, err := wire.Marshal(m, "")
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.WriteFrame(id, body)
}

// tell writes an event and lets it be heard.
func (s *queueSwitch) tell(m wire.Message) {
	s.write(wire.EventInvokeID, m)
	synctest.Wait()
}

// holds sets who waits in the queue.
func (s *queueSwitch) holds(calls ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = calls
}

func (s *queueSwitch) count(name string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.asked {
		if other == name {
			n++
		}
	}
	return n
}

// connect opens a session with the switch over a pipe.
func (s *queueSwitch) connect(t *testing.T, extra map[string]string) *connection {
	t.Helper()
	ours, theirs := net.Pipe()
	s.out = wire.NewWriter(theirs)
	go s.serve(theirs)
	values := map[string]string{"address": "switch:1"}
	for name, value := range extra {
		values[name] = value
	}
	var config Config
	if err := opencti.DecodeConfig(values, &config); err != nil {
		t.Fatal(err)
	}
	c := newConnection(ours, config, opencti.Environment{Sink: nobody{}})
	if err := c.startSession(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *queueSwitch) statistics(t *testing.T, c *connection) opencti.QueueStatistics {
	t.Helper()
	out, err := c.QueueStatistics(t.Context(), "5000")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The wait counts from when a call came, also when it rang somewhere in between.
func TestLongestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &queueSwitch{waiting: []string{"1"}}
		c := s.connect(t, nil)
		at := func(id string) wire.ConnectionID { return wire.Connection(id, "5000") }
		want := func(what string, waiting, seconds int) {
			t.Helper()
			if out := s.statistics(t, c); out.CallsWaiting != waiting || out.LongestWaitSeconds != seconds {
				t.Errorf("%s: %d wait for up to %d s, want %d for %d s", what, out.CallsWaiting, out.LongestWaitSeconds, waiting, seconds)
			}
		}
		want("a call that was there before", 1, 0)
		time.Sleep(10 * time.Second)
		s.holds("1", "2")
		s.tell(&wire.QueuedEvent{MonitorCrossRefID: "q1", Connection: at("2")})
		time.Sleep(5 * time.Second)
		want("one more", 2, 15)

		s.holds("2")
		s.tell(&wire.DivertedEvent{MonitorCrossRefID: "q1", Connection: at("1")})
		want("the first rings at an agent's", 1, 5)
		time.Sleep(time.Second)
		s.holds("1", "2")
		s.tell(&wire.QueuedEvent{MonitorCrossRefID: "q1", Connection: at("1")})
		want("nobody answered", 2, 16)

		s.holds("2")
		s.tell(&wire.DivertedEvent{MonitorCrossRefID: "q1", Connection: at("1")})
		s.tell(&wire.EstablishedEvent{MonitorCrossRefID: "q1", Connection: wire.Connection("1", "1001")})
		want("answered", 1, 6)
		s.holds("1", "9")
		s.tell(&wire.TransferedEvent{MonitorCrossRefID: "q1", PrimaryOldCall: wire.ConnectionID{CallID: "2"}, Connections: []wire.ConnectionPair{
			{Old: &wire.ConnectionID{CallID: "2"}, New: &wire.ConnectionID{CallID: "9"}}}})
		want("transferred, and an id used again", 2, 6)
		s.holds("1")
		s.tell(&wire.ConnectionClearedEvent{MonitorCrossRefID: "q1", Connection: at("9")})
		time.Sleep(2 * time.Second)
		want("the caller gave up", 1, 2)
		s.holds()
		want("nobody waits", 0, 0)
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// A monitor that nobody needs any more is stopped; until then there is one.
func TestQueueIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &queueSwitch{}
		c := s.connect(t, nil)
		for range 5 {
			s.statistics(t, c)
			time.Sleep(queueIdle - time.Second)
		}
		if started, stopped := s.count("MonitorStart"), s.count("MonitorStop"); started != 1 || stopped != 0 {
			t.Errorf("%d monitors were started and %d stopped while the queue was asked for", started, stopped)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if stopped := s.count("MonitorStop"); stopped != 1 {
			t.Errorf("%d monitors were stopped, want 1", stopped)
		}
		s.statistics(t, c)
		if started := s.count("MonitorStart"); started != 2 {
			t.Errorf("%d monitors were started, want 2", started)
		}
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if stopped := s.count("MonitorStop"); stopped != 2 {
			t.Errorf("%d monitors were stopped, want 2", stopped)
		}
	})
}

// Many may ask at once, also for queues without end.
func TestManyAskForQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &queueSwitch{}
		c := s.connect(t, nil)
		var asking sync.WaitGroup
		for range 20 {
			asking.Go(func() { s.statistics(t, c) })
		}
		asking.Wait()
		if started := s.count("MonitorStart"); started != 1 {
			t.Errorf("%d monitors were started, want 1", started)
		}
		for i := range askedBound {
			_, _ = c.queueOf(string(rune('a'+i%26)) + string(rune('a'+i/26)))
		}
		if _, err := c.queueOf("one more"); !hasCode(err, opencti.Overloaded) {
			t.Errorf("error = %v, want Overloaded", err)
		}
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := c.QueueStatistics(t.Context(), "another"); !hasCode(err, opencti.LinkDown) {
			t.Errorf("after Close: %v, want LinkDown", err)
		}
	})
}

// Requests keep their distance.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &queueSwitch{}
		c := s.connect(t, map[string]string{"requestsPerSecond": "5"})
		var sent []time.Duration
		var mu sync.Mutex
		var asking sync.WaitGroup
		started := time.Now()
		for range 10 {
			asking.Go(func() {
				if _, err := c.request(t.Context(), &wire.HoldCall{}, nil); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				sent = append(sent, time.Since(started))
			})
		}
		asking.Wait()
		slices.Sort(sent)
		for i, at := range sent {
			if want := time.Duration(i) * 200 * time.Millisecond; at != want {
				t.Errorf("request %d after %v, want %v", i, at, want)
			}
		}
		soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := c.request(soon, &wire.HoldCall{}, nil); !hasCode(err, opencti.Overloaded) {
			t.Errorf("a request that cannot wait: %v, want Overloaded", err)
		}
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// Signs of life do not wait for all that waits to be asked.
func TestSignsOfLifeAreNotPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &queueSwitch{duration: 20}
		c := s.connect(t, map[string]string{"requestsPerSecond": "1"})
		ctx, giveUp := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		for range 100 {
			asking.Go(func() { _, _ = c.request(ctx, &wire.HoldCall{}, nil) })
		}
		time.Sleep(25 * time.Second)
		if n := s.count("ResetApplicationSessionTimer"); n != 2 || c.Err() != nil {
			t.Errorf("%d signs of life in 25 s, want 2; the connection: %v", n, c.Err())
		}
		giveUp()
		asking.Wait()
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// What a switch does not answer it is asked once more, and then no longer.
func TestServiceThatIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &queueSwitch{}
		c := s.connect(t, nil)
		d := &device{c: c, dn: "1001"}
		for range 4 {
			if _, err := d.Snapshot(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if asked := s.count("GetDoNotDisturb"); asked != lackingAfter {
			t.Errorf("it was asked %d times, want %d", asked, lackingAfter)
		}
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
