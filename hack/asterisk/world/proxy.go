package world

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// proxy stands before the manager interface, counts requests and can break connections.
type proxy struct {
	target   string
	listener net.Listener
	running  sync.WaitGroup
	count    atomic.Uint64

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
	said   []byte // the last of what Asterisk said
}

// remembered is how much of that is kept.
const remembered = 256 << 10

// Write keeps what Asterisk says.
func (p *proxy) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said = append(p.said, b...); len(p.said) > 2*remembered {
		p.said = append(p.said[:0], p.said[len(p.said)-remembered:]...)
	}
	return len(b), nil
}

func newProxy(target string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{target: target, listener: l, conns: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	return p, nil
}

func (p *proxy) address() string  { return p.listener.Addr().String() }
func (p *proxy) requests() uint64 { return p.count.Load() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(context.Background(), "tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !p.admit(client, server) {
			return
		}
		p.running.Go(func() { defer p.end(client, server); _, _ = io.Copy(io.MultiWriter(p, client), server) })
		p.running.Go(func() { defer p.end(client, server); p.forward(client, server) })
	}
}

// admit keeps a connection to break it later; at the end there is no later.
func (p *proxy) admit(client, server net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = client.Close()
		_ = server.Close()
		return false
	}
	p.conns[client], p.conns[server] = true, true
	return true
}

// forward passes requests on, and counts those that are no signs of life.
func (p *proxy) forward(client io.Reader, server io.Writer) {
	lines := bufio.NewReader(client)
	for {
		line, err := lines.ReadBytes('\n')
		if action, ok := bytes.CutPrefix(line, []byte("Action: ")); ok && !bytes.HasPrefix(action, []byte("Ping")) {
			p.count.Add(1)
		}
		if _, failed := server.Write(line); err != nil || failed != nil {
			return
		}
	}
}

func (p *proxy) end(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}

// drop breaks all connections; new ones are welcome at once.
func (p *proxy) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.drop()
	p.running.Wait()
}
