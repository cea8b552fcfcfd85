package conformance_test

import (
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/conformance"
)

// Every claim of the csta class, against ctisim: no failure, and nothing unsupported.
func TestCSTA(t *testing.T) {
	b := bench(t)
	r, err := conformance.Run(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Green {
		t.Errorf("\n%s", text(r))
	}
	for _, l := range r.Rows {
		if l.Result != conformance.Passed {
			t.Errorf("%s is %s", l.Row, l.Result)
		}
	}
}
