package main

import (
	"bytes"
	"strings"
	"testing"
)

// execute runs the program's command line against a cache and a state directory that are empty.
func execute(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	t.Setenv("CTILINK_CACHE", t.TempDir())
	t.Setenv("CTILINK_CLUSTER_DIR", t.TempDir())
	var buf bytes.Buffer
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(&buf)
	root.SetErr(&buf)
	err = root.ExecuteContext(t.Context())
	return buf.String(), err
}

func TestWrongUse(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"up", "--nodes", "0"}, "want 1 to 3"},
		{[]string{"up", "--nodes", "4"}, "want 1 to 3"},
		{[]string{"node-up", "4"}, "from 1 to 3"},
		{[]string{"node-down", "one"}, "from 1 to 3"},
		{[]string{"exec", "node-9", "--", "true"}, "no machine has this name"},
		{[]string{"exec", "node-1", "--", "true"}, "node-1 is not running"},
		{[]string{"exec", "node-1"}, "requires at least 2 arg"},
		{[]string{"pause", "control-plane", "kube-apiserver"}, "control-plane is not running"},
		{[]string{"load-image"}, "requires at least 1 arg"},
		{[]string{"build", "--only", "kubelet"}, "control-plane"},
		{[]string{"tool", "hammer"}, "invalid argument"},
		{[]string{"kubeconfig"}, "no cluster"},
		{[]string{"init", "node-9"}, "no machine has this name"},
		{[]string{"init", "node-1"}, "for process 1"},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			_, err := execute(t, tc.args...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestHelpNamesEveryCommand(t *testing.T) {
	out, err := execute(t, "--help")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"up ", "down ", "load-image", "node-down", "node-up", "exec", "pause", "continue", "kubeconfig", "build", "assets", "tool", "clean-cache",
		"CTILINK_CACHE", "CTILINK_CLUSTER_DIR",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("help does not mention %q", want)
		}
	}
	if strings.Contains(out, "init") {
		t.Error("help mentions init, which is for machines")
	}
}
