// Package phone is a SIP telephone for tests: it registers, rings, answers, holds, refuses,
// hangs up, transfers and sends tones, by RFC 3261, 3515, 3891 and 4733. It obeys NOTIFY with
// the events talk and hold, as desk telephones with remote control do. It has no sound.
package phone

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// Config says whose telephone it is.
type Config struct {
	// Server is the registrar and proxy, host:port, by UDP.
	Server string
	// Number is the user of its address; Password is for the server's challenges.
	Number, Password string
	// Listen is where it listens; empty: anywhere on loopback.
	Listen string
	// Refuses, if set, gives the status with which a call to a number is refused before it
	// rings; 0: it rings.
	Refuses func(dialled string) int
	// OnRing, if set, decides what becomes of a call that rings.
	OnRing func(*Call)
}

// Phone is a telephone. It is safe for concurrent use.
type Phone struct {
	Config
	ua      *sipgo.UserAgent
	client  *sipgo.Client
	dialogs sipgo.DialogUA
	socket  net.PacketConn
	running sync.WaitGroup

	plugged context.Context //nolint:containedctx // it is the telephone's life, for what NOTIFY begins
	stop    context.CancelFunc
	sending sync.WaitGroup

	mu      sync.Mutex
	deaf    bool
	calls   []*Call
	changed chan struct{} // closed and replaced by every change of a call
	closed  bool
}

// New plugs a telephone in. It is not registered yet.
func New(c Config) (*Phone, error) {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	socket, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp4", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("phone %s: %w", c.Number, err)
	}
	silent := slog.New(slog.NewTextHandler(io.Discard, nil))
	address := socket.LocalAddr().(*net.UDPAddr)
	ua, err := sipgo.NewUA(sipgo.WithUserAgent(c.Number), sipgo.WithUserAgentHostname("127.0.0.1"),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(silent)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(silent),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {})))
	if err != nil {
		return nil, err
	}
	client, err := sipgo.NewClient(ua, sipgo.WithClientConnectionAddr(address.String()), sipgo.WithClientAddr(address.String()),
		sipgo.WithClientLogger(silent))
	if err != nil {
		return nil, err
	}
	server, err := sipgo.NewServer(ua, sipgo.WithServerLogger(silent))
	if err != nil {
		return nil, err
	}
	p := &Phone{Config: c, ua: ua, client: client, socket: socket, changed: make(chan struct{})}
	p.plugged, p.stop = context.WithCancel(context.Background())
	contact := sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: c.Number, Host: "127.0.0.1", Port: address.Port}}
	p.dialogs = sipgo.DialogUA{Client: client, ContactHDR: contact}
	server.OnInvite(p.onInvite)
	server.OnAck(p.onAck)
	server.OnBye(p.onBye)
	server.OnNotify(p.onNotify)
	server.OnOptions(ok)
	server.OnUpdate(ok)
	p.running.Go(func() { _ = server.ServeUDP(socket) })
	if err := p.listens(server); err != nil {
		p.Unplug()
		return nil, err
	}
	return p, nil
}

// listens waits until the library does, which tells nobody; a request that is sent before wants
// a socket of its own.
func (p *Phone) listens(server *sipgo.Server) error {
	for deadline := time.Now().Add(patience); server.TransportLayer().Pool("udp").Size() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("phone %s: it does not listen at %s after %v", p.Number, p.socket.LocalAddr(), patience)
		}
	}
	return nil
}

func ok(req *sip.Request, tx sip.ServerTransaction) {
	_ = tx.Respond(sip.NewResponseFromRequest(req, sip.StatusOK, "OK", nil))
}

// Register tells the server where the telephone is.
func (p *Phone) Register(ctx context.Context) error { return p.register(ctx, 3600) }

// Unregister takes that back.
func (p *Phone) Unregister(ctx context.Context) error { return p.register(ctx, 0) }

