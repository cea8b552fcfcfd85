package sink

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/session"
)

func TestFormats(t *testing.T) {
	for format, want := range map[Format]struct {
		kind string
		body []string
	}{
		JSON: {"application/json", []string{`{"workstation":"pc \"12\"","clientHandle":"h\u003c1\u003e","id":"7-2"`, `"customer id":"\u003c4711\u003e"`}},
		PegaServer: {"application/json", []string{
			`"pyEventName":"Offering"`, `"pyWorkstationID":"pc \"12\""`, `"pyClientHandle":"h\u003c1\u003e"`, `"pyCallID":"a"`,
		}},
		XML: {"application/xml; charset=utf-8", []string{
			"<event><workstation>pc &#34;12&#34;</workstation><clientHandle>h&lt;1&gt;</clientHandle><id>7-2</id>", "<name>Offering</name>",
			`<variables><entry name="customer id">&lt;4711&gt;</entry></variables>`,
		}},
	} {
		t.Run(string(format), func(t *testing.T) {
			c := newCentre(t)
			c.openAt("1001", session.Presence{Workstation: `pc "12"`, ClientHandle: "h<1>"})
			rec := started(t, nil)
			run(t, c, rec.URL, func(o *Options) {
				o.Format = format
			})
			c.happen("1001", opencti.Offering, "a")
			got := rec.await(t, "two posts", func(posts []post) bool { return len(posts) == 2 })[1]
			for _, part := range want.body {
				if !strings.Contains(string(got.body), part) {
					t.Errorf("no %s in %s", part, got.body)
				}
			}
			if kind := got.header.Get("Content-Type"); kind != want.kind || got.header.Get("Idempotency-Key") != "1001/7-2" {
				t.Errorf("%v", got.header)
			}
			if format != XML && !json.Valid(got.body) {
				t.Errorf("no JSON: %s", got.body)
			}
		})
	}
}

