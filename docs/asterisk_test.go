package docs

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx"
)

// What the page tells an admin to write into Asterisk's files is what the tests' Asterisk has.
func TestAsteriskIsConfiguredAsTold(t *testing.T) {
	page := read(t, "asterisk.md")
	if !strings.Contains(page, "```ini\n"+pbx.Extensions()+"```\n") {
		t.Errorf("the page's dialplan is not:\n%s", pbx.Extensions())
	}
	manager, err := os.ReadFile("../hack/asterisk/pbx/conf/manager.conf")
	if err != nil {
		t.Fatal(err)
	}
	of := regexp.MustCompile(`(?m)^(?:read|write|channelvars) = .+$`)
	told := of.FindAllString(page, -1)
	if len(told) != 4 {
		t.Fatalf("the page tells of %q", told)
	}
	for _, line := range told {
		if !strings.Contains(string(manager), "\n"+line+"\n") {
			t.Errorf("the tests' Asterisk has not %q", line)
		}
	}
}
