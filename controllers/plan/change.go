package plan

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// Effect is what a change costs those who work.
type Effect int

// The effects, each worse than the one before.
const (
	// Nothing changes.
	Nothing Effect = iota
	// Hot: the pods take the new document over while they work.
	Hot
	// Reconnect: the connection to the CTI server is made anew; sessions stay.
	Reconnect
	// Roll: the pods are replaced.
	Roll
)

// Change is what an update does to a slot, and why.
type Change struct {
	Effect Effect
	// Why names what changed, in words and without values.
	Why []string
}

// String gives the reasons as part of a sentence.
func (c Change) String() string { return strings.Join(c.Why, ", ") }

// because makes a change at least as bad as the effect. The reasons are those of
// the worst effect alone: they answer why it had to be.
func (c *Change) because(e Effect, why string) {
	switch {
	case e > c.Effect:
		c.Effect, c.Why = e, []string{why}
	case e == c.Effect:
		c.Why = append(c.Why, why)
	}
}

// Classify compares a slot's document and pod template in force with those to be.
// The template in force may have been filled in by the API server.
func Classify(old, next v1alpha1.CTISlotSpec, oldPods, nextPods core.PodTemplateSpec) Change {
	var c Change
	c.document(old, next)
	c.pods(oldPods, nextPods)
	return c
}

func (c *Change) document(old, next v1alpha1.CTISlotSpec) {
	if old.Class != next.Class {
		c.because(Hot, "class renamed")
	}
	if old.IsClosing() != next.IsClosing() {
		c.because(Hot, "phase changed")
	}
	if !equality.Semantic.DeepEqual(old.Rules, next.Rules) {
		c.because(Hot, "event rules changed")
	}
	if !slices.Equal(old.Activities, next.Activities) {
		c.because(Hot, "activities changed")
	}
	if !equality.Semantic.DeepEqual(old.EventSink, next.EventSink) {
		c.because(Hot, "event sink changed")
	}
	if !equality.Semantic.DeepEqual(old.Portrait, next.Portrait) {
		c.because(Hot, "Portrait front changed")
	}
	for _, pool := range policyChanges(old.Pools, next.Pools) {
		c.because(Hot, "policy of pool "+pool+" changed")
	}
	if why := agentChanges(old.Agents, next.Agents); why != "" {
		c.because(Hot, why)
	}
	if old.Driver != next.Driver {
		c.because(Reconnect, "driver changed")
	}
	for _, key := range slices.Sorted(maps.Keys(merged(old.Config, next.Config))) {
		before, was := old.Config[key]
		after, is := next.Config[key]
		if was != is || before != after {
			c.because(Reconnect, fmt.Sprintf("config key %s changed", key))
		}
	}
}

func merged(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, b)
	return out
}

// policyChanges names the pools that decide otherwise than before. A pool that comes or
// goes shows by its agents.
func policyChanges(old, next []v1alpha1.SlotPool) (out []string) {
	for _, p := range next {
		i := slices.IndexFunc(old, func(o v1alpha1.SlotPool) bool { return o.Name == p.Name })
		if i >= 0 && !equality.Semantic.DeepEqual(old[i], p) {
			out = append(out, p.Name)
		}
	}
	return out
}

// agentChanges counts; an agent's id is nobody's business.
func agentChanges(old, next []v1alpha1.SlotAgent) string {
	before := map[string]v1alpha1.SlotAgent{}
	for _, a := range old {
		before[a.ID] = a
	}
	added, changed := 0, 0
	for _, a := range next {
		b, known := before[a.ID]
		delete(before, a.ID)
		switch {
		case !known:
			added++
		case !equality.Semantic.DeepEqual(a, b):
			changed++
		}
	}
	var out []string
	for _, n := range []struct {
		count int
		what  string
	}{{added, "added"}, {changed, "changed"}, {len(before), "removed"}} {
		if n.count > 0 {
			out = append(out, fmt.Sprintf("agents %s: %d", n.what, n.count))
		}
	}
	return strings.Join(out, ", ")
}

