// Package pbx runs a real Asterisk, configured as a contact centre, on free ports of loopback,
// without root and without touching the machine: agents' SIP endpoints, a carrier's, two
// queues, an AMI user with no more rights than the driver needs. Tests and hack/asterisk use it.
//
//	who               what
//	1001, 1002 …      agents' telephones
//	8001, 8002        queues, support and sales; who lets a call ring is paused
//	1900              rings 1001 and 1002 at once
//	*97               answers and says nothing
//	*45               an agent's always-connected leg
//	0…, +…            through the carrier
//
// From outside 1XXX and 800X can be called. The SIP headers X-Case and X-Data of a call become
// its data CTI_CASE and CTILINK_DATA.
package pbx

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ctilink/ctilink-operator/hack/asterisk/debian"
)

// Options says what to run.
type Options struct {
	Tree debian.Tree
	// Agents is how many there are: 1001 and on. 0: four.
	Agents int
	// RingSeconds is how long a call of a queue rings. 0: 60.
	RingSeconds int
	// Verbose is how much Asterisk logs of calls: 0 nothing, 3 every step of the dialplan.
	Verbose int
	// Host is the address of this machine at which the manager interface listens; empty: loopback.
	Host string
	// Permit are the networks that may come there, besides loopback: 10.0.0.0/255.0.0.0.
	Permit []string
	// FreePBX gives queues, telephones and dialplan the form in which FreePBX generates them.
	FreePBX bool
}

// PBX is a running Asterisk. Its methods are not safe for concurrent use, but CLI is.
type PBX struct {
	Options
	// AMIPort is that of the manager interface, AMITLSPort the same by TLS, both at Host; SIPPort
	// is UDP. TrunkPort is where the carrier's telephone has to listen. Both on 127.0.0.1.
	AMIPort, AMITLSPort, SIPPort, TrunkPort int
	// User and Secret are the manager user's.
	User, Secret string
	// CA is the certificate of the manager interface, in PEM.
	CA string

	Dir     string
	process *exec.Cmd
	ended   chan struct{}
}

// Start runs Asterisk and returns when it is ready for calls.
func Start(ctx context.Context, o Options) (*PBX, error) {
	if o.Agents == 0 {
		o.Agents = 4
	}
	if o.RingSeconds == 0 {
		o.RingSeconds = 60
	}
	if o.Host == "" {
		o.Host = loopback
	}
	// A short path: that of a UNIX socket has 107 bytes.
	dir, err := os.MkdirTemp("", "pbx-")
	if err != nil {
		return nil, err
	}
	p := &PBX{Options: o, Dir: dir, User: "ctilink", Secret: rand.Text()}
	if err := errors.Join(p.choosePorts(), p.configure()); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := p.Run(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

const loopback = "127.0.0.1"

// Ports are taken from below those that the kernel gives to whoever connects somewhere, and
// below those of RTP: between choice and use nobody else gets them.
const (
	firstPort = 10000
	ports     = 10000
)

// choosePorts takes ports that are free now.
func (p *PBX) choosePorts() error {
	for _, port := range []*int{&p.AMIPort, &p.AMITLSPort, &p.SIPPort, &p.TrunkPort} {
		for tries := 0; *port == 0; tries++ {
			if tries == 100 {
				return fmt.Errorf("no free port between %d and %d at %s", firstPort, firstPort+ports, p.Host)
			}
			if n := firstPort + mathrand.IntN(ports); p.isFree(n) {
				*port = n
			}
		}
	}
	return nil
}

func (p *PBX) isFree(port int) bool {
	l, err := net.Listen("tcp4", net.JoinHostPort(p.Host, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	defer l.Close()
	u, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp4", address(port))
	if err != nil {
		return false
	}
	defer u.Close()
	return true
}

// Run starts the program, again after Stop or Kill: on the same ports, without what it knew.
func (p *PBX) Run(ctx context.Context) error {
	// The program outlives the context of its start.
	p.process = p.Tree.Command(context.WithoutCancel(ctx), "usr/sbin/asterisk", "-f", "-C", p.config())
	p.process.Dir = p.Dir
	// The signal of the terminal is for who started it; it ends with that program in any case.
	p.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := os.Create(filepath.Join(p.Dir, "log/console"))
	if err != nil {
		return err
	}
	defer out.Close()
	p.process.Stdout, p.process.Stderr = out, out
	started := make(chan error)
	ended := make(chan struct{})
	go startAndWait(p.process, started, ended)
	if err := <-started; err != nil {
		return err
	}
	p.ended = ended
	return p.waitReady(ctx)
}

// waitReady waits until Asterisk says that it has booted.
func (p *PBX) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		_, err := p.CLI(ctx, "core waitfullybooted")
		if err == nil {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-p.ended:
			return fmt.Errorf("asterisk ended at once:\n%s", p.Log())
		case <-ctx.Done():
			return fmt.Errorf("asterisk is not ready: %w\n%s", err, p.Log())
		}
	}
}

// cliPatience is how long a command of Asterisk's command line may take: one that hangs would
// hang the test.
const cliPatience = 20 * time.Second

// CLI runs a command of Asterisk's own command line.
func (p *PBX) CLI(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cliPatience, fmt.Errorf("no answer within %v", cliPatience))
	defer cancel()
	cmd := p.Tree.Command(ctx, "usr/sbin/asterisk", "-C", p.config(), "-rx", command)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("asterisk -rx %q: %w: %s", command, err, strings.TrimSpace(string(out)))
	}
	return string(out), nil
}

