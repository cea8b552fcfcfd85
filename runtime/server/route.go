package server

import (
	"context"
	"errors"
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
const holderWait = 8 * time.Second

// errMisdirected is a peer's 421: it is not the holder any more.
var errMisdirected = errors.New("the peer does not hold the slot")

// route takes a request to the holder: this pod, or another by its peer port. While
// the slot moves the request waits; it is sent again only when it certainly did not
// reach a holder.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), holderWait)
	defer cancel()
	for wrong := (slots.Holder{}); ; {
		l, holder, ok := s.awaitHolder(ctx, wrong)
		if !ok {
			writeProblem(w, problem(opencti.Errorf(opencti.LinkDown, "no pod holds this link's slot now; try again in a moment")))
			return
		}
		if l != nil {
			s.serve(w, r, l)
			return
		}
		err := s.forward(w, r, holder)
		if err == nil {
			return
		}
		if !neverArrived(err) {
			s.o.Log.Warn("The holder did not answer", "holder", holder.Pod, "error", err)
			writeProblem(w, problem(opencti.Errorf(opencti.OutcomeUnknown, "the pod that holds the slot was lost before it answered; look at the session's snapshot")))
			return
		}
		wrong = holder
	}
}

// awaitHolder waits until this pod or another than the wrong one holds the slot.
func (s *Server) awaitHolder(ctx context.Context, wrong slots.Holder) (*link.Link, slots.Holder, bool) {
	for {
		if l, ok := s.o.Routing.Local(); ok {
			return l, slots.Holder{}, true
		}
		holder, looked := s.o.Routing.Holder()
		if holder.Identity != "" && holder.Identity != s.o.Routing.Identity() && holder.Identity != wrong.Identity {
			return nil, holder, true
		}
		select {
		case <-ctx.Done():
			return nil, slots.Holder{}, false
		case <-looked:
		case <-time.After(500 * time.Millisecond):
			if err := s.o.Routing.Refresh(ctx); err != nil && ctx.Err() == nil {
				s.o.Log.Warn("Cannot look up the holder", "error", err)
			}
		}
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
	proxy := httputil.ReverseProxy{
		Transport: s.o.Peers,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "https", holder.Address
			p.Out.Header.Set(headerHolder, holder.Identity)
			if r.GetBody != nil {
				p.Out.Body, _ = r.GetBody()
			}
		},
		FlushInterval: -1,
		ModifyResponse: func(resp *http.Response) error {
			if resp.StatusCode == http.StatusMisdirectedRequest {
				return errMisdirected
			}
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
	}
	proxy.ServeHTTP(w, r)
	return failed
}

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
