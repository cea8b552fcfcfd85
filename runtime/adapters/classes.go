package adapters

import (
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// BuiltIn makes the ImplementationClasses of everything in the registry, from the
// drivers' own declarations: the shipped manifests and the standalone runtime use
// it, so they cannot drift.
func BuiltIn() []v1alpha1.ImplementationClass {
	var out []v1alpha1.ImplementationClass
	parameters := map[string][]opencti.Parameter{}
	for _, d := range Drivers() {
		about := d.Describe()
		params := opencti.ParametersOf(about.Config())
		parameters[about.Name] = params
		spec := v1alpha1.ImplementationClassSpec{
			Driver: about.Name, Description: about.Summary, Handover: v1alpha1.Handover(about.Handover),
			Rules: eventRules(about.Rules),
		}
		for _, p := range params {
			spec.Parameters = append(spec.Parameters, parameter(p))
		}
		for _, a := range about.Activities() {
			spec.Activities = append(spec.Activities, string(a))
		}
		out = append(out, class(about.Name, spec))
	}
	for _, c := range Classes() {
		spec := v1alpha1.ImplementationClassSpec{Extends: c.Extends, Description: c.Summary}
		for _, p := range parameters[c.Extends] {
			if v, ok := c.Defaults[p.Name]; ok {
				p.Default, p.Required = v, false
				spec.Parameters = append(spec.Parameters, parameter(p))
			}
		}
		out = append(out, class(c.Name, spec))
	}
	return out
}

func class(name string, spec v1alpha1.ImplementationClassSpec) v1alpha1.ImplementationClass {
	return v1alpha1.ImplementationClass{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "ImplementationClass"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       spec,
	}
}

// eventRules puts a driver's rules into the manifests' terms: both have the same JSON form.
func eventRules(rs opencti.RuleSet) *v1alpha1.EventRules {
	out := &v1alpha1.EventRules{}
	body, err := json.Marshal(rs)
	if err == nil {
		err = json.Unmarshal(body, out)
	}
	if err != nil {
		panic(fmt.Sprintf("event rules of a driver: %v", err)) // never: the types are ours
	}
	return out
}

func parameter(p opencti.Parameter) v1alpha1.Parameter {
	out := v1alpha1.Parameter{
		Name: p.Name, Description: p.Description, Type: v1alpha1.ParameterType(p.Type), Default: p.Default, Enum: slices.Clone(p.Enum),
	}
	if p.Required {
		out.Presence = v1alpha1.PresenceRequired
	}
	if p.Secret {
		out.Sensitivity = v1alpha1.SensitivitySecret
	}
	return out
}
