package docs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestCSTAIsToldAsItIs(t *testing.T) {
	page := read(t, "csta.md")
	driver, found := adapters.Find("csta")
	if !found {
		t.Fatal("there is no driver csta")
	}
	about := driver.Describe()
	for _, p := range opencti.ParametersOf(about.Config()) {
		wantLine(t, page, fmt.Sprintf("| `%s` | %s | %s | %s |", p.Name, p.Type, fallback(p), p.Description))
	}
	for _, r := range about.Rules.Identify {
		when := ""
		if r.When != "" {
			when = "`" + r.When + "`"
		}
		wantLine(t, page, fmt.Sprintf("| %s | `%s` | %s | %s |", r.On, r.Name, when, r.Then))
	}
	lines := strings.Split(page, "\n")
	for _, a := range about.Activities() {
		if spec, _ := opencti.SpecOf(a); spec.BySession() {
			continue
		}
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, fmt.Sprintf("| %s |", a)) }) {
			t.Errorf("the page does not say which service is behind %s", a)
		}
	}
}