func (p *PBX) config() string { return filepath.Join(p.Dir, "etc/asterisk.conf") }

// Log is what Asterisk said.
func (p *PBX) Log() string {
	var out []byte
	for _, name := range []string{"console", "messages"} {
		part, err := os.ReadFile(filepath.Join(p.Dir, "log", name))
		if err == nil {
			out = append(out, part...)
		}
	}
	return string(out)
}

// PID is the process's.
func (p *PBX) PID() int { return p.process.Process.Pid }

// Stop shuts Asterisk down in an orderly way: calls end, clients are told.
func (p *PBX) Stop() { p.end(syscall.SIGTERM) }

// Kill is a power cut.
func (p *PBX) Kill() { p.end(syscall.SIGKILL) }

func (p *PBX) end(signal syscall.Signal) {
	if p.ended == nil {
		return
	}
	_ = p.process.Process.Signal(signal)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.process.Process.Kill()
		<-p.ended
	}
}

// Pause stops the process without ending it, as a machine that hangs; Continue lets it go on.
func (p *PBX) Pause() error { return p.process.Process.Signal(syscall.SIGSTOP) }

// Continue ends a Pause.
func (p *PBX) Continue() error { return p.process.Process.Signal(syscall.SIGCONT) }

// Close stops Asterisk and removes what it wrote.
func (p *PBX) Close() {
	p.Stop()
	_ = os.RemoveAll(p.Dir)
}

// AMI is the address of the manager interface.
func (p *PBX) AMI() string { return net.JoinHostPort(p.Host, strconv.Itoa(p.AMIPort)) }

// AMITLS is the address of the manager interface by TLS.
func (p *PBX) AMITLS() string { return net.JoinHostPort(p.Host, strconv.Itoa(p.AMITLSPort)) }

// SIP is the address of the registrar and proxy, by UDP.
func (p *PBX) SIP() string { return address(p.SIPPort) }

// Trunk is the address where the carrier's telephone listens.
func (p *PBX) Trunk() string { return address(p.TrunkPort) }

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

// Numbers are those of the agents' telephones.
func (p *PBX) Numbers() []string {
	var out []string
	for i := range p.Agents {
		out = append(out, strconv.Itoa(1001+i))
	}
	return out
}

// Password is that of an agent's telephone.
func (p *PBX) Password(number string) string { return "phone-" + number }
