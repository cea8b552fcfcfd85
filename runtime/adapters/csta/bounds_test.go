package csta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta/wire"
	"github.com/ctilink/ctilink-operator/runtime/costtest"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func wantLinkDown(t *testing.T, err error) {
	t.Helper()
	var e *opencti.Error
	if !errors.As(err, &e) || e.Code != opencti.LinkDown {
		t.Errorf("error = %v, want LinkDown", err)
	}
}

// frame makes one frame's bytes.
func frame(id int, xml string) []byte {
	var b bytes.Buffer
	if err := wire.NewWriter(&b).WriteFrame(id, []byte(xml)); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// A switch that floods with calls, parties and queues that nobody has does not fill the
// memory: what is beyond the bounds is told on, but not remembered.
func TestAFloodOfEventsIsNotRemembered(t *testing.T) {
	p := newPhone("1001")
	crowd := &wire.SnapshotCallResponse{}
	for i := range 5000 {
		crowd.Snapshot.Parties = append(crowd.Snapshot.Parties, wire.SnapshotCallInfo{Connection: wire.Connection("c", fmt.Sprint(i))})
	}
	for i := range 5000 {
		call, who := fmt.Sprint("call", i), fmt.Sprint("party", i)
		p.hear(&wire.DeliveredEvent{Connection: wire.Connection(call, who), AlertingDevice: wire.Party(who)})
		p.hear(&wire.HeldEvent{Connection: wire.Connection("held", "1001"), HoldingDevice: wire.Party(who)})
		group := wire.Device(who)
		p.hear(&wire.AgentReadyEvent{AgentEvent: wire.AgentEvent{Group: &group}})
		p.promise(call, false, call)
		if i%100 == 0 {
			p.snapshot(wire.SnapshotDeviceInfo{Connection: wire.Connection(call, "1001")}, crowd)
		}
	}
	if calls, queues := len(p.calls), len(p.queues); calls != callsBound || queues != queuesBound || len(p.promises) > promisesBound {
		t.Errorf("%d calls, %d queues and %d requests are remembered, want at most %d, %d and %d",
			calls, queues, len(p.promises), callsBound, queuesBound, promisesBound)
	}
	for id, c := range p.calls {
		if len(c.parties) > partiesBound {
			t.Errorf("%d parties of %s are remembered", len(c.parties), id)
		}
	}
}

// A queue that a switch floods with calls does not fill the memory either.
func TestAFloodOfCallsInAQueueIsNotRemembered(t *testing.T) {
	q := &queue{monitor: &monitor{dn: "5000"}, calls: map[string]arrival{}}
	for i := range 2 * waitingBound {
		q.hear(&wire.QueuedEvent{Connection: wire.Connection(fmt.Sprint(i), "5000")})
	}
	if len(q.calls) != waitingBound {
		t.Errorf("%d calls are remembered, want %d", len(q.calls), waitingBound)
	}
}

// Events of two calls that become one cost no more than their frame.
func TestEventsCostWhatTheFrameIsLong(t *testing.T) {
	for name, item := range map[string]string{
		"parties":              `<connectionListItem><newConnection><callID>8</callID><deviceID>%d</deviceID></newConnection></connectionListItem>`,
		"the same party":       `<connectionListItem><newConnection><callID>8</callID><deviceID>1001</deviceID></newConnection></connectionListItem><!--%d-->`,
		"parties of call data": `<x>%d</x>`,
	} {
		t.Run(name, func(t *testing.T) {
			costtest.Linear(t, func(size int) []byte {
				const before, after = `<TransferedEvent><primaryOldCall><callID>7</callID></primaryOldCall><transferredConnections>`,
					`</transferredConnections></TransferedEvent>`
				var b strings.Builder
				for i := 0; b.Len() < min(size, wire.MaxBody)-len(before)-len(after)-len(item)-8; i++ {
					fmt.Fprintf(&b, item, i)
				}
				return []byte(before + b.String() + after)
			}, func(body []byte) {
				message, err := wire.Unmarshal(body)
				if err != nil {
					t.Fatal(err)
				}
				newPhone("1001").hear(message)
			})
		})
	}
}

// A switch may say that it keeps the session for any time: the signs of life neither stop
// nor come without end.
func TestSessionTimesThatMakeNoSense(t *testing.T) {
	// Seconds that are almost none, or less than none, once they are nanoseconds.
	for _, seconds := range []int{-1, 0, 1 << 62, 1<<63 - 1, 18446744074, 9223372037} {
		t.Run(fmt.Sprint(seconds), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &clockwork{duration: seconds, resetBy: &wire.ResetApplicationSessionTimerPosResponse{Duration: seconds}}
				c := connectTo(t, s)
				var last time.Duration
				for range 3 {
					at := <-s.resets
					if between := at - last; between < time.Second || between > longestSession {
						t.Errorf("a sign of life after %v", between)
					}
					last = at
				}
				if err := c.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A switch that asks and asks, and reads none of the answers, is cut off.
func TestSwitchThatAsksAndDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := newConnection(ours, Config{ResponseTimeout: 5 * time.Second, OutstandingRequests: 2}, opencti.Environment{})
		started := time.Now()
		go func() {
			for {
				if _, err := theirs.Write(frame(1, `<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>`)); err != nil {
					return
				}
			}
		}()
		<-c.Done()
		wantLinkDown(t, c.Err())
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		c.running.Wait()
		_ = theirs.Close()
	})
}

// A switch that says one byte a second is as good as a silent one: whoever waits for it
// gives up in time, and so does the connection.
func TestSwitchThatSaysOneByteASecond(t *testing.T) {
	t.Run("from the start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			c := newConnection(ours, Config{ResponseTimeout: 5 * time.Second, OutstandingRequests: 2}, opencti.Environment{})
			var writing sync.WaitGroup
			go drain(theirs)
			trickle(&writing, theirs, frame(1, `<StartApplicationSessionPosResponse><sessionID>S1</sessionID></StartApplicationSessionPosResponse>`))
			var e *opencti.Error
			if err := c.startSession(t.Context()); !errors.As(err, &e) || e.Code != opencti.Timeout {
				t.Errorf("startSession() = %v, want Timeout", err)
			}
			c.fail(nil)
			c.running.Wait()
			writing.Wait()
			_ = theirs.Close()
		})
	})
	t.Run("in the session", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var writing sync.WaitGroup
			s := &clockwork{slow: func(to net.Conn, bytes []byte) { trickle(&writing, to, bytes) }}
			c := connectTo(t, s)
			<-c.Done()
			wantLinkDown(t, c.Err())
			if took := time.Since(s.started); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			c.running.Wait()
			writing.Wait()
		})
	})
}

// trickle writes a byte a second, for as long as somebody reads.
func trickle(writing *sync.WaitGroup, to net.Conn, bytes []byte) {
	writing.Go(func() {
		for i := range bytes {
			time.Sleep(time.Second)
			if _, err := to.Write(bytes[i : i+1]); err != nil {
				return
			}
		}
	})
}

func drain(from net.Conn) {
	b := make([]byte, 4096)
	for {
		if _, err := from.Read(b); err != nil {
			return
		}
	}
}
