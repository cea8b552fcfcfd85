//go:build e2e

package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ctilink/ctilink-operator/hack/asterisk/control"
	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx/pbxtest"
	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/test/desktop"
	"github.com/ctilink/ctilink-operator/test/walk"
)

// The link of config/samples/asterisk.yaml.
const (
	pbxLink   = "pbx"
	pbxPool   = "pbx-agents"
	pbxSample = "config/samples/asterisk.yaml"
	pbxQueue  = "8001"
)

// A real Asterisk beside the cluster, with SIP telephones, and the sample with nothing changed
// but what it says: a call of the queue is answered at a desktop, the holding pod is deleted in
// mid-call, and the standby has the call, with its data, and hangs it up.
func TestAsterisk(t *testing.T) {
	w := asterisk(t)
	holder := applyPBX(t, w)
	ctx := t.Context()
	must(t, w.LogIn(ctx))
	must(t, w.BecomeAvailable(ctx))
	data := map[string]string{"customer": "4711", "topic": "invoice"}
	call, err := w.Offer(ctx, desktop.NewCall{From: "+493012345678", To: pbxQueue, Data: data})
	must(t, err)
	if call.CallType != opencti.Inbound || call.ANI != "+493012345678" || call.Queue != pbxQueue {
		t.Errorf("the call is %s from %s by queue %q", call.CallType, call.ANI, call.Queue)
	}
	act(t, w.Walk, opencti.AnswerCall, call)
	next(t, w.Walk, "the answer", desktop.Named(opencti.Established))
	struck := time.Now()
	must(t, h.Client.Delete(ctx, holder))
	snap := within(t, w.Walk, "the standby's snapshot with the call", 20*time.Second, func(e desktop.Event) bool {
		return e.Name == opencti.SnapshotEvent && e.Snapshot.Link == opencti.LinkUp && len(e.Snapshot.Calls) == 1
	})
	t.Logf("The standby has the call %s after the pod was deleted", since(struck))
	wantCall(t, snap, call, opencti.Established)
	for name, value := range data {
		if got := snap.Snapshot.Calls[0].Variables[name]; got != value {
			t.Errorf("the standby has %s %q, want %q", name, got, value)
		}
	}
	act(t, w.Walk, opencti.HangUpCall, call)
	next(t, w.Walk, "the end", desktop.Named(opencti.Released))
	must(t, w.LogOut(ctx))
	if err := desktop.CheckHistory(w.Watch().Seen); err != nil {
		t.Errorf("what the desktop saw is wrong:\n%v", err)
	}
}

// pbx is the Asterisk, and the sample's first agent at work on it.
type pbx struct {
	*world.World
	*walk.Walk
}

// asterisk starts one on this machine, at the cluster's bridge. Where Debian's packages cannot be
// had the test is skipped.
func asterisk(t *testing.T) *pbx {
	t.Helper()
	w, err := world.New(t.Context(), world.Options{Tree: pbxtest.Tree(t), Agents: 2, Host: layout.HostAddress,
		Permit: []string{layout.PodNetwork, layout.MachineNetwork}})
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Asterisk said:\n%s", w.PBX.Log())
		}
		w.Close()
	})
	s := httptest.NewServer(control.Handler(w, pbxQueue))
	t.Cleanup(s.Close)
	return &pbx{World: w, Walk: &walk.Walk{
		Agent: walk.Agent{ID: "4001", DN: "1001", Password: "unused", Queue: pbxQueue}, Say: t.Logf,
		Switch: desktop.Switch{URL: s.URL, HTTP: &http.Client{Timeout: 20 * time.Second}},
	}}
}

// applyPBX applies the sample as an admin does, waits until link and pool are ready, and gives the
// holding pod. The walk goes through the link's Service.
func applyPBX(t *testing.T, w *pbx) *corev1.Pod {
	t.Helper()
	ctx := t.Context()
	must(t, h.ApplyText(ctx, []byte(changed(t, w))))
	t.Cleanup(func() {
		w.Leave()
		_, err := h.Kubectl(context.WithoutCancel(ctx), "-n", namespace, "delete", "ctilink/"+pbxLink, "agentpool/"+pbxPool,
			"secret/pbx-login", "configmap/pbx-ca", "--timeout=60s")
		must(t, err)
	})
	applied := time.Now()
	out, err := h.Kubectl(ctx, "-n", namespace, "wait", "--for=condition=Ready", "ctilink/"+pbxLink, "agentpool/"+pbxPool, "--timeout=60s")
	if err != nil {
		shown, _ := h.Kubectl(ctx, "-n", namespace, "describe", "ctilink", pbxLink) // it only explains
		t.Fatalf("%s%v\n%s", out, err, shown)
	}
	var holder, standby *corev1.Pod
	eventually(t, 30*time.Second, func(ctx context.Context) (err error) {
		holder, standby, err = pairOf(ctx, pbxLink)
		return err
	})
	t.Logf("Ready %s after it was applied, held by %s, with %s standing by", since(applied), holder.Name, standby.Name)
	w.Link, err = h.Desktops(ctx, namespace, pbxLink)
	must(t, err)
	return holder
}

// changed is the sample with this Asterisk's address, password and certificate, and nothing else.
func changed(t *testing.T, w *pbx) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(h.Root, pbxSample))
	must(t, err)
	sample := string(b)
	for _, change := range []struct{ from, to string }{
		{`pbx\.example\.com:5039`, w.PBX.AMITLS()},
		{`password: change-me`, "password: " + w.PBX.Secret},
		{`(?s)    -----BEGIN.*?-----END CERTIFICATE-----\n`, regexp.MustCompile(`(?m)^.`).ReplaceAllString(w.PBX.CA, "    $0")},
	} {
		pattern := regexp.MustCompile(change.from)
		if !pattern.MatchString(sample) {
			t.Fatalf("the sample has nothing like %s", change.from)
		}
		sample = pattern.ReplaceAllLiteralString(sample, change.to)
	}
	if strings.Contains(sample, "change-me") {
		t.Fatal("the sample wants more to be changed than it says")
	}
	return sample
}
