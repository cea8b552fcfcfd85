package plan_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

var testClass = class("csta", v1alpha1.ImplementationClassSpec{
	Driver: "csta",
	Parameters: []v1alpha1.Parameter{
		{Name: "address", Type: "hostPort", Presence: v1alpha1.PresenceRequired},
		{Name: "timeout", Type: "duration", Default: "5s"},
		{Name: "password", Type: "string", Sensitivity: v1alpha1.SensitivitySecret, Presence: v1alpha1.PresenceRequired},
	},
})

func TestConfig(t *testing.T) {
	fromSecret := []v1alpha1.ConfigSource{{SecretRef: &v1alpha1.LocalObjectReference{Name: "login"}}}
	for name, tc := range map[string]struct {
		config map[string]string
		from   []v1alpha1.ConfigSource
		class  string
		want   map[string]string
		reason string
		says   string
	}{
		"defaults":             {from: fromSecret, want: map[string]string{"timeout": "5s"}},
		"the link overrides":   {from: fromSecret, config: map[string]string{"timeout": "1s", "address": "a:1"}, want: map[string]string{"timeout": "1s", "address": "a:1"}},
		"unknown key":          {from: fromSecret, config: map[string]string{"colour": "hunter2"}, reason: v1alpha1.ReasonInvalidConfig, says: "spec.config.colour is not a parameter"},
		"malformed value":      {from: fromSecret, config: map[string]string{"timeout": "hunter2"}, reason: v1alpha1.ReasonInvalidConfig, says: "spec.config.timeout must be a duration"},
		"secret in the open":   {from: fromSecret, config: map[string]string{"password": "hunter2"}, reason: v1alpha1.ReasonInvalidConfig, says: "spec.config.password is a secret"},
		"required key missing": {reason: v1alpha1.ReasonInvalidConfig, says: "spec.config.address is missing"},
		"required secret missing": {config: map[string]string{"address": "a:1"}, reason: v1alpha1.ReasonInvalidConfig,
			says: "spec.config.password is missing"},
		"class missing": {class: "nope", reason: v1alpha1.ReasonClassNotFound, says: `"nope", which does not exist`},
		"class broken":  {class: "broken", reason: v1alpha1.ReasonClassNotReady, says: `"broken" cannot be used: spec.extends`},
	} {
		t.Run(name, func(t *testing.T) {
			link := &v1alpha1.CTILink{ObjectMeta: metav1.ObjectMeta{Name: "support"},
				Spec: v1alpha1.CTILinkSpec{ImplementationClass: "csta", Config: tc.config, ConfigFrom: tc.from}}
			if tc.class != "" {
				link.Spec.ImplementationClass = tc.class
			}
			got, problem := plan.Slots(link, nil, lookup(testClass, class("broken", v1alpha1.ImplementationClassSpec{Extends: "gone"})))
			if tc.reason != "" {
				wantProblem(t, problem, tc.reason, tc.says)
				return
			}
			if problem != nil {
				t.Fatal(problem)
			}
			if diff := cmp.Diff(tc.want, got.Slots[0].Spec.Config); diff != "" {
				t.Errorf("config (-want +got):\n%s", diff)
			}
		})
	}
}

func pool(name string, age int, spec v1alpha1.AgentPoolSpec) v1alpha1.AgentPool {
	created := metav1.NewTime(time.Date(2026, 1, 1, 0, 0, -age, 0, time.UTC))
	return v1alpha1.AgentPool{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: created}, Spec: spec}
}

func agents(ids ...string) (out v1alpha1.AgentPoolSpec) {
	for _, id := range ids {
		out.Agents = append(out.Agents, v1alpha1.Agent{ID: id})
	}
	return out
}

func ranges(r ...v1alpha1.AgentRange) v1alpha1.AgentPoolSpec {
	return v1alpha1.AgentPoolSpec{AgentRanges: r}
}

