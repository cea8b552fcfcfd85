package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func get(t *testing.T, path string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	Toolbar("https://crm.example").ServeHTTP(w, r)
	return w.Result()
}

func TestPathsGiveFilesOfTheRightType(t *testing.T) {
	for _, tc := range []struct {
		path, kind string
		status     int
	}{
		{"/toolbar/", "text/html; charset=utf-8", http.StatusOK},
		{"/toolbar/team", "text/html; charset=utf-8", http.StatusOK},
		{"/toolbar/toolbar.js", "text/javascript; charset=utf-8", http.StatusOK},
		{"/toolbar/client.js", "text/javascript; charset=utf-8", http.StatusOK},
		{"/toolbar/page.css", "text/css; charset=utf-8", http.StatusOK},
		{"/toolbar/icon.svg", "image/svg+xml", http.StatusOK},
		{"/toolbar", "text/html; charset=utf-8", http.StatusMovedPermanently},
		{"/toolbar/no-such.js", "text/plain; charset=utf-8", http.StatusNotFound},
		{"/toolbar/../doc.go", "text/plain; charset=utf-8", http.StatusNotFound},
		{"/toolbar/dist/toolbar.js", "text/plain; charset=utf-8", http.StatusNotFound},
	} {
		resp := get(t, tc.path, nil)
		if resp.StatusCode != tc.status || resp.Header.Get("Content-Type") != tc.kind {
			t.Errorf("%s: %d %s, want %d %s", tc.path, resp.StatusCode, resp.Header.Get("Content-Type"), tc.status, tc.kind)
		}
	}
}

func TestPolicyForbidsInlineScriptAndForeignOrigins(t *testing.T) {
	csp := get(t, "/toolbar/", nil).Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'self' https://crm.example"} {
		if !strings.Contains(csp, want) {
			t.Errorf("the policy lacks %q: %s", want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("the policy allows what is unsafe: %s", csp)
	}
}

func TestBrowserAsksWhetherTheFileIsStillTheSame(t *testing.T) {
	first := get(t, "/toolbar/toolbar.js", nil)
	if first.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("Cache-Control is %q", first.Header.Get("Cache-Control"))
	}
	again := get(t, "/toolbar/toolbar.js", http.Header{"If-None-Match": {first.Header.Get("Etag")}})
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("got %d, want 304", again.StatusCode)
	}
}

func TestFilesAreCompressedForWhoeverReadsGzip(t *testing.T) {
	plain := get(t, "/toolbar/toolbar.js", nil)
	small := get(t, "/toolbar/toolbar.js", http.Header{"Accept-Encoding": {"br, gzip"}})
	if small.Header.Get("Content-Encoding") != "gzip" {
		t.Fatal("it is not compressed")
	}
	z, err := gzip.NewReader(small.Body)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := io.ReadAll(z)
	b, errB := io.ReadAll(plain.Body)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Error("the compressed file is another")
	}
}

// bundleBound is what an agent's browser fetches at most for the toolbar, compressed.
const bundleBound = 60 << 10

func TestBundlesAreSmall(t *testing.T) {
	for name, f := range readFiles() {
		if len(f.gzipped) > bundleBound {
			t.Errorf("%s has %d bytes compressed, more than %d", name, len(f.gzipped), bundleBound)
		}
	}
}
