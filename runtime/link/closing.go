package link

import (
	"context"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

// closingTimeout bounds the end of all sessions when the link is deleted; the
// operator waits a minute at most.
const closingTimeout = 30 * time.Second

// errClosing is what desktops are told of a link that is being deleted.
var errClosing = opencti.Errorf(opencti.LinkDown, "this link is being deleted")

// isClosing says whether the newest document ends the link.
func (l *Link) isClosing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.doc.Spec.Phase == v1alpha1.SlotClosing
}

// applyClosing takes nothing else from a document that ends the link: one that could
// not be put in force must not stay in the way of its own end.
func (l *Link) applyClosing(doc Document) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doc.Spec.Phase, l.applied = doc.Spec.Phase, doc.Generation
	close(l.retry)
	l.retry = make(chan struct{})
	l.signal()
}

// shut ends every session and the connection, for good: monitors stop, licences come
// free. Agents stay logged in. A CTI server that does not answer is not waited for.
func (l *Link) shut(ctx context.Context, up *uplink) {
	within, cancel := context.WithTimeout(ctx, closingTimeout)
	defer cancel()
	members := l.all()
	width := make(chan struct{}, resyncWidth)
	var wg sync.WaitGroup
	for _, m := range members {
		width <- struct{}{}
		wg.Go(func() {
			defer func() { <-width }()
			err := m.take(within)
			if err == nil {
				err = l.letGo(within, m, session.ErrClosed)
				m.pass()
			}
			if err != nil {
				l.o.Log.Warn("Closing a session was not orderly", "device", opencti.Mask(m.DN()), "error", err)
			}
		})
	}
	wg.Wait()
	if up != nil {
		l.detach(up.conn)
		l.o.Observer.ConnectionChanged(false)
	}
	l.setState(nil, v1alpha1.ConnectionDisconnected, errClosing)
	l.setClosed()
	l.o.Log.Info("Closed all sessions: the link is being deleted", "sessions", len(members))
}

// setClosed says that nothing of the link is left at the CTI server.
func (l *Link) setClosed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.signal()
}
