package rules

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// TestExplain holds what people read about each kind of event.
func TestExplain(t *testing.T) {
	var out strings.Builder
	s := compileRules(t, tree())
	rs := tree()
	rs.SetEventType = "event.event"
	decided := compileRules(t, rs)
	for _, tc := range []struct {
		name string
		set  *Set
		in   *Input
	}{
		{"rings here", s, input("Delivered", map[string]any{"callID": "7", "alertingDevice": "1001", "callingDevice": "555"})},
		{"rings elsewhere, and is filtered", s, input("Delivered", map[string]any{"callID": "7", "alertingDevice": "1002", "silent": true})},
		{"of another type", s, input("Delivered", map[string]any{"callID": 7, "callingDevice": 5, "data": "x"})},
		{"cleared", s, &Input{Raw: opencti.RawEvent{Name: "Cleared"}, DN: "1001", State: opencti.Held, CallType: opencti.Consult}},
		{"fails", s, input("Odd", map[string]any{"number": "six"})},
		{"nobody's", s, input("Strange", nil)},
		{"decided", decided, input("X", map[string]any{"event": "Failed"})},
		{"not decided", decided, input("X", nil)},
	} {
		out.WriteString(tc.name + "\n")
		to := json.NewEncoder(&out)
		to.SetEscapeHTML(false)
		to.SetIndent("", "  ")
		if err := to.Encode(tc.set.Explain(tc.in)); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "traces.txt", out.String())
}
