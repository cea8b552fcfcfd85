//go:build asterisk

package pbx_test

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx/pbxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContactCentre(t *testing.T) {
	p := pbxtest.Start(t, 2)
	for _, tc := range []struct{ command, want string }{
		{"pjsip show endpoints", "1002/1002"},
		{"pjsip show contacts", p.Trunk()},
		{"queue show 8001", "has 0 calls"},
		{"queue show 8002", "has 0 calls"},
		{"manager show user ctilink", "read perm: system,call,agent,user"},
		{"dialplan show hold@ctilink", "MusicOnHold"},
		{"moh show classes", "default"},
		{"agent show all", "1001"},
	} {
		if out, err := p.CLI(t.Context(), tc.command); err != nil || !strings.Contains(out, tc.want) {
			t.Errorf("%s: %v, want %q in\n%s", tc.command, err, tc.want, out)
		}
	}
	if log := p.Log(); strings.Contains(log, "Error loading module") || strings.Contains(log, "declined to load") {
		t.Errorf("a module is missing:\n%s", log)
	}
}

func TestNothingIsLeft(t *testing.T) {
	p := pbxtest.Start(t, 1)
	p.Kill()
	p.Close()
	if _, err := os.Stat(p.Dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", p.Dir, err)
	}
}
