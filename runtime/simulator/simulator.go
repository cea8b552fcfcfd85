// Package simulator is ctisim: a contact-centre switch for first steps, tests
// and load, that CTILink meets on the wire as it meets any other.
//
// switchmodel is the switch itself, cstaserver speaks CSTA III XML for it,
// behaviour is what both do on a bad day, by name, control lets people and tests
// play the outside world, traffic generates callers; cstatest is for the tests of
// all. This package puts them together. Nothing of CTILink's runtime may
// come in but the codec: what works with ctisim must work by the wire alone.
package simulator

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"

	"github.com/ctilink/ctilink-operator/runtime/simulator/behaviour"
	"github.com/ctilink/ctilink-operator/runtime/simulator/control"
	"github.com/ctilink/ctilink-operator/runtime/simulator/cstaserver"
	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
	"github.com/ctilink/ctilink-operator/runtime/simulator/traffic"
)

// Simulator is a switch with its fronts.
type Simulator struct {
	// Switch and Server are open to tests that run it in their own process.
	Switch *switchmodel.Switch
	Server *cstaserver.Server

	// Director makes the switch behave as it usually does not.
	Director *behaviour.Director
	// Secondary, if set before Serve, is where the standby of the CSTA service listens.
	Secondary net.Listener

	traffic traffic.Config
	log     logr.Logger
}

// New makes a simulator; Serve starts it.
func New(s Settings, log logr.Logger) (*Simulator, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	model, err := switchmodel.New(s.model())
	if err != nil {
		return nil, err
	}
	if s.SeatAgents {
		if err := s.seat(model); err != nil {
			return nil, err
		}
	}
	server := cstaserver.New(s.server(), model, log.WithName("csta"))
	return &Simulator{
		Switch:   model,
		Server:   server,
		Director: behaviour.NewDirector(behaviour.Stage{Model: model, Server: server}),
		traffic:  s.traffic(),
		log:      log,
	}, nil
}

// Serve runs until the context ends, and returns when all is closed. It closes
// the listeners; control may be nil.
func (s *Simulator) Serve(ctx context.Context, csta, control net.Listener) error {
	if s.log.V(1).Enabled() {
		defer s.Switch.Subscribe(s.tell)()
	}
	defer s.Director.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { s.Switch.Run(ctx); return nil })
	group.Go(func() error { return s.Server.Serve(ctx, s.entrances(csta)...) })
	if control != nil {
		group.Go(func() error { return s.serveControl(ctx, control) })
	}
	if s.traffic.CallsPerMinute > 0 {
		group.Go(func() error { traffic.New(s.traffic).Run(ctx, s.place); return nil })
	}
	return group.Wait()
}

func (s *Simulator) entrances(primary net.Listener) []net.Listener {
	if s.Secondary == nil {
		return []net.Listener{primary}
	}
	return []net.Listener{primary, s.Secondary}
}

func (s *Simulator) place(call switchmodel.InboundCall) {
	if _, err := s.Switch.Inbound(call); err != nil {
		s.log.Error(err, "Could not place a generated call", "queue", call.Queue)
	}
}

// tell logs what happens at the switch.
func (s *Simulator) tell(e switchmodel.Event) {
	log := s.log.V(1).WithValues("event", e.Kind, "cause", e.Cause)
	switch {
	case e.Agent != nil:
		log.Info("Agent changed", "agent", e.Agent.ID, "device", e.Agent.Device)
	case e.Phone != nil:
		log.Info("Telephone changed", "device", e.Phone.Device)
	default:
		log.Info("Call changed", "call", e.Call.ID, "device", e.Device)
	}
}

const stopTime = 5 * time.Second

func (s *Simulator) serveControl(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           control.Handler(s.Switch, s.Server, s.Director, s.log.WithName("control")),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		graceful, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		_ = server.Shutdown(graceful)
	})
	err := server.Serve(listener)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
