package link

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// A call that came while events were lost is found by asking again; the others are
// left in peace.
func TestLostEventsAreAskedFor(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		mine, other := b.mustOpen("1001", "4001"), b.mustOpen("1002", "4002")
		b.server.Set("1001", onHold("7"))
		b.server.Connection(1).Lose("1001")
		time.Sleep(doubtsInterval)
		synctest.Wait()
		if snap := mine.Snapshot(); len(snap.Calls) != 1 || snap.Calls[0].CallID != "7" || snap.Link != opencti.LinkUp {
			t.Errorf("after the loss the snapshot is %+v, want call 7", snap)
		}
		if diff := cmp.Diff([]string{"Snapshot"}, names(t, other)); diff != "" {
			t.Error(diff)
		}
		if b.server.Connections() != 1 {
			t.Error("the connection was cut")
		}
	})
}

func TestLostEventsOfAll(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mustOpen("1001", "4001")
		b.mustOpen("1002", "4002")
		var asked atomic.Int32
		b.server.OnSnapshot = func(opencti.Endpoint) { asked.Add(1) }
		for range 100 {
			b.server.Connection(1).Lose("")
		}
		time.Sleep(3 * doubtsInterval)
		synctest.Wait()
		if n := asked.Load(); n < 2 || n > 4 {
			t.Errorf("after a hundred losses at once the server was asked %d times, want once or twice for each of two", n)
		}
	})
}

// A device whose subscription cannot be had again must not look right.
func TestADeviceThatStaysLostSaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		var refuse atomic.Bool
		refuse.Store(true)
		b.server.OnSubscribe = func(context.Context, opencti.Endpoint) error {
			if refuse.Load() {
				return opencti.Errorf(opencti.LicenceExhausted, "no licence")
			}
			return nil
		}
		b.server.Connection(1).Lose("1001")
		time.Sleep(time.Minute)
		synctest.Wait()
		if s.Snapshot().Link != opencti.LinkLost {
			t.Error("the session says that its link is up")
		}
		refuse.Store(false)
		time.Sleep(2 * lastBackoff)
		synctest.Wait()
		if diff := cmp.Diff([]string{"Snapshot", "LinkDown", "LinkUp", "Snapshot"}, names(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}
