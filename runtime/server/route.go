package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"syscall"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/slots"
)

// holderWait is how long a request waits for a holder while the slot moves.
var holderWait = 8 * time.Second

const (
	// lookAgain is the time between two looks at who holds the slot.
	lookAgain = 500 * time.Millisecond
	// retryPause is the time between two tries.
	retryPause = 100 * time.Millisecond
)

// errMisdirected is a peer's 421: it is not the holder any more, or not yet.
var errMisdirected = errors.New("the peer does not hold the slot")

// route takes a request to the holder: this pod, or another by its peer port. While
// the slot moves the request waits; it is sent again only when it certainly did not
// reach a holder, or does nothing there.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), holderWait)
	defer cancel()
	for {
		l, holder, ok := s.awaitHolder(ctx)
		if !ok {
			// A pod that is cut off never learns of the next holder: whoever comes
			// back must be free to meet another pod. In HTTP/2 this is a GOAWAY.
			w.Header().Set("Connection", "close")
			writeProblem(w, problem(opencti.Errorf(opencti.LinkDown, "no pod holds this link's slot now; try again in a moment")))
			return
		}
		if l != nil {
			s.serve(w, r, l)
			return
		}
		err := s.forward(w, r, holder)
		if err == nil || r.Context().Err() != nil {
			return
		}
		if r.Method != http.MethodGet && !neverArrived(err) {
			s.o.Log.Warn("The holder did not answer", "holder", holder.Pod, "error", err)
			writeProblem(w, problem(opencti.Errorf(opencti.OutcomeUnknown, "the pod that holds the slot was lost before it answered; look at the session's snapshot")))
			return
		}
		s.o.Log.Debug("The holder was not reached", "holder", holder.Pod, "error", err)
		s.look(ctx)
	}
}

// awaitHolder waits until this pod or another holds the slot.
func (s *Server) awaitHolder(ctx context.Context) (*link.Link, slots.Holder, bool) {
	for ctx.Err() == nil {
		if l, ok := s.o.Routing.Local(); ok {
			return l, slots.Holder{}, true
		}
		holder, looked := s.o.Routing.Holder()
		if holder.Identity != "" && holder.Identity != s.o.Routing.Identity() {
			return nil, holder, true
		}
		select {
		case <-ctx.Done():
		case <-looked:
		case <-time.After(lookAgain):
			s.look(ctx)
		}
	}
	return nil, slots.Holder{}, false
}

// look looks the holder up now, and leaves a new one a moment to begin.
func (s *Server) look(ctx context.Context) {
	if err := s.o.Routing.Refresh(ctx); err != nil && ctx.Err() == nil {
		s.o.Log.Warn("Cannot look up the holder", "error", err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(retryPause):
	}
}

// neverArrived says whether a request certainly did nothing at the peer.
func neverArrived(err error) bool {
	var op *net.OpError
	return errors.Is(err, errMisdirected) || errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &op) && op.Op == "dial"
}

// forward sends the request to the holder, streams included. It returns an error
// only while nothing was written to the desktop.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, holder slots.Holder) error {
	var failed error
	rec := recordOf(r.Context())
	proxy := httputil.ReverseProxy{
		Transport: s.o.Peers,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "https", holder.Address
			p.Out.Header.Set(headerHolder, holder.Identity)
			p.Out.Header.Set(headerClient, rec.client)
			if r.GetBody != nil {
				p.Out.Body, _ = r.GetBody()
			}
		},
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug), // a stream that breaks is the desktop's to resume
		ModifyResponse: func(resp *http.Response) error {
			if resp.StatusCode == http.StatusMisdirectedRequest {
				return errMisdirected
			}
			rec.passedOn = true
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
	}
	bounded := boundedWriter{w, http.NewResponseController(w), s.o.WriteTimeout}
	proxy.ServeHTTP(bounded, r)
	if failed == nil {
		bounded.done()
	}
	return failed
}

// boundedWriter gives each write its time, so that a desktop that does not read is
// cut off, here as at the holder.
type boundedWriter struct {
	http.ResponseWriter
	rc      *http.ResponseController
	timeout time.Duration
}

// Write implements io.Writer.
func (b boundedWriter) Write(p []byte) (int, error) {
	_ = b.rc.SetWriteDeadline(time.Now().Add(b.timeout)) // a recorder of tests has none
	return b.ResponseWriter.Write(p)
}

// FlushError follows each write. With HTTP/2 the time would run on while there is nothing
// to write, and end a stream whose agent has nothing to do.
func (b boundedWriter) FlushError() error {
	defer b.done()
	return b.rc.Flush()
}

// Unwrap lets http.ResponseController reach what is beneath.
func (b boundedWriter) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// done ends the time of the last write.
func (b boundedWriter) done() { _ = b.rc.SetWriteDeadline(time.Time{}) }

var _ Routing = Standalone{}

// Standalone is the routing of a runtime that holds its slot without a cluster.
type Standalone struct{ Link *link.Link }

// Local implements Routing.
func (s Standalone) Local() (*link.Link, bool) { return s.Link, true }

// Holder implements Routing.
func (s Standalone) Holder() (slots.Holder, <-chan struct{}) { return slots.Holder{}, nil }

// Refresh implements Routing.
func (s Standalone) Refresh(context.Context) error { return nil }

// Identity implements Routing.
func (s Standalone) Identity() string { return "standalone" }
