// Package boot is what process 1 of a machine does, inside its namespaces: mount, configure the network, start the
// machine's programs, keep them running and reap what ends. It is the only package that runs there.
package boot

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ctilink/ctilink-operator/hack/cluster/build"
	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

// Machine is the machine to boot.
type Machine struct {
	layout.Machine
	Dirs     layout.Dirs
	Cache    string
	Programs build.Programs
	// Plugged returns what the host closes (end of file) once the network cable is in.
	Plugged func() io.Reader
}

// Run boots the machine and stays until it is told to end. When it returns the kernel ends the whole machine.
func (m Machine) Run(ctx context.Context) error {
	if os.Getpid() != 1 {
		return fmt.Errorf("init is for process 1 of a machine: `cluster up` starts it")
	}
	say("%s boots", m.Name)
	if err := m.prepare(); err != nil {
		return err
	}
	programs := newSupervisor(m.Programs.Environment())
	go programs.reapUntil(ctx)
	start := m.startNode
	if !m.IsNode() {
		start = m.startControlPlane
	}
	if err := start(ctx, programs); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (m Machine) prepare() error {
	if err := mountAll(m.Dirs.Disk(m.Machine), []string{m.Dirs.Root, m.Cache}); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(m.Name)); err != nil {
		return fmt.Errorf("host name: %w", err)
	}
	if _, err := io.Copy(io.Discard, m.Plugged()); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	return configureNetwork(m.Machine)
}

// log is the file that the program's output goes to.
func (m Machine) log(program string) string { return m.Dirs.Logs(m.Machine) + "/" + program + ".log" }

// untilReady waits until the API server says that it is ready, or the limit is over.
func untilReady(ctx context.Context, kubeconfig string, limit time.Duration) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.Timeout = 2 * time.Second
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	return poll(ctx, limit, func() error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, config.Host+"/readyz", nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("API server: %s", answer.Status)
		}
		return nil
	})
}

// untilListening waits until somebody listens at the socket.
func untilListening(ctx context.Context, socket string, limit time.Duration) error {
	return poll(ctx, limit, func() error {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

// poll tries until it succeeds; the last error says why it did not.
func poll(ctx context.Context, limit time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}