func (c *Change) pods(old, next core.PodTemplateSpec) {
	if len(old.Spec.Containers) == 0 || len(next.Spec.Containers) == 0 {
		return
	}
	before, after := old.Spec.Containers[0], next.Spec.Containers[0]
	for _, part := range []struct {
		what string
		same bool
	}{
		{"image changed", before.Image == after.Image},
		{"resources changed", equality.Semantic.DeepEqual(before.Resources, after.Resources)},
		{"node selector changed", equality.Semantic.DeepEqual(old.Spec.NodeSelector, next.Spec.NodeSelector)},
		{"tolerations changed", equality.Semantic.DeepEqual(old.Spec.Tolerations, next.Spec.Tolerations)},
		{"priority class changed", old.Spec.PriorityClassName == next.Spec.PriorityClassName},
		{"other Secrets or ConfigMaps in spec.configFrom", slices.Equal(mounted(old, configVolumePrefix), mounted(next, configVolumePrefix))},
		{"other Secrets in spec.desktop", slices.Equal(mounted(old, volumeSink, volumeIngest), mounted(next, volumeSink, volumeIngest))},
		{"log level changed", slices.Equal(logLevel(before.Args, true), logLevel(after.Args, true))},
		{"allowed origins or the ingest of spec.desktop changed", slices.Equal(logLevel(before.Args, false), logLevel(after.Args, false))},
		{"new certificate", certificate(old) == certificate(next)},
	} {
		if !part.same {
			c.because(Roll, part.what)
		}
	}
	if c.Effect != Roll && !covers(tree(old), tree(next)) {
		c.because(Roll, "pod template of another version of the operator")
	}
}

// logLevel gives the arguments that set the level, or all others.
func logLevel(args []string, sets bool) []string {
	return slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return strings.HasPrefix(arg, logLevelArg) != sets })
}

// mounted lists the objects behind the projected volumes whose names begin so.
func mounted(t core.PodTemplateSpec, prefixes ...string) (out []string) {
	for _, v := range t.Spec.Volumes {
		begins := func(prefix string) bool { return strings.HasPrefix(v.Name, prefix) }
		if v.Projected == nil || !slices.ContainsFunc(prefixes, begins) {
			continue
		}
		for _, source := range v.Projected.Sources {
			switch {
			case source.Secret != nil:
				out = append(out, v.Name+" Secret "+source.Secret.Name)
			case source.ConfigMap != nil:
				out = append(out, v.Name+" ConfigMap "+source.ConfigMap.Name)
			}
		}
	}
	return out
}

func certificate(t core.PodTemplateSpec) string {
	for _, v := range t.Spec.Volumes {
		if v.Name == volumeTLS && v.Secret != nil {
			return v.Secret.SecretName
		}
	}
	return ""
}

// covers says whether everything in b is the same in a, which may have more.
func covers(a, b any) bool {
	switch b := b.(type) {
	case map[string]any:
		m, ok := a.(map[string]any)
		if !ok && len(b) > 0 {
			return false
		}
		for k, v := range b {
			if !covers(m[k], v) {
				return false
			}
		}
		return true
	case []any:
		l, ok := a.([]any)
		return ok && len(l) == len(b) && !slices.ContainsFunc(b, func(v any) bool {
			return !slices.ContainsFunc(l, func(w any) bool { return covers(w, v) })
		})
	case nil:
		return true
	}
	return a == b
}

func tree(t core.PodTemplateSpec) (out any) {
	body, err := json.Marshal(t)
	if err == nil {
		err = json.Unmarshal(body, &out)
	}
	if err != nil {
		return nil // never: these are Kubernetes' own types
	}
	return out
}

// Template is the pod template of a slot as Kubernetes' own type.
func (p Plan) Template(slot int) (core.PodTemplateSpec, error) {
	var out core.PodTemplateSpec
	d := p.Pods[slot].(*appsv1.DeploymentApplyConfiguration)
	body, err := json.Marshal(d.Spec.Template)
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(body, &out)
}

// Replicas is the number of pods of each slot.
func Replicas(link *v1alpha1.CTILink) int32 {
	if link.Spec.Runtime.HasStandby() {
		return 2
	}
	return 1
}
