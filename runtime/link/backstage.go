package link

import (
	"context"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

var _ session.Backstage = (*Link)(nil)

// Resync implements session.Backstage.
func (l *Link) Resync(ctx context.Context, s *session.Session) error {
	l.mu.Lock()
	m, conn := l.sessions[s.Key()], l.conn
	l.mu.Unlock()
	if conn == nil || m == nil || m.Session != s {
		return errNoConnection
	}
	// The session is another desktop's, too, when the one that asks goes away; and where it
	// cannot be done now, it is tried again.
	err := l.refresh(context.WithoutCancel(ctx), conn, m)
	if err != nil {
		l.doubts.add(m.DN())
	}
	return err
}

// QueueStatistics implements session.Backstage.
func (l *Link) QueueStatistics(ctx context.Context, queue string) (opencti.QueueStatistics, error) {
	if err := l.o.MayAct(); err != nil {
		return opencti.QueueStatistics{}, err
	}
	l.mu.Lock()
	conn := l.conn
	l.mu.Unlock()
	if conn == nil {
		return opencti.QueueStatistics{}, errNoConnection
	}
	source, ok := conn.(opencti.Statistics)
	if !ok {
		return opencti.QueueStatistics{}, opencti.Errorf(opencti.NotSupportedByClass, "this link's implementation class does not offer %s", opencti.GetStatistics)
	}
	return source.QueueStatistics(ctx, queue)
}

// polled are the sessions whose devices want to be asked for the agent's state. Where
// none does, nothing is done. It is safe for concurrent use.
type polled struct {
	mu      sync.Mutex
	due     map[*member]time.Time
	arrived chan struct{} // full when one has come
}

func newPolled() polled { return polled{due: map[*member]time.Time{}, arrived: make(chan struct{}, 1)} }

// add takes a session that is in step, if its device wants it.
func (p *polled) add(m *member, d opencti.Device) {
	poll, ok := d.(opencti.AgentStatePoll)
	if !ok || poll.PollInterval() <= 0 || m.AgentID() == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.due[m] = time.Now().Add(poll.PollInterval())
	select {
	case p.arrived <- struct{}{}:
	default:
	}
}

func (p *polled) remove(m *member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.due, m)
}

// take gives the sessions whose time has come, and when the next one's does; zero: never.
func (p *polled) take(now time.Time) (ready []*member, next time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for m, at := range p.due {
		switch {
		case !at.After(now):
			ready = append(ready, m)
			delete(p.due, m)
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	return ready, next
}

// pollAgents asks for the agents' states where the CTI server does not tell of every
// change, for as long as the connection serves.
func (l *Link) pollAgents(ctx context.Context, conn opencti.Connection) {
	var asking sync.WaitGroup
	defer asking.Wait()
	for {
		ready, next := l.polled.take(time.Now())
		for _, m := range ready {
			asking.Go(func() { l.pollAgent(ctx, conn, m) })
		}
		var timer <-chan time.Time
		if !next.IsZero() {
			timer = time.After(time.Until(next))
		}
		select {
		case <-ctx.Done():
			return
		case <-conn.Done():
			return
		case <-l.polled.arrived:
		case <-timer:
		}
	}
}

// pollAgent asks once, and is due again.
func (l *Link) pollAgent(ctx context.Context, conn opencti.Connection, m *member) {
	poll := l.pollOf(ctx, conn, m)
	if poll == nil || l.o.MayAct() != nil {
		return
	}
	defer l.polled.add(m, poll.(opencti.Device))
	ctx, cancel := context.WithTimeout(ctx, poll.PollInterval())
	defer cancel()
	asked := time.Now()
	state, err := poll.AgentState(ctx)
	if err != nil {
		l.o.Log.Debug("Cannot ask for an agent's state", "device", opencti.Mask(m.DN()), "error", err)
		return
	}
	m.ReconcileAgent(state, asked)
}

// pollOf gives the device of a session that is in step on the connection.
func (l *Link) pollOf(ctx context.Context, conn opencti.Connection, m *member) opencti.AgentStatePoll {
	if m.take(ctx) != nil {
		return nil
	}
	defer m.pass()
	if m.gone || m.on != conn {
		return nil
	}
	poll, _ := m.device.(opencti.AgentStatePoll)
	return poll
}
