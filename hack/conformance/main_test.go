package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/adapters"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
)

func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c := command()
	c.SetArgs(args)
	c.SetOut(&out)
	err := c.ExecuteContext(t.Context())
	return out.String(), err
}

func TestMistakes(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no class":       {nil, "name one class: asterisk, csta, simulator"},
		"an empty one":   {[]string{""}, "there are asterisk, csta, simulator"},
		"an unknown one": {[]string{"finesse"}, `there is no class "finesse" to try; there are asterisk, csta, simulator`},
		"no such format": {[]string{"csta", "-o", "xml"}, "must be text, json, markdown"},
		"no such row":    {[]string{"csta", "--only", "Dance"}, `"Dance"`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := run(t, tc.args...); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

// Every built-in class can be tried.
func TestEveryClassHasAWorld(t *testing.T) {
	var want []string
	for _, c := range adapters.BuiltIn() {
		want = append(want, c.Name)
	}
	if diff := cmp.Diff(want, names()); diff != "" {
		t.Errorf("classes (-built in +with a world):\n%s", diff)
	}
}

func TestAClassThatExtendsAnother(t *testing.T) {
	out, err := run(t, "simulator", "--only", "HoldCall", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var r conformance.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Class != "simulator" || !r.Green || r.Result("HoldCall") != conformance.Passed {
		t.Errorf("%s", out)
	}
}
