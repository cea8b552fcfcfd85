//go:build cluster

// Package e2e proves the cluster itself, on this host, as root:
//
//	go test -tags cluster -v -count 1 ./hack/cluster/e2e
//
// It begins and ends with `cluster down`.
package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const workload = `
apiVersion: v1
kind: Namespace
metadata: {name: test, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: testapp, namespace: test}
spec:
  replicas: 2
  selector: {matchLabels: {app: testapp}}
  template:
    metadata: {labels: {app: testapp}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      topologySpreadConstraints:
      - {maxSkew: 1, minDomains: 2, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: testapp}}}
      containers:
      - name: testapp
        image: localhost/ctilink-cluster/testapp:dev
        imagePullPolicy: IfNotPresent
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
        resources: {limits: {memory: 64Mi}}
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}
---
apiVersion: v1
kind: Service
metadata: {name: testapp, namespace: test}
spec:
  type: NodePort
  selector: {app: testapp}
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
`

const privilegedPod = `
apiVersion: v1
kind: Pod
metadata: {name: privileged, namespace: test}
spec:
  containers: [{name: testapp, image: "localhost/ctilink-cluster/testapp:dev", securityContext: {privileged: true}}]
`

func TestCluster(t *testing.T) {
	h := newHost(t)
	h.cluster("down")
	before := h.traces()
	t.Cleanup(func() { h.cluster("down") })

	h = h.up("--nodes", "2")
	h.cluster("load-image", h.image("v1"))
	h.apply(workload)
	h.k("-n", "test", "rollout", "status", "deployment/testapp", "--timeout=60s")

	t.Run("pods", func(t *testing.T) { testPods(h.with(t)) })
	t.Run("from the host", func(t *testing.T) { testFromHost(h.with(t)) })
	t.Run("pod security", func(t *testing.T) { testPodSecurity(h.with(t)) })
	t.Run("kernel settings", func(t *testing.T) { testKernelSettings(h.with(t), before) })
	t.Run("node lost and back", func(t *testing.T) { testNodeLoss(h.with(t)) })
	t.Run("newer image, third node", func(t *testing.T) { testNewerImage(h.with(t)) })
	t.Run("up again", func(t *testing.T) { testUpAgain(h.with(t)) })
	t.Run("down leaves nothing", func(t *testing.T) { testDown(h.with(t), before) })
}

func (h host) with(t *testing.T) host {
	h.t = t
	return h
}

// pods are the names of the workload's pods; they are on different nodes.
func (h host) pods() []string {
	h.t.Helper()
	return strings.Fields(h.k("-n", "test", "get", "pods", "-o", "jsonpath={.items[*].metadata.name}"))
}

func testPods(h host) {
	pods := h.pods()
	nodes := strings.Fields(h.k("-n", "test", "get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}"))
	if len(pods) != 2 || nodes[0] == nodes[1] {
		h.t.Fatalf("pods %v on nodes %v, want two on two", pods, nodes)
	}
	for i, pod := range pods {
		if log := h.k("-n", "test", "logs", pod); !strings.Contains(log, "listening") {
			h.t.Errorf("logs of %s: %q", pod, log)
		}
		other := h.k("-n", "test", "get", "pod", pods[1-i], "-o", "jsonpath={.status.podIP}")
		if got := h.k("-n", "test", "exec", pod, "--", "/testapp", "get", "http://"+other+":8080"); !strings.Contains(got, pods[1-i]) {
			h.t.Errorf("%s asks the other pod: %q", pod, got)
		}
		if seen := h.everyAnswer(pod); len(seen) != 2 {
			h.t.Errorf("the Service answered %s with %v, want both pods", pod, seen)
		}
	}
	testPortForward(h, pods[0])
}

// everyAnswer asks the Service by its name until both pods, also the asking one, have answered.
func (h host) everyAnswer(pod string) map[string]bool {
	seen := map[string]bool{}
	for range 40 {
		seen[h.k("-n", "test", "exec", pod, "--", "/testapp", "get", "http://testapp.test.svc.cluster.local")] = true
		if len(seen) == 2 {
			break
		}
	}
	return seen
}

