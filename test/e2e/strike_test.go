//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/server"
	"github.com/ctilink/ctilink-operator/runtime/slots"
	"github.com/ctilink/ctilink-operator/test/desktop"
)

// deletePod deletes the holder as an admin would; the standby takes over.
func deletePod(t *testing.T, s *scene) {
	t.Helper()
	must(t, h.Client.Delete(t.Context(), s.holder))
}

// deleteByForce takes the pod out of the API at once: its process can no longer give
// the Lease back, so that the standby waits for it to expire.
func deleteByForce(t *testing.T, s *scene) {
	t.Helper()
	must(t, h.Client.Delete(t.Context(), s.holder, client.GracePeriodSeconds(0)))
}

// cutOff drops what the holder sends to the API server, and nothing else: it still
// reaches the switch and the desktops, and must stop by itself.
func cutOff(t *testing.T, s *scene) {
	t.Helper()
	nft(t, s.holder.Spec.NodeName, fmt.Sprintf(
		"add table inet ctilink-fault; add chain inet ctilink-fault cut { type filter hook forward priority 0; }; "+
			"add rule inet ctilink-fault cut ip saddr %[1]s ip daddr %[2]s drop; "+
			"add rule inet ctilink-fault cut ip saddr %[2]s ip daddr %[1]s drop", s.holder.Status.PodIP, layout.ControlPlane().Address))
	s.untilItStops(t)
}

// reconnect mends what cutOff did; the former holder must have refused until now.
func reconnect(t *testing.T, s *scene) {
	t.Helper()
	defer nft(t, s.holder.Spec.NodeName, "delete table inet ctilink-fault")
	s.logTakeover(t)
	if err := s.ask(t, s.holder, 0); !isLinkDown(err) {
		t.Errorf("the former holder answered %v, want LinkDown", err)
	}
	must(t, h.Client.Get(t.Context(), client.ObjectKeyFromObject(s.holder), s.holder))
	if podReady(s.holder) {
		t.Error("the former holder is still ready: desktops are sent to it in vain")
	}
}

func nft(t *testing.T, node, commands string) {
	t.Helper()
	_, err := h.Cluster(t.Context(), "exec", node, "--", "nft", commands)
	must(t, err)
}

// untilItStops asks the holder for something again and again. What it is asked once
// its deadline is over it must refuse, however late the answer comes.
func (s *scene) untilItStops(t *testing.T) {
	t.Helper()
	for n := 0; ; n++ {
		asked := time.Since(s.struck)
		err := s.ask(t, s.holder, n)
		switch {
		case isLinkDown(err):
			t.Logf("The holder refuses what it is asked %s after it was cut off (limit %s)", asked.Round(10*time.Millisecond), slots.Deadline)
			return
		case asked > slots.Deadline:
			t.Fatalf("the holder, asked %s after it was cut off, answers %v; want LinkDown", asked, err)
		}
		time.Sleep(100 * time.Millisecond) // not to flood it
	}
}

// ask sends the pod a request that does something at the switch and does not disturb.
func (s *scene) ask(t *testing.T, pod *corev1.Pod, n int) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
	defer cancel()
	_, err := s.Desktop().Through(s.Link.At(desktopPort(pod))).Do(ctx, opencti.SetAgentNotReady, map[string]any{"reasonCode": fmt.Sprint(n%2 + 1)})
	return err
}

func isLinkDown(err error) bool { return hasCode(err, opencti.LinkDown) }

func hasCode(err error, code opencti.ErrorCode) bool {
	var p *server.Problem
	return errors.As(err, &p) && p.Code == code
}

// logTakeover says when another process took the slot; that it was not too early is
// for the recording to judge.
func (s *scene) logTakeover(t *testing.T) {
	t.Helper()
	taken, renewed, ok := s.takeover(s.process)
	if !ok {
		t.Errorf("nobody has taken the slot from %s", s.process)
		return
	}
	t.Logf("The standby took the slot %s after the strike, %s after the last renewal",
		taken.Sub(s.struck).Round(10*time.Millisecond), taken.Sub(renewed).Round(10*time.Millisecond))
}

