package link

import (
	"context"
	"math/rand/v2"
	"reflect"
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

	// mountedInterval is how often mounted Secrets and ConfigMaps are read again.
	mountedInterval = 5 * time.Second
	// lastRetry is the longest time between attempts with a new configuration that
	// does not work.
	lastRetry = 5 * time.Minute

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

// uplink is a connection with what it was made from.
type uplink struct {
	conn   opencti.Connection
	driver opencti.Driver
	doc    Document
	config any

	// What was tried instead and did not work, when it may be tried again, and how
	// often it was: many wrong logins lock an account.
	tried   any
	retryAt time.Time
	tries   int
}

func (l *Link) connect(ctx context.Context, driver opencti.Driver, doc Document) (*uplink, error) {
	if err := l.o.MayAct(); err != nil {
		return nil, err
	}
	config, err := l.config(driver, doc)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := driver.Connect(ctx, opencti.Environment{Config: config, Sink: l, Log: l.o.Log})
	if err != nil {
		return nil, err
	}
	return &uplink{conn: conn, driver: driver, doc: doc, config: config}, nil
}

// serve brings the sessions back and stays until the connection is lost, replaced or
// the context ends. It returns the connection that replaces this one, if one does, or
// this one when the link is closing.
func (l *Link) serve(ctx context.Context, up *uplink) (next *uplink) {
	l.setState(up.conn, v1alpha1.ConnectionConnected, nil)
	l.o.Observer.ConnectionChanged(true)
	l.o.Log.Info("Connected to the CTI server", "sessions", len(l.all()))
	resyncing, stop := context.WithCancel(ctx)
	var back sync.WaitGroup
	back.Go(func() { l.resync(resyncing, up.conn) })
	back.Go(func() { l.settleDoubts(resyncing, up.conn) })
	back.Go(func() { l.pollAgents(resyncing, up.conn) })
	defer back.Wait()
	defer stop()
	reread := time.NewTicker(mountedInterval)
	defer reread.Stop()
	// What changed between the dial and now is seen at once.
	check := make(chan struct{}, 1)
	check <- struct{}{}
	for {
		_, _, retry, _ := l.current()
		select {
		case <-up.conn.Done():
			l.lost(v1alpha1.ConnectionDisconnected, up.conn.Err())
			return nil
		case <-ctx.Done():
			l.detach(up.conn)
			l.lost(v1alpha1.ConnectionDisconnected, nil)
			return nil
		case <-retry:
		case <-reread.C:
		case <-check:
		}
		if l.isClosing() {
			return up
		}
		next, replace := l.replacement(ctx, up)
		if !replace {
			continue
		}
		stop()
		l.detach(up.conn)
		l.lost(v1alpha1.ConnectionConnecting, nil)
		return next
	}
}

// replacement looks whether the configuration is another than that of the
// connection, in the document or in what is mounted. A changed one is tried before
// the connection that works is let go, where the driver allows two: a wrong new
// password must not take the link down.
func (l *Link) replacement(ctx context.Context, up *uplink) (next *uplink, replace bool) {
	driver, doc, _, err := l.current()
	if err != nil {
		return nil, false
	}
	config, err := l.config(driver, doc)
	if err != nil {
		l.keep(err)
		return nil, false
	}
	if driver.Describe().Name == up.driver.Describe().Name && reflect.DeepEqual(config, up.config) {
		if st, _ := l.Status(); st.Refused != nil {
			l.refuse(nil)
		}
		return nil, false
	}
	if driver.Describe().Handover != opencti.Overlap {
		l.o.Log.Info("Connecting anew with the new configuration")
		return nil, true
	}
	if reflect.DeepEqual(config, up.tried) && time.Now().Before(up.retryAt) {
		return nil, false
	}
	next, err = l.connect(ctx, driver, doc)
	if err != nil {
		up.failed(config)
		l.keep(err)
		return nil, false
	}
	l.o.Log.Info("Connected with the new configuration")
	return next, true
}

// failed remembers a configuration that did not work.
func (up *uplink) failed(config any) {
	if !reflect.DeepEqual(config, up.tried) {
		up.tried, up.tries = config, 0
	}
	up.retryAt = time.Now().Add(min(mountedInterval<<up.tries, lastRetry))
	up.tries = min(up.tries+1, 8)
}

// keep stays with the connection that works; it says so once for each reason.
func (l *Link) keep(why error) {
	if st, _ := l.Status(); st.Refused != nil && st.Refused.Error() == why.Error() {
		return
	}
	l.o.Log.Warn("The new configuration does not work; the last good one stays in force", "error", why)
	l.refuse(why)
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

// resync brings every session onto a new connection, and tries again with those that could
// not come until all are in step or the connection is gone: a session must not stay behind
// because of one lost answer, nor hold up the others.
func (l *Link) resync(ctx context.Context, conn opencti.Connection) {
	start, all := time.Now(), l.all()
	behind := l.eachOnce(ctx, conn, all, l.rejoin)
	if len(all) > 0 && ctx.Err() == nil {
		l.o.Observer.Resynced(len(all), time.Since(start))
		l.o.Log.Info("Brought the sessions back", "sessions", len(all), "behind", len(behind), "took", time.Since(start).Round(time.Millisecond))
	}
	for attempt := 0; len(behind) > 0; attempt++ {
		if pause(ctx, conn.Done(), backoff(attempt)) || ctx.Err() != nil {
			return
		}
		behind = l.eachOnce(ctx, conn, behind, l.rejoin)
	}
}

// step takes one session a step towards being right on a connection.
type step func(ctx context.Context, conn opencti.Connection, m *member) error

// eachOnce tries once with each, many at the same time, and gives those that are
// still behind.
func (l *Link) eachOnce(ctx context.Context, conn opencti.Connection, members []*member, do step) (behind []*member) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		width = make(chan struct{}, resyncWidth)
	)
	for _, m := range members {
		width <- struct{}{}
		wg.Go(func() {
			defer func() { <-width }()
			if err := do(ctx, conn, m); err != nil {
				l.o.Log.Warn("Cannot bring a session back yet", "device", opencti.Mask(m.DN()), "error", err)
				mu.Lock()
				defer mu.Unlock()
				behind = append(behind, m)
			}
		})
	}
	wg.Wait()
	return behind
}

