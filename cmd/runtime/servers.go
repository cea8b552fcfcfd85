package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ctilink/ctilink-operator/runtime/server"
)

// drainTimeout bounds how long the servers wait for requests at their end.
const drainTimeout = 3 * time.Second

// times bound what a peer can hold on to without doing anything. Write begins with read and
// is longer, so that who sends too slowly can be told. Event streams set their own time for
// each write.
type times struct{ header, read, write, idle time.Duration }

var defaultTimes = times{header: 5 * time.Second, read: 30 * time.Second, write: time.Minute, idle: 2 * time.Minute}

// listeners serves several ports until the context ends.
type listeners struct {
	log     *slog.Logger
	times   times
	servers []*http.Server
	wg      sync.WaitGroup
	failed  chan error
}

func newListeners(log *slog.Logger) *listeners {
	return &listeners{log: log, times: defaultTimes, failed: make(chan error, 4)}
}

// add starts a server; a nil TLS configuration means plain HTTP.
func (l *listeners) add(name, address string, handler http.Handler, config *tls.Config) error {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("%s port: %w", name, err)
	}
	// One address must not take all there are.
	ln = server.LimitConnections(ln, server.ConnectionsPerAddress)
	if config != nil {
		config = config.Clone()
		config.NextProtos = []string{"h2", "http/1.1"}
		ln = tls.NewListener(ln, config)
	}
	s := &http.Server{
		Handler: handler, TLSConfig: config, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(l.log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: l.times.header, ReadTimeout: l.times.read, WriteTimeout: l.times.write, IdleTimeout: l.times.idle,
	}
	l.servers = append(l.servers, s)
	l.log.Info("Listening", "port", name, "address", ln.Addr().String())
	l.wg.Go(func() {
		if err := s.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			l.failed <- fmt.Errorf("%s port: %w", name, err)
		}
	})
	return nil
}

// context ends with ctx, or when a port fails; failure tells why.
func (l *listeners) context(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	working, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case err := <-l.failed:
			cancel(err)
		case <-working.Done():
		}
	}()
	return working, cancel
}

// failure is why a context of listeners ended, if a port failed.
func failure(working context.Context) error {
	if cause := context.Cause(working); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// stop lets requests under way end, then closes what is left: streams go on at the
// slot's next holder.
func (l *listeners) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for _, s := range l.servers {
		wg.Go(func() {
			if err := s.Shutdown(ctx); err != nil {
				_ = s.Close()
			}
		})
	}
	wg.Wait()
	l.wg.Wait()
}

// operations is the handler of the metrics port.
func operations(metrics prometheus.Gatherer, ready func() error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}
