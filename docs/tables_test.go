package docs

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestAdaptersListTheParametersOfEachDriver(t *testing.T) {
	page := read(t, "adapters.md")
	for _, d := range adapters.Drivers() {
		for _, p := range opencti.ParametersOf(d.Describe().Config()) {
			wantLine(t, page, fmt.Sprintf("| `%s` | %s | %s | %s |", p.Name, p.Type, fallback(p), p.Description))
		}
	}
}

// fallback is what holds when a link does not set the parameter.
func fallback(p opencti.Parameter) string {
	switch {
	case p.Required:
		return "required"
	case p.Secret:
		return "secret"
	case p.Default == "":
		return ""
	}
	return "`" + p.Default + "`"
}

func TestDesktopListsTheActivities(t *testing.T) {
	page := read(t, "desktop.md")
	for _, s := range opencti.Specs() {
		wantLine(t, page, fmt.Sprintf("| %s | %s | %s |", s.Activity, list(s.Required), list(s.Optional)))
	}
}

func list(properties []opencti.Property) string {
	out := make([]string, len(properties))
	for i, p := range properties {
		out[i] = string(p)
	}
	return strings.Join(out, ", ")
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wantLine compares without repeated spaces, which an empty cell makes.
func wantLine(t *testing.T, page, line string) {
	t.Helper()
	line = strings.Join(strings.Fields(line), " ")
	for l := range strings.Lines(page) {
		if strings.HasPrefix(strings.Join(strings.Fields(l), " "), line) {
			return
		}
	}
	t.Errorf("the page lacks this line:\n%s", line)
}
