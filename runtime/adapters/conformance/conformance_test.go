package conformance_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance/ctisim"
	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
