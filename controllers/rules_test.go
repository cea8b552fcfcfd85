package controllers_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// rulesOf makes identify rules for raw event X: name and condition.
func rulesOf(rules ...string) *v1alpha1.EventRules {
	out := &v1alpha1.EventRules{}
	for _, r := range rules {
		name, when, _ := strings.Cut(r, " ")
		out.Identify = append(out.Identify, v1alpha1.IdentifyRule{Name: name, Raw: "X", When: when, Then: "Offering"})
	}
	return out
}

// driverClass is the class that a driver brings itself.
func driverClass(name string, rules ...string) *v1alpha1.ImplementationClass {
	return classObject(name, func(s *v1alpha1.ImplementationClassSpec) { s.Driver, s.Rules = name, rulesOf(rules...) })
}

func childClass(name, parent string, change func(*v1alpha1.ImplementationClassSpec)) *v1alpha1.ImplementationClass {
	return classObject(name, extends(parent), change)
}

func overriding(rules ...string) func(*v1alpha1.ImplementationClassSpec) {
	return func(s *v1alpha1.ImplementationClassSpec) { s.Rules = rulesOf(rules...) }
}

// slotRules waits until a slot's document has these identify rules, in this order.
func slotRules(t *testing.T, namespace, slot string, want ...string) {
	t.Helper()
	eventually(t, func() error {
		s := &v1alpha1.CTISlot{}
		if err := exists(namespace, slot, s); err != nil {
			return err
		}
		var got []string
		if s.Spec.Rules != nil {
			for _, r := range s.Spec.Rules.Identify {
				got = append(got, strings.TrimSpace(r.Name+" "+r.When))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return errors.New("rules (-want +got):\n" + diff)
		}
		return nil
	})
}

// accepts waits until Accepted of an object is as it should be, with its message.
func accepts(t *testing.T, o client.Object, list func() []metav1.Condition, status metav1.ConditionStatus, reason, message string) {
	t.Helper()
	eventually(t, func() error {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}
		if err := is(o, list(), v1alpha1.ConditionAccepted, status, reason); err != nil {
			return err
		}
		if got := meta.FindStatusCondition(list(), v1alpha1.ConditionAccepted).Message; message != "" && got != message {
			return fmt.Errorf("it says %q, want %q", got, message)
		}
		return nil
	})
}

func classAccepts(t *testing.T, name string, status metav1.ConditionStatus, reason, message string) {
	t.Helper()
	c := &v1alpha1.ImplementationClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
	accepts(t, c, func() []metav1.Condition { return c.Status.Conditions }, status, reason, message)
}

func linkAccepts(t *testing.T, ns, name string, status metav1.ConditionStatus, reason, message string) {
	t.Helper()
	l := &v1alpha1.CTILink{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}}
	accepts(t, l, func() []metav1.Condition { return l.Status.Conditions }, status, reason, message)
}

func poolAccepts(t *testing.T, ns, name string, status metav1.ConditionStatus, reason, message string) {
	t.Helper()
	p := &v1alpha1.AgentPool{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}}
	accepts(t, p, func() []metav1.Condition { return p.Status.Conditions }, status, reason, message)
}

