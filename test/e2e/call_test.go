//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ctilink/ctilink-operator/test/desktop"
	"github.com/ctilink/ctilink-operator/test/walk"
)

// The whole path: two manifests, pods, a call with its data, and the switch agrees
// at every step.
func TestFirstCall(t *testing.T) {
	if err := newWalk(t, agent(1)).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A desktop that meets the standby notices nothing: requests and stream are passed
// on to the holder.
func TestFirstCallThroughTheStandby(t *testing.T) {
	_, standby := bothPods(t)
	w := newWalk(t, agent(2))
	w.Link = w.Link.At(desktopPort(standby))
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Two agents, one of them by way of the standby: a warm transfer, then a conference.
// The walk of docs/desktop.md, through pods.
func TestTransferAndConference(t *testing.T) {
	_, standby := bothPods(t)
	team := &walk.Team{Alice: newWalk(t, agent(5)), Bob: newWalk(t, agent(6))}
	team.Bob.Link = team.Bob.Link.At(desktopPort(standby))
	if err := team.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Active and standby are on different nodes: one power cut takes one of them.
func TestPodsAreOnTwoNodes(t *testing.T) {
	holder, standby := bothPods(t)
	if holder.Spec.NodeName == standby.Spec.NodeName {
		t.Errorf("holder and standby are both on node %s", holder.Spec.NodeName)
	}
}

// What kubectl shows is short, and true.
func TestKubectlTellsTheTruth(t *testing.T) {
	holder, _ := bothPods(t)
	w := newWalk(t, agent(3))
	must(t, w.LogIn(t.Context()))
	for name, tc := range map[string]struct {
		args []string
		want []string // fields of the row, in order
	}{
		"link":            {[]string{"ctilink", linkName}, []string{linkName, "simulator", "True", "True", "10", "1", "1"}},
		"pool":            {[]string{"agentpool", "support-agents"}, []string{"support-agents", linkName, "Full", "True", "10", "1"}},
		"slot":            {[]string{"ctislot", slotName}, []string{slotName, linkName, holder.Name, "Connected", "1", "True"}},
		"simulator class": {[]string{"implementationclass", "simulator"}, []string{"simulator", "csta", "csta", "Overlap", "True"}},
	} {
		t.Run(name, func(t *testing.T) {
			// Counts follow within 30 seconds.
			eventually(t, 45*time.Second, func(ctx context.Context) error {
				out, err := h.Kubectl(ctx, append([]string{"-n", namespace, "get", "--no-headers"}, tc.args...)...)
				if row := strings.Fields(out); err == nil && !strings.HasPrefix(strings.Join(row, " ")+" ", strings.Join(tc.want, " ")+" ") {
					err = fmt.Errorf("kubectl get %v shows %v, want it to start with %v", tc.args, row, tc.want)
				}
				return err
			})
		})
	}
	must(t, w.LogOut(t.Context()))
}

// A caller who gives up is told as Abandoned, and nothing is left behind.
func TestCallerGivesUp(t *testing.T) {
	w := newWalk(t, agent(4))
	ctx := t.Context()
	must(t, w.LogIn(ctx))
	must(t, w.BecomeAvailable(ctx))
	call, err := w.Offer(ctx, desktop.NewCall{From: "+4930777", To: "5000", Data: map[string]string{"customer": "7"}})
	must(t, err)
	must(t, w.Switch.HangUp(ctx, call.CallID))
	e := next(t, w, "the call's end", func(e desktop.Event) bool { return e.Ended })
	if e.Name != "Abandoned" || e.Call.CallID != call.CallID {
		t.Errorf("the call ended with %s of call %s, want Abandoned of call %s", e.Name, e.Call.CallID, call.CallID)
	}
	must(t, w.LogOut(ctx))
}
