package main

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/link"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/runtime/server/sink"
)

// sinkPatience is how long deliveries must go wrong before the status says so: one
// request that was tried twice is nobody's business.
const sinkPatience = 5 * time.Second

// sinkReread is how often the Secret is looked at: which keys it has decides how the sink
// is spoken to, and some come later.
const sinkReread = 5 * time.Second

// eventSink keeps a sink at work as the slot's document names it.
type eventSink struct {
	dir    string // of the mounted Secret
	local  bool   // addresses of this machine are permitted
	mayAct func() error
	log    *slog.Logger
	reread time.Duration // how often the keys of the Secret are looked at

	mu      sync.Mutex
	verdict *verdict      // nil: the document names no sink
	changed chan struct{} // closed when the verdict is another
}

func newEventSink(dir string, local bool, mayAct func() error, log *slog.Logger) *eventSink {
	return &eventSink{dir: dir, local: local, mayAct: mayAct, log: log, reread: sinkReread, changed: make(chan struct{})}
}

// status is what the slot's condition should say; nil without a sink.
func (e *eventSink) status() (*verdict, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.verdict, e.changed
}

func (e *eventSink) set(v *verdict) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if v == nil && e.verdict == nil || v != nil && e.verdict != nil && *v == *e.verdict {
		return
	}
	e.verdict = v
	close(e.changed)
	e.changed = make(chan struct{})
}

// run delivers the link's events until the context ends. document gives the sink of the
// newest document, and a channel that is closed when there is a newer one.
func (e *eventSink) run(ctx context.Context, l *link.Link, document func() (*v1alpha1.EventSink, <-chan struct{})) {
	defer e.set(nil)
	for ctx.Err() == nil {
		spec, news := document()
		if spec == nil {
			e.set(nil)
			await(ctx, news, 0)
			continue
		}
		e.deliver(ctx, l, *spec, document)
	}
}

// await waits for a signal, or for a time where one is given.
func await(ctx context.Context, signal <-chan struct{}, limit time.Duration) {
	var timer <-chan time.Time
	if limit > 0 {
		timer = time.After(limit)
	}
	select {
	case <-ctx.Done():
	case <-signal:
	case <-timer:
	}
}

// deliver works with one sink until the document names another, or the Secret has other keys.
// Another document that names the same must not begin anew: events would come twice.
func (e *eventSink) deliver(ctx context.Context, l *link.Link, spec v1alpha1.EventSink, document func() (*v1alpha1.EventSink, <-chan struct{})) {
	working, stop := context.WithCancel(ctx)
	var delivering sync.WaitGroup
	defer delivering.Wait()
	defer stop()
	secret := e.secret(spec)
	s, err := e.make(l, spec)
	if err != nil {
		e.log.Error("The event sink cannot be used", "error", err)
		e.set(&verdict{metav1.ConditionFalse, v1alpha1.ReasonSinkInvalid, "spec.desktop.eventSink: " + err.Error()})
	} else {
		e.set(&verdict{metav1.ConditionTrue, v1alpha1.ReasonDelivering, "The event sink takes the events"})
		delivering.Go(func() { s.Run(working) })
		delivering.Go(func() { e.follow(working, s) })
	}
	for ctx.Err() == nil {
		next, news := document()
		if next == nil || !equality.Semantic.DeepEqual(*next, spec) || e.secret(spec) != secret {
			return
		}
		await(ctx, news, e.reread)
	}
}

// follow keeps the verdict true.
func (e *eventSink) follow(ctx context.Context, s *sink.Sink) {
	for ctx.Err() == nil {
		st, changed := s.Status()
		wait := time.Duration(0)
		if st.Reason == "" {
			e.set(&verdict{metav1.ConditionTrue, v1alpha1.ReasonDelivering, "The event sink takes the events"})
		} else if wait = sinkPatience - time.Since(st.Since); wait <= 0 {
			e.log.Warn("The event sink does not take events", "reason", st.Reason, "lost", st.Lost, "refused", st.Refused)
			e.set(&verdict{metav1.ConditionFalse, sinkReasons[st.Reason], "The event sink does not take events: " + string(st.Reason)})
		}
		await(ctx, changed, wait)
	}
}

// sinkReasons are the conditions' names for what goes wrong.
var sinkReasons = map[sink.Reason]string{
	sink.Unreachable: v1alpha1.ReasonSinkUnreachable, sink.AddressRefused: v1alpha1.ReasonSinkAddress,
	sink.Untrusted: v1alpha1.ReasonSinkUntrusted, sink.TimedOut: v1alpha1.ReasonSinkTimedOut,
	sink.CredentialsUnreadable: v1alpha1.ReasonSinkCredentials, sink.Unauthorized: v1alpha1.ReasonSinkUnauthorized,
	sink.NotFound: v1alpha1.ReasonSinkNotFound, sink.Unavailable: v1alpha1.ReasonSinkUnavailable,
	sink.EventRefused: v1alpha1.ReasonSinkEventsRefused,
}

func (e *eventSink) make(l *link.Link, spec v1alpha1.EventSink) (*sink.Sink, error) {
	o := sink.Options{
		URL: spec.URL, Format: sink.Format(spec.Format), AllowPlainHTTP: spec.PlainHTTP == v1alpha1.PlainHTTPAllowed,
		Sessions: l.Sessions, MayAct: e.mayAct, Log: e.log, Refused: apiServer(), AllowLocal: e.local,
	}
	if spec.SecretRef != nil {
		tls, err := sink.Files(e.mounted("ca.crt"), e.mounted("tls.crt"), e.mounted("tls.key"))
		if err != nil {
			return nil, err
		}
		o.TLS, o.Authorization = tls, e.authorization()
	}
	return sink.New(o)
}

// authorization is Basic where the Secret has a user name, nothing where it has only
// certificates, else the token, which may still come.
func (e *eventSink) authorization() func() (string, error) {
	file := func(name string) func() (string, error) { return server.FileSecret(filepath.Join(e.dir, name)) }
	switch {
	case e.mounted("username") != "":
		return sink.Basic(file("username"), file("password"))
	case e.mounted("token") == "" && e.mounted("tls.crt") != "":
		return nil
	}
	return sink.Bearer(file("token"))
}

// secret is what of the Secret decides how the sink is spoken to. The rest is read when it is
// used.
func (e *eventSink) secret(spec v1alpha1.EventSink) string {
	if spec.SecretRef == nil {
		return ""
	}
	found, _ := os.ReadFile(filepath.Join(e.dir, "ca.crt")) // there may be none
	for _, name := range []string{"tls.crt", "tls.key", "token", "username"} {
		if e.mounted(name) != "" {
			found = append(append(found, '/'), name...)
		}
	}
	return string(found)
}

// mounted gives the path of a key of the Secret, or "" when it is not there.
func (e *eventSink) mounted(key string) string {
	path := filepath.Join(e.dir, key)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// apiServer is where events must not go: the service-account token is not theirs.
func apiServer() []netip.Prefix {
	address, err := netip.ParseAddr(os.Getenv("KUBERNETES_SERVICE_HOST"))
	if err != nil {
		return nil
	}
	return []netip.Prefix{netip.PrefixFrom(address, address.BitLen())}
}