func testPortForward(h host, pod string) {
	forward := exec.Command(h.kubectl, "--kubeconfig", h.config, "-n", "test", "port-forward", pod, ":8080")
	out, err := forward.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := forward.Start(); err != nil {
		h.t.Fatal(err)
	}
	defer func() {
		_ = forward.Process.Kill()
		_ = forward.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		h.t.Fatalf("port-forward: %v", err)
	}
	var port int
	if _, err := fmt.Sscanf(line, "Forwarding from 127.0.0.1:%d", &port); err != nil {
		h.t.Fatalf("port-forward says %q", line)
	}
	if got := h.get(fmt.Sprintf("http://127.0.0.1:%d", port)); !strings.Contains(got, pod) {
		h.t.Errorf("port-forward answers %q", got)
	}
}

func testFromHost(h host) {
	pod := h.k("-n", "test", "get", "pods", "-o", "jsonpath={.items[0].status.podIP}")
	service := h.k("-n", "test", "get", "service", "testapp", "-o", "jsonpath={.spec.clusterIP}")
	for _, url := range []string{
		"http://" + pod + ":8080", "http://" + service, "http://172.30.99.11:30080", "http://172.30.99.12:30080",
	} {
		if got := h.get(url); !strings.Contains(got, "hello from testapp-") {
			h.t.Errorf("%s answers %q", url, got)
		}
	}
}

func testPodSecurity(h host) {
	if out, err := h.kubectlErr(privilegedPod, "apply", "-f", "-"); err == nil || !strings.Contains(out, "violates PodSecurity") {
		h.t.Errorf("a privileged pod: %v %s, want it refused", err, out)
	}
}

func testKernelSettings(h host, before []string) {
	want := keep(before, "sysctl ")
	if diff := cmp.Diff(want, keep(h.traces(), "sysctl ")); diff != "" {
		h.t.Errorf("a running cluster changes the host (-before +now):\n%s", diff)
	}
}

func keep(traces []string, prefix string) []string {
	var kept []string
	for _, trace := range traces {
		if strings.HasPrefix(trace, prefix) {
			kept = append(kept, trace)
		}
	}
	return kept
}

func testNodeLoss(h host) {
	h.cluster("node-down", "2")
	start := time.Now()
	h.k("wait", "--for=condition=Ready=Unknown", "node/node-2", "--timeout=60s")
	h.t.Logf("node-2 is not ready after %.1f s", time.Since(start).Seconds())
	if got := h.get("http://172.30.99.11:30080"); !strings.Contains(got, "hello") {
		h.t.Errorf("the remaining node answers %q", got)
	}
	h.cluster("node-up", "2")
	h.k("wait", "--for=condition=Ready", "node/node-2", "--timeout=60s")
	h.k("-n", "test", "rollout", "status", "deployment/testapp", "--timeout=60s")
	h.get("http://172.30.99.12:30080")

	h.cluster("node-down", "1") // the node that the host's route to Services led through
	service := h.k("-n", "test", "get", "service", "testapp", "-o", "jsonpath={.spec.clusterIP}")
	h.get("http://" + service)
	h.cluster("node-up", "1")
}

func testNewerImage(h host) {
	h.cluster("load-image", h.image("v2"))
	h.k("-n", "test", "rollout", "restart", "deployment/testapp")
	h.k("-n", "test", "rollout", "status", "deployment/testapp", "--timeout=60s")
	h.eventually("version 2 answers", func() error {
		if got := h.get("http://172.30.99.11:30080"); !strings.HasSuffix(got, " v2") {
			return fmt.Errorf("got %q", got)
		}
		return nil
	})
	h.up("--nodes", "3")
	h.k("-n", "test", "scale", "deployment/testapp", "--replicas=3")
	h.k("-n", "test", "rollout", "status", "deployment/testapp", "--timeout=60s")
	if nodes := h.k("-n", "test", "get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}"); !strings.Contains(nodes, "node-3") {
		h.t.Errorf("pods on %s, want one on node-3", nodes)
	}
}

func testUpAgain(h host) {
	start := time.Now()
	h.up("--nodes", "2")
	if took := time.Since(start); took > 10*time.Second {
		h.t.Errorf("up with nothing to do took %v", took)
	}
	if n := h.machines(); n != 4 {
		h.t.Errorf("%d machines run, want the control plane and three nodes", n)
	}
}

func testDown(h host, before []string) {
	h.cluster("down")
	if diff := cmp.Diff(before, h.traces()); diff != "" {
		h.t.Errorf("the cluster left traces (-before +after):\n%s", diff)
	}
	if n := h.machines(); n != 0 {
		h.t.Errorf("%d machines still run", n)
	}
	if _, err := (&http.Client{Timeout: time.Second}).Get("https://172.30.99.2:6443"); err == nil {
		h.t.Error("the API server still answers")
	}
	h.cluster("down")
}