func (p *Phone) register(ctx context.Context, seconds int) error {
	ctx, cancel := p.patient(ctx, "register")
	defer cancel()
	req := sip.NewRequest(sip.REGISTER, p.uri(""))
	from := &sip.FromHeader{Address: p.uri(p.Number), Params: sip.NewParams()}
	from.Params.Add("tag", sip.GenerateTagN(16))
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: p.uri(p.Number)})
	req.AppendHeader(sip.HeaderClone(&p.dialogs.ContactHDR))
	req.AppendHeader(sip.NewHeader("Expires", fmt.Sprint(seconds)))
	res, err := p.client.Do(ctx, req, sipgo.ClientRequestRegisterBuild)
	if err == nil && res.StatusCode == sip.StatusUnauthorized {
		res, err = p.client.DoDigestAuth(ctx, req, res, sipgo.DigestAuth{Username: p.Number, Password: p.Password})
	}
	if err != nil {
		return fmt.Errorf("phone %s: register: %w", p.Number, reason(ctx, err))
	}
	if res.StatusCode != sip.StatusOK {
		return fmt.Errorf("phone %s: register: %s", p.Number, res.StartLine())
	}
	return nil
}

// patient bounds what a telephone asks of the server, whatever the caller does: no test waits
// without end, and the error says for what.
func (p *Phone) patient(ctx context.Context, what string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, patience, fmt.Errorf("%s: the server did not answer within %v; this telephone has %s", what, patience, p))
}

// reason is why a context ended, where it did.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// uri is the address of a user at the server.
func (p *Phone) uri(user string) sip.Uri {
	host, port, err := sip.ParseAddr(p.Server)
	if err != nil {
		panic(fmt.Sprintf("phone: server %q: %v", p.Server, err))
	}
	return sip.Uri{Scheme: "sip", User: user, Host: host, Port: port}
}

// SetDeaf says whether the telephone answers NOTIFY and does nothing.
func (p *Phone) SetDeaf(deaf bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = deaf
}

func (p *Phone) isDeaf() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deaf
}

// Calls are those that have not ended, in the order of their beginning.
func (p *Phone) Calls() []*Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// Await waits for a call in one of the states, and gives it.
func (p *Phone) Await(ctx context.Context, states ...State) (*Call, error) {
	for {
		p.mu.Lock()
		changed := p.changed
		i := slices.IndexFunc(p.calls, func(c *Call) bool { return slices.Contains(states, c.state) })
		var found *Call
		if i >= 0 {
			found = p.calls[i]
		}
		p.mu.Unlock()
		if found != nil {
			return found, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("phone %s: no call is %v; it has %s: %w", p.Number, states, p, ctx.Err())
		}
	}
}

// String lists the calls.
func (p *Phone) String() string {
	var out []string
	for _, c := range p.Calls() {
		out = append(out, c.Far+" "+string(c.State()))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// change alters a call's state, unless it has ended.
func (p *Phone) change(c *Call, to State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.state == Ended {
		return
	}
	c.state = to
	if to == Ended {
		p.calls = slices.DeleteFunc(p.calls, func(other *Call) bool { return other == c })
		close(c.ended)
		c.media.close()
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// add takes a call, unless the telephone is unplugged.
func (p *Phone) add(c *Call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.calls = append(p.calls, c)
	return true
}

// find gives the call of a request.
func (p *Phone) find(req *sip.Request) *Call {
	id := req.CallID()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		if id != nil && c.id == id.Value() {
			return c
		}
	}
	return nil
}

// findSoon waits a moment for a call that has rung at the server and is being taken over here.
func (p *Phone) findSoon(req *sip.Request) *Call {
	late := time.After(500 * time.Millisecond)
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if c := p.find(req); c != nil {
			return c
		}
		select {
		case <-changed:
		case <-late:
			return nil
		case <-p.plugged.Done():
			return nil
		}
	}
}

// Close hangs up and unplugs the telephone.
func (p *Phone) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, c := range p.Calls() {
		_ = c.HangUp(ctx)
	}
	p.Unplug()
}

// Unplug is a power cut: nobody is told.
func (p *Phone) Unplug() {
	p.mu.Lock()
	p.closed = true
	calls := slices.Clone(p.calls)
	p.mu.Unlock()
	for _, c := range calls {
		p.change(c, Ended)
	}
	// The library opens a socket, and keeps it, for what is sent after its end: whoever sends ends
	// first.
	p.stop()
	for _, c := range calls {
		c.cancel(sipgo.WaitAnswerForceCancelErr)
	}
	ends(&p.sending)
	_ = p.client.Close()
	_ = p.ua.Close()
	_ = p.socket.Close()
	ends(&p.running)
}

// ends waits for what runs, a little longer than the longest timer of RFC 3261 (64*T1). What runs on
// goleak finds, with its stack.
func ends(running *sync.WaitGroup) {
	over := make(chan struct{})
	go func() { defer close(over); running.Wait() }()
	select {
	case <-over:
	case <-time.After(35 * time.Second):
	}
}
