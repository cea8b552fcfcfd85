package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestFlagsThatMakeNoSense(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no image":     {[]string{"--operator-namespace=x"}, "--runtime-image is missing"},
		"no namespace": {[]string{"--runtime-image=x"}, "--operator-namespace is missing"},
		"log level":    {[]string{"--runtime-image=x", "--operator-namespace=x", "--log-level=loud"}, "--log-level"},
		"argument":     {[]string{"now"}, `unknown command "now"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OPERATOR_NAMESPACE", "")
			cmd := newCommand()
			cmd.SetArgs(tc.args)
			if err := cmd.Execute(); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	var out bytes.Buffer
	cmd := newCommand()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"--help"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--runtime-image", "--operator-namespace", "--watch-namespaces", "--leader-elect",
		"--metrics-bind-address", "--health-probe-bind-address", "--log-level"} {
		if !strings.Contains(out.String(), flag) {
			t.Errorf("--help does not mention %s", flag)
		}
	}
}
