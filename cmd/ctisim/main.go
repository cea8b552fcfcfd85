// Command ctisim is a contact-centre switch that speaks CSTA III XML over TCP.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/ctilink/ctilink-operator/runtime/simulator"
	"github.com/ctilink/ctilink-operator/runtime/simulator/behaviour"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "ctisim:", err)
		os.Exit(1)
	}
}

var long = `ctisim is a contact-centre switch: queues, agents, telephones, calls with data.

Applications control it with CSTA III XML (ECMA-269/323/354) over TCP; an HTTP
control port lets you play the callers and see what the switch knows.

Unless told otherwise there are extensions 1001-1010, agents 4001-4010 (any
agent may log on at any extension; password "secret") and the queue "support"
(5000). Applications log in as user "ctilink" with password "secret". Numbers
of more than 6 digits, or with a +, are outside.

Control port: POST /v1/calls {from, to, queue, data, patience, talkTime},
GET /v1/calls, GET /v1/calls/{id}, POST /v1/calls/{id}/hangup, GET /v1/agents,
GET /v1/queues, GET /v1/applications, GET /v1/requests?after=N (what applications
asked for), GET /v1/phones/{dn}, POST /v1/phones/{dn}/{action},
POST /v1/faults {dropConnections, silence, refuseLogin, noLicences}, GET /healthz.
It has no authentication: keep it in a network that you trust.

What a switch does on a bad day has a name: GET /v1/behaviours tells all of each,
POST /v1/behaviours/{name} with a JSON object begins it, DELETE ends it. Name,
number, parameters (* needed, = default; times in seconds):
` + behaviour.Help()

const examples = `  # The quick start's switch
  ctisim

  # A caller who brings data and waits a minute
  curl -d '{"from":"+4930123456","queue":"support","data":{"customerId":"4711"},"patience":60}' \
    localhost:8088/v1/calls

  # Load: 2,000 agents, 50 calls a second
  ctisim --extensions 10000-11999 --agents 40000-41999 --calls-per-minute 3000 --talk-time 30s

  # The link is silent for a minute; then all connections drop
  curl -d '{"silence":60}' localhost:8088/v1/faults
  curl -d '{"dropConnections":true}' localhost:8088/v1/faults

  # The next two AnswerCalls are not answered, and nothing happens
  curl -d '{"request":"AnswerCall","count":2}' localhost:8088/v1/behaviours/silentDiscard`

func newCommand() *cobra.Command {
	f := newFlags()
	cmd := &cobra.Command{
		Use:           "ctisim",
		Short:         "A contact-centre switch that speaks CSTA III XML",
		Long:          long,
		Example:       examples,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := f.settings(cmd.Flags())
			if err != nil {
				return err
			}
			log, flush, err := newLog(f.verbose)
			if err != nil {
				return err
			}
			defer flush()
			return run(cmd.Context(), settings, f, log)
		},
	}
	f.addTo(cmd.Flags())
	return cmd
}

func run(ctx context.Context, settings simulator.Settings, f *flags, log logr.Logger) error {
	sim, err := simulator.New(settings, log)
	if err != nil {
		return err
	}
	csta, control, secondary, err := f.open()
	if err != nil {
		return err
	}
	sim.Secondary = secondary
	log.Info("Switch in service", "csta", csta.Addr().String(), "control", control.Addr().String())
	err = sim.Serve(ctx, csta, control)
	log.Info("Switch out of service")
	return err
}

// open listens on all addresses, or on none; secondary may be nil.
func (f *flags) open() (csta, control, secondary net.Listener, err error) {
	if csta, err = listen("listen", f.listen); err != nil {
		return nil, nil, nil, err
	}
	if control, err = listen("control", f.control); err != nil {
		return nil, nil, nil, errors.Join(err, csta.Close())
	}
	if f.secondary == "" {
		return csta, control, nil, nil
	}
	if secondary, err = listen("secondary", f.secondary); err != nil {
		return nil, nil, nil, errors.Join(err, csta.Close(), control.Close())
	}
	return csta, control, secondary, nil
}

// listen names the flag that is wrong.
func listen(flag, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return listener, nil
}

func newLog(verbose bool) (log logr.Logger, flush func(), err error) {
	cfg := zap.NewProductionConfig()
	cfg.Sampling = nil
	cfg.DisableCaller = true
	cfg.EncoderConfig.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	if verbose {
		cfg.Level.SetLevel(zap.DebugLevel)
	}
	z, err := cfg.Build()
	if err != nil {
		return logr.Logger{}, nil, fmt.Errorf("make a log: %w", err)
	}
	return zapr.NewLogger(z), func() { _ = z.Sync() }, nil
}