func TestXML(t *testing.T) {
	got, err := toXML([]byte(`{"a":"1 & 2","b":[1,{"c":true}],"none":[],"null":null,"variables":{"no name":"\u0001x"},"d":{}}`))
	want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<event><a>1 &amp; 2</a><b>1</b><b><c>true</c></b><null></null>` +
		`<variables><entry name="no name">` + "\uFFFD" + `x</entry></variables><d></d></event>`
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestAuthorization(t *testing.T) {
	secret := func(s string) func() (string, error) { return func() (string, error) { return s, nil } }
	broken := func() (string, error) { return "", errors.New("no file") }
	for name, tc := range map[string]struct {
		authorization func() (string, error)
		want          string
		reason        Reason
	}{
		"none":                {nil, "", ""},
		"a token":             {Bearer(secret("t0ken")), "Bearer t0ken", ""},
		"a password":          {Basic(secret("pega"), secret("s3cret")), "Basic cGVnYTpzM2NyZXQ=", ""},
		"unreadable token":    {Bearer(broken), "", CredentialsUnreadable},
		"unreadable user":     {Basic(broken, secret("x")), "", CredentialsUnreadable},
		"unreadable password": {Basic(secret("x"), broken), "", CredentialsUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCentre(t, "1001")
			rec := started(t, nil)
			s := run(t, c, rec.URL, func(o *Options) { o.Authorization = tc.authorization })
			if tc.reason != "" {
				awaitStatus(t, s, "the reason", func(st Status) bool { return st.Reason == tc.reason })
				if len(rec.posts()) != 0 {
					t.Error("it was posted without")
				}
				return
			}
			got := rec.await(t, "a post", func(posts []post) bool { return len(posts) == 1 })[0]
			if h := got.header.Get("Authorization"); h != tc.want {
				t.Errorf("%q, want %q", h, tc.want)
			}
		})
	}
}

func TestReasons(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	target := started(t, nil)
	answer := func(status int) func(http.ResponseWriter, *http.Request, []byte) int {
		return func(http.ResponseWriter, *http.Request, []byte) int { return status }
	}
	for name, tc := range map[string]struct {
		url    string
		judge  func(http.ResponseWriter, *http.Request, []byte) int
		change func(*Options)
		want   Reason
	}{
		"nobody listens":       {url: closed.URL, want: Unreachable},
		"loopback":             {judge: answer(200), change: func(o *Options) { o.AllowLocal = false }, want: AddressRefused},
		"refused by name":      {judge: answer(200), change: func(o *Options) { o.Refused = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }, want: AddressRefused},
		"a name that leads in": {url: "http://localhost:1", change: func(o *Options) { o.AllowLocal = false }, want: AddressRefused},
		"too slow":             {judge: func(_ http.ResponseWriter, r *http.Request, _ []byte) int { <-r.Context().Done(); return 0 }, change: func(o *Options) { o.Timeout = 20 * time.Millisecond }, want: TimedOut},
		"unauthorized":         {judge: answer(401), want: Unauthorized},
		"forbidden":            {judge: answer(403), want: Unauthorized},
		"not there":            {judge: answer(404), want: NotFound},
		"moved": {judge: func(w http.ResponseWriter, r *http.Request, _ []byte) int {
			http.Redirect(w, r, target.URL, http.StatusTemporaryRedirect)
			return 0
		}, want: NotFound},
		"overloaded":       {judge: answer(429), want: Unavailable},
		"broken":           {judge: answer(500), want: Unavailable},
		"does not like it": {judge: answer(400), want: EventRefused},
		"endless headers": {judge: func(w http.ResponseWriter, _ *http.Request, _ []byte) int {
			w.Header().Set("X", strings.Repeat("x", 2*headerBound))
			return 200
		}, want: Unreachable},
		"a certificate unknown": {url: "tls", want: Untrusted},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCentre(t, "1001")
			to := tc.url
			switch to {
			case "":
				to = started(t, tc.judge).URL
			case "tls":
				srv := newReceiver(t, nil)
				srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
				srv.StartTLS()
				to = srv.URL
			}
			var changes []func(*Options)
			if tc.change != nil {
				changes = append(changes, tc.change)
			}
			s := run(t, c, to, changes...)
			awaitStatus(t, s, "the reason "+string(tc.want), func(st Status) bool { return st.Reason == tc.want })
		})
	}
	if n := len(target.posts()); n != 0 {
		t.Errorf("a redirect was followed %d times", n)
	}
}

// An answer without end takes neither memory nor more than its time.
func TestAnAnswerWithoutEnd(t *testing.T) {
	c := newCentre(t, "1001")
	written := make(chan int, 10)
	rec := started(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) int {
		n := 0
		for {
			m, err := w.Write(make([]byte, 32<<10))
			if n += m; err != nil {
				written <- n
				return 0
			}
		}
	})
	s := run(t, c, rec.URL)
	awaitStatus(t, s, "it was taken", func(st Status) bool { return st.Delivered == 1 })
	if n := <-written; n > 16<<20 {
		t.Errorf("%d bytes were read", n)
	}
}

// A receiver may ask for a pause, but not for a long one.
func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "2": 2 * time.Second, "86400": retryAfterBound, "9999999999999999999": 0, "-1": 0, "soon": 0, "3000": retryAfterBound,
	} {
		f := judge(&http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {value}}})
		if f.after != want || f.reason != Unavailable {
			t.Errorf("%q: %+v, want %v", value, f, want)
		}
	}
}

func TestPausesGrowAndAreJittered(t *testing.T) {
	s := &Sink{o: Options{FirstPause: time.Second, LastPause: time.Minute}}
	for tries, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 60: time.Minute, 1 << 40: time.Minute} {
		seen := map[time.Duration]bool{}
		for range 20 {
			d := s.pause(tries)
			if seen[d] = true; d < want/2 || d > want {
				t.Errorf("try %d: %v, want %v to %v", tries, d, want/2, want)
			}
		}
		if len(seen) < 2 {
			t.Errorf("try %d: always the same", tries)
		}
	}
}

func TestAddresses(t *testing.T) {
	g := guard{refused: []netip.Prefix{netip.MustParsePrefix("10.96.0.1/32")}}
	for address, want := range map[string]bool{
		"192.0.2.1": true, "10.0.0.1": true, "2001:db8::1": true, "fd00::1": true, "64:ff9b::c000:201": true,
		"127.0.0.1": false, "127.9.9.9": false, "::1": false, "0.0.0.0": false, "::": false, "169.254.169.254": false, "169.254.0.1": false,
		"fe80::1": false, "fe80::1%eth0": false, "::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "64:ff9b::a9fe:a9fe": false,
		"fd00:ec2::254": false, "100.100.100.200": false, "168.63.129.16": false, "192.0.0.192": false,
		"224.0.0.1": false, "ff02::1": false, "10.96.0.1": false, "::ffff:10.96.0.1": false,
	} {
		if got := g.check(netip.MustParseAddr(address)) == nil; got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	g.allowLocal = true
	for address, want := range map[string]bool{"127.0.0.1": true, "169.254.169.254": true, "10.96.0.1": false, "224.0.0.1": false} {
		if got := g.check(netip.MustParseAddr(address)) == nil; got != want {
			t.Errorf("local allowed, %s: %v, want %v", address, got, want)
		}
	}
}

func TestCheckNamesTheField(t *testing.T) {
	for name, tc := range map[string]struct {
		o    Options
		want string
	}{
		"right":               {Options{URL: "https://pega.example/cti?x=1", Format: XML}, ""},
		"right, and plain":    {Options{URL: "http://pega.example", AllowPlainHTTP: true}, ""},
		"plain":               {Options{URL: "http://pega.example"}, "url must begin with https://"},
		"another scheme":      {Options{URL: "file:///etc/passwd"}, "url must begin with https://"},
		"no URL":              {Options{URL: "https://s3cret:x\n"}, "url is not a URL"},
		"empty":               {Options{}, "url must begin"},
		"no host":             {Options{URL: "https:///x"}, "url has no host"},
		"with a password":     {Options{URL: "https://me:s3cret@pega.example"}, "Secret"},
		"with a fragment":     {Options{URL: "https://pega.example/#s3cret"}, "fragment"},
		"no such format":      {Options{URL: "https://pega.example", Format: "s3cret"}, "format must be one of json, pega-server, xml"},
		"a format for others": {Options{URL: "https://pega.example", Format: "pega-desktop"}, "format"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(tc.o)
			if (err == nil) != (tc.want == "") || err != nil && (!strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "s3cret")) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

// The server asks for a certificate and gets the mounted one; a rotated one at the next
// handshake.
func TestMutualTLS(t *testing.T) {
	c, dir := newCentre(t, "1001"), t.TempDir()
	files := map[string]string{}
	for _, name := range []string{"server", "first", "second"} {
		files[name] = filepath.Join(dir, name)
		certificate(t, files[name], name)
	}
	copyFile(t, files["first"], filepath.Join(dir, "client"))
	var subjects []string
	rec := newReceiver(t, func(w http.ResponseWriter, r *http.Request, _ []byte) int {
		subjects = append(subjects, r.TLS.PeerCertificates[0].Subject.CommonName)
		w.Header().Set("Connection", "close") // the next comes with a handshake
		return http.StatusOK
	})
	pair, err := tls.LoadX509KeyPair(files["server"]+".crt", files["server"]+".key")
	if err != nil {
		t.Fatal(err)
	}
	rec.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert}
	rec.StartTLS()
	config, err := Files(files["server"]+".crt", filepath.Join(dir, "client.crt"), filepath.Join(dir, "client.key"))
	if err != nil {
		t.Fatal(err)
	}
	run(t, c, rec.URL, func(o *Options) { o.TLS = config })
	rec.await(t, "a post", func(posts []post) bool { return len(posts) == 1 })
	copyFile(t, files["second"], filepath.Join(dir, "client"))
	c.happen("1001", opencti.Offering, "a")
	rec.await(t, "another", func(posts []post) bool { return len(posts) == 2 })
	if diff := cmp.Diff([]string{"first", "second"}, subjects); diff != "" {
		t.Error(diff)
	}
}

func TestFilesThatAreWrong(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ ca, cert, key, want string }{
		"nothing given":         {},
		"no CA":                 {ca: filepath.Join(dir, "none"), want: "read CA"},
		"a CA that is none":     {ca: empty, want: "no certificate in PEM"},
		"a certificate without": {cert: empty, want: "both"},
		"a key without":         {key: empty, want: "both"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Files(tc.ca, tc.cert, tc.key); (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

// Every format has its media type.
func TestContentTypes(t *testing.T) {
	if diff := cmp.Diff([]Format{JSON, PegaServer, XML}, slices.Sorted(maps.Keys(contentTypes))); diff != "" {
		t.Error(diff)
	}
}
