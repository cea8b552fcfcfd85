package rules

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), run with -update if it is meant:\n%s", path, diff)
	}
}

// mistakes are conditions as people write them.
var mistakes = []string{
	"evnt.cause == 'x'", "event.cause = 'x'", "event.cause === 'x'", "event.cause <> 'x'", "event.cause == 'x", `event.cause == "x`,
	"event.cause == ‘x’", "event.", "event..cause == 'x'", "event.alerting-device == 'x' and event.b", "event.a == 'x' and event.b == 'y'",
	"event.a == 'x' or event.b == 'y'", "not event.a", "event.a == 'x' &&", "event.a ? 'x'", "(event.a == 'x'", "event.a == 'x')",
	"if event.a", "event.a == 'x'; event.b == 'y'", "event.number == +4930123456", "event.number == 493012345678901234567890",
	"session.dm == '1001'", "session.agentID == '4001'", "session.dn == 1001", "session.device == '1'", "session.dn", "!session.dn", "session.dn && true",
	"call.known == 'true'", "call.state == 'Offring'", "call.state == Offering", "call.callType == 'inbound'", "'Ringing' == call.state",
	"call.callType in ['INBOUND', 'EXTERNAL']", "call.state != '4930123456'", "call.ani == '1'", "name == 'Offering'",
	"event.parties.exist(p, p.dn == '1')", "event.a.startWith('x')", "event.a.matches('[')", "event.a.matches('a{900}')",
	"event.a.replace('', event.b) == 'x'", "has(event)", "session.dn.length == 4", "size(5) == 1", "session.dn + 1 == 'x'", "session.dn in 5",
	"event.a.exists(x, event.b.exists(y, event.c.exists(z, z == x)))", "event.a == 'x' ? true : 'no'", "\nevent.a == 'x'\n&& evnt.b == 'y'",
	"event.a == '\\d'", "null == 5 + 'x'", "true" + strings.Repeat(" || true", 1200),
	"strange" + strings.Repeat("e", 100) + " == 1", "raw == 5", " ", "5", "event.a like 'x'", "optional.of(1)", "cel.bind(x, 1, x == 1)", "#",
}

// TestMistakes holds every sentence that a person may read about a condition.
func TestMistakes(t *testing.T) {
	var out strings.Builder
	for _, m := range mistakes {
		rs := opencti.RuleSet{Identify: []opencti.Rule{{Name: "r", On: "X", When: m, Then: opencti.Offering}}}
		_, err := Compile(rs)
		e := First(err)
		if e == nil {
			t.Errorf("%q compiles", m)
			continue
		}
		if strings.Contains(e.Error(), "30123") {
			t.Errorf("a literal got into the text: %v", e)
		}
		if len(m) > 120 {
			m = m[:120] + "…"
		}
		fmt.Fprintf(&out, "%q\n  %d:%d %s\n", m, e.Line, e.Column, e.What())
	}
	golden(t, "mistakes.txt", out.String())
}

// TestWrongRules holds what is said of rule sets.
func TestWrongRules(t *testing.T) {
	with := func(f func(*opencti.RuleSet)) opencti.RuleSet {
		rs := tree()
		f(&rs)
		return rs
	}
	populate := func(field, expression string) func(*opencti.RuleSet) {
		return func(r *opencti.RuleSet) {
			r.Populate = map[opencti.EventType]map[string]string{opencti.TypeCallState: {field: expression}}
		}
	}
	cases := map[string]opencti.RuleSet{
		"event that does not exist":   with(func(r *opencti.RuleSet) { r.Identify[0].Then = "Ringing" }),
		"event almost right":          with(func(r *opencti.RuleSet) { r.Identify[0].Then = "offering" }),
		"event of the runtime":        with(func(r *opencti.RuleSet) { r.Identify[0].Then = opencti.LinkUp }),
		"no raw event":                with(func(r *opencti.RuleSet) { r.Identify[0].On = "" }),
		"no name":                     with(func(r *opencti.RuleSet) { r.Filter[0].Name = "" }),
		"name twice":                  with(func(r *opencti.RuleSet) { r.Identify[1].Name = "offered" }),
		"filter without condition":    with(func(r *opencti.RuleSet) { r.Filter[0].When = "" }),
		"several at once":             with(func(r *opencti.RuleSet) { r.Identify[0].When = "evnt.a"; r.Filter[0].When = "nam == 'x'" }),
		"callId that reads the call":  with(func(r *opencti.RuleSet) { r.CallID = "call.state" }),
		"callId that is no text":      with(func(r *opencti.RuleSet) { r.CallID = "5" }),
		"setEventType that is wrong":  with(func(r *opencti.RuleSet) { r.SetEventType = "raw == 'X' ?\n  'Offering' : {'Y': 'Estblished'}[raw]" }),
		"setEventType of the runtime": with(func(r *opencti.RuleSet) { r.SetEventType = "'LinkDown'" }),
		"setEventType that is a bool": with(func(r *opencti.RuleSet) { r.SetEventType = "raw == 'X'" }),
		"field that no event has":     with(populate("colour", "'red'")),
		"field almost right":          with(populate("callID", "'red'")),
		"text for a truth":            with(populate("muted", "'yes'")),
		"number for a text":           with(populate("ani", "5")),
		"text for a list":             with(populate("otherDns", "session.dn")),
		"list of numbers":             with(populate("otherDns", "[1]")),
		"text for data":               with(populate("variables", "raw")),
		"map for parties":             with(populate("parties", "{'dn': session.dn}")),
		"event type that has no fields": with(func(r *opencti.RuleSet) {
			r.Populate = map[opencti.EventType]map[string]string{"CallStates": {"ani": "'x'"}}
		}),
	}
	var out strings.Builder
	for _, name := range sortedKeys(cases) {
		_, err := Compile(cases[name])
		if err == nil {
			t.Errorf("%s compiles", name)
			continue
		}
		fmt.Fprintf(&out, "%s\n  %s\n", name, strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	golden(t, "wrong-rules.txt", out.String())
}

func sortedKeys[V any](m map[string]V) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// FuzzCompile: whatever stands in a manifest is compiled or refused at a place in it.
func FuzzCompile(f *testing.F) {
	for _, m := range mistakes {
		f.Add(m)
	}
	f.Add(tree().Identify[0].When)
	f.Fuzz(func(t *testing.T, source string) {
		if source == "" {
			return
		}
		_, err := Compile(opencti.RuleSet{Filter: []opencti.Filter{{Name: "f", When: source}}})
		e := First(err)
		if err == nil {
			return
		}
		lines := strings.Split(source, "\n")
		if e == nil || e.Rule != "f" || e.Problem == "" || e.Line < 1 || e.Line > len(lines) || e.Column < 1 {
			t.Fatalf("%q: %#v", source, e)
		}
		if len(e.Error()) > 1000 {
			t.Errorf("%d bytes of text", len(e.Error()))
		}
	})
}
