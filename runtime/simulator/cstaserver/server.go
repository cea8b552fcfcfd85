package cstaserver

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/go-logr/logr"

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
	faults   faults
	journal  *journal

	mu          sync.Mutex
	connections map[*connection]struct{}
	accepted    uint64
	running     sync.WaitGroup
}

// New makes a server; Serve lets it listen.
func New(cfg Config, model *switchmodel.Switch, log logr.Logger) *Server {
	return &Server{cfg: cfg, model: model, log: log, journal: newJournal(), connections: map[*connection]struct{}{}}
}

// Serve accepts connections until the context ends, then closes them all and
// returns nil when they are gone. It closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	unsubscribe := s.model.Subscribe(s.hear)
	defer unsubscribe()
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	defer s.running.Wait()
	defer s.DropConnections()
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
			s.welcome(socket)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (s *Server) welcome(socket net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.connections) >= s.cfg.MaxConnections {
		s.log.Info("Refused a connection: there are too many", "peer", socket.RemoteAddr().String())
		_ = socket.Close()
		return
	}
	s.accepted++
	c := newConnection(s, socket, s.accepted)
	s.connections[c] = struct{}{}
	s.running.Go(c.write)
	s.running.Go(c.read)
}

func (s *Server) forget(c *connection) {
	s.monitors.stopAll(c)
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
