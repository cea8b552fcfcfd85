package opencti

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type exampleConfig struct {
	Host     string        `cti:"host,required" type:"hostPort" doc:"Where."`
	Site     string        `cti:"site,required,default=main" doc:"Which."`
	Timeout  time.Duration `cti:"timeout,default=5s" doc:"How long."`
	Width    int           `cti:"width,default=10"`
	TLS      bool          `cti:"tls,default=false"`
	Mode     string        `cti:"mode,default=a" enum:"a,b"`
	Service  string        `cti:"service" type:"url"`
	Password string        `cti:"password,secret"`
	notTold  int
}

func TestParametersOf(t *testing.T) {
	want := []Parameter{
		{Name: "host", Description: "Where.", Type: TypeHostPort, Required: true},
		{Name: "site", Description: "Which.", Type: TypeString, Required: true, Default: "main"},
		{Name: "timeout", Description: "How long.", Type: TypeDuration, Default: "5s"},
		{Name: "width", Type: TypeInteger, Default: "10"},
		{Name: "tls", Type: TypeBoolean, Default: "false"},
		{Name: "mode", Type: TypeEnum, Default: "a", Enum: []string{"a", "b"}},
		{Name: "service", Type: TypeURL},
		{Name: "password", Type: TypeString, Secret: true},
	}
	if diff := cmp.Diff(want, ParametersOf(&exampleConfig{notTold: 1})); diff != "" {
		t.Error(diff)
	}
}

func TestParametersOfRefusesTagsWithoutSense(t *testing.T) {
	for name, config := range map[string]any{
		"an unknown option": &struct {
			A string `cti:"a,optional"`
		}{},
		"a type without a form": &struct {
			A []string `cti:"a"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic: the driver's mistake would show in production")
				}
			}()
			ParametersOf(config)
		})
	}
}

func TestCheckConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		key, value string
		want       string // in the problem; empty: none
	}{
		"a host and port":      {"host", "switch:4721", ""},
		"an IPv6 host":         {"host", "[::1]:4721", ""},
		"a host alone":         {"host", "switch", "host:port"},
		"a port alone":         {"host", ":4721", "host:port"},
		"a host with no port":  {"host", "switch:", "host:port"},
		"a duration":           {"timeout", "1m30s", ""},
		"a number of what":     {"timeout", "5", "must be a duration"},
		"a negative duration":  {"timeout", "-5s", "must be a duration"},
		"a number":             {"width", "0", ""},
		"a negative number":    {"width", "-1", "whole number"},
		"a fraction":           {"width", "1.5", "whole number"},
		"a number too large":   {"width", "99999999999999999999", "whole number"},
		"a boolean":            {"tls", "true", ""},
		"a boolean of Go's":    {"tls", "1", "true or false"},
		"a choice":             {"mode", "b", ""},
		"no choice":            {"mode", "c", "one of a, b"},
		"a URL":                {"service", "https://cti.example/api", ""},
		"a path":               {"service", "/api", "absolute URL"},
		"an unknown key":       {"hots", "x", "it takes host, mode, password, service, site, timeout, tls, width"},
		"a key of other case":  {"Host", "switch:1", "is not a parameter"},
		"any text is a secret": {"password", " ü\n\"<", ""},
		"a NUL in a secret":    {"password", "s3cr3t\x00", "not text in UTF-8"},
		"ISO-8859-1":           {"password", "M\xfcller", "not text in UTF-8"},
		"UTF-16 in a file":     {"password", "\xff\xfea\x00", "not text in UTF-8"},
		"half a character":     {"password", "a\xc3", "not text in UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			values := map[string]string{"host": "switch:1"}
			values[tc.key] = tc.value
			err := CheckConfig(ParametersOf(&exampleConfig{}), values)
			var wrong *ConfigError
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want == "":
			case !errors.As(err, &wrong) || wrong.Key != tc.key || !strings.Contains(wrong.Problem, tc.want):
				t.Errorf("CheckConfig = %v; want a problem of key %q with %q", err, tc.key, tc.want)
			}
		})
	}
}

func TestCheckConfigNamesWhatIsMissing(t *testing.T) {
	for name, values := range map[string]map[string]string{"absent": nil, "empty": {"host": ""}} {
		t.Run(name, func(t *testing.T) {
			var wrong *ConfigError
			if err := CheckConfig(ParametersOf(&exampleConfig{}), values); !errors.As(err, &wrong) || wrong.Key != "host" {
				t.Errorf("CheckConfig = %v; want host missing", err)
			}
		})
	}
}

func TestConfigErrorsDoNotTellValues(t *testing.T) {
	const marked = "s3cr3t-value"
	for _, key := range []string{"host", "timeout", "width", "tls", "mode", "service", "unknown"} {
		err := CheckConfig(ParametersOf(&exampleConfig{}), map[string]string{"host": "a:1", key: marked})
		if err == nil || strings.Contains(err.Error(), marked) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestDecodeConfig(t *testing.T) {
	var got exampleConfig
	err := DecodeConfig(map[string]string{"host": "switch:1", "timeout": "2s", "tls": "true", "width": "3"}, &got)
	if err != nil {
		t.Fatal(err)
	}
	want := exampleConfig{Host: "switch:1", Site: "main", Timeout: 2 * time.Second, Width: 3, TLS: true, Mode: "a"}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(exampleConfig{})); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeConfigChecksFirst(t *testing.T) {
	got := exampleConfig{Host: "before"}
	if err := DecodeConfig(map[string]string{"host": "switch:1", "width": "x"}, &got); err == nil {
		t.Error("a malformed value was decoded")
	}
	if got.Host != "before" {
		t.Error("a refused configuration was written in part")
	}
}
