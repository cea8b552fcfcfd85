package rules_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ctilink/ctilink-operator/runtime/adapters/csta"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// FuzzEvent: whatever a driver makes of what the switch sends, rules name an event or
// fail, and a failure tells nothing of it.
func FuzzEvent(f *testing.F) {
	set, err := rules.Compile(csta.Driver{}.Describe().Rules)
	if err != nil {
		f.Fatal(err)
	}
	for _, raw := range cstaEvents {
		fields, err := json.Marshal(raw.Fields)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw.Name, string(fields), string(opencti.Offering))
	}
	f.Add("Delivered", `{"callID":{"a":[]},"parties":"x","alertingDevice":7,"variables":[1],"cause":null}`, "")
	f.Fuzz(func(t *testing.T, name, fields, state string) {
		var event map[string]any
		if json.Unmarshal([]byte(fields), &event) != nil {
			return
		}
		in := &rules.Input{Raw: opencti.RawEvent{Name: name, Fields: event}, DN: "1001", AgentID: "4001", State: opencti.EventName(state)}
		in.Call = set.CallID(in)
		told, ok, err := set.Identify(in)
		if err == nil && ok {
			_, err = set.Drops(in, told)
		}
		if err == nil && ok {
			kind, known := opencti.TypeOf(told)
			if !known {
				t.Fatalf("%q is no event", told)
			}
			var d rules.Data
			if d, err = set.Populate(in, kind, told); err == nil {
				d.String("ani")
				d.Strings("otherDns")
				d.Map("variables")
				d.Maps("parties")
				d.Bool("muted")
			}
		}
		if err == nil {
			return
		}
		if rules.First(err) == nil {
			t.Fatalf("%T: %v", err, err)
		}
		for _, v := range event {
			if s, ok := v.(string); ok && len(s) > 8 && strings.Contains(err.Error(), s) {
				t.Errorf("the failure tells %q: %v", s, err)
			}
		}
	})
}
