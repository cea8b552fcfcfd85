//go:build asterisk

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The toolbar in a real browser, on a real Asterisk: a queue call of a SIP customer is taken,
// held, consulted about and transferred; then a break, and home. toolbar.ts is what the agents
// do and see; its pictures are in dist/toolbar-asterisk.
func TestToolbar(t *testing.T) {
	w, link := open(t, 2, "wrapUpTime", "2s")
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	world, err := json.Marshal(map[string]string{
		"url": link.URL, "token": link.Token, "control": newControl(t, w).URL, "queue": queue,
		"pictures": filepath.Join(root, "dist", "toolbar-asterisk"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // the first time it installs Chromium
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(root, "test/browser/play.sh"), filepath.Join(root, "hack/asterisk/e2e/toolbar.ts"))
	cmd.Env = append(os.Environ(), "CTILINK_WORLD="+string(world))
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
