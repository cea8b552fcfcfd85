package conformance

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Bench is a driver with all that it takes to try it.
type Bench struct {
	// Class names it in the table.
	Class  string
	Driver opencti.Driver
	// Config is the class's configuration, complete.
	Config map[string]string
	World  World
	// CannotTell lists the events that the CTI server does not let the driver tell, each
	// with the reason. They are printed, and not waited for.
	CannotTell map[opencti.EventName]string
	// Never lists what cannot happen at this CTI server, each with the reason. It is
	// printed, and not tried.
	Never map[Deed]string
	// Refusals are configurations with which Connect must fail.
	Refusals []Refusal
	// Patience is how long an event may take; five seconds when zero.
	Patience time.Duration
	// Only names the rows to run; empty: all. Then only these are in the table.
	Only []Row
	// Scenario runs only those whose name contains it.
	Scenario string
	// Log takes the diagnostics of driver and link; nil: nobody.
	Log *slog.Logger
	// Progress, if set, is told of each scenario when it ends.
	Progress func(row Row, scenario string, result Result, took time.Duration)
}

// Refusal is a configuration that Connect must not accept.
type Refusal struct {
	// Name says what is wrong with it.
	Name   string
	Config map[string]string
	Want   opencti.ErrorCode
}

// Run tries the driver. The error says that the bench itself is not in order; what is
// wrong with the driver stands in the report.
func Run(ctx context.Context, b Bench) (*Report, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	if b.Patience == 0 {
		b.Patience = 5 * time.Second
	}
	start, rec := time.Now(), newRecorder()
	claims := b.claims()
	for _, sc := range scenarios() {
		if !b.runs(sc.row) || !sc.wanted(claims) || !strings.Contains(sc.name, b.Scenario) {
			continue
		}
		if err := b.World.Reset(ctx); err != nil {
			return nil, fmt.Errorf("reset the world: %w", err)
		}
		began := time.Now()
		result := b.run(ctx, rec, sc)
		if b.Progress != nil {
			b.Progress(sc.row, sc.name, result, time.Since(began))
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	b.missing(rec)
	return rec.report(b, time.Since(start)), nil
}

// Test runs the kit as a Go test. It logs the table, and fails when it is not green.
func Test(t *testing.T, b Bench) {
	t.Helper()
	r, err := Run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	r.Text(&table)
	if r.Green {
		t.Log("\n" + table.String())
		return
	}
	t.Error("\n" + table.String())
}

func (b *Bench) check() error {
	switch {
	case b.Driver == nil:
		return fmt.Errorf("bench: Driver is missing")
	case b.World == nil:
		return fmt.Errorf("bench: World is missing")
	}
	for e := range b.CannotTell {
		if _, ok := opencti.TypeOf(e); !ok {
			return fmt.Errorf("bench: CannotTell names %q, which is not an event of the closed set", e)
		}
	}
	for _, row := range b.Only {
		if !slices.Contains(rows(), row) {
			return fmt.Errorf("bench: Only names %q, which is not a row of the table", row)
		}
	}
	cast := b.World.Cast()
	if len(cast.Agents) < 2 {
		return fmt.Errorf("bench: the world's Cast needs two agents at least, it has %d", len(cast.Agents))
	}
	for i, a := range cast.Agents {
		if a.ID == "" || a.DN == "" {
			return fmt.Errorf("bench: the world's Cast.Agents[%d] needs ID and DN", i)
		}
	}
	return nil
}

func (b *Bench) log() *slog.Logger {
	if b.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return b.Log
}

func (b *Bench) runs(row Row) bool { return len(b.Only) == 0 || slices.Contains(b.Only, row) }

// claims says which activities the class offers.
func (b *Bench) claims() func(opencti.Activity) bool {
	claimed := b.Driver.Describe().Activities()
	return func(a opencti.Activity) bool { return slices.Contains(claimed, a) }
}

func (b *Bench) tells(e opencti.EventName) bool {
	_, silent := b.CannotTell[e]
	return !silent
}

// missing looks for the events that nobody was told.
func (b *Bench) missing(rec *recorder) {
	if !b.runs(RowEvents) || b.Scenario != "" {
		return
	}
	rec.finish(RowEvents)
	for _, e := range columns {
		switch {
		case rec.seen[e]:
			rec.mark(RowEvents, e, Passed)
		case b.tells(e):
			rec.found(Finding{Row: RowEvents, Event: e, Scenario: "all scenarios", Want: string(e) + " at least once",
				Got: "none; if the CTI server cannot tell, say so in CannotTell", Clause: clauseSeen})
		}
	}
}
