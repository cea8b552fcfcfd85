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
	return l.refresh(ctx, conn, m)
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

// pollAgents asks for the agents' states where the CTI server does not tell of every
// change, for as long as the connection serves.
func (l *Link) pollAgents(ctx context.Context, conn opencti.Connection) {
	var asking sync.WaitGroup
	defer asking.Wait()
	next := map[*member]time.Time{}
	for !pause(ctx, conn.Done(), pollTick) && ctx.Err() == nil {
		now := time.Now()
		for _, m := range l.all() {
			poll := m.poll(conn)
			if poll == nil || now.Before(next[m]) {
				continue
			}
			next[m] = now.Add(poll.PollInterval())
			asking.Go(func() { l.pollAgent(ctx, m, poll) })
		}
		for m := range next {
			if now.Sub(next[m]) > time.Hour {
				delete(next, m) // its session is over
			}
		}
	}
}

// pollTick is how often it is looked whom to ask; intervals are seconds.
const pollTick = 250 * time.Millisecond

func (l *Link) pollAgent(ctx context.Context, m *member, poll opencti.AgentStatePoll) {
	if l.o.MayAct() != nil {
		return
	}
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

// poll gives the device when it wants to be asked. A session that is being opened or
// closed is asked the next time.
func (m *member) poll(conn opencti.Connection) opencti.AgentStatePoll {
	select {
	case m.turn <- struct{}{}:
		defer m.pass()
	default:
		return nil
	}
	if m.gone || m.on != conn || m.AgentID() == "" {
		return nil
	}
	poll, ok := m.device.(opencti.AgentStatePoll)
	if !ok || poll.PollInterval() <= 0 {
		return nil
	}
	return poll
}
