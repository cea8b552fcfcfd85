package cstaserver

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// Config is who may log in, and the bounds on what a client may use up.
type Config struct {
	User, Password string

	LoginTimeout    time.Duration // a connection without a session is closed
	SessionDuration time.Duration // when the application names none
	MaxSession      time.Duration
	WriteTimeout    time.Duration // a peer that reads nothing is cut off

	MaxConnections int
	MaxMonitors    int // per connection
	MaxOutput      int // messages that wait for one connection
}

// DefaultConfig is the server of the quick start.
func DefaultConfig() Config {
	return Config{
		User:            "ctilink",
		Password:        "secret",
		LoginTimeout:    30 * time.Second,
		SessionDuration: 3 * time.Minute,
		MaxSession:      time.Hour,
		WriteTimeout:    10 * time.Second,
		MaxConnections:  1000,
		MaxMonitors:     20_000,
		MaxOutput:       20_000,
	}
}

// Server serves CSTA for one switch.
type Server struct {
	cfg      Config
	model    *switchmodel.Switch
	log      logr.Logger
	monitors monitors
	sessions sessions
	faults   faults
	journal  *journal

	eventHooks     hooks[EventHook]
	requestHooks   hooks[RequestHook]
	arrivalHooks   hooks[ArrivalHook]
	frameHooks     hooks[FrameHook]
	abandonedHooks hooks[AbandonedHook]

	mu          sync.Mutex
	connections map[*connection]struct{}
	accepted    uint64
	serving     int       // the entrance that is in service
	closedUntil time.Time // it is restarting
	running     sync.WaitGroup
}

// New makes a server; Serve lets it listen.
func New(cfg Config, model *switchmodel.Switch, log logr.Logger) *Server {
	s := &Server{cfg: cfg, model: model, log: log, journal: newJournal(), connections: map[*connection]struct{}{}}
	s.sessions.all, s.sessions.limit, s.faults.monitors = map[string]*session{}, -1, -1
	return s
}

// Serve accepts connections until the context ends, then closes them all and
// returns nil when they are gone. The first listener is the primary address, a
// second one that of the standby. It closes the listeners.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	unsubscribe := s.model.Subscribe(s.hear)
	defer unsubscribe()
	defer s.forgetSessions() // those that would wait for their application
	defer s.running.Wait()
	defer s.DropConnections()
	group, ctx := errgroup.WithContext(ctx)
	for entrance, listener := range listeners {
		group.Go(func() error { return s.accept(ctx, listener, entrance) })
	}
	return group.Wait()
}

func (s *Server) accept(ctx context.Context, listener net.Listener, entrance int) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		socket, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = socket.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			s.log.Error(err, "Could not accept a connection")
			pause(ctx, 50*time.Millisecond) // such as too many open files
		default:
			s.welcome(socket, entrance)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (s *Server) welcome(socket net.Conn, entrance int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.connections) >= s.cfg.MaxConnections:
		s.log.Info("Refused a connection: there are too many", "peer", socket.RemoteAddr().String())
		_ = socket.Close()
		return
	case entrance < s.serving || time.Now().Before(s.closedUntil):
		_ = socket.Close() // out of service
		return
	}
	s.accepted++
	c := newConnection(s, socket, s.accepted, entrance)
	s.connections[c] = struct{}{}
	s.running.Go(c.write)
	s.running.Go(c.read)
	s.running.Go(c.work)
}

func (s *Server) forget(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, c)
}

// Connections counts who is connected.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.connections)
}
