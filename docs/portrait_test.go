package docs

import (
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
	for _, event := range []string{"INCOMINGCALL", "ESTABLISHCALL"} {
		if strings.Count(old, "<"+event+">") != 2 {
			t.Errorf("the old client did not hear of two calls: %s", old)
		}
	}
	if strings.Contains(old, "STATENOW") || strings.Contains(old, "CALLHELD") {
		t.Errorf("the old client heard more than the guide has: %s", old)
	}
	valid(t, answers)
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
