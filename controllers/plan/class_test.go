package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

func class(name string, spec v1alpha1.ImplementationClassSpec) *v1alpha1.ImplementationClass {
	return &v1alpha1.ImplementationClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
}

func lookup(classes ...*v1alpha1.ImplementationClass) plan.Lookup {
	return func(name string) *v1alpha1.ImplementationClass {
		for _, c := range classes {
			if c.Name == name {
				return c
			}
		}
		return nil
	}
}

func TestResolveClass(t *testing.T) {
	root := class("root", v1alpha1.ImplementationClassSpec{
		Driver:     "csta",
		Activities: []string{"AnswerCall", "HoldCall"},
		Handover:   "Overlap",
		Parameters: []v1alpha1.Parameter{
			{Name: "host", Type: "string", Presence: v1alpha1.PresenceRequired, Description: "where"},
			{Name: "mode", Type: "enum", Enum: []string{"a", "b"}, Default: "a"},
			{Name: "password", Type: "string", Sensitivity: v1alpha1.SensitivitySecret},
		},
	})
	with := func(p ...v1alpha1.Parameter) v1alpha1.ImplementationClassSpec {
		return v1alpha1.ImplementationClassSpec{Extends: "root", Parameters: p}
	}
	for name, tc := range map[string]struct {
		class  *v1alpha1.ImplementationClass
		others []*v1alpha1.ImplementationClass
		want   plan.Class
		reason string
		says   string
	}{
		"root": {class: root, want: plan.Class{Name: "root", Driver: "csta", Parameters: root.Spec.Parameters,
			Activities: root.Spec.Activities, Handover: "Overlap"}},
		"a default and a parameter more": {
			class: class("child", with(
				v1alpha1.Parameter{Name: "host", Type: "string", Default: "ctisim"},
				v1alpha1.Parameter{Name: "port", Type: "integer", Default: "1"})),
			want: plan.Class{Name: "child", Driver: "csta", Activities: root.Spec.Activities, Handover: "Overlap",
				Parameters: []v1alpha1.Parameter{
					{Name: "host", Type: "string", Presence: v1alpha1.PresenceRequired, Description: "where", Default: "ctisim"},
					root.Spec.Parameters[1], root.Spec.Parameters[2],
					{Name: "port", Type: "integer", Default: "1"},
				}},
		},
		"what a child declares wins": {
			class: class("child", v1alpha1.ImplementationClassSpec{Extends: "root", Driver: "other", Handover: "Reopen", Activities: []string{"MakeCall"},
				Parameters: []v1alpha1.Parameter{{Name: "mode", Type: "enum", Enum: []string{"c"}, Default: "c"}}}),
			want: plan.Class{Name: "child", Driver: "other", Activities: []string{"MakeCall"}, Handover: "Reopen",
				Parameters: []v1alpha1.Parameter{root.Spec.Parameters[0], {Name: "mode", Type: "enum", Enum: []string{"c"}, Default: "c"}, root.Spec.Parameters[2]}},
		},
		"fewer activities": {class: class("child", v1alpha1.ImplementationClassSpec{Extends: "root", Activities: []string{"HoldCall"}}),
			want: plan.Class{Name: "child", Driver: "csta", Activities: []string{"HoldCall"}, Handover: "Overlap", Parameters: root.Spec.Parameters}},
		"an activity more": {class: class("child", v1alpha1.ImplementationClassSpec{Extends: "root", Activities: []string{"HoldCall", "MakeCall"}}),
			reason: v1alpha1.ReasonInvalidActivities, says: `class "child" lists "MakeCall"`},
		"parent missing": {class: class("child", v1alpha1.ImplementationClassSpec{Extends: "gone"}),
			reason: v1alpha1.ReasonParentMissing, says: `"gone", which does not exist`},
		"loop": {class: class("a", v1alpha1.ImplementationClassSpec{Extends: "b"}),
			others: []*v1alpha1.ImplementationClass{class("b", v1alpha1.ImplementationClassSpec{Extends: "c"}), class("c", v1alpha1.ImplementationClassSpec{Extends: "b"})},
			reason: v1alpha1.ReasonExtendsLoop, says: "a, b, c, b"},
		"another type": {class: class("child", with(v1alpha1.Parameter{Name: "host", Type: "integer"})),
			reason: v1alpha1.ReasonInvalidParameters, says: "use the parent's type"},
		"a default for a secret of the parent": {class: class("child", with(v1alpha1.Parameter{Name: "password", Type: "string", Default: "hunter2"})),
			reason: v1alpha1.ReasonInvalidParameters, says: `"password" is a secret`},
		"a default that is malformed": {class: class("child", with(v1alpha1.Parameter{Name: "mode", Type: "enum", Default: "z"})),
			reason: v1alpha1.ReasonInvalidParameters, says: `"mode" must be one of a, b`},
		"no driver anywhere": {class: class("child", v1alpha1.ImplementationClassSpec{}),
			reason: v1alpha1.ReasonInvalidParameters, says: "set spec.driver"},
	} {
		t.Run(name, func(t *testing.T) {
			got, problem := plan.ResolveClass(tc.class, lookup(append(tc.others, root)...))
			if tc.reason != "" {
				wantProblem(t, problem, tc.reason, tc.says)
				return
			}
			if problem != nil {
				t.Fatal(problem)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("class (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveClassIsBounded(t *testing.T) {
	var chain []*v1alpha1.ImplementationClass
	for i := range plan.MaxAncestors + 2 {
		chain = append(chain, class(fmt.Sprint("c", i), v1alpha1.ImplementationClassSpec{Extends: fmt.Sprint("c", i+1)}))
	}
	chain = append(chain, class(fmt.Sprint("c", len(chain)), v1alpha1.ImplementationClassSpec{Driver: "csta"}))
	if _, problem := plan.ResolveClass(chain[2], lookup(chain...)); problem != nil {
		t.Errorf("%d ancestors: %v", plan.MaxAncestors, problem)
	}
	_, problem := plan.ResolveClass(chain[1], lookup(chain...))
	wantProblem(t, problem, v1alpha1.ReasonExtendsLoop, "more than")
}

func wantProblem(t *testing.T, got *plan.Problem, reason, says string) {
	t.Helper()
	if got == nil || got.Reason != reason || !strings.Contains(got.Message, says) {
		t.Fatalf("problem is %v, want %s with %q", got, reason, says)
	}
	if strings.Contains(got.Message, "hunter2") {
		t.Errorf("a value reached the message: %s", got.Message)
	}
}
