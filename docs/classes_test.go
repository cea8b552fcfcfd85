package docs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Each driver has a page of its name.
func TestClassesAreToldAsTheyAre(t *testing.T) {
	for _, d := range adapters.Drivers() {
		t.Run(d.Describe().Name, func(t *testing.T) { toldAsItIs(t, d.Describe()) })
	}
}

func toldAsItIs(t *testing.T, about opencti.Description) {
	t.Helper()
	page := read(t, about.Name+".md")
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
