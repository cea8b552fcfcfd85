package link

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

const (
	// connectTimeout bounds one attempt: dial, authenticate, answer.
	connectTimeout = 15 * time.Second
	// detachTimeout bounds the orderly end: the next holder waits for it.
	detachTimeout = 3 * time.Second
	// resyncWidth is how many sessions are brought back at the same time; the
	// driver bounds what is in flight to the server.
	resyncWidth = 16

	firstBackoff = 250 * time.Millisecond
	lastBackoff  = 10 * time.Second
)

// backoff grows from a quarter of a second to ten, with jitter, so that the pods of
// many links do not knock together.
func backoff(attempt int) time.Duration {
	d := lastBackoff
	if attempt < 6 {
		d = min(firstBackoff<<attempt, lastBackoff)
	}
	return d/2 + rand.N(d/2+1)
}

// pause waits; true when retry cut it short.
func pause(ctx context.Context, retry <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-retry:
		return true
	}
	return false
}

func (l *Link) connect(ctx context.Context, driver opencti.Driver, doc Document) (opencti.Connection, error) {
	if err := l.o.MayAct(); err != nil {
		return nil, err
	}
	config, err := l.config(driver, doc)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return driver.Connect(ctx, opencti.Environment{Config: config, Sink: l, Log: l.o.Log})
}

// serve brings the sessions back and stays until the connection is lost, the
// configuration changes or the context ends.
func (l *Link) serve(ctx context.Context, conn opencti.Connection, retry <-chan struct{}) {
	l.setState(conn, v1alpha1.ConnectionConnected, nil)
	l.o.Observer.ConnectionChanged(true)
	l.o.Log.Info("Connected to the CTI server", "sessions", len(l.all()))
	resyncing, stop := context.WithCancel(ctx)
	var back sync.WaitGroup
	back.Go(func() { l.resync(resyncing, conn) })
	defer back.Wait()
	defer stop()
	select {
	case <-conn.Done():
		l.lost(v1alpha1.ConnectionDisconnected, conn.Err())
	case <-retry:
		l.o.Log.Info("Connecting anew with the new configuration")
		stop()
		l.detach(conn)
		l.lost(v1alpha1.ConnectionConnecting, nil)
	case <-ctx.Done():
		l.detach(conn)
		l.lost(v1alpha1.ConnectionDisconnected, nil)
	}
}

func (l *Link) lost(state v1alpha1.ConnectionState, why error) {
	if why != nil {
		l.o.Log.Warn("Lost the CTI server", "error", why)
	}
	l.o.Observer.ConnectionChanged(false)
	l.setState(nil, state, why)
	for _, m := range l.all() {
		m.Lost()
	}
}

// resync opens, subscribes and snapshots every session on a new connection.
func (l *Link) resync(ctx context.Context, conn opencti.Connection) {
	members := l.all()
	if len(members) == 0 {
		return
	}
	start := time.Now()
	width := make(chan struct{}, resyncWidth)
	var wg sync.WaitGroup
	for _, m := range members {
		width <- struct{}{}
		wg.Go(func() {
			defer func() { <-width }()
			l.bringBack(ctx, conn, m)
		})
	}
	wg.Wait()
	l.o.Observer.Resynced(len(members), time.Since(start))
	l.o.Log.Info("Brought the sessions back", "sessions", len(members), "took", time.Since(start).Round(time.Millisecond))
}

// bringBack tries until the session is in step or the connection is gone: a session
// must not stay behind because of one lost answer.
func (l *Link) bringBack(ctx context.Context, conn opencti.Connection, m *member) {
	m.turn.Lock()
	defer m.turn.Unlock()
	for attempt := 0; !m.gone; attempt++ {
		err := l.attach(ctx, conn, m)
		if err == nil {
			return
		}
		l.o.Log.Warn("Cannot bring a session back", "device", opencti.Mask(m.DN()), "attempt", attempt+1, "error", err)
		if pause(ctx, conn.Done(), backoff(attempt)) || ctx.Err() != nil {
			return
		}
	}
}

// attach takes a session onto a connection: open, subscribe, snapshot, live.
func (l *Link) attach(ctx context.Context, conn opencti.Connection, m *member) error {
	if err := l.o.MayAct(); err != nil {
		return err
	}
	device, err := conn.Open(ctx, opencti.Endpoint{DN: m.DN(), AgentID: m.AgentID()})
	if err != nil {
		return err
	}
	m.BeginSync()
	if err := device.Subscribe(ctx); err != nil {
		return err
	}
	snap, err := device.Snapshot(ctx)
	if err != nil {
		_ = device.Close(ctx) // the error that counts is the snapshot's
		return err
	}
	m.EndSync(device, snap)
	select {
	case <-conn.Done():
		// The loss was told to the sessions that were in step; this one came after.
		m.Lost()
	default:
	}
	return nil
}

// detach lets go of the CTI server in an orderly way: agents stay logged in.
func (l *Link) detach(conn opencti.Connection) {
	ctx, cancel := context.WithTimeout(context.Background(), detachTimeout)
	defer cancel()
	if err := conn.Close(ctx); err != nil {
		l.o.Log.Warn("Closing the connection failed", "error", err)
	}
}
