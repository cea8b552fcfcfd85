package docs

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// An old client's day: the guide's whole Table 1 with nothing but curl and XML. Each answer
// is held against portrait.xsd.
func TestADayWithPortrait(t *testing.T) {
	out := walk(t, "portrait.md", "## A day with curl")
	for _, want := range []string{
		"<NAME>customerId</NAME>", "<NAME>verified</NAME>", "<EVENT>Transferred</EVENT>", "<EVENT>Conferenced</EVENT>", "<CODE>NoSuchCall</CODE>", "<CALLSWAITING>0<",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the day shows no %s\n%s", want, out)
		}
	}
	answers := regexp.MustCompile(`(?s)<\?xml.*?</RESPONSE>`).FindAllString(out, -1)
	if len(answers) < 60 {
		t.Fatalf("the day has only %d answers", len(answers))
	}
	old := answers[len(answers)-7]
	for event, times := range map[string]int{"INCOMINGCALL": 3, "ESTABLISHCALL": 2} {
		if strings.Count(old, "<"+event+">") != times {
			t.Errorf("the old client did not hear of %d times %s: %s", times, event, old)
		}
	}
	if strings.Contains(old, "STATENOW") || strings.Contains(old, "CALLHELD") {
		t.Errorf("the old client heard more than the guide has: %s", old)
	}
	valid(t, answers)
	asked := requestsOf(t)
	if len(asked) < 25 {
		t.Errorf("the page's table has only %d requests", len(asked))
	}
	for _, request := range asked {
		if !strings.Contains(out, "<REQUEST>"+request+"</REQUEST>") {
			t.Errorf("the day has no %s", request)
		}
	}
}

// requestsOf are the requests of the page's table.
func requestsOf(t *testing.T) (names []string) {
	t.Helper()
	page, err := os.ReadFile("portrait.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Requests\n")
	table, _, _ := strings.Cut(section, "\nThose from ")
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Z]+)` \\|").FindAllStringSubmatch(table, -1) {
		names = append(names, row[1])
	}
	return names
}

// valid holds documents against the schema.
func valid(t *testing.T, documents []string) {
	t.Helper()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("xmllint is not here: apt-get install libxml2-utils")
	}
	dir := t.TempDir()
	args := []string{"--nonet", "--noout", "--schema", "portrait.xsd"}
	for i, document := range documents {
		file := dir + "/" + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + ".xml"
		write(t, file, document)
		args = append(args, file)
	}
	if out, err := exec.CommandContext(t.Context(), "xmllint", args...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
