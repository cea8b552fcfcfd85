package link

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/link/linktest"
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

// One device that cannot be asked, because it is gone, must not keep the losses of the
// others from being noticed.
func TestADeviceThatStaysLostHoldsUpNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		b.mustOpen("1001", "4001")
		other := b.mustOpen("1002", "4002")
		b.server.OnSubscribe = func(_ context.Context, e opencti.Endpoint) error {
			if e.DN == "1001" {
				return opencti.Errorf(opencti.UnknownDevice, "gone")
			}
			return nil
		}
		b.server.Connection(1).Lose("1001")
		time.Sleep(time.Minute)
		b.server.Set("1002", onHold("7"))
		b.server.Connection(1).Lose("1002")
		time.Sleep(2 * doubtsInterval)
		synctest.Wait()
		if snap := other.Snapshot(); len(snap.Calls) != 1 {
			t.Errorf("after the loss the snapshot is %+v, want call 7", snap)
		}
	})
}

// A desktop that goes away while its Resync is under way leaves a session that comes back
// by itself.
func TestAResyncThatIsCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		var asked atomic.Int32
		b.server.OnSubscribe = func(ctx context.Context, _ opencti.Endpoint) error {
			if asked.Add(1) > 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if _, err := s.Perform(ctx, opencti.Request{Activity: opencti.Resync}, ""); err == nil {
			t.Fatal("it was not cut off")
		}
		time.Sleep(2 * lastBackoff)
		synctest.Wait()
		if s.Snapshot().Link != opencti.LinkUp {
			t.Error("the session stays without its link")
		}
	})
}

// The loss of the connection comes between the answer to a Resync and the session that
// takes it over.
func TestALossJustBeforeARefreshIsIn(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bench) {
		s := b.mustOpen("1001", "4001")
		b.server.OnConnect = func(context.Context, linktest.Config) error { return opencti.Errorf(opencti.LinkDown, "no answer") }
		b.server.OnSnapshot = func(opencti.Endpoint) {
			b.server.Connection(1).Break(nil)
			time.Sleep(time.Millisecond)
		}
		_, _ = s.Perform(t.Context(), opencti.Request{Activity: opencti.Resync}, "") // whether it worked is another matter
		synctest.Wait()
		if s.Snapshot().Link != opencti.LinkLost {
			t.Error("the session says that its link is up")
		}
	})
}
