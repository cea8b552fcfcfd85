package controllers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// everyType has a parameter of each type.
func everyType(s *v1alpha1.ImplementationClassSpec) {
	s.Parameters = append(s.Parameters,
		v1alpha1.Parameter{Name: "outstanding", Type: "integer"},
		v1alpha1.Parameter{Name: "tls", Type: "boolean"},
		v1alpha1.Parameter{Name: "timeout", Type: "duration"},
		v1alpha1.Parameter{Name: "gateway", Type: "url"},
		v1alpha1.Parameter{Name: "note", Type: "string"},
	)
}

// TestAdmissionAndOperatorAgree applies links with right and wrong keys of a class
// that inherits them, and asks the operator's own check about each: what one of the
// two refuses, the other must not take for good.
func TestAdmissionAndOperatorAgree(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	parent, child := classObject("admission-parent", everyType), classObject("admission", extends("admission-parent"))
	child.Spec.Parameters = []v1alpha1.Parameter{{Name: "extra", Type: "string"}}
	create(t, parent)
	create(t, child)
	classIs(t, "admission", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	guard(t)

	const allowed = "it takes address, mode, password, outstanding, tls, timeout, gateway, note, extra"
	type row struct{ key, value, want string }
	rows := []row{
		{"address", "pbx:4721", ""}, {"note", "anything: at all", ""}, {"extra", "", ""},
		{"colour", "hunter2", `spec.config.colour is not a parameter of class "admission"; ` + allowed},
		{"password", "hunter2", "spec.config.password is a secret; put it into a Secret"},
	}
	add := func(key, want string, values ...string) {
		for _, v := range values {
			rows = append(rows, row{key, v, want})
		}
	}
	add("outstanding", "", "0", "10", "007", "+5", "-0")
	add("outstanding", "spec.config.outstanding must be a whole number", "", "-1", "1.5", "hunter2", " 1")
	add("tls", "", "true", "false")
	add("tls", "spec.config.tls must be true or false", "", "True", "yes")
	add("timeout", "", "0", "5s", "500ms", "1m30s", "1.5h", ".5s", "+5s", "-0s")
	add("timeout", "spec.config.timeout must be a duration", "", "5", "-5s", "5 s", "s", "hunter2")
	add("address", "", "10.0.0.1:1", "[::1]:4721", "pbx.voice.svc:csta")
	add("address", "spec.config.address must be host:port", "", "pbx", ":4721", "pbx:", "::1:4721", "[]:1")
	add("gateway", "", "https://gw.example.test", "http://gw:8080/path?x=y")
	add("gateway", "spec.config.gateway must be an absolute URL", "", "gw", "/path", "https://", "mailto:x")
	add("mode", "", "fast", "safe")
	add("mode", "spec.config.mode must be one of fast, safe", "", "FAST")

	classes := func(name string) *v1alpha1.ImplementationClass {
		return map[string]*v1alpha1.ImplementationClass{parent.Name: parent, child.Name: child}[name]
	}
	for _, tc := range rows {
		t.Run(tc.key+"="+tc.value, func(t *testing.T) {
			link := linkObject(ns, "support", "admission", func(s *v1alpha1.CTILinkSpec) { s.Config[tc.key] = tc.value })
			err := admin.Create(t.Context(), link, client.DryRunAll)
			if tc.want == "" && err != nil || tc.want != "" && (!apierrors.IsInvalid(err) || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") && !strings.Contains(tc.want, "hunter2") {
				t.Errorf("the refusal repeats the value: %v", err)
			}
			if _, problem := plan.Slots(link, nil, classes); (problem == nil) != (tc.want == "") {
				t.Errorf("the operator says %v", problem)
			}
		})
	}
}

// guard installs the policy of config/admission until the end of the test. The API
// server takes its time about it, both ways. The class "admission" must exist.
func guard(t *testing.T) {
	t.Helper()
	policy, binding := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}
	for path, o := range map[string]client.Object{"admission/policy.yaml": policy, "admission/binding.yaml": binding} {
		if err := readManifest(path, o); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { inForce(t, false) })
	create(t, policy)
	create(t, binding)
	inForce(t, true)
}

func inForce(t *testing.T, want bool) {
	t.Helper()
	probe := linkObject("default", "probe", "admission", func(s *v1alpha1.CTILinkSpec) { s.Config["unheardOf"] = "" })
	err := wait.PollUntilContextTimeout(context.Background(), 20*time.Millisecond, 20*time.Second, true, func(ctx context.Context) (bool, error) {
		return apierrors.IsInvalid(admin.Create(ctx, probe.DeepCopy(), client.DryRunAll)) == want, nil
	})
	if err != nil {
		t.Fatalf("the policy is in force: %v after 20 s", !want)
	}
}

// TestAdmissionLetsBy lists what the policy must not judge.
func TestAdmissionLetsBy(t *testing.T) {
	ns := newNamespace(t)
	startOperator(t, ns)
	create(t, classObject("admission"))
	classIs(t, "admission", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	wrong := func(s *v1alpha1.CTILinkSpec) { s.Config["unheardOf"] = "x" }
	old := linkObject(ns, "old", "admission", wrong)
	create(t, old)
	guard(t)

	missing := linkObject(ns, "missing", "no-such-class", wrong)
	if err := admin.Create(t.Context(), missing, client.DryRunAll); err != nil {
		t.Errorf("class missing: %v", err)
	}
	create(t, classObject("admission-broken", extends("nowhere")))
	classIs(t, "admission-broken", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonParentMissing)
	if err := admin.Create(t.Context(), linkObject(ns, "broken", "admission-broken", wrong), client.DryRunAll); err != nil {
		t.Errorf("class not usable: %v", err)
	}
	// What was there before the policy can be labelled, paused and deleted, but not
	// changed without being mended.
	change(t, ns, "old", func(l *v1alpha1.CTILink) { l.Labels = map[string]string{"team": "voice"} })
	l := get(t, ns, "old", &v1alpha1.CTILink{})
	before := l.DeepCopy()
	l.Spec.Description = "changed"
	if err := admin.Patch(t.Context(), l, client.MergeFrom(before)); !apierrors.IsInvalid(err) {
		t.Errorf("a changed spec with an unknown key: %v", err)
	}
	change(t, ns, "old", func(l *v1alpha1.CTILink) { delete(l.Spec.Config, "unheardOf"); l.Spec.Description = "mended" })
	if err := admin.Delete(t.Context(), old); err != nil {
		t.Errorf("delete: %v", err)
	}
	linkGoes(t, ns, "old")
}
