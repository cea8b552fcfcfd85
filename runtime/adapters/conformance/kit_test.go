package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

var update = flag.Bool("update", false, "write the golden files")

// small is a report with one of each.
func small() *conformance.Report {
	return &conformance.Report{
		Class: "line", Took: "1s",
		Rows: []conformance.Line{
			{Row: "HoldCall", Result: conformance.Passed, Scenarios: 2, Cells: map[opencti.EventName]conformance.Result{
				opencti.Held: conformance.Passed, opencti.PartyInfo: conformance.Passed,
			}},
			{Row: "MakeCall", Result: conformance.Failed, Scenarios: 1, Cells: map[opencti.EventName]conformance.Result{
				opencti.Initiated: conformance.Passed, opencti.Delivered: conformance.Failed,
			}},
			{Row: "SendDTMF", Result: conformance.Unsupported, Scenarios: 1},
			{Row: conformance.RowServer, Result: conformance.NotExercised},
		},
		Findings: []*conformance.Finding{{
			Row: "MakeCall", Event: opencti.Delivered, Scenario: "calls a colleague", At: "101", Want: "Delivered of call 7", Got: "Offering of call 7",
			Clause: "Delivered at this device is Offering, else Delivered", Times: 2,
		}},
		Skipped:    []conformance.Skip{{Row: conformance.RowServer, Scenario: "messages are lost", Why: "the world cannot: 101 the CTI server loses messages"}},
		CannotTell: map[opencti.EventName]string{opencti.Unknown: "it always knows"},
		Never:      map[conformance.Deed]string{conformance.GivesAway: "no diversion"},
	}
}

