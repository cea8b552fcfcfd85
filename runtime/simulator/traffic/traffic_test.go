package traffic

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

var busyHour = Config{CallsPerMinute: 60, TalkTime: time.Minute, Patience: time.Minute, Queues: []string{"5000", "5001"}, Seed: 1}

type arrival struct {
	At   time.Duration
	Call switchmodel.InboundCall
}

// listen runs a generator for ten minutes of a clock that costs no time.
func listen(t *testing.T, cfg Config) (heard []arrival) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		New(cfg).Run(ctx, func(call switchmodel.InboundCall) {
			heard = append(heard, arrival{time.Since(start), call})
		})
	})
	return heard
}

func TestTheSameSeedGivesTheSameCallers(t *testing.T) {
	first := listen(t, busyHour)
	if diff := cmp.Diff(first, listen(t, busyHour)); diff != "" {
		t.Errorf("second run (-first +second):\n%s", diff)
	}
	other := busyHour
	other.Seed = 2
	if cmp.Equal(first, listen(t, other)) {
		t.Error("another seed gives the same callers")
	}
}

func TestTraffic(t *testing.T) {
	heard := listen(t, busyHour)
	// 600 are expected; a Poisson process strays from that by 25 or so.
	if len(heard) < 500 || len(heard) > 700 {
		t.Errorf("%d calls in ten minutes, want about 600", len(heard))
	}
	queues := map[string]int{}
	for _, a := range heard {
		queues[a.Call.Queue]++
		for name, d := range map[string]time.Duration{"talk time": a.Call.TalkTime, "patience": a.Call.Patience} {
			if d < 30*time.Second || d > 90*time.Second {
				t.Errorf("%s %v strays too far from a minute", name, d)
			}
		}
	}
	if queues["5000"] == 0 || queues["5001"] == 0 {
		t.Errorf("calls of each queue: %v", queues)
	}
}

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		tc   func(*Config)
		want string
	}{
		"fine":           {func(*Config) {}, ""},
		"no traffic":     {func(c *Config) { *c = Config{} }, ""},
		"too much":       {func(c *Config) { c.CallsPerMinute = 1e6 }, "callsPerMinute: must be 0 to 60000"},
		"no talk":        {func(c *Config) { c.TalkTime = 0 }, "talkTime: must be more than 0"},
		"no patience":    {func(c *Config) { c.Patience = 0 }, "patience: must be more than 0"},
		"no destination": {func(c *Config) { c.Queues = nil }, "queues: calls need at least one queue"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := busyHour
			test.tc(&cfg)
			got := ""
			if err := cfg.Validate(); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
