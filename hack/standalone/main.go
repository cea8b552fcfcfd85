// Command standalone runs ctisim and the runtime on localhost, without a cluster and
// without root: the quickest look, and the bench of adapter and desktop developers.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const (
	desktop = "127.0.0.1:8443"
	metrics = "127.0.0.1:9090"
	csta    = "127.0.0.1:4721"
	control = "127.0.0.1:8088"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bin := filepath.Dir(self)
	secrets, err := os.MkdirTemp("", "ctilink-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(secrets)
	token := rand.Text()
	for name, value := range map[string]string{"token": token, "key": rand.Text()} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte(value), 0o600); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 2)
	start(ctx, ended, filepath.Join(bin, "ctisim"), "--listen", csta, "--control", control)
	start(ctx, ended, filepath.Join(bin, "runtime"), "--manifests", filepath.Join(bin, "..", "config", "standalone"),
		"--plain-http", "--desktop-address", desktop, "--metrics-address", metrics,
		"--desktop-token-file", filepath.Join(secrets, "token"), "--session-key-file", filepath.Join(secrets, "key"))
	if err := await(ctx, ended); err != nil {
		return err
	}
	fmt.Printf(lines, token, desktop, control)
	err = <-ended
	stop()
	return errors.Join(err, <-ended)
}

// start runs a program until the context ends; its end is told.
func start(ctx context.Context, ended chan<- error, program string, args ...string) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // also when this is killed
	go func() {
		err := cmd.Run()
		if ctx.Err() != nil {
			err = nil
		} else if err != nil {
			err = fmt.Errorf("%s: %w (is one of its ports taken?)", filepath.Base(program), err)
		}
		ended <- err
	}()
}

// await waits until both answer.
func await(ctx context.Context, ended chan error) error {
	for _, url := range []string{"http://" + control + "/healthz", "http://" + metrics + "/readyz"} {
		for {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			resp, err := http.DefaultClient.Do(req)
			if err == nil {
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					break
				}
			}
			select {
			case err := <-ended:
				return err
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

const lines = `
CTILink runs on this machine. In another shell, paste:

  TOKEN=%[1]s
  CTI=http://%[2]s
  cti() { curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; echo; }

  cti $CTI/v1/link                                                                  # the link and what it can do
  cti $CTI/v1/sessions -d '{"agentId":"4001","login":{"password":"secret"}}'        # agent 4001 at device 1001
  cti -N $CTI/v1/sessions/4001/events &                                             # the stream; leave it running
  cti -X POST $CTI/v1/sessions/4001/activities/SetAgentReady
  curl -sS http://%[3]s/v1/calls -d '{"from":"+4930123","to":"5000","data":{"customer":"4711"}}'   # a customer calls
  cti -X POST $CTI/v1/sessions/4001/activities/AnswerCall
  cti -X POST $CTI/v1/sessions/4001/activities/HangUpCall
  cti -X DELETE "$CTI/v1/sessions/4001?logout=true"

The whole API: http://%[2]s/docs     Stop: Ctrl-C
`
