// Package pbxtest gives tests a real Asterisk.
package pbxtest

import (
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/ctilink/ctilink-operator/hack/asterisk/debian"
	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx"
	"github.com/ctilink/ctilink-operator/hack/cluster/cache"
)

// Required is the environment variable that makes it an error that Asterisk cannot be had.
const Required = "CTILINK_ASTERISK_REQUIRED"

// Start runs Asterisk with so many agents, until the test ends. Where its packages cannot be
// had the test is skipped.
func Start(t testing.TB, agents int) *pbx.PBX {
	t.Helper()
	p, err := pbx.Start(t.Context(), pbx.Options{Tree: Tree(t), Agents: agents, Verbose: Verbosity()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Asterisk said:\n%s", p.Log())
		}
		p.Close()
	})
	return p
}

// Tree fetches Asterisk.
func Tree(t testing.TB) debian.Tree {
	t.Helper()
	store, err := cache.Default()
	if err != nil {
		t.Fatal(err)
	}
	tree, err := debian.Fetch(t.Context(), store, t.Logf)
	if errors.Is(err, debian.ErrUnavailable) && os.Getenv(Required) == "" {
		t.Skipf("no real Asterisk here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// Verbose is the environment variable for what Asterisk logs of calls; see pbx.Options.
const Verbose = "CTILINK_ASTERISK_VERBOSE"

// Verbosity reads it.
func Verbosity() int {
	n, err := strconv.Atoi(os.Getenv(Verbose))
	if err != nil {
		return 0
	}
	return n
}