func TestFormats(t *testing.T) {
	for _, format := range conformance.Formats() {
		t.Run(format, func(t *testing.T) {
			var got bytes.Buffer
			if err := small().Write(&got, format); err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/report."+format, got.Bytes())
		})
	}
	if err := small().Write(&bytes.Buffer{}, "xml"); err == nil || !strings.Contains(err.Error(), "text, json, markdown") {
		t.Errorf("an unknown format: %v", err)
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// The columns are the closed set.
func TestEveryEventHasAColumn(t *testing.T) {
	r, err := conformance.Run(t.Context(), with(bench(t), func(b *conformance.Bench) { b.Only = []conformance.Row{conformance.RowEvents} }))
	if err != nil {
		t.Fatal(err)
	}
	var missed []opencti.EventName
	for _, f := range r.Findings {
		missed = append(missed, f.Event)
	}
	slices.Sort(missed)
	want := slices.DeleteFunc(opencti.EventNames(), func(e opencti.EventName) bool { return e == opencti.Unknown })
	if diff := cmp.Diff(want, missed); diff != "" {
		t.Errorf("events that are looked for (-closed set +looked for):\n%s", diff)
	}
}

func with(b conformance.Bench, change func(*conformance.Bench)) conformance.Bench {
	change(&b)
	return b
}

func TestABenchThatIsNotInOrder(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*conformance.Bench)
		want   string
	}{
		"no driver":     {func(b *conformance.Bench) { b.Driver = nil }, "Driver is missing"},
		"no world":      {func(b *conformance.Bench) { b.World = nil }, "World is missing"},
		"no such event": {func(b *conformance.Bench) { b.CannotTell = map[opencti.EventName]string{"Ringing": ""} }, `CannotTell names "Ringing"`},
		"no such row":   {func(b *conformance.Bench) { b.Only = []conformance.Row{"Dance"} }, `Only names "Dance"`},
		"one agent": {func(b *conformance.Bench) {
			b.World = cast{b.World, conformance.Cast{Agents: b.World.Cast().Agents[:1]}}
		}, "two agents"},
		"an agent without dn": {func(b *conformance.Bench) {
			b.World = cast{b.World, conformance.Cast{Agents: make([]conformance.Agent, 2)}}
		}, "Agents[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := conformance.Run(t.Context(), with(bench(t), tc.change)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

// cast is a world with another cast.
type cast struct {
	conformance.World
	cast conformance.Cast
}

func (c cast) Cast() conformance.Cast { return c.cast }

// listener is a driver that can do nothing but listen.
type listener struct{ opencti.Driver }

type onlyListens struct{ opencti.Device }

func (l listener) Describe() opencti.Description {
	d := l.Driver.Describe()
	d.Device, d.Connection = (*onlyListens)(nil), nil
	return d
}

func (l listener) Connect(ctx context.Context, env opencti.Environment) (opencti.Connection, error) {
	c, err := l.Driver.Connect(ctx, env)
	return deaf{c}, err
}

// deaf hides what a connection and its devices can do more.
type deaf struct{ opencti.Connection }

func (d deaf) Open(ctx context.Context, e opencti.Endpoint) (opencti.Device, error) {
	device, err := d.Connection.Open(ctx, e)
	return onlyListens{device}, err
}

// What is not claimed is unsupported, and the rest is tried by what hands do.
func TestAClassThatOnlyListens(t *testing.T) {
	b := bench(t)
	b.Driver = listener{b.Driver}
	for _, e := range []opencti.EventName{
		opencti.LoggedIn, opencti.Available, opencti.Busy, opencti.AfterCallWork, opencti.Unavailable, opencti.LoggedOut,
		opencti.Queued, opencti.Failed, opencti.CallInfo, opencti.RequestFailed,
	} {
		b.CannotTell[e] = "nobody asks for it"
	}
	r, err := conformance.Run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Green {
		t.Errorf("\n%s", text(r))
	}
	for _, s := range opencti.Specs() {
		want := conformance.Unsupported
		if s.BySession() {
			want = conformance.Passed
		}
		if got := r.Result(conformance.Row(s.Activity)); got != want {
			t.Errorf("%s is %s, want %s", s.Activity, got, want)
		}
	}
}

// A world without means is told, and is not green.
func TestAWorldWithoutMeans(t *testing.T) {
	b := bench(t)
	b.World = idle{b.World}
	b.Only = []conformance.Row{conformance.RowTelephone, "HoldCall"}
	r, err := conformance.Run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range b.Only {
		if got := r.Result(row); got != conformance.NotExercised {
			t.Errorf("%s is %s, want %s", row, got, conformance.NotExercised)
		}
	}
	if r.Green || len(r.Skipped) == 0 || !strings.Contains(text(r), "the world cannot: +492215550101 calls 1001 customer=4711") {
		t.Errorf("\n%s", text(r))
	}
}

// idle is a world that can do nothing.
type idle struct{ conformance.World }

func (idle) Do(context.Context, conformance.Act) error { return conformance.ErrCannot }

// What never happens at a server is not asked for.
func TestWhatNeverHappensIsSpared(t *testing.T) {
	b := bench(t)
	b.World = idle{b.World}
	b.Only, b.Scenario = []conformance.Row{conformance.RowServer}, "messages"
	b.Never = map[conformance.Deed]string{conformance.Calls: "a test", conformance.LosesMessages: "a test"}
	r, err := conformance.Run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Skipped) > 0 || !strings.Contains(text(r), "loses messages: a test") {
		t.Errorf("\n%s", text(r))
	}
}

// A consult that is bound to its purpose is refused for the other.
func TestPurposeBound(t *testing.T) {
	b := bench(t)
	b.Driver = bound{b.Driver}
	b.Only, b.Scenario = []conformance.Row{"TransferCall", "ConferenceCall"}, "what began as"
	r, err := conformance.Run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Green {
		t.Errorf("\n%s", text(r))
	}
}

type bound struct{ opencti.Driver }

func (d bound) Describe() opencti.Description {
	about := d.Driver.Describe()
	about.PurposeBound = true
	return about
}

// What a driver says of itself is looked at before it is tried.
func TestDescriptionsThatAreWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*opencti.Description)
		want   string
	}{
		"no callId for PartyInfo": {func(d *opencti.Description) {
			d.Rules.Populate = maps.Clone(d.Rules.Populate)
			delete(d.Rules.Populate, opencti.TypePartyInfo)
		}, "expected Rules.Populate[PartyInfo] with callId"},
		"without what the session does": {func(d *opencti.Description) {
			d.Without = []opencti.Activity{opencti.Resync}
		}, "expected Without Resync to name a method of Device or Connection"},
		"without what nobody knows": {func(d *opencti.Description) {
			d.Without = []opencti.Activity{"Sing"}
		}, "expected Without Sing to name a method of Device or Connection"},
	} {
		t.Run(name, func(t *testing.T) {
			b := bench(t)
			b.Driver = described{b.Driver, tc.change}
			b.Only, b.Scenario = []conformance.Row{conformance.RowDriver}, "describes itself"
			r, err := conformance.Run(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if r.Green || !strings.Contains(text(r), tc.want) {
				t.Errorf("want %q:\n%s", tc.want, text(r))
			}
		})
	}
}

type described struct {
	opencti.Driver
	change func(*opencti.Description)
}

func (d described) Describe() opencti.Description {
	about := d.Driver.Describe()
	d.change(&about)
	return about
}

// What a class is without is unsupported, not failed.
func TestWithout(t *testing.T) {
	b := bench(t)
	b.Driver = described{b.Driver, func(d *opencti.Description) {
		d.Without = []opencti.Activity{opencti.TransferInitiate, opencti.TransferCall, opencti.CancelTransfer}
	}}
	b.Only = []conformance.Row{"TransferInitiate", "TransferCall", "CancelTransfer", "BlindTransfer"}
	r, err := conformance.Run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Green || strings.Count(text(r), "unsupported") < 3 {
		t.Errorf("\n%s", text(r))
	}
}

// Who cannot tell after-call work does not say yes to it.
func TestAfterCallWorkThatCannotBeTold(t *testing.T) {
	b := bench(t)
	b.CannotTell = map[opencti.EventName]string{opencti.AfterCallWork: "a test"}
	b.Only, b.Scenario = []conformance.Row{"SetAgentNotReady"}, "starts after-call work"
	r, err := conformance.Run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text(r), "expected NotCapable for after-call work, which cannot be told; came success") {
		t.Errorf("\n%s", text(r))
	}
}

func TestTheReportIsJSON(t *testing.T) {
	var out bytes.Buffer
	if err := small().Write(&out, "json"); err != nil {
		t.Fatal(err)
	}
	var back conformance.Report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(small(), &back); diff != "" {
		t.Error(diff)
	}
}
