package control

import (
	"net/http"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/simulator/behaviour"
)

func TestBehavioursAreListed(t *testing.T) {
	p := open(t)
	var got struct{ Behaviours []behaviour.Status }
	p.ask("GET", "/v1/behaviours", "", http.StatusOK, &got)
	if len(got.Behaviours) != len(behaviour.Table()) {
		t.Fatalf("%d behaviours, want %d", len(got.Behaviours), len(behaviour.Table()))
	}
	for _, b := range got.Behaviours {
		if b.Name == "" || b.What == "" || b.Number < 1 || b.Number > 20 || b.Active {
			t.Errorf("%+v", b)
		}
	}
}
