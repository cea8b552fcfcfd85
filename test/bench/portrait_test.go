package bench

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/test/process"
)

// BenchmarkTwoThousandPortraitClients: the program itself, in a process of its own and with
// TLS, and 2,000 old clients that wait in GETEVENTS, each with an address and a connection of
// its own. Calls ring, are answered and end; each event is an answer and the next question.
// Time counts from the CTI server's bytes to the client's answer.
func BenchmarkTwoThousandPortraitClients(b *testing.B) {
	const clients = 2000
	events := frames(b)
	for b.Loop() {
		cti := newCTI(b)
		program := startProgram(b, cti.address(), clients)
		empty := program.Resident(b)
		d := program.openClients(b, clients)
		waiting := program.Resident(b)
		for _, rate := range []int{200, 1000, 2000} {
			used := program.Processor(b)
			wholeCalls := time.Duration(clients*len(events)) * time.Second / time.Duration(rate)
			l := d.load(b, cti, events, rate, wholeCalls)
			used = program.Processor(b) - used
			b.Logf("%d events/s: p50 %v p99 %v at most %v; processor time for an event %v", rate, l.at(.5), l.at(.99), l.at(1), used/time.Duration(len(l)))
			b.ReportMetric(micros(l.at(.5))/1000, fmt.Sprint(rate, "/s-p50-ms"))
			b.ReportMetric(micros(l.at(.99))/1000, fmt.Sprint(rate, "/s-p99-ms"))
		}
		b.Logf("resident: without clients %d MiB, with %d that wait %d MiB, after the calls %d MiB", empty>>20, clients, waiting>>20, program.Resident(b)>>20)
		b.ReportMetric(float64(waiting-empty)/clients/1024, "KiB/client")
	}
	b.ReportMetric(0, "ns/op")
}

// program is the runtime as it is shipped, without a cluster.
type program struct {
	process.Process
	ca *x509.CertPool
}

const portraitManifests = `apiVersion: ctilink.io/v1alpha1
kind: CTILink
metadata: {name: bench}
spec:
  implementationClass: csta
  config: {address: %q, outstandingRequests: "64"}
---
apiVersion: ctilink.io/v1alpha1
kind: AgentPool
metadata: {name: all}
spec:
  linkRef: {name: bench}
  agentRanges: [{first: %q, last: %q, firstDn: %q}]
`

func startProgram(tb testing.TB, cti string, agents int) *program {
	tb.Helper()
	dir := tb.TempDir()
	binary := filepath.Join(dir, "runtime")
	if out, err := exec.CommandContext(tb.Context(), "go", "build", "-o", binary, "../../cmd/runtime").CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	p := &program{ca: certificate(tb, dir)}
	files := map[string]string{"token": token, "key": "key", "manifests/bench.yaml": fmt.Sprintf(portraitManifests, cti, agentID(0), agentID(agents-1), number(0))}
	if err := os.Mkdir(filepath.Join(dir, "manifests"), 0o700); err != nil {
		tb.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	address := freeAddress(tb)
	p.URL = "https://" + address
	cmd := exec.CommandContext(tb.Context(), binary, "--manifests", filepath.Join(dir, "manifests"), "--tls-dir", dir,
		"--desktop-address", address, "--metrics-address", freeAddress(tb), "--log-level", "error",
		"--desktop-token-file", filepath.Join(dir, "token"), "--session-key-file", filepath.Join(dir, "key"))
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=410MiB") // what it gives itself in a pod with a limit of 512Mi
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	p.PID = cmd.Process.Pid
	p.awaitConnected(tb)
	return p
}

func freeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// certificate makes what --tls-dir wants: a certificate with the link's URI, its own authority.
func certificate(tb testing.TB, dir string) *x509.CertPool {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, URIs: []*url.URL{{Scheme: "ctilink", Host: "bench", Path: "/bench"}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, content := range map[string][]byte{
		"tls.crt": chain, "ca.crt": chain, "tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(chain)
	return pool
}

func (p *program) awaitConnected(tb testing.TB) {
	tb.Helper()
	client := p.client(0)
	defer client.CloseIdleConnections()
	for deadline := time.Now().Add(30 * time.Second); ; {
		resp, err := request(tb, client, http.MethodGet, p.URL+"/v1/link", "")
		if err == nil {
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if bytes.Contains(body, []byte(`"Connected"`)) {
				return
			}
		}
		if time.Now().After(deadline) {
			tb.Fatalf("the link is not connected: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// client is a desk with an address of its own, as far as loopback goes. Old clients know no
// HTTP/2.
func (p *program) client(i int) *http.Client {
	from := &net.TCPAddr{IP: net.IPv4(127, 1, byte(i/250), byte(1+i%250))}
	dialer := &net.Dialer{LocalAddr: from}
	return &http.Client{Transport: &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: p.ca, MinVersion: tls.VersionTLS12},
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}, ReadBufferSize: 2 << 10, WriteBufferSize: 2 << 10,
	}}
}

// openClients registers a client for each agent and lets it wait for events.
func (p *program) openClients(tb testing.TB, agents int) *desktops {
	tb.Helper()
	d := &desktops{sent: make([]chan time.Time, agents), grown: make(chan struct{}, 1)}
	over, end := context.WithCancel(context.Background())
	tb.Cleanup(end)
	each(agents, 32, func(i int) {
		d.sent[i] = make(chan time.Time, underWay)
		client := p.client(i)
		tb.Cleanup(client.CloseIdleConnections)
		answer, err := p.ask(over, client, "<CTICLIENTINITIALIZE><AGENTID>"+agentID(i)+"</AGENTID><EXTRAEVENTS>true</EXTRAEVENTS></CTICLIENTINITIALIZE>")
		id := clientID.FindSubmatch(answer)
		if err != nil || id == nil {
			tb.Errorf("register %d: %v %s", i, err, answer)
			return
		}
		go p.wait(over, tb, d, client, i, "<GETEVENTS><CLIENTID>"+string(id[1])+"</CLIENTID><WAIT>30</WAIT></GETEVENTS>")
	})
	if tb.Failed() {
		tb.FailNow()
	}
	d.await(tb, int64(agents), time.Minute)
	return d
}

var clientID = regexp.MustCompile("<CLIENTID>([^<]+)<")

// wait asks for events until it is over.
func (p *program) wait(over context.Context, tb testing.TB, d *desktops, client *http.Client, i int, poll string) {
	for over.Err() == nil {
		answer, err := p.ask(over, client, poll)
		at := time.Now()
		if over.Err() != nil {
			return
		}
		if err != nil || !bytes.Contains(answer, []byte("<STATUS>OK<")) {
			tb.Errorf("GETEVENTS of %d: %v %s", i, err, answer)
			return
		}
		for range bytes.Count(answer, []byte("<EVENTID>")) {
			d.seen(i, at)
		}
	}
}

func (p *program) ask(ctx context.Context, client *http.Client, document string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/portrait", strings.NewReader(document))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "text/xml")
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}
