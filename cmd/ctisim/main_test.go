package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/runtime/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFlagsWinOverTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ctisim.yaml")
	if err := os.WriteFile(path, []byte("ringTime: 5s\nwrapUpTime: 6s\nagents: [4001-4002]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFlags()
	cmd := newCommand()
	cmd.ResetFlags()
	f.addTo(cmd.Flags())
	args := []string{"--config", path, "--ring-time=7s", "--queues=5000=support,5001=sales", "--extensions=1001-1005,1100"}
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	got, err := f.settings(cmd.Flags())
	if err != nil {
		t.Fatal(err)
	}
	want := simulator.DefaultSettings()
	want.RingTime = simulator.Duration(7 * time.Second)
	want.WrapUpTime = simulator.Duration(6 * time.Second)
	want.Queues = []simulator.Queue{{ID: "5000", Name: "support"}, {ID: "5001", Name: "sales"}}
	if err := parseRanges(&want.Agents, []string{"4001-4002"}); err != nil {
		t.Fatal(err)
	}
	if err := parseRanges(&want.Extensions, []string{"1001-1005", "1100"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

// A flag that overrides nothing would be silently ignored.
func TestEveryFlagHasAnEffect(t *testing.T) {
	f := newFlags()
	cmd := newCommand()
	var s simulator.Settings
	overrides := f.overrides(&s)
	for _, name := range []string{"listen", "secondary", "control", "config", "verbose"} {
		overrides[name] = func() error { return nil }
	}
	for name := range overrides {
		if cmd.Flags().Lookup(name) == nil {
			t.Errorf("--%s is not defined", name)
		}
	}
	for line := range strings.Lines(cmd.Flags().FlagUsages()) {
		_, rest, _ := strings.Cut(line, "--")
		name, _, _ := strings.Cut(rest, " ")
		if overrides[name] == nil {
			t.Errorf("--%s has no effect", name)
		}
	}
}

func TestBadFlagsAreNamed(t *testing.T) {
	for arg, want := range map[string]string{
		"--agents=x":              "--agents: range \"x\"",
		"--queues=5000":           "--queues: \"5000\": want number=name",
		"--ring-time=0s":          "ringTime: must be more than 0",
		"--listen=127.0.0.1:port": "--listen: ",

		"--secondary=127.0.0.1:port": "--secondary: ",
		"--config=/nowhere.yaml":     "read the configuration: ",
	} {
		cmd := newCommand()
		cmd.SetArgs([]string{"--listen=127.0.0.1:0", "--control=127.0.0.1:0", arg})
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", arg, err, want)
		}
	}
}

func TestStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	cmd := newCommand()
	cmd.SetArgs([]string{"--listen=127.0.0.1:0", "--secondary=127.0.0.1:0", "--control=127.0.0.1:0"})
	if err := cmd.ExecuteContext(ctx); err != nil {
		t.Error(err)
	}
}
