//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The toolbar in a real browser, through the Service and with the link's CA: the pod
// behind the page is killed in mid-call, without a goodbye, and the page is right again
// without a reload. toolbar.ts is what the agent does and sees; its pictures are in
// dist/toolbar.
func TestToolbarIsRightAgain(t *testing.T) {
	holder, _ := bothPods(t)
	w := newWalk(t, agent(8))
	door, err := h.Door(t.Context(), namespace, linkName)
	must(t, err)
	ca := filepath.Join(t.TempDir(), "ca.crt")
	must(t, os.WriteFile(ca, door.CA, 0o600))
	tools, err := h.ToolsDir(t.Context())
	must(t, err)
	world, err := json.Marshal(map[string]string{
		"url": door.URL, "address": door.Address, "ca": ca, "token": door.Token, "control": w.Switch.URL,
		"agent": w.Agent.ID, "dn": w.Agent.DN, "password": w.Agent.Password, "queue": w.Agent.Queue,
		"process": strconv.Itoa(runtimeProcess(t, holder)), "kubectl": filepath.Join(tools, "kubectl"), "namespace": namespace, "holder": holder.Name,
		"pictures": filepath.Join(h.Root, "dist", "toolbar"),
	})
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // the first time it installs Chromium
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(h.Root, "test", "browser", "play.sh"), filepath.Join(h.Root, "test", "e2e", "toolbar.ts"))
	cmd.Env = append(os.Environ(), "KUBECONFIG="+h.Kubeconfig, "CTILINK_WORLD="+string(world))
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		killSwitch(t) // nothing of it is left to the next one
		t.Fatal(err)
	}
	if _, there, err := w.Switch.Agent(t.Context(), w.Agent.ID); err != nil || there {
		t.Errorf("the switch still has the agent: %v, %v", there, err)
	}
	bothPods(t)
}
