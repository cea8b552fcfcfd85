// Command runtime holds one slot of a link: the connection to the CTI server, its
// sessions, and the endpoints where desktops meet them.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"

	_ "golang.org/x/crypto/x509roots/fallback" // Mozilla's roots: the image has no files

	"github.com/ctilink/ctilink-operator/runtime/memory"
)

// version is set when the image is built.
var version = "dev"

// flags of the program.
type flags struct {
	slot      string
	manifests string

	desktopAddress, peerAddress, metricsAddress string
	tlsDir, configDir                           string
	tokenFile, sessionKeyFile                   string
	ingestTokenFile, sinkDir                    string
	allowedOrigins                              []string
	plainHTTP                                   bool
	logLevel                                    string
	recordEvents                                string
}

const long = `Holds one slot of a CTILink.

In a pod it takes its CTISlot from the API server and competes with its sibling
for the slot's Lease; the one that does not hold it passes requests on.

With --manifests it needs no cluster: it reads a CTILink, its AgentPools and the
Secrets and ConfigMaps that they name from the YAML files of a directory, and
holds the slot itself.`

const example = `  # On a workbench, against ctisim on this machine:
  runtime --manifests config/standalone --plain-http --desktop-address 127.0.0.1:8443 --desktop-token-file ./token`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "runtime:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "runtime", Short: "Holds one slot of a CTILink", Long: long, Example: example, Version: version,
		Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(c *cobra.Command, _ []string) error { return run(c.Context(), f) },
	}
	p := c.Flags()
	p.StringVar(&f.slot, "slot", "", "name of the CTISlot that this pod competes for")
	p.StringVar(&f.manifests, "manifests", "", "directory with YAML manifests: run without a cluster")
	p.StringVar(&f.desktopAddress, "desktop-address", ":8443", "where desktops connect")
	p.StringVar(&f.peerAddress, "peer-address", ":9443", "where other pods of the link connect")
	p.StringVar(&f.metricsAddress, "metrics-address", ":9090", "where /metrics, /readyz and /livez are served")
	p.StringVar(&f.tlsDir, "tls-dir", "/etc/ctilink/tls", "directory with tls.crt, tls.key and ca.crt")
	p.StringVar(&f.configDir, "config-dir", "/etc/ctilink/config", "directory of the mounted configuration sources")
	p.StringVar(&f.tokenFile, "desktop-token-file", "/etc/ctilink/desktop/token", "file with the token that desktops must send")
	p.StringVar(&f.sessionKeyFile, "session-key-file", "/etc/ctilink/session/key", "file with the key that signs session tokens; with --manifests one is made up when it is not there")
	p.StringVar(&f.ingestTokenFile, "ingest-token-file", "", "file with the token that POST /v1/events takes; without it that path takes nothing")
	p.StringVar(&f.sinkDir, "sink-dir", "/etc/ctilink/sink", "directory with the event sink's token, username and password, ca.crt, tls.crt and tls.key")
	p.StringSliceVar(&f.allowedOrigins, "allowed-origin", nil, "origin of web pages that may use the API, such as https://crm.example.com; may be repeated")
	p.BoolVar(&f.plainHTTP, "plain-http", false, "with --manifests: HTTP without TLS; only on a loopback address")
	p.StringVar(&f.recordEvents, "record-events", "", "with --manifests: file to which raw events are appended, for `runtime rules test`; it holds numbers and call data")
	p.StringVar(&f.logLevel, "log-level", "info", "debug, info, warn or error")
	c.AddCommand(rulesCommand())
	return c
}

func run(ctx context.Context, f flags) error {
	log, err := newLog(f.logLevel)
	if err != nil {
		return err
	}
	go memory.Tune(ctx)
	switch {
	case f.manifests != "" && f.slot != "":
		return errors.New("set either --slot (in a pod) or --manifests (without a cluster), not both")
	case f.manifests != "":
		return runStandalone(ctx, f, log)
	case f.slot != "":
		return runPod(ctx, f, log)
	}
	return errors.New("set --slot (in a pod) or --manifests (without a cluster); see --help")
}

func newLog(level string) (*slog.Logger, error) {
	l, err := zap.ParseAtomicLevel(level)
	if err != nil {
		return nil, fmt.Errorf("--log-level must be debug, info, warn or error, not %q", level)
	}
	c := zap.NewProductionConfig()
	c.Level, c.Sampling, c.DisableCaller = l, nil, true
	c.EncoderConfig.TimeKey, c.EncoderConfig.EncodeTime, c.EncoderConfig.CallerKey = "time", zapcore.RFC3339NanoTimeEncoder, zapcore.OmitKey
	if l.Level() == zapcore.DebugLevel {
		l.SetLevel(zapcore.Level(slog.LevelDebug)) // zapr takes slog's number as it is
	}
	c.EncoderConfig.EncodeLevel = func(l zapcore.Level, to zapcore.PrimitiveArrayEncoder) {
		zapcore.LowercaseLevelEncoder(max(l, zapcore.DebugLevel), to)
	}
	z, err := c.Build()
	if err != nil {
		return nil, fmt.Errorf("make the log: %w", err)
	}
	log := zapr.NewLogger(z)
	klog.SetLogger(log.WithName("client-go"))
	return slog.New(logr.ToSlogHandler(log)), nil
}

// loopback says whether an address can only be reached from this machine.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