// edit changes an object as a person does.
func edit[T client.Object](t *testing.T, namespace, name string, o T, f func(T)) {
	t.Helper()
	get(t, namespace, name, o)
	before := o.DeepCopyObject().(T)
	f(o)
	if err := admin.Patch(t.Context(), o, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
}

func editClass(t *testing.T, name string, f func(*v1alpha1.ImplementationClassSpec)) {
	t.Helper()
	edit(t, "", name, &v1alpha1.ImplementationClass{}, func(c *v1alpha1.ImplementationClass) { f(&c.Spec) })
}

const notKnown = `line 1, column 1: "evnt" is not known here; did you mean event?`

// TestRulesAreInherited from the driver's class over a child to a link, and a mistake in
// any of them changes nothing of what is in force.
func TestRulesAreInherited(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, driverClass("ruled", "a", "b"))
	create(t, childClass("ruled-site", "ruled", overriding("c", "b call.known")))
	create(t, linkObject(ns, "support", "ruled-site", func(s *v1alpha1.CTILinkSpec) { s.Rules = rulesOf("d", "a false") }))
	slotRules(t, ns, "support-0", "d", "c", "a false", "b call.known")
	serve(t, ns, "support")

	eventually(t, func() error {
		want := &v1alpha1.RuleNames{DecidedBy: v1alpha1.DecidedByIdentify, Identify: []string{"c", "a", "b"}}
		if diff := cmp.Diff(want, get(t, "", "ruled-site", &v1alpha1.ImplementationClass{}).Status.Rules); diff != "" {
			return errors.New("status.rules (-want +got):\n" + diff)
		}
		return nil
	})
	good := get(t, ns, "support-0", &v1alpha1.CTISlot{})
	unchanged := func() {
		t.Helper()
		if now := get(t, ns, "support-0", &v1alpha1.CTISlot{}); now.Generation != good.Generation {
			t.Errorf("the document changed: %v", cmp.Diff(good.Spec, now.Spec))
		}
	}

	change(t, ns, "support", func(l *v1alpha1.CTILink) { l.Spec.Rules = rulesOf("d evnt.x == 'y'") })
	linkAccepts(t, ns, "support", metav1.ConditionFalse, v1alpha1.ReasonInvalidRules, "spec.rules.identify[d].when, "+notKnown)
	linkIs(t, ns, "support", v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonInvalidRules)
	linkIs(t, ns, "support", v1alpha1.ConditionProgrammed, metav1.ConditionFalse, v1alpha1.ReasonInvalidRules)
	unchanged()
	change(t, ns, "support", func(l *v1alpha1.CTILink) { l.Spec.Rules = rulesOf("d", "a false") })
	linkIs(t, ns, "support", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)

	editClass(t, "ruled", overriding("a evnt.x == 'y'", "b"))
	wrong := `Class "ruled", spec.rules.identify[a].when, ` + notKnown
	classAccepts(t, "ruled", metav1.ConditionFalse, v1alpha1.ReasonInvalidRules, wrong)
	classAccepts(t, "ruled-site", metav1.ConditionFalse, v1alpha1.ReasonInvalidRules, wrong)
	linkAccepts(t, ns, "support", metav1.ConditionFalse, v1alpha1.ReasonClassNotReady, `ImplementationClass "ruled-site" cannot be used: `+wrong)
	unchanged()

	editClass(t, "ruled", overriding("a", "b", "e"))
	classAccepts(t, "ruled-site", metav1.ConditionTrue, v1alpha1.ReasonAccepted, "")
	slotRules(t, ns, "support-0", "d", "c", "a false", "b call.known", "e")
	says(t, ns, "support", v1alpha1.ConditionReconciling, v1alpha1.ReasonProgressing, "Slot support-0 takes over a change while it works: event rules changed.")
	serve(t, ns, "support")
}

