// Command demo shows the main job: two manifests become pods, and a call reaches an
// agent through them. It exits 1 with the reason when anything is not as it should be.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/test/harness"
	"github.com/ctilink/ctilink-operator/test/walk"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := demo{started: time.Now()}
	if err := d.run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo failed after %s: %v\n", d.elapsed(), err)
		stop()
		os.Exit(1)
	}
}

type demo struct {
	started time.Time
	h       *harness.Harness
}

func (d *demo) elapsed() time.Duration { return time.Since(d.started).Round(100 * time.Millisecond) }

// title starts a part of the demo.
func (d *demo) title(step string) {
	fmt.Printf("\n[%6.1fs] %s\n", time.Since(d.started).Seconds(), step)
}

// say tells one thing that happens.
func (d *demo) say(format string, args ...any) {
	fmt.Printf("[%6.1fs]   %s\n", time.Since(d.started).Seconds(), fmt.Sprintf(format, args...))
}

func (d *demo) run(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("the local cluster needs root: run it as root, or see README.md for installing into a cluster that you have")
	}
	root, err := harness.Root()
	if err != nil {
		return err
	}
	if d.h, err = harness.New(ctx, harness.Options{Root: root, Nodes: 1, Progress: d.title}); err != nil {
		return err
	}
	if err := d.h.Install(ctx); err != nil {
		return err
	}
	if err := d.apply(ctx); err != nil {
		return err
	}
	if err := d.show(ctx); err != nil {
		return err
	}
	if err := d.walk(ctx); err != nil {
		return err
	}
	return d.next(ctx)
}

// apply applies the quickstart and waits until the link is Ready.
func (d *demo) apply(ctx context.Context) error {
	d.title("kubectl apply -f " + harness.QuickstartFile)
	d.say("kubectl wait --for=condition=Ready ctilink/%s agentpool/%s", harness.Link, harness.Pool)
	if err := d.h.Quickstart(ctx); err != nil {
		return err
	}
	d.say("the link is connected to the switch")
	return nil
}

// show prints what an admin sees, and checks that active and standby run.
func (d *demo) show(ctx context.Context) error {
	d.title("kubectl get ctilinks,agentpools,ctislots,pods")
	if err := harness.Eventually(ctx, 30*time.Second, d.bothRun); err != nil {
		return err
	}
	out, err := d.h.Kubectl(ctx, "-n", harness.Namespace, "get", "ctilinks,agentpools,ctislots,pods")
	fmt.Print(out)
	return err
}

func (d *demo) bothRun(ctx context.Context) error {
	var pods corev1.PodList
	if err := d.h.Client.List(ctx, &pods, client.InNamespace(harness.Namespace), client.MatchingLabels{"ctilink.io/link": harness.Link}); err != nil {
		return err
	}
	ready := 0
	for _, p := range pods.Items {
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil {
				ready++
			}
		}
	}
	if ready != 2 {
		return fmt.Errorf("%d of 2 runtime pods (active and standby) are ready", ready)
	}
	return nil
}

// walk lets an agent take a call, and then two agents work together.
func (d *demo) walk(ctx context.Context) error {
	desktops, err := d.h.Desktops(ctx, harness.Namespace, harness.Link)
	if err != nil {
		return err
	}
	sw, err := d.h.Switch(ctx, harness.Namespace, harness.Switch)
	if err != nil {
		return err
	}
	d.title("An agent's first call: requests (→), events (←)")
	alice, bob := walk.Quickstart, walk.Quickstart
	bob.ID, bob.DN = "4002", "1002"
	if err := (&walk.Walk{Agent: alice, Link: desktops, Switch: sw, Say: d.say}).Run(ctx); err != nil {
		return err
	}
	d.title("Two agents: a warm transfer with the customer's data, and a conference")
	desk := func(a walk.Agent) *walk.Walk {
		return &walk.Walk{Agent: a, Link: desktops, Switch: sw, Say: func(format string, args ...any) {
			d.say(a.ID+"  "+format, args...)
		}}
	}
	return (&walk.Team{Alice: desk(alice), Bob: desk(bob)}).Run(ctx)
}

const whatNext = `
Done in %[1]s. The cluster stays up. What to try next, in a shell:

  export KUBECONFIG=%[2]s PATH=%[3]s:$PATH
  kubectl config set-context --current --namespace=contact-centre
  kubectl get cti                                  # every resource of CTILink
  kubectl describe ctilink support                 # its conditions say what to mend
  kubectl logs -l ctilink.io/link=support --prefix # what the runtime pods do
  kubectl delete pod $(kubectl get ctislot support-0 -o jsonpath='{.status.holder}')   # the standby takes over

  kubectl port-forward svc/support 8443 >/dev/null &
  TOKEN=$(kubectl get secret support-desktop-token -o jsonpath='{.data.token}' | base64 -d)
  kubectl get secret -o jsonpath='{.items[?(@.type=="kubernetes.io/tls")].data.ca\.crt}' | base64 -d > ca.crt
  curl --cacert ca.crt -H "Authorization: Bearer $TOKEN" https://localhost:8443/v1/link
  # and in a browser, the toolbar: https://localhost:8443/toolbar/ (agent 4001, password secret, access token $TOKEN)
  # and the whole API: https://localhost:8443/docs

  make demo-down      removes the cluster; what was built stays in the cache
  make clean-cache    removes that too
`

func (d *demo) next(ctx context.Context) error {
	bin, err := d.h.ToolsDir(ctx)
	if err != nil {
		return err
	}
	fmt.Printf(whatNext, d.elapsed(), d.h.Kubeconfig, bin)
	return nil
}
