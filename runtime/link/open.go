package link

import (
	"context"
	"slices"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// openTimeout bounds opening a session; the server's own time-outs are shorter.
const openTimeout = 20 * time.Second

// connectionWait is how long opening waits for a connection that is not there.
const connectionWait = 5 * time.Second

// Request says which session to open.
type Request struct {
	DN      string
	AgentID string
	// TakeOver ends what stands in the way: the agent's session at another device,
	// another agent's session at this device.
	TakeOver bool
	// Restores: it is the session that a desktop had. What stands in the way has taken it
	// over: SessionTakenOver instead of DeviceInUse.
	Restores bool
	Hidden   []opencti.EventType
	// Presence is where the user sits; a desktop that joins and does not say leaves it as
	// it is.
	Presence session.Presence

	memory session.Memory // of the slot's former holder
}

// Open opens a session, or joins the one that the same agent has at the same
// device; opened says which. Errors: UnknownDevice, DeviceInUse, SessionTakenOver, Forbidden,
// InvalidRequest, LinkDown, and what the CTI server says, also of the log-out that comes
// before a take-over.
func (l *Link) Open(ctx context.Context, r Request) (s *session.Session, opened bool, err error) {
	if err := l.admit(&r); err != nil {
		return nil, false, err
	}
	for {
		l.mu.Lock()
		m, opened, rivals := l.enter(r)
		l.mu.Unlock()
		if m == nil {
			if r.Restores {
				return nil, false, ErrTakenOver
			}
			if !r.TakeOver {
				return nil, false, inTheWay(rivals[0])
			}
			for _, other := range rivals {
				if err := l.takeOver(ctx, other); err != nil {
					return nil, false, err
				}
			}
			continue
		}
		if !opened {
			gone, err := l.settled(ctx, m)
			if err != nil {
				return nil, false, err
			}
			if gone {
				continue
			}
			l.join(m, r.Presence)
			return m.Session, false, nil
		}
		if err := l.start(ctx, m); err != nil {
			return nil, false, err
		}
		return m.Session, true, nil
	}
}

func inTheWay(rival *member) error {
	return opencti.Errorf(opencti.DeviceInUse, "the agent or the device has a session already (agent %s at device %s); set takeOver to end it",
		rival.AgentID(), opencti.Mask(rival.DN()))
}

// settled waits for whoever opens, resyncs or closes the session. One that was
// inherited and is not yet in step is brought there.
func (l *Link) settled(ctx context.Context, m *member) (gone bool, err error) {
	for {
		if err := m.take(ctx); err != nil {
			return false, err
		}
		gone, inStep := m.gone, m.on != nil
		m.pass()
		if gone || inStep {
			return gone, nil
		}
		conn, err := l.awaitConnection(ctx)
		if err == nil {
			err = l.rejoin(ctx, conn, m)
		}
		if err != nil {
			return false, opencti.AsError(err)
		}
	}
}

// admit checks the request against the pools and fills in the agent's only device.
func (l *Link) admit(r *Request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doc.Spec.Phase == v1alpha1.SlotClosing {
		return errClosing
	}
	if l.driver == nil {
		return opencti.Errorf(opencti.LinkDown, "the link has no configuration yet")
	}
	if r.AgentID == "" && r.DN == "" {
		return opencti.Errorf(opencti.InvalidRequest, "set agentId, dn or both")
	}
	if r.AgentID == "" {
		return nil
	}
	agent, ok := l.agents[r.AgentID]
	if !ok {
		return opencti.Errorf(opencti.Forbidden, "agent %s is in no AgentPool of this link; add it to spec.agents of one", r.AgentID)
	}
	switch {
	case r.DN == "" && len(agent.DNs) == 1:
		r.DN = agent.DNs[0]
	case r.DN == "":
		return opencti.Errorf(opencti.InvalidRequest, "dn is missing: agent %s has no single device of its own", r.AgentID)
	case len(agent.DNs) > 0 && !slices.Contains(agent.DNs, r.DN):
		return opencti.Errorf(opencti.Forbidden, "device %s is not one of agent %s; add it to dns in pool %s", opencti.Mask(r.DN), r.AgentID, agent.Pool)
	}
	return nil
}

// enter finds the session, makes it, or names the sessions that stand in the way.
// A made one is entered with its turn held. The link is locked.
func (l *Link) enter(r Request) (m *member, opened bool, rivals []*member) {
	key := session.Key(r.DN, r.AgentID)
	if m, ok := l.sessions[key]; ok {
		if m.DN() == r.DN && m.AgentID() == r.AgentID {
			return m, false, nil
		}
		rivals = append(rivals, m)
	}
	// A line is shared by one agent and those who only watch it.
	for _, m := range l.byDN[r.DN] {
		if m.AgentID() != "" && r.AgentID != "" && m.Key() != key {
			rivals = append(rivals, m)
		}
	}
	if len(rivals) > 0 {
		return nil, false, rivals
	}
	m = newMember(session.New(session.Options{
		DN: r.DN, AgentID: r.AgentID, Hidden: r.Hidden, Presence: r.Presence,
		Epoch: l.o.Epoch, LastSequence: l.lastSeq[key],
		Rules: l.rules, Class: l.class(), Policy: l.policy(r.AgentID), Backstage: l,
		Memory:   r.memory,
		Recorder: l.recorder(key),
		MayAct:   l.o.MayAct, Observer: l.o.Observer, Log: l.o.Log,
	}))
	m.turn <- struct{}{} // nobody else knows it yet
	l.sessions[key] = m
	if l.byDN[r.DN] == nil {
		l.byDN[r.DN] = map[string]*member{}
	}
	l.byDN[r.DN][key] = m
	delete(l.endings, key)
	l.journal.opened(m)
	l.signal()
	return m, true, nil
}

// start brings a new session into step, or takes it away again. Its turn is held.
func (l *Link) start(ctx context.Context, m *member) error {
	defer m.pass()
	conn, err := l.awaitConnection(ctx)
	if err == nil {
		err = l.attach(ctx, conn, m)
	}
	if err != nil {
		l.remove(m, session.ErrClosed)
		return opencti.AsError(err)
	}
	return nil
}

// remove takes a session out; its readers are told why. Its turn is held.
func (l *Link) remove(m *member, why error) opencti.Device {
	m.gone = true
	l.polled.remove(m)
	device, last := m.CloseFor(why)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sessions, m.Key())
	delete(l.byDN[m.DN()], m.Key())
	if len(l.byDN[m.DN()]) == 0 {
		delete(l.byDN, m.DN())
	}
	if last > 0 {
		l.lastSeq[m.Key()] = last
	}
	l.journal.gone(m.Key())
	l.signal()
	return device
}

// Close ends a session: UnSubscribeForEvents, CloseAdapter. The agent stays logged
// in. A session that is not there is closed.
func (l *Link) Close(ctx context.Context, key string) error {
	l.mu.Lock()
	m, ok := l.sessions[key]
	l.mu.Unlock()
	if !ok {
		return nil
	}
	err := l.close(ctx, m, session.ErrClosed)
	l.noteEnd(key, Closed)
	return err
}

// close ends a session for a desktop. Once it is over here, what is at the server ends
// also when that desktop has gone.
func (l *Link) close(ctx context.Context, m *member, why error) error {
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.pass()
	return l.letGo(context.WithoutCancel(ctx), m, why)
}

// letGo ends a session here and at the server. Its turn is held.
func (l *Link) letGo(ctx context.Context, m *member, why error) error {
	if m.gone {
		return nil
	}
	device := l.remove(m, why)
	if device == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	return device.Close(ctx)
}

// CloseReaders ends the event streams of all sessions: this pod does not speak for
// them any more. Desktops come back to the slot's next holder.
func (l *Link) CloseReaders() {
	for _, m := range l.all() {
		m.Close()
	}
}