// TestClassesSayWhatIsWrongWithTheirRules has each cause that a class alone can have.
func TestClassesSayWhatIsWrongWithTheirRules(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, driverClass("teller", "a"))
	many := make([]string, 256)
	for i := range many {
		many[i] = fmt.Sprint("rule-", i)
	}
	for name, tc := range map[string]struct {
		class           *v1alpha1.ImplementationClass
		reason, message string
	}{
		"expression": {childClass("told", "teller", overriding("b call.state == 'Offring'")), v1alpha1.ReasonInvalidRules,
			`Class "told", spec.rules.identify[b].when, line 1, column 15: call.state is never "Offring"; did you mean Offering?`},
		"field": {childClass("told", "teller", func(s *v1alpha1.ImplementationClassSpec) {
			s.Rules = &v1alpha1.EventRules{Populate: map[string]v1alpha1.PopulateRules{"AgentState": {"state": "'x'"}}}
		}), v1alpha1.ReasonInvalidRules, `Class "told", spec.rules.populate.AgentState.state: there is no such field; ` +
			`it is one of agentId, nativeState, workMode, reasonCode, pendingState, pendingReasonCode, cause, wrapUpEndsAt, queues`},
		"no parent": {classObject("told", overriding("b")), v1alpha1.ReasonInvalidRules,
			`spec.rules of class "told" override nothing: the rules of driver "csta" stand in the class of that name; set spec.extends to it.`},
		"too many": {childClass("told", "teller", overriding(many...)), v1alpha1.ReasonInvalidRules,
			`Class "told" has more than 256 identify or 128 filter rules together with its parents; use fewer.`},
		"activity": {childClass("told", "teller", func(s *v1alpha1.ImplementationClassSpec) { s.Activities = []string{"AnswerCall", "FlyToMoon"} }),
			v1alpha1.ReasonInvalidActivities,
			`spec.activities of class "told" lists "FlyToMoon", which its parent does not have; a class may leave activities out and add none.`},
	} {
		t.Run(name, func(t *testing.T) {
			create(t, tc.class)
			classAccepts(t, "told", metav1.ConditionFalse, tc.reason, tc.message)
			editClass(t, "told", func(s *v1alpha1.ImplementationClassSpec) { *s = v1alpha1.ImplementationClassSpec{Extends: "teller"} })
			classAccepts(t, "told", metav1.ConditionTrue, v1alpha1.ReasonAccepted, "")
			if err := admin.Delete(t.Context(), tc.class); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestLinkThatOverridesNothing(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("unruled"))
	create(t, linkObject(ns, "support", "unruled", func(s *v1alpha1.CTILinkSpec) { s.Rules = rulesOf("a") }))
	linkAccepts(t, ns, "support", metav1.ConditionFalse, v1alpha1.ReasonInvalidRules,
		`spec.rules override nothing: ImplementationClass "unruled" has no event rules; let that class extend the class of its driver.`)
	many := make([]string, 250)
	for i := range many {
		many[i] = fmt.Sprint("rule-", i)
	}
	editClass(t, "unruled", func(s *v1alpha1.ImplementationClassSpec) { s.Driver, s.Rules = "unruled", rulesOf(many...) })
	slotRules(t, ns, "support-0", append([]string{"a"}, many...)...)
	change(t, ns, "support", func(l *v1alpha1.CTILink) { l.Spec.Rules = rulesOf("1", "2", "3", "4", "5", "6", "7") })
	linkAccepts(t, ns, "support", metav1.ConditionFalse, v1alpha1.ReasonInvalidRules,
		"The link has more than 256 identify or 128 filter rules together with its class; use fewer.")
}

// TestPoolsBringPolicyAndQueues, and a mistake in one pool changes nothing of it and does
// not hold up the others.
func TestPoolsBringPolicyAndQueues(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("policies"))
	create(t, linkObject(ns, "support", "policies"))
	day := poolObject(ns, "day", "support", "4001")
	day.Spec.Agents[0].Queues = []string{"support", "sales"}
	day.Spec.PoolPolicy = v1alpha1.PoolPolicy{
		TelephonyMode: v1alpha1.ModeSimpleWithAgentState,
		ReasonCodes:   v1alpha1.ReasonCodes{Logout: []v1alpha1.ReasonCode{{Code: "9", Label: "End of shift"}}, Required: []v1alpha1.ReasonRequired{v1alpha1.RequiredLogout}},
		CallTreatment: []v1alpha1.TreatmentRule{{Name: "all", ScreenPop: &v1alpha1.ScreenPop{Interaction: "Service"}}},
	}
	create(t, day)
	create(t, poolObject(ns, "night", "support", "4002"))
	agentsAre(t, ns, "support-0", "4001/day", "4002/night")
	serve(t, ns, "support")
	poolIs(t, ns, "day", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	slot := get(t, ns, "support-0", &v1alpha1.CTISlot{})
	want := []v1alpha1.SlotPool{{Name: "day", PoolPolicy: day.Spec.PoolPolicy}, {Name: "night"}}
	if diff := cmp.Diff(want, slot.Spec.Pools); diff != "" || !cmp.Equal(slot.Spec.Agents[0].Queues, day.Spec.Agents[0].Queues) {
		t.Errorf("queues %v, policies (-want +got):\n%s", slot.Spec.Agents[0].Queues, diff)
	}
	for pool, mode := range map[string]v1alpha1.TelephonyMode{"day": v1alpha1.ModeSimpleWithAgentState, "night": v1alpha1.ModeFull} {
		if got := get(t, ns, pool, &v1alpha1.AgentPool{}).Status.TelephonyMode; got != mode {
			t.Errorf("pool %s says mode %q, want %q", pool, got, mode)
		}
	}

	// A mistake: agents and policy stay as they are, another pool changes.
	edit(t, ns, "day", &v1alpha1.AgentPool{}, func(p *v1alpha1.AgentPool) {
		p.Spec.Agents = []v1alpha1.Agent{{ID: "4009"}}
		p.Spec.TelephonyMode = v1alpha1.ModeSimple
		p.Spec.CallTreatment[0].When = "call.variabels.tier == 'gold'"
	})
	poolAccepts(t, ns, "day", metav1.ConditionFalse, v1alpha1.ReasonInvalidTreatment,
		`spec.callTreatment[all].when, line 1, column 5: there is no field "variabels"; did you mean variables?`)
	poolIs(t, ns, "day", v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonInvalidTreatment)
	edit(t, ns, "night", &v1alpha1.AgentPool{}, func(p *v1alpha1.AgentPool) { p.Spec.TelephonyMode = v1alpha1.ModeSimple })
	want[1].TelephonyMode = v1alpha1.ModeSimple
	policiesAre(t, ns, want)
	says(t, ns, "support", v1alpha1.ConditionReconciling, v1alpha1.ReasonProgressing,
		"Slot support-0 takes over a change while it works: policy of pool night changed.")
	agentsAre(t, ns, "support-0", "4001/day", "4002/night")
	if mode := get(t, ns, "day", &v1alpha1.AgentPool{}).Status.TelephonyMode; mode != v1alpha1.ModeSimpleWithAgentState {
		t.Errorf("the pool says mode %q, which is not in force", mode)
	}

	edit(t, ns, "day", &v1alpha1.AgentPool{}, func(p *v1alpha1.AgentPool) { p.Spec.CallTreatment = nil })
	agentsAre(t, ns, "support-0", "4002/night", "4009/day")
	serve(t, ns, "support")
	poolIs(t, ns, "day", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
}

func policiesAre(t *testing.T, ns string, want []v1alpha1.SlotPool) {
	t.Helper()
	eventually(t, func() error {
		if diff := cmp.Diff(want, get(t, ns, "support-0", &v1alpha1.CTISlot{}).Spec.Pools); diff != "" {
			return errors.New("policies (-want +got):\n" + diff)
		}
		return nil
	})
}

// TestNewPoolWithAMistake has nothing in force, so nothing of it works yet.
func TestNewPoolWithAMistake(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("mistaken"))
	create(t, linkObject(ns, "support", "mistaken"))
	pool := poolObject(ns, "day", "support", "4001")
	pool.Spec.CallTreatment = []v1alpha1.TreatmentRule{{Name: "vip", ScreenPop: &v1alpha1.ScreenPop{URL: "https://crm.example/{call.any}"}}}
	create(t, pool)
	poolAccepts(t, ns, "day", metav1.ConditionFalse, v1alpha1.ReasonInvalidTreatment,
		`spec.callTreatment[vip].screenPop.url, line 1, column 26: there is no field "any"; did you mean ani?`)
	agentsAre(t, ns, "support-0")
	edit(t, ns, "day", &v1alpha1.AgentPool{}, func(p *v1alpha1.AgentPool) { p.Spec.CallTreatment[0].ScreenPop.URL = "https://crm.example/{call.ani}" })
	agentsAre(t, ns, "support-0", "4001/day")
}