// rejoin takes the session onto the connection, unless it was closed meanwhile or
// whoever opened it has done so already.
func (l *Link) rejoin(ctx context.Context, conn opencti.Connection, m *member) error {
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.pass()
	if m.gone || m.on == conn {
		return nil
	}
	return l.attach(ctx, conn, m)
}

// attach takes a session onto a connection: open, subscribe, snapshot, live. The
// caller has the session's turn.
func (l *Link) attach(ctx context.Context, conn opencti.Connection, m *member) error {
	if err := l.o.MayAct(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	device, err := conn.Open(ctx, opencti.Endpoint{DN: m.DN(), AgentID: m.AgentID()})
	if err != nil {
		return err
	}
	m.BeginSync()
	snap, err := subscribe(ctx, device)
	if err != nil {
		return err
	}
	m.on, m.device = conn, device
	settle(conn, m, device, snap)
	l.inStep(m)
	l.polled.add(m, device)
	return nil
}

// settle puts the server's picture of a session in force.
func settle(conn opencti.Connection, m *member, device opencti.Device, snap opencti.DeviceSnapshot) {
	m.EndSync(device, snap)
	select {
	case <-conn.Done():
		// The loss was told to the sessions that were in step; this one came after.
		m.Lost()
	default:
	}
}

// inStep lets desktops find the session.
func (l *Link) inStep(m *member) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.ready = true
}

// subscribe starts the events and asks for what was before them. On an error the
// device is closed.
func subscribe(ctx context.Context, device opencti.Device) (opencti.DeviceSnapshot, error) {
	err := device.Subscribe(ctx)
	if err == nil {
		var snap opencti.DeviceSnapshot
		if snap, err = device.Snapshot(ctx); err == nil {
			return snap, nil
		}
	}
	// The time for opening may be over, not that for closing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), detachTimeout)
	defer cancel()
	_ = device.Close(ctx) // the error that counts is the first
	return opencti.DeviceSnapshot{}, err
}

// detach lets go of the CTI server in an orderly way: agents stay logged in.
func (l *Link) detach(conn opencti.Connection) {
	ctx, cancel := context.WithTimeout(context.Background(), detachTimeout)
	defer cancel()
	if err := conn.Close(ctx); err != nil {
		l.o.Log.Warn("Closing the connection failed", "error", err)
	}
}
