package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Formats are the ways to write a report.
func Formats() []string { return []string{"text", "json", "markdown"} }

// Write writes the report in one of the Formats.
func (r *Report) Write(w io.Writer, format string) error {
	switch format {
	case "text":
		r.Text(w)
		return nil
	case "markdown":
		r.Markdown(w)
		return nil
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	return fmt.Errorf("there is no format %q; there are %s", format, strings.Join(Formats(), ", "))
}

// marks are the cells of the text table.
var marks = map[Result]string{Passed: "+", Failed: "x", "": "·"}

// columns are the closed set of events: those of calls, of agents, the rest.
var columns = []opencti.EventName{
	opencti.Offering, opencti.Initiated, opencti.Delivered, opencti.Queued, opencti.Established, opencti.Held, opencti.Retrieved,
	opencti.Conferenced, opencti.Transferred, opencti.Diverted, opencti.Failed, opencti.Abandoned, opencti.Released,
	opencti.LoggedIn, opencti.Available, opencti.Busy, opencti.AfterCallWork, opencti.Unavailable, opencti.LoggedOut, opencti.Unknown,
	opencti.PartyInfo, opencti.CallInfo, opencti.LinkUp, opencti.LinkLost, opencti.RequestFailed, opencti.SnapshotEvent,
}

// Text writes the table for people: a row for each activity, a column for each event, whose
// name stands above it from top to bottom.
func (r *Report) Text(w io.Writer) {
	out := &strings.Builder{}
	const width = 36
	tall := 0
	for _, e := range columns {
		tall = max(tall, len(e))
	}
	for line := range tall {
		head := ""
		if line == tall-1 {
			head = "activity"
		}
		fmt.Fprintf(out, "%-*s", width, head)
		for i, e := range columns {
			fmt.Fprint(out, gap(i), letter(string(e), line-(tall-len(e))))
		}
		fmt.Fprintln(out)
	}
	for _, l := range r.Rows {
		fmt.Fprintf(out, "%-*s", width, l.Row)
		for i, e := range columns {
			fmt.Fprint(out, gap(i), marks[l.Cells[e]])
		}
		fmt.Fprintf(out, "  %s", l.Result)
		if l.Scenarios > 0 && l.Result != Unsupported {
			fmt.Fprintf(out, " (%d)", l.Scenarios)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "\n+ passed   x failed   · nothing to tell; in brackets: scenarios that went to their end\n")
	r.notes(out)
	_, _ = io.WriteString(w, trimLines(out.String()))
}

// notes follow the table: what failed, what was not tried, what cannot be told.
func (r *Report) notes(out *strings.Builder) {
	section(out, "Failed", r.Findings, func(f *Finding) string { return f.String() })
	section(out, "Not exercised", r.Skipped, func(s Skip) string { return fmt.Sprintf("%s, %s: %s", s.Row, s.Scenario, s.Why) })
	section(out, "This class cannot tell", slices.Sorted(maps.Keys(r.CannotTell)), func(e opencti.EventName) string {
		return fmt.Sprintf("%s: %s", e, r.CannotTell[e])
	})
	section(out, "This never happens at its server", slices.Sorted(maps.Keys(r.Never)), func(d Deed) string {
		return fmt.Sprintf("%s: %s", d, r.Never[d])
	})
	fmt.Fprintf(out, "\n%s: %s, in %s\n", r.Class, r.verdict(), r.Took)
}

func section[T any](out *strings.Builder, title string, lines []T, text func(T) string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s\n", title)
	for _, l := range lines {
		fmt.Fprintf(out, "  - %s\n", text(l))
	}
}

// verdict counts the rows.
func (r *Report) verdict() string {
	count := map[Result]int{}
	for _, l := range r.Rows {
		count[l.Result]++
	}
	var parts []string
	for _, result := range []Result{Passed, Failed, Unsupported, NotExercised} {
		if n := count[result]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, result))
		}
	}
	if r.Green {
		return "conforms; " + strings.Join(parts, ", ")
	}
	return "does not conform; " + strings.Join(parts, ", ")
}

// gap separates the types of events.
func gap(i int) string {
	switch columns[i] {
	case opencti.Offering, opencti.LoggedIn, opencti.PartyInfo:
		return "  "
	}
	return " "
}

func letter(s string, i int) string {
	if i < 0 {
		return " "
	}
	return s[i : i+1]
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// Markdown writes the table for documents: only the events that a row tells.
func (r *Report) Markdown(w io.Writer) {
	out := &strings.Builder{}
	fmt.Fprintf(out, "| activity | result | events | scenarios |\n|---|---|---|---|\n")
	for _, l := range r.Rows {
		fmt.Fprintf(out, "| %s | %s | %s | %d |\n", l.Row, l.Result, l.events(), l.Scenarios)
	}
	r.notes(out)
	_, _ = io.WriteString(w, out.String())
}

// events lists the cells of a row; failed ones are marked.
func (l *Line) events() string {
	var out []string
	for _, e := range columns {
		switch l.Cells[e] {
		case Passed:
			out = append(out, string(e))
		case Failed:
			out = append(out, "**"+string(e)+" failed**")
		}
	}
	return strings.Join(out, ", ")
}

// Result of one row; empty when the table does not have it.
func (r *Report) Result(row Row) Result {
	i := slices.IndexFunc(r.Rows, func(l Line) bool { return l.Row == row })
	if i < 0 {
		return ""
	}
	return r.Rows[i].Result
}