func TestExpandPools(t *testing.T) {
	huge := v1alpha1.AgentRange{First: "000000000000000000", Last: "999999999999999999"}
	many := make([]v1alpha1.AgentRange, 64)
	for i := range many {
		many[i] = huge
	}
	for name, tc := range map[string]struct {
		pools []v1alpha1.AgentPool
		// want lists, by pool in order of age, id/devices of each agent.
		want    map[string][]string
		order   []string
		reasons map[string]string
	}{
		"nobody": {},
		"the older pool wins": {
			pools:   []v1alpha1.AgentPool{pool("young", 1, agents("1", "2")), pool("old", 9, agents("2", "3"))},
			order:   []string{"old", "young"},
			want:    map[string][]string{"old": {"2/", "3/"}, "young": {"1/"}},
			reasons: map[string]string{"young": v1alpha1.ReasonAgentConflict},
		},
		"of the same age the name decides": {
			pools:   []v1alpha1.AgentPool{pool("b", 1, agents("1")), pool("a", 1, agents("1"))},
			order:   []string{"a", "b"},
			want:    map[string][]string{"a": {"1/"}, "b": nil},
			reasons: map[string]string{"b": v1alpha1.ReasonAgentConflict},
		},
		"a range keeps its zeros and counts devices along": {
			pools: []v1alpha1.AgentPool{pool("a", 1, ranges(v1alpha1.AgentRange{First: "098", Last: "100", FirstDN: "0999"}))},
			order: []string{"a"},
			want:  map[string][]string{"a": {"098/0999", "099/1000", "100/1001"}},
		},
		"an agent listed by itself stands out of its range": {
			pools: []v1alpha1.AgentPool{pool("a", 1, v1alpha1.AgentPoolSpec{
				Agents:      []v1alpha1.Agent{{ID: "2", DNs: []string{"77"}}},
				AgentRanges: []v1alpha1.AgentRange{{First: "1", Last: "3", FirstDN: "11"}},
			})},
			order: []string{"a"},
			want:  map[string][]string{"a": {"2/77", "1/11", "3/13"}},
		},
		"a range has its queues, and who is listed by itself none of them": {
			pools: []v1alpha1.AgentPool{pool("a", 1, v1alpha1.AgentPoolSpec{
				Agents:      []v1alpha1.Agent{{ID: "2", Queues: []string{"vip"}}},
				AgentRanges: []v1alpha1.AgentRange{{First: "1", Last: "3", Queues: []string{"5000", "5100"}}, {First: "7", Last: "7"}},
			})},
			order: []string{"a"},
			want:  map[string][]string{"a": {"2/ vip", "1/ 5000 5100", "3/ 5000 5100", "7/"}},
		},
		"too many are not even counted out": {
			pools:   []v1alpha1.AgentPool{pool("a", 2, ranges(many...)), pool("b", 1, agents("1"))},
			order:   []string{"a", "b"},
			want:    map[string][]string{"a": nil, "b": {"1/"}},
			reasons: map[string]string{"a": v1alpha1.ReasonTooManyAgents},
		},
		"too many together": {
			pools: []v1alpha1.AgentPool{
				pool("a", 2, agents("x")), pool("b", 1, ranges(v1alpha1.AgentRange{First: "00001", Last: "10000"}))},
			order:   []string{"a", "b"},
			want:    map[string][]string{"a": {"x/"}, "b": nil},
			reasons: map[string]string{"b": v1alpha1.ReasonTooManyAgents},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var order []string
			for _, p := range plan.ExpandPools(tc.pools) {
				order = append(order, p.Name)
				var got []string
				for _, a := range p.Agents {
					if a.Pool != p.Name {
						t.Errorf("agent %s of pool %s says %s", a.ID, p.Name, a.Pool)
					}
					entry := a.ID + "/"
					for _, dn := range a.DNs {
						entry += dn
					}
					for _, q := range a.Queues {
						entry += " " + q
					}
					got = append(got, entry)
				}
				if diff := cmp.Diff(tc.want[p.Name], got); diff != "" {
					t.Errorf("pool %s (-want +got):\n%s", p.Name, diff)
				}
				reason := ""
				if p.Problem != nil {
					reason = p.Problem.Reason
				}
				if reason != tc.reasons[p.Name] {
					t.Errorf("pool %s: problem %v, want %q", p.Name, p.Problem, tc.reasons[p.Name])
				}
			}
			if diff := cmp.Diff(tc.order, order); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}
