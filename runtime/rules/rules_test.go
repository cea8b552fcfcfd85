package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func tree() opencti.RuleSet {
	return opencti.RuleSet{
		CallID: "event.callID",
		Identify: []opencti.Rule{
			{Name: "offered", On: "Delivered", When: "event.alertingDevice == session.dn", Then: opencti.Offering},
			{Name: "delivered", On: "Delivered", Then: opencti.Delivered},
			{Name: "abandoned", On: "Cleared", When: "call.known && call.state == 'Offering'", Then: opencti.Abandoned},
			{Name: "released", On: "Cleared", Then: opencti.Released},
		},
		Filter: []opencti.Filter{{Name: "silent", When: "name == 'Delivered' && event.silent"}},
		Populate: map[opencti.EventType]map[string]string{
			opencti.TypeCallState: {
				"callId":    "event.callID",
				"ani":       "event.callingDevice",
				"variables": "event.data",
				"otherDns":  "[event.callingDevice]",
				"parties":   "[{'id': '1', 'dn': event.callingDevice}]",
			},
		},
	}
}

func compiled(t *testing.T) *Set {
	t.Helper()
	s, err := Compile(tree())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func input(name string, fields map[string]any) *Input {
	return &Input{Raw: opencti.RawEvent{Name: name, Fields: fields}, DN: "1001", AgentID: "4001"}
}

func TestIdentify(t *testing.T) {
	s := compiled(t)
	for name, tc := range map[string]struct {
		in    *Input
		state opencti.EventName
		want  opencti.EventName
		found bool
	}{
		"rings here":              {in: input("Delivered", map[string]any{"alertingDevice": "1001"}), want: opencti.Offering, found: true},
		"rings elsewhere":         {in: input("Delivered", map[string]any{"alertingDevice": "1002"}), want: opencti.Delivered, found: true},
		"an absent field":         {in: input("Delivered", map[string]any{}), want: opencti.Delivered, found: true},
		"cleared while offered":   {in: input("Cleared", nil), state: opencti.Offering, want: opencti.Abandoned, found: true},
		"cleared while connected": {in: input("Cleared", nil), state: opencti.Established, want: opencti.Released, found: true},
		"no rule":                 {in: input("Strange", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.State = tc.state
			got, found, err := s.Identify(tc.in)
			if err != nil || got != tc.want || found != tc.found {
				t.Errorf("Identify = %q, %v, %v; want %q, %v", got, found, err, tc.want, tc.found)
			}
		})
	}
}

func TestPopulate(t *testing.T) {
	s := compiled(t)
	in := input("Delivered", map[string]any{"callID": "7", "callingDevice": "555", "data": map[string]string{"a": "b"}})
	d, err := s.Populate(in, opencti.TypeCallState, opencti.Offering)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{s.CallID(in), d.String("callId"), d.String("ani"), d.String("dnis"), d.Map("variables"), d.Strings("otherDns"), d.Maps("parties")}
	want := []any{"7", "7", "555", "", map[string]string{"a": "b"}, []string{"555"}, []map[string]string{{"id": "1", "dn": "555"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFilter(t *testing.T) {
	s := compiled(t)
	for name, tc := range map[string]struct {
		fields map[string]any
		want   bool
	}{
		"silent":       {map[string]any{"silent": true}, true},
		"not silent":   {map[string]any{"silent": false}, false},
		"field absent": {map[string]any{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := s.Drops(input("Delivered", tc.fields), opencti.Delivered); err != nil || got != tc.want {
				t.Errorf("Drops = %v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*opencti.RuleSet)
		want   string
	}{
		"an event that does not exist": {func(r *opencti.RuleSet) { r.Identify[0].Then = "Ringing" }, `rule "offered": then: "Ringing"`},
		"a syntax error":               {func(r *opencti.RuleSet) { r.Identify[0].When = "event." }, `rule "offered"`},
		"an unknown variable":          {func(r *opencti.RuleSet) { r.Identify[0].When = "evnt.x == 1" }, "undeclared reference to 'evnt'"},
		"a condition that is no bool":  {func(r *opencti.RuleSet) { r.Identify[0].When = "session.dn" }, "must give bool"},
		"a field that no event has": {func(r *opencti.RuleSet) {
			r.Populate[opencti.TypeCallState] = map[string]string{"colour": "'red'"}
		}, "there is no such field"},
	} {
		t.Run(name, func(t *testing.T) {
			rs := tree()
			tc.change(&rs)
			if _, err := Compile(rs); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Compile = %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func BenchmarkIdentifyAndPopulate(b *testing.B) {
	s, err := Compile(tree())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		in := input("Delivered", map[string]any{"callID": "7", "alertingDevice": "1001", "callingDevice": "555"})
		if _, _, err := s.Identify(in); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Populate(in, opencti.TypeCallState, opencti.Offering); err != nil {
			b.Fatal(err)
		}
	}
}
