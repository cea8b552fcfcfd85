package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

var update = flag.Bool("update", false, "write what commands print into docs/rules.md anew")

const rulesPage = "../../docs/rules.md"

var block = regexp.MustCompile("(?ms)^```(yaml|jsonl|console)\n(.*?)^```\n")

// TestRulesPage runs docs/rules.md: manifests and events are written into files as their
// first line calls them, and commands print what stands there.
func TestRulesPage(t *testing.T) {
	body, err := os.ReadFile(rulesPage)
	if err != nil {
		t.Fatal(err)
	}
	back, err := filepath.Abs(rulesPage)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	commands := 0
	page := block.ReplaceAllStringFunc(string(body), func(whole string) string {
		m := block.FindStringSubmatch(whole)
		if m[1] != "console" {
			name, _, _ := strings.Cut(strings.TrimPrefix(m[2], "# "), "\n")
			if err := os.WriteFile(name, []byte(m[2]), 0o600); err != nil {
				t.Fatal(err)
			}
			return whole
		}
		commands++
		line, _, _ := strings.Cut(strings.TrimPrefix(m[2], "$ runtime "), "\n")
		return "```console\n$ runtime " + line + "\n" + strings.TrimSuffix(execute(line), "\n") + "\n```\n"
	})
	if commands < 8 {
		t.Errorf("only %d commands were found", commands)
	}
	if *update {
		if err := os.WriteFile(back, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(body), page); diff != "" {
		t.Errorf("docs/rules.md (-page +run), run with -update if it is meant:\n%s", diff)
	}
}

// execute runs the program with words of a shell line that need no quotes, and gives what
// a terminal would show.
func execute(line string) string {
	var out strings.Builder
	c := command()
	c.SetArgs(strings.Fields(line))
	c.SetOut(&out)
	if err := c.Execute(); err != nil {
		out.WriteString("runtime: " + err.Error() + "\n")
	}
	return out.String()
}

func TestRulesCommandsThatAreWrong(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"good.jsonl":   `{"name":"Delivered","dn":"1001"}`,
		"cut.jsonl":    "\n# a comment\n" + `{"name":"Delivered"`,
		"two.jsonl":    `{"name":"Delivered","dn":"1001"}{"name":"Delivered","dn":"1001"}`,
		"nobody.jsonl": `{"name":"Delivered","fields":{}}`,
		"more.jsonl":   `{"name":"Delivered","dn":"1001","colour":"red"}`,
		"text.yaml":    "hello",
		"other.yaml":   "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n",
		"field.yaml":   "apiVersion: ctilink.io/v1alpha1\nkind: CTILink\nmetadata: {name: x}\nspec: {implementationClass: csta, rules: {filters: []}}\n",
		"class.yaml":   "apiVersion: ctilink.io/v1alpha1\nkind: ImplementationClass\nmetadata: {name: x}\nspec: {extends: nowhere}\n",
		"link.yaml":    "apiVersion: ctilink.io/v1alpha1\nkind: CTILink\nmetadata: {name: x}\nspec: {implementationClass: gone}\n",
		"on.yaml": "apiVersion: ctilink.io/v1alpha1\nkind: CTILink\nmetadata: {name: x}\nspec: {implementationClass: csta, rules: {identify: " +
			"[{name: a, raw: X, then: Ringing}]}}\n",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]string{
		"rules test --events good.jsonl":                                "--class is missing",
		"rules test --class csta":                                       "--events is missing",
		"rules test --class nowhere --events good.jsonl":                `there is no class "nowhere"`,
		"rules test --class nowhere.yaml --events good.jsonl":           "nowhere.yaml: no such file",
		"rules test --class csta --events nowhere":                      "--events: open nowhere",
		"rules test --class csta --events cut.jsonl":                    "cut.jsonl, line 3: not a raw event",
		"rules test --class csta --events two.jsonl":                    "two.jsonl, line 1: there is more than one object",
		"rules test --class csta --events nobody.jsonl":                 `needs "name", and "dn" or "agentId"`,
		"rules test --class csta --events more.jsonl":                   `unknown field "colour"`,
		"rules test --class csta --events good.jsonl --mode Medium":     "--mode must be Simple, SimpleWithAgentState or Full",
		"rules test --class csta --events good.jsonl --hide Ringing":    `"Ringing" is no event type`,
		"rules test --class csta --events good.jsonl -o xml":            "--output must be text or json",
		"rules test --class csta --events good.jsonl --pool link.yaml":  "must hold exactly one AgentPool, not 0",
		"rules test --class csta --events good.jsonl --link class.yaml": "must hold exactly one CTILink, not 0",
		"rules test --class link.yaml --events good.jsonl":              "must hold one class that no other there extends, not 0",
		"rules test --link link.yaml --events good.jsonl":               `there is no class "gone"`,
		"rules test --class class.yaml --events good.jsonl":             `ImplementationClass x: spec.extends of class "x" names "nowhere"`,
		"rules check":            "requires at least 1 arg",
		"rules check text.yaml":  "text.yaml:",
		"rules check other.yaml": "there is no ImplementationClass, CTILink or AgentPool",
		"rules check field.yaml": `unknown field "spec.rules.filters"`,
		"rules check class.yaml": `"nowhere", which does not exist`,
		"rules check link.yaml":  `CTILink x: there is no class "gone"`,
		"rules check on.yaml":    "on.yaml: CTILink x: spec.rules.identify[a].then: is not one of the events that a rule may give",
	} {
		if got := execute(line); !strings.Contains(got, want) || !strings.Contains(got, "runtime: ") {
			t.Errorf("%s\n%s\nwant %q", line, got, want)
		}
	}
}

// What the page says of events and fields is what the compiler takes.
func TestRulesPageListsEventsAndFields(t *testing.T) {
	body, err := os.ReadFile(rulesPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range opencti.EventNames() {
		kind, _ := opencti.TypeOf(n)
		for _, word := range append([]string{string(n), string(kind)}, opencti.PopulateFields(kind)...) {
			if opencti.PopulateFields(kind) != nil && !regexp.MustCompile(`\b`+word+`\b`).Match(body) {
				t.Errorf("the page does not tell of %s", word)
			}
		}
	}
}
