// Package traffic generates callers: they arrive at random (a Poisson process,
// as telephone traffic does), talk for a while and hang up, or lose patience.
// The same seed gives the same callers.
package traffic

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/simulator/switchmodel"
)

// Config says how much traffic there is.
type Config struct {
	CallsPerMinute float64       // 0: none
	TalkTime       time.Duration // mean
	Patience       time.Duration // mean
	Queues         []string      // numbers or names; each caller picks one
	Seed           uint64
}

// Validate names the first field that is wrong.
func (c Config) Validate() error {
	switch {
	case c.CallsPerMinute < 0 || c.CallsPerMinute > maxCallsPerMinute:
		return fmt.Errorf("callsPerMinute: must be 0 to %d", maxCallsPerMinute)
	case c.CallsPerMinute == 0:
		return nil
	case c.TalkTime <= 0:
		return errors.New("talkTime: must be more than 0")
	case c.Patience <= 0:
		return errors.New("patience: must be more than 0")
	case len(c.Queues) == 0:
		return errors.New("queues: calls need at least one queue")
	}
	return nil
}

const maxCallsPerMinute = 60_000

// Generator makes one caller after the other.
type Generator struct {
	cfg    Config
	random *rand.Rand
}

// New makes a generator of a valid configuration with some traffic.
func New(cfg Config) *Generator {
	return &Generator{cfg: cfg, random: rand.New(rand.NewPCG(cfg.Seed, 0))}
}

// Next is the next caller, and how long after the last one he calls.
func (g *Generator) Next() (after time.Duration, call switchmodel.InboundCall) {
	mean := float64(time.Minute) / g.cfg.CallsPerMinute
	after = time.Duration(g.random.ExpFloat64() * mean)
	customer := g.random.IntN(1_000_000)
	call = switchmodel.InboundCall{
		From:  fmt.Sprintf("+4930%07d", g.random.IntN(10_000_000)),
		Queue: g.cfg.Queues[g.random.IntN(len(g.cfg.Queues))],
		Data:  map[string]string{"customerId": fmt.Sprintf("%06d", customer)},
		Caller: switchmodel.Caller{
			Patience: g.around(g.cfg.Patience),
			TalkTime: g.around(g.cfg.TalkTime),
		},
	}
	return after, call
}

// around varies a mean by half of it.
func (g *Generator) around(mean time.Duration) time.Duration {
	return time.Duration((0.5 + g.random.Float64()) * float64(mean))
}

// Run places calls until the context ends. Their times do not drift: a late
// call does not delay the next.
func (g *Generator) Run(ctx context.Context, place func(switchmodel.InboundCall)) {
	due := time.Now()
	for {
		after, call := g.Next()
		due = due.Add(after)
		timer := time.NewTimer(time.Until(due))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
			place(call)
		}
	}
}
