package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

func TestDecode(t *testing.T) {
	manifest := &v1alpha1.EventRules{
		CallID: "event.id", SetEventType: "raw",
		Identify: []v1alpha1.IdentifyRule{{Name: "a", Raw: "A", When: "true", Then: "Offering"}},
		Filter:   []v1alpha1.FilterRule{{Name: "f", When: "false"}},
		Populate: map[string]v1alpha1.PopulateRules{"CallState": {"ani": "event.a"}},
	}
	want := opencti.RuleSet{
		CallID: "event.id", SetEventType: "raw",
		Identify: []opencti.Rule{{Name: "a", On: "A", When: "true", Then: opencti.Offering}},
		Filter:   []opencti.Filter{{Name: "f", When: "false"}},
		Populate: map[opencti.EventType]map[string]string{opencti.TypeCallState: {"ani": "event.a"}},
	}
	got, err := Decode(manifest)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	back, err := Convert[*v1alpha1.EventRules](got)
	if diff := cmp.Diff(manifest, back); err != nil || diff != "" {
		t.Errorf("back: %v (-want +got):\n%s", err, diff)
	}
	var none *v1alpha1.EventRules
	if got, err := Decode(none); err != nil || !cmp.Equal(got, opencti.RuleSet{}) {
		t.Errorf("no rules: %v, %v", got, err)
	}
	if _, err := Decode(map[string]any{"identity": nil}); said(err) != `read rules: json: unknown field "identity"` {
		t.Errorf("an unknown field: %v", err)
	}
}

func TestDecodeTreatments(t *testing.T) {
	got, err := DecodeTreatments([]v1alpha1.TreatmentRule{{
		Name: "vip", When: "true", ScreenPop: &v1alpha1.ScreenPop{URL: "https://x/"}, Answer: "AfterDelay", DelaySeconds: 3,
		AttachData: map[string]v1alpha1.Expression{"tier": "'gold'"},
	}})
	want := []opencti.TreatmentRule{{
		Name: "vip", When: "true", ScreenPop: &opencti.ScreenPop{URL: "https://x/"}, Answer: opencti.AnswerAfterDelay, DelaySeconds: 3,
		AttachData: map[string]string{"tier": "'gold'"},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestOverride(t *testing.T) {
	rule := func(name string, then opencti.EventName) opencti.Rule {
		return opencti.Rule{Name: name, On: "X", Then: then}
	}
	base := opencti.RuleSet{
		CallID:   "event.id",
		Identify: []opencti.Rule{rule("a", opencti.Offering), rule("b", opencti.Held), rule("c", opencti.Failed)},
		Filter:   []opencti.Filter{{Name: "f", When: "true"}},
		Populate: map[opencti.EventType]map[string]string{opencti.TypeCallState: {"ani": "1", "dnis": "2"}},
	}
	for name, tc := range map[string]struct{ over, want opencti.RuleSet }{
		"nothing": {opencti.RuleSet{}, base},
		"itself":  {base, base},
		"in place, and new ones first in their order": {
			opencti.RuleSet{
				Identify: []opencti.Rule{rule("z", opencti.Queued), rule("b", opencti.Released), rule("y", opencti.Queued)},
				Filter:   []opencti.Filter{{Name: "g", When: "false"}, {Name: "f", When: "false"}},
			},
			opencti.RuleSet{
				CallID: "event.id",
				Identify: []opencti.Rule{rule("z", opencti.Queued), rule("y", opencti.Queued), rule("a", opencti.Offering),
					rule("b", opencti.Released), rule("c", opencti.Failed)},
				Filter:   []opencti.Filter{{Name: "g", When: "false"}, {Name: "f", When: "false"}},
				Populate: base.Populate,
			},
		},
		"field by field, and what stands alone": {
			opencti.RuleSet{CallID: "event.call", SetEventType: "raw", Populate: map[opencti.EventType]map[string]string{
				opencti.TypeCallState: {"dnis": "3", "queue": "4"}, opencti.TypeAgentState: {"agentId": "5"}}},
			opencti.RuleSet{CallID: "event.call", SetEventType: "raw", Identify: base.Identify, Filter: base.Filter,
				Populate: map[opencti.EventType]map[string]string{
					opencti.TypeCallState: {"ani": "1", "dnis": "3", "queue": "4"}, opencti.TypeAgentState: {"agentId": "5"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := base.Identify[1]
			if diff := cmp.Diff(tc.want, Override(base, tc.over)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if base.Identify[1] != before || base.Populate[opencti.TypeCallState]["dnis"] != "2" {
				t.Error("the rules that are inherited were changed")
			}
		})
	}
}
