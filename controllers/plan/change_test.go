package plan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// inForce is a plan as the API server would show it: the document as it is, the pod
// template with defaults filled in.
func inForce(t *testing.T, in plan.Input) (v1alpha1.CTISlotSpec, core.PodTemplateSpec) {
	t.Helper()
	p, problem := plan.Make(in)
	if problem != nil {
		t.Fatal(problem)
	}
	template, err := p.Template(0)
	if err != nil {
		t.Fatal(err)
	}
	return p.Slots[0].Spec, template
}

func defaulted(t core.PodTemplateSpec) core.PodTemplateSpec {
	t = *t.DeepCopy()
	t.Spec.DNSPolicy, t.Spec.RestartPolicy, t.Spec.SchedulerName = core.DNSClusterFirst, core.RestartPolicyAlways, core.DefaultSchedulerName
	t.Spec.DeprecatedServiceAccount = t.Spec.ServiceAccountName
	for i := range t.Spec.Containers {
		t.Spec.Containers[i].TerminationMessagePath = core.TerminationMessagePathDefault
		t.Spec.Containers[i].ReadinessProbe.SuccessThreshold = 1
	}
	return t
}

func TestClassify(t *testing.T) {
	runtime := func(f func(*v1alpha1.RuntimeSpec)) func(*plan.Input) {
		return func(in *plan.Input) { f(&in.Link.Spec.Runtime) }
	}
	for name, tc := range map[string]struct {
		change func(*plan.Input)
		want   plan.Change
	}{
		"nothing":      {func(*plan.Input) {}, plan.Change{}},
		"description":  {func(in *plan.Input) { in.Link.Spec.Description = "x" }, plan.Change{}},
		"standby gone": {runtime(func(r *v1alpha1.RuntimeSpec) { r.Standby = v1alpha1.StandbyDisabled }), plan.Change{}},
		"agents": {func(in *plan.Input) {
			in.Pools[0].Spec.AgentRanges = nil
			in.Pools[0].Spec.Agents = []v1alpha1.Agent{{ID: "0099"}, {ID: "new"}}
		}, plan.Change{Effect: plan.Hot, Why: []string{"agents added: 1, agents changed: 1, agents removed: 2"}}},
		"rules of the link": {func(in *plan.Input) { in.Link.Spec.Rules = &v1alpha1.EventRules{CallID: "event.id"} },
			plan.Change{Effect: plan.Hot, Why: []string{"event rules changed"}}},
		"policy and queues": {func(in *plan.Input) {
			in.Pools[0].Spec.TelephonyMode = v1alpha1.ModeSimple
			in.Pools[0].Spec.Agents = []v1alpha1.Agent{{ID: "0099", Queues: []string{"5000"}}}
		}, plan.Change{Effect: plan.Hot, Why: []string{"policy of pool day changed", "agents changed: 1"}}},
		"activities": {func(in *plan.Input) {
			simulator := *in.Classes("simulator")
			simulator.Spec.Activities = []string{"AnswerCall"}
			in.Classes = lookup(&simulator, in.Classes("csta"))
		}, plan.Change{Effect: plan.Hot, Why: []string{"activities changed"}}},
		"config": {func(in *plan.Input) { in.Link.Spec.Config = map[string]string{"tls": "true", "address": "a:1"} },
			plan.Change{Effect: plan.Reconnect, Why: []string{"config key address changed", "config key tls changed"}}},
		"config and agents": {func(in *plan.Input) {
			in.Link.Spec.Config = map[string]string{"tls": "true"}
			in.Pools = nil
		}, plan.Change{Effect: plan.Reconnect, Why: []string{"config key tls changed"}}},
		"image": {func(in *plan.Input) { in.Image = "example.test/ctilink:2" },
			plan.Change{Effect: plan.Roll, Why: []string{"image changed"}}},
		"resources": {runtime(func(r *v1alpha1.RuntimeSpec) {
			r.Resources = &core.ResourceRequirements{Limits: core.ResourceList{core.ResourceMemory: resource.MustParse("1Gi")}}
		}), plan.Change{Effect: plan.Roll, Why: []string{"resources changed"}}},
		"the same resources in other words": {runtime(func(r *v1alpha1.RuntimeSpec) {
			r.Resources = &core.ResourceRequirements{
				Requests: core.ResourceList{core.ResourceCPU: resource.MustParse("0.05"), core.ResourceMemory: resource.MustParse("65536Ki")},
				Limits:   core.ResourceList{core.ResourceMemory: resource.MustParse("256Mi")},
			}
		}), plan.Change{}},
		"placement": {runtime(func(r *v1alpha1.RuntimeSpec) {
			r.NodeSelector, r.PriorityClassName = map[string]string{"zone": "east"}, "high"
			r.Tolerations = []core.Toleration{{Key: "voice"}}
		}), plan.Change{Effect: plan.Roll, Why: []string{"node selector changed", "tolerations changed", "priority class changed"}}},
		"another Secret": {func(in *plan.Input) {
			in.Link.Spec.ConfigFrom = []v1alpha1.ConfigSource{{SecretRef: &v1alpha1.LocalObjectReference{Name: "login"}}}
		}, plan.Change{Effect: plan.Roll, Why: []string{"other Secrets or ConfigMaps in spec.configFrom"}}},
		"an event sink": {func(in *plan.Input) {
			in.Link.Spec.Desktop.EventSink = &v1alpha1.EventSink{URL: "https://crm.example.com/events"}
		}, plan.Change{Effect: plan.Hot, Why: []string{"event sink changed"}}},
		"an event sink with credentials": {func(in *plan.Input) {
			in.Link.Spec.Desktop.EventSink = &v1alpha1.EventSink{URL: "https://crm.example.com/events", SecretRef: &v1alpha1.LocalObjectReference{Name: "crm"}}
		}, plan.Change{Effect: plan.Roll, Why: []string{"other Secrets in spec.desktop"}}},
		"origins": {func(in *plan.Input) {
			in.Link.Spec.Desktop.AllowedOrigins = []string{"https://crm.example.com"}
		}, plan.Change{Effect: plan.Roll, Why: []string{"allowed origins or the ingest of spec.desktop changed"}}},
		"Portrait's clients": {func(in *plan.Input) {
			in.Link.Spec.Desktop.Portrait = &v1alpha1.PortraitFront{SocketTimeoutSeconds: 300, Names: map[string]v1alpha1.PortraitName{"MAKECALL": "MakeCall"}}
		}, plan.Change{Effect: plan.Hot, Why: []string{"Portrait front changed"}}},
		"log level": {runtime(func(r *v1alpha1.RuntimeSpec) { r.LogLevel = "debug" }),
			plan.Change{Effect: plan.Roll, Why: []string{"log level changed"}}},
		"certificate": {func(in *plan.Input) { in.TLSSecret = "support-tls-9876543210" },
			plan.Change{Effect: plan.Roll, Why: []string{"new certificate"}}},
		"image and config": {func(in *plan.Input) {
			in.Image = "example.test/ctilink:2"
			in.Link.Spec.Config = map[string]string{"tls": "true"}
		}, plan.Change{Effect: plan.Roll, Why: []string{"image changed"}}},
	} {
		t.Run(name, func(t *testing.T) {
			document, template := inForce(t, readInput(t, "testdata/simple.in.yaml"))
			in := readInput(t, "testdata/simple.in.yaml")
			tc.change(&in)
			next, nextTemplate := inForce(t, in)
			got := plan.Classify(document, next, defaulted(template), nextTemplate)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestClassifyTemplateOfAnotherOperator(t *testing.T) {
	document, template := inForce(t, readInput(t, "testdata/simple.in.yaml"))
	old := defaulted(template)
	old.Spec.Containers[0].ReadinessProbe.PeriodSeconds = 7
	want := plan.Change{Effect: plan.Roll, Why: []string{"pod template of another version of the operator"}}
	if diff := cmp.Diff(want, plan.Classify(document, document, old, template)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	closing := document
	closing.Phase, closing.Class = v1alpha1.SlotClosing, "other"
	want = plan.Change{Effect: plan.Hot, Why: []string{"class renamed", "phase changed"}}
	if diff := cmp.Diff(want, plan.Classify(document, closing, template, template)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPodTemplateOfTheReleaseBefore: an operator that is upgraded with the same
// runtime image must roll nobody's pods. A change here is one that every
// installation pays for with a rollout; the template of a release is added to
// testdata when it is released, and an older one removed when a change is meant.
func TestPodTemplateOfTheReleaseBefore(t *testing.T) {
	released, err := filepath.Glob("testdata/template-*.yaml")
	if err != nil || len(released) == 0 {
		t.Fatalf("no released templates: %v", err)
	}
	_, template := inForce(t, readInput(t, "testdata/full.in.yaml"))
	got := asTree(t, template)
	for _, path := range released {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := yaml.Unmarshal(body, &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-released +now):\n%s", path, diff)
		}
	}
}

func asTree(t *testing.T, template core.PodTemplateSpec) (out any) {
	t.Helper()
	body, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFreeze(t *testing.T) {
	simple, treated := v1alpha1.PoolPolicy{TelephonyMode: v1alpha1.ModeSimple}, treatment("true")
	slots := []v1alpha1.CTISlot{{Spec: v1alpha1.CTISlotSpec{
		Agents: []v1alpha1.SlotAgent{
			{Agent: v1alpha1.Agent{ID: "1", DNs: []string{"11"}}, Pool: "held"}, {Agent: v1alpha1.Agent{ID: "2"}, Pool: "free"},
			{Agent: v1alpha1.Agent{ID: "3"}, Pool: "wrong"}, {Agent: v1alpha1.Agent{ID: "4"}, Pool: "old"}},
		Pools: []v1alpha1.SlotPool{{Name: "held", PoolPolicy: simple}, {Name: "free", PoolPolicy: simple},
			{Name: "wrong", PoolPolicy: treated}, {Name: "old", PoolPolicy: treatment("call.unknownToday")}},
	}}}
	held, unseen, free := pool("held", 3, agents("7", "8")), pool("unseen", 2, agents("9")), pool("free", 1, agents("5"))
	wrong, old := pool("wrong", 1, agents("6")), pool("old", 1, agents("6"))
	wrong.Spec.PoolPolicy, old.Spec.PoolPolicy = treatment("call."), treatment("call.")
	held.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
	unseen.Annotations = held.Annotations
	free.Annotations = map[string]string{v1alpha1.AnnotationPaused: "yes"}
	in := []v1alpha1.AgentPool{held, unseen, free, wrong, old}
	type row struct {
		Agents []v1alpha1.Agent
		Policy v1alpha1.PoolPolicy
	}
	got := map[string]row{}
	for _, p := range plan.Freeze(in, slots) {
		got[p.Name] = row{p.Spec.Agents, p.Spec.PoolPolicy}
	}
	want := map[string]row{
		"held": {[]v1alpha1.Agent{{ID: "1", DNs: []string{"11"}}}, simple}, "unseen": {}, "free": {[]v1alpha1.Agent{{ID: "5"}}, v1alpha1.PoolPolicy{}},
		"wrong": {[]v1alpha1.Agent{{ID: "3"}}, treated}, "old": {[]v1alpha1.Agent{{ID: "4"}}, v1alpha1.PoolPolicy{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(in[0].Spec.Agents) != 2 {
		t.Error("Freeze changed its input")
	}
	if plan.AnyStays([]v1alpha1.AgentPool{free}) || !plan.AnyStays([]v1alpha1.AgentPool{free, wrong}) || !plan.AnyStays([]v1alpha1.AgentPool{held}) {
		t.Error("AnyStays")
	}
}
