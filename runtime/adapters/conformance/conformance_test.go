package conformance_test

import (
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance/ctisim"
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
)

func bench(t *testing.T) conformance.Bench {
	t.Helper()
	w, err := ctisim.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w.Bench("csta", csta.Driver{})
}
