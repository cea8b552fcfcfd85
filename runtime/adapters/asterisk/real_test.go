//go:build asterisk

package asterisk_test

import (
	"testing"

	"github.com/ctilink/ctilink-operator/hack/asterisk/pbx/pbxtest"
	"github.com/ctilink/ctilink-operator/hack/asterisk/world"
	"github.com/ctilink/ctilink-operator/runtime/adapters/asterisk"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
)

// realWorld is an Asterisk with telephones, until the test ends.
func realWorld(t *testing.T, o world.Options) *world.World {
	t.Helper()
	o.Tree, o.Verbose = pbxtest.Tree(t), pbxtest.Verbosity()
	w, err := world.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Asterisk said:\n%s", w.PBX.Log())
		}
		w.Close()
	})
	return w
}

// Every claim of the class, against a real Asterisk with real telephones.
func TestConformance(t *testing.T) {
	w := realWorld(t, world.Options{RingSeconds: 3})
	conformance.Test(t, w.Bench("asterisk", asterisk.Driver{}))
}
