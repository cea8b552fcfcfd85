package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// port is a TLS port like the desktops', with little patience.
type port struct {
	t       *testing.T
	address string
	roots   *x509.CertPool
}

// short is an answer that also a busy machine writes in time.
const short = "served"

func openPort(t *testing.T) *port {
	t.Helper()
	ca := newAuthority(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.pem)
	p := &port{t, free(t), roots}
	ports := newListeners(slog.New(slog.DiscardHandler))
	ports.times = times{header: 200 * time.Millisecond, read: 300 * time.Millisecond, write: 800 * time.Millisecond, idle: 400 * time.Millisecond}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			http.Error(w, "the body did not arrive whole", http.StatusBadRequest)
		}
	})
	mux.HandleFunc("GET /short", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, short) })
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1<<20)) })
	if err := ports.add("desktop", p.address, mux, mustLoad(t, ca.issue(nil, thisLink)).desktop()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ports.stop)
	return p
}

func (p *port) config(protocol string) *tls.Config {
	return &tls.Config{RootCAs: p.roots, ServerName: "main.ns.svc", NextProtos: []string{protocol}}
}

// insist tries until it succeeds: on a busy machine the port's little patience cuts off those
// who behave, too.
func (p *port) insist(try func() error) {
	p.t.Helper()
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if err = try(); err == nil {
			return
		}
	}
	p.t.Fatal(err)
}

// dial opens a TLS connection.
func (p *port) dial(protocol string) (c *tls.Conn) {
	p.t.Helper()
	p.insist(func() (err error) {
		c, err = tls.Dial("tcp", p.address, p.config(protocol))
		return err
	})
	p.t.Cleanup(func() { _ = c.Close() })
	return c
}

// serves asserts that somebody else is served, as ever.
func (p *port) serves() {
	p.t.Helper()
	p.insist(func() error {
		transport := &http.Transport{TLSClientConfig: p.config("h2"), ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get("https://" + p.address + "/short")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err == nil && (string(body) != short || resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2) {
			p.t.Errorf("%s over %s, %d bytes", resp.Status, resp.Proto, len(body))
		}
		return err
	})
}

// cutOff waits until the server has closed the connection, and returns what it said.
func cutOff(t *testing.T, c net.Conn) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	said, err := io.ReadAll(c)
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		t.Fatal("the connection is still open")
	}
	return string(said)
}

func TestClientsThatMisbehave(t *testing.T) {
	const get = "GET / HTTP/1.1\r\nHost: x\r\n"
	for name, tc := range map[string]struct {
		write string
		says  string // in the first line of the answer; "": closed without one
	}{
		"nothing at all":       {"", ""},
		"half a header":        {get + "A: b", ""},
		"large headers":        {get + "A: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "431"},
		"many headers":         {get + strings.Repeat("A: b\r\n", 10000) + "\r\n", "431"},
		"a long path":          {"GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\r\n\r\n", "431"},
		"half a body":          {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf", "400"},
		"half a chunk":         {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf", "400"},
		"a chunk of no length": {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
		"a negative length":    {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"},
		"two lengths":          {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
		"rubbish":              {"\x00\x01\x02\r\n\r\n", "400"},
		"rubbish in a pipe":    {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n\x00\x01rubbish\r\n\r\n", "200"},
		"a NUL in a header":    {get + "A: \x00\r\n\r\n", "400"},
		"no host":              {"GET / HTTP/1.1\r\n\r\n", "400"},
		"a bad escape":         {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
		"HTTP of the future":   {"GET / HTTP/9.9\r\nHost: x\r\n\r\n", "505"},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPort(t)
			c := p.dial("http/1.1")
			if _, err := io.WriteString(c, tc.write); err != nil {
				t.Logf("cut off while writing: %v", err)
			}
			line, _, _ := strings.Cut(cutOff(t, c), "\r\n")
			if tc.says == "" && line != "" || !strings.Contains(line, tc.says) {
				t.Errorf("it says %q, want %q", line, tc.says)
			}
			p.serves()
		})
	}
}

func TestPlainBytesOnTheTLSPort(t *testing.T) {
	p := openPort(t)
	for name, write := range map[string]string{
		"HTTP":          "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"CSTA":          "\x00\x00\x00\x0c0001<a/>",
		"half a hello":  "\x16\x03\x01\x02\x00\x01",
		"silence":       "",
		"a long record": "\x16\x03\x01\xff\xff" + strings.Repeat("x", 70000),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", p.address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, _ = io.WriteString(c, write) // it may be cut off
			cutOff(t, c)
			p.serves()
		})
	}
}

// A slow writer, one byte at a time, is cut off all the same.
func TestOneByteAtATime(t *testing.T) {
	p := openPort(t)
	c := p.dial("http/1.1")
	go func() {
		for _, b := range []byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n" + strings.Repeat("A: b\r\n", 10000)) {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond) // the slowness itself is what is tested
		}
	}()
	cutOff(t, c)
	p.serves()
}

// Who asks and does not read the answer is cut off, over HTTP/1.1 and over HTTP/2.
func TestAReaderThatDoesNotRead(t *testing.T) {
	p := openPort(t)
	c := p.dial("http/1.1")
	if err := c.NetConn().(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	// The requests stop fitting once the server waits for its answers to be read.
	_ = c.SetWriteDeadline(time.Now().Add(10 * time.Second))
	request := []byte(strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1000))
	for {
		if _, err := c.Write(request); err != nil {
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
				t.Error("it was never cut off")
			}
			break
		}
	}
	p.serves()
}

func TestAThousandIdleConnections(t *testing.T) {
	p := openPort(t)
	conns := make([]net.Conn, 1000)
	for i := range conns {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
	}
	p.serves()
	for _, c := range conns {
		cutOff(t, c)
	}
	p.serves()
}

// A client that opens streams and resets them at once (CVE-2023-44487), and one that sends
// frames that make no sense.
func TestHTTP2Abuse(t *testing.T) {
	p := openPort(t)
	var abusing sync.WaitGroup
	for _, abuse := range map[string]func(*http2.Framer, uint32) error{
		"rapid reset": func(f *http2.Framer, id uint32) error {
			// :method GET, :scheme https, :path /, :authority x, as HPACK's static table has them.
			block := []byte{0x82, 0x87, 0x84, 0x41, 0x01, 'x'}
			if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndHeaders: true, EndStream: true}); err != nil {
				return err
			}
			return f.WriteRSTStream(id, http2.ErrCodeCancel)
		},
		"settings": func(f *http2.Framer, _ uint32) error { return f.WriteSettings() },
		"pings":    func(f *http2.Framer, _ uint32) error { return f.WritePing(false, [8]byte{}) },
		"endless headers": func(f *http2.Framer, id uint32) error {
			if id == 1 {
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x82}})
			}
			return f.WriteContinuation(1, false, []byte{0x00, 0x01, 'a', 0x01, 'b'})
		},
		"rubbish": func(f *http2.Framer, id uint32) error { return f.WriteRawFrame(0, 0xff, id+1, []byte("rubbish")) },
	} {
		c := p.dial("h2")
		go func() { _, _ = io.Copy(io.Discard, c) }()
		abusing.Go(func() {
			if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
				return // on a busy machine it is cut off before it begins
			}
			out := bufio.NewWriter(c)
			f := http2.NewFramer(out, nil)
			_ = f.WriteSettings()
			for i := range 20000 {
				if err := abuse(f, uint32(2*i+1)); err != nil {
					return // cut off, as it should be
				}
			}
			_ = out.Flush()
			_ = c.Close()
		})
	}
	for range 5 {
		p.serves()
	}
	abusing.Wait()
	p.serves()
}