// pauseAPIServer stops it for a minute: it keeps its connections and answers nothing.
func pauseAPIServer(t *testing.T, s *scene) {
	t.Helper()
	signal := func(command string) {
		_, err := h.Cluster(t.Context(), command, "control-plane", "kube-apiserver")
		must(t, err)
	}
	signal("pause")
	defer signal("continue")
	s.untilItStops(t)
	time.Sleep(time.Minute - time.Since(s.struck)) // this long is the fault
}

// dropConnections breaks the connections at the switch.
func dropConnections(t *testing.T, s *scene) {
	t.Helper()
	must(t, s.Switch.Fail(t.Context(), desktop.Fault{DropConnections: true}))
}

// silence lets the switch accept and say nothing, until the link has said so.
func silence(t *testing.T, s *scene) {
	t.Helper()
	ctx := t.Context()
	must(t, s.Switch.Fail(ctx, desktop.Fault{Silence: new(120.0)}))
	defer func() { must(t, s.Switch.Fail(ctx, desktop.Fault{Silence: new(0.0)})) }()
	if err := s.ask(t, s.holder, 0); !hasCode(err, opencti.Timeout) {
		t.Errorf("a request to a silent switch is answered %v, want Timeout", err)
	}
	t.Logf("A request is given up after %s", since(s.struck))
	link := &v1alpha1.CTILink{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: linkName}}
	eventually(t, time.Minute, func(ctx context.Context) error {
		return says(ctx, link, v1alpha1.ConditionConnected, metav1.ConditionFalse, v1alpha1.ReasonDisconnected)
	})
	t.Logf("The link says so after %s (limit 1m)", since(s.struck))
}

// switchOnAnotherNode moves pods, if need be, so that a power cut takes the holder and
// leaves the switch and the standby.
func switchOnAnotherNode(t *testing.T) {
	t.Helper()
	nodesReady(t)
	var switches corev1.PodList
	must(t, h.Client.List(t.Context(), &switches, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/name": "ctisim"}))
	if len(switches.Items) != 1 {
		t.Fatalf("%d pods of the switch, want 1", len(switches.Items))
	}
	for range 8 {
		holder, standby := bothPods(t)
		switch holder.Spec.NodeName {
		case switches.Items[0].Spec.NodeName: // the standby takes over, or a new pod that is faster
			must(t, h.Client.Delete(t.Context(), holder))
		case standby.Spec.NodeName: // it came while the other node was not ready
			must(t, h.Client.Delete(t.Context(), standby))
		default:
			return
		}
	}
	t.Fatal("the slot does not leave the switch's node, with its standby there")
}

// nodesReady waits until new pods go to any node: a fault may have made one NotReady.
func nodesReady(t *testing.T) {
	t.Helper()
	eventually(t, time.Minute, func(ctx context.Context) error {
		var nodes corev1.NodeList
		if err := h.Client.List(ctx, &nodes); err != nil {
			return err
		}
		for _, n := range nodes.Items {
			if len(n.Spec.Taints) > 0 {
				return fmt.Errorf("node %s has taints: %v", n.Name, n.Spec.Taints)
			}
		}
		return nil
	})
}

// cutPower ends everything on the holder's node at once.
func cutPower(t *testing.T, s *scene) {
	t.Helper()
	_, err := h.Cluster(t.Context(), "node-down", strings.TrimPrefix(s.holder.Spec.NodeName, "node-"))
	must(t, err)
}

// powerReturns boots the node with the disk that it had.
func powerReturns(t *testing.T, s *scene) {
	t.Helper()
	s.logTakeover(t)
	_, err := h.Cluster(t.Context(), "node-up", strings.TrimPrefix(s.holder.Spec.NodeName, "node-"))
	must(t, err)
}
