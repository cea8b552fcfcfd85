package server

import (
	"net/http"
	"strings"
	"testing"
)

func TestCORS(t *testing.T) {
	p := holding(t, "a", 7, func(o *Options) { o.AllowedOrigins = []string{"https://crm.example"} })
	for name, tc := range map[string]struct {
		method, origin string
		status         int
		allowed        bool
	}{
		"an allowed page asks":        {"OPTIONS", "https://crm.example", 204, true},
		"another page asks":           {"OPTIONS", "https://evil.example", 403, false},
		"a part of an allowed one":    {"OPTIONS", "https://crm.example.evil.example", 403, false},
		"the same without encryption": {"OPTIONS", "http://crm.example", 403, false},
		"no origin":                   {"OPTIONS", "null", 403, false},
		"an allowed page reads":       {"GET", "https://crm.example", 200, true},
		"another page reads":          {"GET", "https://evil.example", 200, false},
		"no page":                     {"GET", "", 200, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := header{"Access-Control-Request-Method": "POST"}
			if tc.origin != "" {
				h["Origin"] = tc.origin
			}
			a := p.do(tc.method, "/v1/link", "", h)
			got := a.Header.Get("Access-Control-Allow-Origin")
			if a.StatusCode != tc.status || (got == tc.origin && got != "") != tc.allowed || !tc.allowed && got != "" {
				t.Errorf("%d, allowed %q", a.StatusCode, got)
			}
			if (a.Header.Get("Vary") == "Origin") != (tc.origin != "") {
				t.Errorf("Vary %q", a.Header.Get("Vary"))
			}
			if tc.status == 403 {
				a.problem(t)
			}
			if a.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("the browser's credentials are asked for")
			}
			if tc.status == 204 {
				for _, needed := range []string{"Authorization", "Idempotency-Key", "Last-Event-ID", HeaderSession} {
					if !strings.Contains(a.Header.Get("Access-Control-Allow-Headers"), needed) {
						t.Errorf("a page may not send %s", needed)
					}
				}
			}
		})
	}
}

func TestTheScriptIsServed(t *testing.T) {
	a := newPod(t, "a").do("GET", "/pega_cti_desktopAPI.js", "", header{"Authorization": ""})
	if a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/javascript") || !strings.Contains(string(a.body), "function") {
		t.Errorf("%d %v %.80s", a.StatusCode, a.Header, a.body)
	}
}
