package server

import (
	"context"
	"errors"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/link"
)

// watchTick is how often a stream that is not of one session looks for what nothing wakes
// it for: that the slot has moved, that sessions have news.
var watchTick = 250 * time.Millisecond

var errMoved = errors.New("the slot has moved")

// watch writes what add adds, whenever there is news and at each tick, until the reader or
// the pod's hold on the slot is gone; it says which.
func (s *Server) watch(ctx context.Context, l *link.Link, sw *sseWriter, add func() error, news <-chan struct{}) error {
	tick := time.NewTicker(watchTick)
	defer tick.Stop()
	written := time.Now()
	for {
		if err := add(); err != nil {
			return err
		}
		if len(sw.buf) == 0 && time.Since(written) >= s.o.KeepAlive {
			sw.keepAlive()
		}
		if len(sw.buf) > 0 {
			if err := sw.flush(); err != nil {
				return err
			}
			written = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		case <-tick.C:
		}
		if now, ok := s.o.Routing.Local(); !ok || now != l {
			return errMoved
		}
	}
}

// documents says when a link has a newer document.
type documents struct {
	of         *link.Link
	generation int64
	changed    <-chan struct{} // closed when the link's status changed
}

func documentsOf(l *link.Link) *documents {
	st, changed := l.Status()
	return &documents{l, st.Generation, changed}
}

func (d *documents) newer() bool {
	select {
	case <-d.changed:
	default:
		return false
	}
	was := d.generation
	*d = *documentsOf(d.of)
	return d.generation != was
}
