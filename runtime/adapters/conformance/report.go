package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Result is what became of a row or a cell of the table.
type Result string

// The results.
const (
	Passed      Result = "passed"
	Failed      Result = "failed"
	Unsupported Result = "unsupported"
	// NotExercised: the World cannot do what it takes, or a failure elsewhere came before.
	NotExercised Result = "not exercised"
)

// Row names a line of the table: an activity, or one of those below.
type Row string

// The rows that are no activities.
const (
	RowOpen      Row = "OpenAdapter + SubscribeForEvents"
	RowClose     Row = "UnSubscribeForEvents + CloseAdapter"
	RowCaller    Row = "(a caller)"
	RowTelephone Row = "(at the telephone)"
	RowServer    Row = "(the CTI server)"
	RowSimple    Row = "(the mode Simple)"
	RowStates    Row = "(the mode SimpleWithAgentState)"
	RowFull      Row = "(the mode Full)"
	RowDriver    Row = "(the driver alone)"
	RowEvents    Row = "(every event)"
)

// rows lists them in the table's order.
func rows() []Row {
	out := []Row{RowOpen}
	for _, s := range opencti.Specs() {
		out = append(out, Row(s.Activity))
	}
	return append(out, RowClose, RowCaller, RowTelephone, RowServer, RowSimple, RowStates, RowFull, RowDriver, RowEvents)
}

// Report is what the kit found.
type Report struct {
	Class    string     `json:"class"`
	Took     string     `json:"took"`
	Green    bool       `json:"green"`
	Rows     []Line     `json:"rows"`
	Findings []*Finding `json:"failures"`
	// Skipped says what was not exercised, and why.
	Skipped []Skip `json:"notExercised,omitempty"`
	// CannotTell and Never are what the class says of its server, with its reasons.
	CannotTell map[opencti.EventName]string `json:"cannotTell,omitempty"`
	Never      map[Deed]string              `json:"never,omitempty"`
}

// Line is one row of the table.
type Line struct {
	Row       Row                          `json:"row"`
	Result    Result                       `json:"result"`
	Scenarios int                          `json:"scenarios"`
	Cells     map[opencti.EventName]Result `json:"events,omitempty"`
}

// Finding is one thing that is not as the vocabulary says.
type Finding struct {
	Row      Row               `json:"row"`
	Event    opencti.EventName `json:"event,omitempty"`
	Scenario string            `json:"scenario"`
	// At is the device that was told, or empty.
	At     string `json:"at,omitempty"`
	Want   string `json:"expected"`
	Got    string `json:"came"`
	Clause Clause `json:"clause"`
	// Times counts the scenarios that met it.
	Times int `json:"times"`
}

// String is the one line that people read.
func (f *Finding) String() string {
	where := string(f.Row)
	if f.At != "" {
		where += " at " + f.At
	}
	times := ""
	if f.Times > 1 {
		times = fmt.Sprintf("; %d scenarios met it", f.Times)
	}
	return fmt.Sprintf("%s, %s: expected %s; came %s. [%s%s]", where, f.Scenario, f.Want, f.Got, f.Clause, times)
}

// Skip says what was not exercised.
type Skip struct {
	Row      Row    `json:"row"`
	Scenario string `json:"scenario"`
	Why      string `json:"why"`
}

// recorder gathers what scenarios find. It is safe for concurrent use.
type recorder struct {
	mu       sync.Mutex
	seen     map[opencti.EventName]bool
	cells    map[Row]map[opencti.EventName]Result
	done     map[Row]int // scenarios that went to their end
	findings []*Finding
	skipped  []Skip
	requests int
}

func newRecorder() *recorder {
	return &recorder{seen: map[opencti.EventName]bool{}, cells: map[Row]map[opencti.EventName]Result{}, done: map[Row]int{}}
}

// saw notes an event that a desktop was told.
func (r *recorder) saw(e opencti.EventName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[e] = true
}

// mark colours a cell; failed stays.
func (r *recorder) mark(row Row, e opencti.EventName, result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.markLocked(row, e, result)
}

func (r *recorder) markLocked(row Row, e opencti.EventName, result Result) {
	if e == "" {
		return
	}
	if r.cells[row] == nil {
		r.cells[row] = map[opencti.EventName]Result{}
	}
	if r.cells[row][e] != Failed {
		r.cells[row][e] = result
	}
}

// found notes a finding; the same one again only counts.
func (r *recorder) found(f Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.markLocked(f.Row, f.Event, Failed)
	for _, known := range r.findings {
		if known.Row == f.Row && known.Event == f.Event && known.Clause == f.Clause && known.Want == f.Want {
			known.Times++
			return
		}
	}
	f.Times = 1
	r.findings = append(r.findings, &f)
}

func (r *recorder) skip(s Skip) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped = append(r.skipped, s)
}

func (r *recorder) finish(row Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[row]++
}

// report makes the table.
func (r *recorder) report(b Bench, took time.Duration) *Report {
	out := &Report{Class: b.Class, Took: took.Round(10 * time.Millisecond).String(), Green: true, CannotTell: b.CannotTell, Never: b.Never}
	claimed := b.claims()
	order := rows()
	for _, row := range order {
		line := Line{Row: row, Result: r.result(row, claimed), Scenarios: r.done[row], Cells: r.cells[row]}
		if !b.runs(row) || b.Scenario != "" && line.Result == NotExercised && len(line.Cells) == 0 {
			continue // nobody asked for it
		}
		out.Rows = append(out.Rows, line)
		if line.Result != Passed && line.Result != Unsupported {
			out.Green = false
		}
	}
	out.Findings, out.Skipped = r.findings, r.skipped
	slices.SortStableFunc(out.Findings, func(a, b *Finding) int {
		return cmp.Compare(slices.Index(order, a.Row), slices.Index(order, b.Row))
	})
	if len(out.Findings) > 0 {
		out.Green = false
	}
	return out
}

func (r *recorder) result(row Row, claimed func(opencti.Activity) bool) Result {
	failed := slices.ContainsFunc(r.findings, func(f *Finding) bool { return f.Row == row })
	skipped := slices.ContainsFunc(r.skipped, func(s Skip) bool { return s.Row == row })
	_, activity := opencti.SpecOf(opencti.Activity(row))
	switch {
	case failed:
		return Failed
	case activity && !claimed(opencti.Activity(row)):
		return Unsupported
	case skipped, r.done[row] == 0:
		return NotExercised
	}
	return Passed
}

// next gives a number that no other request has.
func (r *recorder) next() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	return r.requests
}
