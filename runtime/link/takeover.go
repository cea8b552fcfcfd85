package link

import (
	"context"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// ErrTakenOver is what the desktop is told that had a session which somebody took over.
var ErrTakenOver = opencti.Errorf(opencti.SessionTakenOver,
	"another desktop has taken over the agent or the device of this session; open it anew with POST /v1/sessions, with takeOver to take it back")

// takeOver ends a session for somebody who takes its agent or its device over: the agent is
// logged out there first, as the CTI server would refuse the next log-in. Where that cannot
// be done the session stays as it is.
func (l *Link) takeOver(ctx context.Context, other *member) error {
	if err := l.vacate(ctx, other); err != nil {
		return err
	}
	err := l.close(ctx, other, session.ErrTakenOver)
	if ctx.Err() != nil {
		return opencti.AsError(ctx.Err())
	}
	if err != nil { // it is over here; what is left at the server ends with the connection
		l.o.Log.Warn("Closing a session that is taken over failed", "device", opencti.Mask(other.DN()), "error", err)
	}
	l.noteEnd(other.Key(), TakenOver)
	return nil
}

// vacate logs the agent of a session out. One that was inherited and is not yet in step is
// brought there first: before that nobody knows whether the agent is logged in.
func (l *Link) vacate(ctx context.Context, other *member) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	// Without the CTI server the session would end, and no other begin.
	conn, err := l.awaitConnection(ctx)
	if err != nil {
		return opencti.AsError(err)
	}
	gone, err := l.inTouch(ctx, conn, other)
	if err == nil && !gone {
		err = other.Vacate(ctx)
	}
	e := opencti.AsError(err)
	if e == nil {
		return nil
	}
	device := opencti.Mask(other.DN())
	if e.Code == opencti.UnknownDevice || e.Code == opencti.DeviceOutOfService {
		l.o.Log.Warn("An agent is not logged out of a device that is gone", "agent", other.AgentID(), "device", device, "error", e)
		return nil
	}
	why := *e
	why.Message = "agent " + other.AgentID() + " cannot be logged out at device " + device + ", and goes on there: " + e.Message
	return &why
}

// inTouch asks once more for a session that waits for its device, which may never come back.
func (l *Link) inTouch(ctx context.Context, conn opencti.Connection, m *member) (gone bool, err error) {
	err = l.rejoin(ctx, conn, m)
	if err == nil && m.Snapshot().Link == opencti.LinkLost {
		err = l.refresh(ctx, conn, m)
	}
	if err != nil {
		return false, err
	}
	return l.settled(ctx, m)
}

// Ending says how a session ended; empty: it has not, as far as is known.
type Ending string

// The endings.
const (
	// Closed by a desktop.
	Closed Ending = "closed"
	// TakenOver: its agent works at another device now, or another agent at its device.
	TakenOver Ending = "taken"
)

// ending is how and when a session ended.
type ending struct {
	how Ending
	at  time.Time
}

// noteEnd notes the end of a session, unless it was opened anew meanwhile.
func (l *Link) noteEnd(key string, how Ending) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, again := l.sessions[key]; again {
		return
	}
	e := ending{how, time.Now()}
	l.endings[key] = e
	l.journal.ended(key, e)
}

// EndedSince says how the session of that name has ended at or after a time. What another
// desktop still holds of it does not open it again.
func (l *Link) EndedSince(key string, t time.Time) Ending {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.endings[key]; ok && !e.at.Before(t) {
		return e.how
	}
	return ""
}

// join takes what another desktop of the session says of where the user sits.
func (l *Link) join(m *member, p session.Presence) {
	if p == (session.Presence{}) || p == m.Presence() {
		return
	}
	m.SetPresence(p)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sessions[m.Key()] == m {
		l.journal.says(m)
	}
}
