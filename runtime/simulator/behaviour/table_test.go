package behaviour

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Each of the twenty has a behaviour at least, names are one word that is not
// taken, and each parameter says what it is.
func TestTheTableIsWhole(t *testing.T) {
	names, numbers := map[string]bool{}, map[int]bool{}
	for _, b := range Table() {
		if names[b.Name] || strings.ContainsAny(b.Name, " -_") || b.What == "" {
			t.Errorf("%s: the name is taken or the row says nothing", b.Name)
		}
		names[b.Name], numbers[b.Number] = true, true
		for _, p := range b.Parameters {
			if p.Name == "" || p.What == "" || p.Required && p.Default != "" {
				t.Errorf("%s: parameter %+v", b.Name, p)
			}
		}
		if b.Fault != slices.ContainsFunc(b.Parameters, func(p Parameter) bool { return p.Name == "duration" }) {
			t.Errorf("%s: a fault has a duration, and nothing else has", b.Name)
		}
		if _, err := json.Marshal(b.Blank()); err != nil {
			t.Errorf("%s: %v", b.Name, err)
		}
	}
	for n := 1; n <= 20; n++ {
		if !numbers[n] {
			t.Errorf("there is none of number %d", n)
		}
	}
}

// The page has the table as it is here.
func TestThePageListsTheBehaviours(t *testing.T) {
	page, err := os.ReadFile("../../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range Table() {
		line := fmt.Sprintf("| %d | `%s` | %s | %s |", b.Number, b.Name, b.What, b.Usage())
		if !strings.Contains(string(page), line+"\n") {
			t.Errorf("docs/simulator.md: there should be the line\n%s", line)
		}
	}
}

func TestHelpListsTheBehaviours(t *testing.T) {
	help := Help()
	for _, b := range Table() {
		if !strings.Contains(help, "\n  "+b.Name+" ") {
			t.Errorf("%s is not in the help", b.Name)
		}
	}
}
