package link

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// doubtsInterval is the least time between two rounds: a server that loses messages
// all the time must not be asked for snapshots all the time.
const doubtsInterval = time.Second

// doubts are the devices whose picture may be wrong, since events were lost. It is
// safe for concurrent use.
type doubts struct {
	signal chan struct{} // full when there are some

	mu  sync.Mutex
	all bool
	dns map[string]bool
}

func newDoubts() doubts { return doubts{signal: make(chan struct{}, 1), dns: map[string]bool{}} }

func (d *doubts) add(dn string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dn == "" {
		d.all = true
	} else {
		d.dns[dn] = true
	}
	select {
	case d.signal <- struct{}{}:
	default:
	}
}

// take empties it; in says whether a device was in it.
func (d *doubts) take() (in func(dn string) bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all, dns := d.all, d.dns
	d.all, d.dns = false, map[string]bool{}
	return func(dn string) bool { return all || dns[dn] }
}

// EventsLost implements opencti.Sink.
func (l *Link) EventsLost(dn string, why error) {
	l.o.Log.Warn("Events were lost; asking the CTI server anew", "device", opencti.Mask(dn), "error", why)
	l.doubts.add(dn)
}

// RequestFailed implements opencti.Sink.
func (l *Link) RequestFailed(dn, requestID string, why error) {
	l.mu.Lock()
	var to []*member
	for _, m := range l.byDN[dn] {
		to = append(to, m)
	}
	l.mu.Unlock()
	for _, m := range to {
		m.RequestFailed(requestID, why)
	}
}

// settleDoubts asks anew for the devices whose picture may be wrong, for as long as the
// connection serves. Those that cannot be asked are tried again, and hold up no others.
func (l *Link) settleDoubts(ctx context.Context, conn opencti.Connection) {
	var behind []*member
	var again <-chan time.Time // nil while nobody is behind
	for attempt := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-conn.Done():
			return
		case <-l.doubts.signal:
		case <-again:
			attempt++
		}
		behind = l.eachOnce(ctx, conn, l.doubted(behind), l.refresh)
		if again = nil; len(behind) > 0 {
			again = time.After(backoff(attempt))
		} else {
			attempt = 0
		}
		if pause(ctx, conn.Done(), doubtsInterval) {
			return
		}
	}
}

// doubted are the sessions whose picture may be wrong, now that the doubts are taken, and
// those that are behind since before.
func (l *Link) doubted(behind []*member) []*member {
	in := l.doubts.take()
	var out []*member
	for _, m := range l.all() {
		if in(m.DN()) || slices.Contains(behind, m) {
			out = append(out, m)
		}
	}
	return out
}

// refresh subscribes and snapshots a session again on the connection where it is. One
// that cannot come is Lost until it can: its desktop must not trust what it sees.
func (l *Link) refresh(ctx context.Context, conn opencti.Connection, m *member) error {
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.pass()
	if m.gone || m.on != conn {
		return nil // it is over, or on its way back already
	}
	if err := l.o.MayAct(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	m.BeginSync()
	err := m.device.Subscribe(ctx)
	if err == nil {
		var snap opencti.DeviceSnapshot
		if snap, err = m.device.Snapshot(ctx); err == nil {
			settle(conn, m, m.device, snap)
			return nil
		}
	}
	m.Lost()
	return err
}
