package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ctilink/ctilink-operator/hack/cluster/build"
	"github.com/ctilink/ctilink-operator/hack/cluster/component"
	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
	"github.com/ctilink/ctilink-operator/hack/cluster/machine"
)

// patience is how long each step may take on a slow machine.
const patience = 3 * time.Minute

// untilUp waits until the API server answers, the nodes are Ready and names resolve.
func (c Cluster) untilUp(ctx context.Context, nodes []layout.Machine, started map[string]time.Time) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	machines := append([]layout.Machine{layout.ControlPlane()}, nodes...)
	if err := c.until(ctx, machines, "the API server is ready", func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}); err != nil {
		return err
	}
	if err := c.applyDNS(ctx, machines, min(2, len(nodes))); err != nil {
		return err
	}
	if err := c.untilNodesReady(ctx, nodes, started); err != nil {
		return err
	}
	return c.until(ctx, machines, "CoreDNS is ready", func(ctx context.Context) error { return dnsReady(ctx, client) })
}

func (c Cluster) client() (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Dirs.AdminKubeconfig())
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 50, 100
	config.Timeout = 5 * time.Second
	return kubernetes.NewForConfig(config)
}

// applyDNS needs no more than `kubectl apply`, so it is that.
func (c Cluster) applyDNS(ctx context.Context, machines []layout.Machine, replicas int) error {
	manifest, err := component.CoreDNS(component.DNS{
		Image: build.CoreDNSImage, ServiceIP: layout.DNSServiceIP, Domain: layout.ClusterDomain, Replicas: replicas,
	})
	if err != nil {
		return err
	}
	return c.until(ctx, machines, "CoreDNS is applied", func(ctx context.Context) error {
		cmd := exec.CommandContext(ctx, c.Builder.Programs().Kubectl, "--kubeconfig", c.Dirs.AdminKubeconfig(),
			"apply", "--server-side", "--force-conflicts", "--field-manager", "ctilink-cluster", "-f", "-")
		cmd.Stdin = strings.NewReader(manifest)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("kubectl apply: %w: %s", err, out.String())
		}
		return nil
	})
}

// untilNodesReady does not believe what a node that was just started said before.
func (c Cluster) untilNodesReady(ctx context.Context, nodes []layout.Machine, started map[string]time.Time) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := c.until(ctx, []layout.Machine{node}, node.Name+" is Ready", func(ctx context.Context) error {
			return nodeReady(ctx, client, node.Name, started[node.Name])
		}); err != nil {
			return err
		}
	}
	return nil
}

func nodeReady(ctx context.Context, client kubernetes.Interface, name string, since time.Time) error {
	node, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type != corev1.NodeReady {
			continue
		}
		if condition.LastHeartbeatTime.Time.Before(since.Truncate(time.Second)) { // it is written in whole seconds
			return errors.New("the kubelet has not reported yet")
		}
		if condition.Status == corev1.ConditionTrue {
			return nil
		}
		return errors.New(condition.Message)
	}
	return errors.New("the node has no status yet")
}

func dnsReady(ctx context.Context, client kubernetes.Interface) error {
	dns, err := client.AppsV1().Deployments(metav1.NamespaceSystem).Get(ctx, "coredns", metav1.GetOptions{})
	if err != nil {
		return err
	}
	status := dns.Status
	if status.ObservedGeneration < dns.Generation || status.UpdatedReplicas < *dns.Spec.Replicas || status.AvailableReplicas < *dns.Spec.Replicas {
		return fmt.Errorf("%d of %d pods are available", status.AvailableReplicas, *dns.Spec.Replicas)
	}
	return nil
}

// until tries until it succeeds, then says so. It gives up when one of the machines ends.
func (c Cluster) until(ctx context.Context, machines []layout.Machine, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			c.Progress.Step("%s", what)
			return nil
		}
		if ended := c.ended(machines); ended != nil {
			return ended
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w (the logs are in %s)", what, err, filepath.Join(c.Dirs.Root, "log"))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ended says which machine does not run any more.
func (c Cluster) ended(machines []layout.Machine) error {
	running, err := machine.Running(c.Dirs)
	if err != nil {
		return err
	}
	for _, m := range machines {
		if running[m.Name] == 0 {
			return fmt.Errorf("%s ended; %s/init.log says why", m.Name, c.Dirs.Logs(m))
		}
	}
	return nil
}
