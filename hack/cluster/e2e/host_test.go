//go:build cluster

package e2e

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/ctilink/ctilink-operator/hack/image/archive"
)

const testImage = "localhost/ctilink-cluster/testapp:dev"

// host is this machine with the cluster program on it.
type host struct {
	t       *testing.T
	program string
	kubectl string
	config  string
}

func newHost(t *testing.T) host {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	h := host{t: t, program: filepath.Join(t.TempDir(), "cluster")}
	h.goBuild("../", h.program)
	h.kubectl = strings.TrimSpace(h.cluster("tool", "kubectl"))
	return h
}

func (h host) goBuild(pkg, out string) {
	h.t.Helper()
	cmd := exec.Command("go", "build", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("go build %s: %v\n%s", pkg, err, text)
	}
}

// cluster runs the program and returns its standard output.
func (h host) cluster(args ...string) string {
	h.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(h.program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		h.t.Fatalf("cluster %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	h.t.Logf("cluster %s: %.1f s", strings.Join(args, " "), time.Since(start).Seconds())
	return stdout.String()
}

// up brings the cluster up and returns the host with its kubeconfig.
func (h host) up(args ...string) host {
	h.t.Helper()
	out := h.cluster(append([]string{"up"}, args...)...)
	_, config, found := strings.Cut(strings.TrimSpace(out), "export KUBECONFIG=")
	if !found {
		h.t.Fatalf("cluster up printed %q, want export KUBECONFIG=...", out)
	}
	h.config = config
	return h
}

func (h host) kubectlErr(stdin string, args ...string) (string, error) {
	cmd := exec.Command(h.kubectl, append([]string{"--kubeconfig", h.config}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (h host) k(args ...string) string {
	h.t.Helper()
	out, err := h.kubectlErr("", args...)
	if err != nil {
		h.t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

func (h host) apply(manifest string) {
	h.t.Helper()
	if out, err := h.kubectlErr(manifest, "apply", "-f", "-"); err != nil {
		h.t.Fatalf("kubectl apply: %v\n%s", err, out)
	}
}

// image builds the test image whose pods call themselves version.
func (h host) image(version string) string {
	h.t.Helper()
	dir := h.t.TempDir()
	program, tar := filepath.Join(dir, "testapp"), filepath.Join(dir, "testapp.tar")
	h.goBuild("./testapp", program)
	err := archive.Write(tar, archive.Image{
		Reference: testImage, User: "65532", Entrypoint: []string{"/testapp"}, Cmd: []string{"serve"},
		Env: []string{"VERSION=" + version}, Files: []archive.File{{Source: program, Target: "/testapp"}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return tar
}

// get asks until it gets an answer.
func (h host) get(url string) string {
	h.t.Helper()
	client := http.Client{Timeout: 2 * time.Second}
	var body string
	h.eventually("GET "+url, func() error {
		answer, err := client.Get(url)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		body = strings.TrimSpace(string(text))
		return err
	})
	return body
}

// eventually tries for two minutes.
func (h host) eventually(what string, try func() error) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 2*time.Minute)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			h.t.Fatalf("%s: %v", what, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// traces are all that a cluster could leave behind or change on the host.
func (h host) traces() []string {
	h.t.Helper()
	var traces []string
	links, err := netlink.LinkList()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, link := range links {
		traces = append(traces, "link "+link.Attrs().Name)
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, route := range routes {
		traces = append(traces, "route "+route.String())
	}
	traces = append(traces, h.cgroups()...)
	traces = append(traces, h.kernelSettings()...)
	for _, path := range []string{
		"/var/lib/kubelet", "/var/lib/cni", "/var/lib/containerd", "/var/lib/ctilink-cluster", "/var/log/pods",
		"/var/log/containers", "/run/containerd", "/run/netns", "/etc/cni", "/etc/kubernetes", "/opt/cni",
	} {
		if _, err := os.Stat(path); err == nil {
			traces = append(traces, "path "+path)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		h.t.Fatal(err)
	}
	return append(traces, "mounts "+string(mounts))
}

func (h host) cgroups() []string {
	h.t.Helper()
	var found []string
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.Contains(path, "ctilink-cluster") {
			found = append(found, "cgroup "+path)
		}
		return nil // groups come and go
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

func (h host) kernelSettings() []string {
	h.t.Helper()
	var settings []string
	for _, name := range []string{
		"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
		"kernel/keys/root_maxbytes", "kernel/hostname", "net/ipv4/ip_forward", "net/netfilter/nf_conntrack_max",
	} {
		value, err := os.ReadFile(filepath.Join("/proc/sys", name))
		if err == nil {
			settings = append(settings, "sysctl "+name+"="+strings.TrimSpace(string(value)))
		}
	}
	return settings
}

// machines counts the processes that are a machine's first.
func (h host) machines() int {
	h.t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		h.t.Fatal(err)
	}
	return len(slices.DeleteFunc(processes, func(path string) bool {
		line, err := os.ReadFile(path)
		return err != nil || !strings.Contains(string(line), "/bin/ctilink-cluster\x00init\x00")
	}))
}
