package plan_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
	"github.com/ctilink/ctilink-operator/runtime/rules"
)

// identify makes rules for raw event X of names, which may have a condition behind a blank.
func identify(names ...string) *v1alpha1.EventRules {
	out := &v1alpha1.EventRules{}
	for _, n := range names {
		name, when, _ := strings.Cut(n, " ")
		out.Identify = append(out.Identify, v1alpha1.IdentifyRule{Name: name, Raw: "X", When: when, Then: "Offering"})
	}
	return out
}

func ruled(name, extends string, rules *v1alpha1.EventRules) *v1alpha1.ImplementationClass {
	spec := v1alpha1.ImplementationClassSpec{Extends: extends, Rules: rules}
	if extends == "" {
		spec.Driver = "csta"
	}
	return class(name, spec)
}

func many(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint("rule-", i))
	}
	return out
}

// TestRulesOfAClassAndALink resolves csta ← site ← link.
func TestRulesOfAClassAndALink(t *testing.T) {
	driver := identify("a", "b")
	for name, tc := range map[string]struct {
		root, site, link *v1alpha1.EventRules
		rootName         string
		want             []string // names and conditions of the slot's identify rules
		reason, says     string
	}{
		"none at all":             {},
		"the driver's":            {root: driver, want: []string{"a", "b"}},
		"new ones first":          {root: driver, site: identify("c"), link: identify("d"), want: []string{"d", "c", "a", "b"}},
		"overridden in place":     {root: driver, site: identify("a call.known"), link: identify("b false", "z"), want: []string{"z", "a call.known", "b false"}},
		"as many as there may be": {root: identify(many(250)...), site: identify("x"), link: identify("y"), want: append([]string{"y", "x"}, many(250)...)},
		"too many in a class": {root: identify(many(250)...), site: identify("1", "2", "3", "4", "5", "6", "7"),
			reason: v1alpha1.ReasonClassNotReady, says: `"site" has more than 256 identify or 128 filter rules`},
		"too many in a link": {root: identify(many(250)...), link: identify("1", "2", "3", "4", "5", "6", "7"),
			reason: v1alpha1.ReasonInvalidRules, says: "The link has more than 256"},
		"wrong in the link": {root: driver, link: identify("c evnt.x"), reason: v1alpha1.ReasonInvalidRules,
			says: `spec.rules.identify[c].when, line 1, column 1: "evnt" is not known here; did you mean event?`},
		"wrong in the class": {root: driver, site: identify("c", "d call.state == 'hunter2'"), reason: v1alpha1.ReasonClassNotReady,
			says: `Class "site", spec.rules.identify[d].when, line 1, column 15: call.state is never that text`},
		"wrong in the parent": {root: identify("a 5"), site: identify("c"), reason: v1alpha1.ReasonClassNotReady,
			says: `Class "csta", spec.rules.identify[a].when, line 1, column 1: gives int, must give bool`},
		"a class of its own without a parent": {root: driver, rootName: "mine", reason: v1alpha1.ReasonClassNotReady,
			says: `the rules of driver "csta" stand in the class of that name; set spec.extends to it`},
		"nothing to override": {link: identify("c"), reason: v1alpha1.ReasonInvalidRules, says: `ImplementationClass "site" has no event rules`},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.rootName == "" {
				tc.rootName = "csta"
			}
			link := &v1alpha1.CTILink{ObjectMeta: metav1.ObjectMeta{Name: "support"}, Spec: v1alpha1.CTILinkSpec{ImplementationClass: "site", Rules: tc.link}}
			got, problem := plan.Slots(link, nil, lookup(ruled(tc.rootName, "", tc.root), ruled("site", tc.rootName, tc.site)))
			if tc.reason != "" {
				wantProblem(t, problem, tc.reason, tc.says)
				return
			}
			if problem != nil {
				t.Fatal(problem)
			}
			if diff := cmp.Diff(tc.want, ruleNames(got.Slots[0].Spec.Rules)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func ruleNames(rules *v1alpha1.EventRules) (out []string) {
	if rules == nil {
		return nil
	}
	for _, r := range rules.Identify {
		out = append(out, strings.TrimSpace(r.Name+" "+r.When))
	}
	return out
}

func treatment(when string) v1alpha1.PoolPolicy {
	return v1alpha1.PoolPolicy{CallTreatment: []v1alpha1.TreatmentRule{{Name: "vip", When: when}}}
}

func TestPoolsBringTheirPolicy(t *testing.T) {
	spec := agents("1", "2")
	spec.Agents[0].Queues = []string{"5000"}
	spec.PoolPolicy = treatment("call.queue == '5000'")
	wrong := agents("3")
	wrong.PoolPolicy = treatment("call.variabels.tier == 'gold'")
	pools := []v1alpha1.AgentPool{pool("night", 1, agents("9")), pool("day", 2, spec), pool("wrong", 3, wrong), pool("late", 1, agents("1"))}
	link := &v1alpha1.CTILink{ObjectMeta: metav1.ObjectMeta{Name: "support"}, Spec: v1alpha1.CTILinkSpec{ImplementationClass: "csta"}}
	got, problem := plan.Slots(link, pools, lookup(ruled("csta", "", nil)))
	if problem != nil {
		t.Fatal(problem)
	}
	document := got.Slots[0].Spec
	want := []v1alpha1.SlotPool{{Name: "day", PoolPolicy: spec.PoolPolicy}, {Name: "night"}}
	if diff := cmp.Diff(want, document.Pools); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
	if len(document.Agents) != 3 || document.Agents[0].Queues[0] != "5000" {
		t.Errorf("agents: %v", document.Agents)
	}
	wantProblem(t, got.Pools[0].Problem, v1alpha1.ReasonInvalidTreatment,
		`spec.callTreatment[vip].when, line 1, column 5: there is no field "variabels"; did you mean variables?`)
}

// TestSchemaKnowsTheEvents: what the schema refuses and what the compiler refuses is the
// same.
func TestSchemaKnowsTheEvents(t *testing.T) {
	body, err := os.ReadFile("../../config/crd/ctilinks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var crd map[string]any
	if err := yaml.Unmarshal(body, &crd); err != nil {
		t.Fatal(err)
	}
	var got, want []string
	then := dig(t, crd, "spec", "versions", "schema", "openAPIV3Schema", "properties", "spec", "properties", "rules", "properties",
		"identify", "items", "properties", "then", "enum")
	for _, v := range then.([]any) {
		got = append(got, v.(string))
	}
	for _, n := range opencti.EventNames() {
		if _, err := rules.Compile(opencti.RuleSet{Identify: []opencti.Rule{{Name: "r", On: "X", Then: n}}}); err == nil {
			want = append(want, string(n))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-compiler +schema):\n%s", diff)
	}
}

// dig goes down maps by key, and into the first element of lists.
func dig(t *testing.T, from any, path ...string) any {
	t.Helper()
	for _, key := range path {
		if list, ok := from.([]any); ok {
			from = list[0]
		}
		next, ok := from.(map[string]any)[key]
		if !ok {
			t.Fatalf("there is no %s of %v", key, path)
		}
		from = next
	}
	return from
}
