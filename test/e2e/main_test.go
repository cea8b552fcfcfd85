//go:build e2e

// Package e2e drives the path on real nodes: the operator from its charts, runtime
// pods, a real switch protocol, and desktops that come through the Service. It needs
// root for the local cluster:
//
//	make e2e
package e2e

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/test/harness"
	"github.com/ctilink/ctilink-operator/test/walk"
)

const (
	namespace = harness.Namespace
	linkName  = harness.Link
	slotName  = harness.Slot
)

// h is the cluster that all tests share; each has agents of its own.
var h *harness.Harness

func TestMain(m *testing.M) {
	flag.Parse()
	started := time.Now()
	say := func(step string) { fmt.Printf("[%6.1fs] %s\n", time.Since(started).Seconds(), step) }
	if err := prepare(context.Background(), say); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: cannot prepare the cluster:", err)
		os.Exit(1)
	}
	say("Ready to test")
	code := m.Run()
	if code != 0 {
		tell(context.Background())
	}
	os.Exit(code)
}

func prepare(ctx context.Context, say func(string)) error {
	root, err := harness.Root()
	if err != nil {
		return err
	}
	if h, err = harness.New(ctx, harness.Options{Root: root, Nodes: 2, Audit: true, Progress: say}); err != nil {
		return err
	}
	if err := h.Install(ctx); err != nil {
		return err
	}
	say("Applying the quickstart")
	return h.Quickstart(ctx)
}

// tell shows, after a failure, what a person would look at first.
func tell(ctx context.Context) {
	for _, args := range [][]string{
		{"get", "pods", "-A", "-o", "wide"},
		{"-n", namespace, "get", "ctilinks,agentpools,ctislots,leases", "-o", "wide"},
		{"-n", namespace, "get", "events", "--sort-by=.lastTimestamp"},
		{"-n", namespace, "logs", "-l", "ctilink.io/link=" + linkName, "--prefix", "--tail=60"},
		{"-n", harness.OperatorNamespace, "logs", "-l", "app.kubernetes.io/name=ctilink-operator", "--prefix", "--tail=40"},
	} {
		out, err := h.Kubectl(ctx, args...)
		fmt.Printf("--- kubectl %v\n%s", args, out)
		if err != nil {
			fmt.Println(err)
		}
	}
}

// agent n of the quickstart, 1 to 10.
func agent(n int) walk.Agent {
	a := walk.Quickstart
	a.ID, a.DN = fmt.Sprint(4000+n), fmt.Sprint(1000+n)
	return a
}

// newWalk prepares an agent's walk through the link's Service.
func newWalk(t testing.TB, a walk.Agent) *walk.Walk {
	t.Helper()
	desktops, err := h.Desktops(t.Context(), namespace, linkName)
	if err != nil {
		t.Fatal(err)
	}
	sw, err := h.Switch(t.Context(), namespace, "ctisim")
	if err != nil {
		t.Fatal(err)
	}
	w := &walk.Walk{Agent: a, Link: desktops, Switch: sw, Say: t.Logf}
	t.Cleanup(w.Leave)
	return w
}

// runtimePods gives the holder of the slot and its standby, when both are ready.
func runtimePods(ctx context.Context) (holder, standby *corev1.Pod, err error) {
	return pairOf(ctx, linkName)
}

// pairOf gives the holder of a link's only slot and its standby, when both are ready.
func pairOf(ctx context.Context, link string) (holder, standby *corev1.Pod, err error) {
	var slot v1alpha1.CTISlot
	if err := h.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: link + "-0"}, &slot); err != nil {
		return nil, nil, err
	}
	var pods corev1.PodList
	if err := h.Client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelLink: link}); err != nil {
		return nil, nil, err
	}
	for i, p := range pods.Items {
		switch {
		case p.DeletionTimestamp != nil || !podReady(&p):
		case p.Name == slot.Status.Holder:
			holder = &pods.Items[i]
		default:
			standby = &pods.Items[i]
		}
	}
	if holder == nil || standby == nil {
		return nil, nil, fmt.Errorf("holder %q and a standby are not both ready", slot.Status.Holder)
	}
	return holder, standby, nil
}

func podReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// desktopPort is where the pod takes desktops.
func desktopPort(p *corev1.Pod) string { return net.JoinHostPort(p.Status.PodIP, "8443") }

// bothPods waits until holder and standby are ready.
func bothPods(t testing.TB) (holder, standby *corev1.Pod) {
	t.Helper()
	err := harness.Eventually(t.Context(), 60*time.Second, func(ctx context.Context) (err error) {
		holder, standby, err = runtimePods(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return holder, standby
}
