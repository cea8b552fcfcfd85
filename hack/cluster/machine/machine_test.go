package machine

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/hack/cluster/layout"
)

func TestParseCommandLine(t *testing.T) {
	for _, tc := range []struct {
		name, line string
		want       Process
		ours       bool
	}{
		{name: "node", line: "/state/bin/ctilink-cluster\x00init\x00node-1\x00", want: Process{Root: "/state", Name: "node-1"}, ours: true},
		{name: "control plane", line: "/s/bin/ctilink-cluster\x00init\x00control-plane\x00", want: Process{Root: "/s", Name: "control-plane"}, ours: true},
		{name: "unknown machine", line: "/state/bin/ctilink-cluster\x00init\x00node-9\x00"},
		{name: "another command", line: "/state/bin/ctilink-cluster\x00down\x00node-1\x00"},
		{name: "more arguments", line: "/state/bin/ctilink-cluster\x00init\x00node-1\x00x\x00"},
		{name: "somebody who greps for it", line: "grep\x00/state/bin/ctilink-cluster init node-1\x00"},
		{name: "another program", line: "/usr/bin/other\x00init\x00node-1\x00"},
		{name: "kernel thread", line: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ours := parseCommandLine(tc.line)
			if ours != tc.ours || ours && got != tc.want {
				t.Errorf("got %v %v, want %v %v", got, ours, tc.want, tc.ours)
			}
		})
	}
}

func TestIsInit(t *testing.T) {
	for _, tc := range []struct {
		name, status string
		want         bool
	}{
		{name: "pid 1 of an inner namespace", status: "Name:\tx\nNSpid:\t4711\t1\n", want: true},
		{name: "two levels down", status: "NSpid:\t4711\t12\t1\n", want: true},
		{name: "pid 1 of this namespace", status: "NSpid:\t1\n"},
		{name: "another process in there", status: "NSpid:\t4712\t2\n"},
		{name: "not in a namespace", status: "NSpid:\t4713\n"},
		{name: "kernel without the line", status: "Name:\tx\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := isInit(tc.status); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestNobodyElseIsIdentified(t *testing.T) {
	if got, ok := identify(os.Getpid()); ok {
		t.Errorf("this test is taken for %v", got)
	}
}

func TestIsWithin(t *testing.T) {
	for _, tc := range []struct {
		inner, outer string
		want         bool
	}{
		{"10.244.0.0/16", "10.244.0.0/16", true},
		{"10.244.3.0/24", "10.244.0.0/16", true},
		{"10.0.0.0/8", "10.244.0.0/16", false},
		{"0.0.0.0/0", "10.244.0.0/16", false},
		{"10.245.0.0/24", "10.244.0.0/16", false},
	} {
		_, inner, err := net.ParseCIDR(tc.inner)
		if err != nil {
			t.Fatal(err)
		}
		if got := isWithin(*inner, tc.outer); got != tc.want {
			t.Errorf("%s within %s: got %v, want %v", tc.inner, tc.outer, got, tc.want)
		}
	}
}

func TestHierarchies(t *testing.T) {
	for _, tc := range []struct {
		name, mounts string
		want         []hierarchy
	}{
		{
			name: "v1 with a v2 tree for systemd",
			mounts: "tmpfs /sys/fs/cgroup tmpfs rw 0 0\n" +
				"cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n" +
				"cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n",
			want: []hierarchy{{dir: "/sys/fs/cgroup/cpu,cpuacct"}, {dir: "/sys/fs/cgroup/unified", unified: true}},
		},
		{
			name:   "v2 alone",
			mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
			want:   []hierarchy{{dir: "/sys/fs/cgroup", unified: true}},
		},
		{
			name:   "mounted twice",
			mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
			want:   []hierarchy{{dir: "/sys/fs/cgroup", unified: true}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, hierarchies(tc.mounts), cmp.AllowUnexported(hierarchy{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCreateV1FillsCpuset(t *testing.T) {
	tree, node := t.TempDir(), testNode(t)
	write(t, filepath.Join(tree, "cpuset.cpus"), "0-1\n")
	write(t, filepath.Join(tree, "cpuset.mems"), "0\n")
	for range 2 { // what exists is no error
		if err := createV1(tree, node); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(filepath.Join(tree, "ctilink-cluster/node-1/cpuset.cpus")); string(got) != "0-1\n" {
		t.Errorf("cpuset.cpus %q, want those of the parent", got)
	}
}

// A directory of files stands in for the kernel's: it shows which controllers are asked for, and where.
func TestCreateV2HandsControllersDown(t *testing.T) {
	tree, node := t.TempDir(), testNode(t)
	for _, dir := range []string{"", "ctilink-cluster", "ctilink-cluster/node-1"} {
		if err := makeDir(filepath.Join(tree, dir)); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(tree, dir, "cgroup.controllers"), "cpu\n")
	}
	if err := createV2(tree, node); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", "ctilink-cluster", "ctilink-cluster/node-1"} {
		if got, _ := os.ReadFile(filepath.Join(tree, dir, "cgroup.subtree_control")); string(got) != "+cpu" {
			t.Errorf("%q: subtree_control %q, want +cpu", dir, got)
		}
	}
}

func TestRemoveDirs(t *testing.T) {
	root := filepath.Join(t.TempDir(), "ctilink-cluster")
	if err := os.MkdirAll(filepath.Join(root, "node-1/kubepods/pod1"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is gone is no error
		if err := removeDirs(root); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s still exists: %v", root, err)
	}
}

func testNode(t *testing.T) layout.Machine {
	t.Helper()
	node, err := layout.Node(1)
	if err != nil {
		t.Fatal(err)
	}
	return node
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
