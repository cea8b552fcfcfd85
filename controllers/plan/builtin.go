package plan

import (
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// DriverClass is the built-in class of a driver, as the driver declares itself. The
// manifests that are shipped come from here, and so does what the standalone
// runtime knows: they cannot drift apart.
func DriverClass(d opencti.Description) *v1alpha1.ImplementationClass {
	c := newClass(d.Name, d.Summary)
	c.Spec.Driver = d.Name
	c.Spec.Handover = v1alpha1.Handover(d.Handover)
	for _, a := range opencti.ActivitiesOf(d.Device) {
		c.Spec.Activities = append(c.Spec.Activities, string(a))
	}
	for _, p := range opencti.ParametersOf(d.Config()) {
		c.Spec.Parameters = append(c.Spec.Parameters, parameterOf(p))
	}
	return c
}

// DerivedClass is a built-in class that gives parameters of its parent other
// defaults.
func DerivedClass(parent *v1alpha1.ImplementationClass, name, description string, defaults map[string]string) (*v1alpha1.ImplementationClass, error) {
	c := newClass(name, description)
	c.Spec.Extends = parent.Name
	for _, key := range slices.Sorted(maps.Keys(defaults)) {
		i := slices.IndexFunc(parent.Spec.Parameters, func(p v1alpha1.Parameter) bool { return p.Name == key })
		if i < 0 {
			return nil, fmt.Errorf("class %q gives a default to %q, which class %q does not have", name, key, parent.Name)
		}
		c.Spec.Parameters = append(c.Spec.Parameters, v1alpha1.Parameter{
			Name: key, Type: parent.Spec.Parameters[i].Type, Default: defaults[key],
		})
	}
	return c, nil
}

func newClass(name, description string) *v1alpha1.ImplementationClass {
	return &v1alpha1.ImplementationClass{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "ImplementationClass"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       v1alpha1.ImplementationClassSpec{Description: description},
	}
}

func parameterOf(p opencti.Parameter) v1alpha1.Parameter {
	out := v1alpha1.Parameter{
		Name:        p.Name,
		Description: p.Description,
		Type:        v1alpha1.ParameterType(p.Type),
		Default:     p.Default,
		Enum:        p.Enum,
	}
	if p.Required {
		out.Presence = v1alpha1.PresenceRequired
	}
	if p.Secret {
		out.Sensitivity = v1alpha1.SensitivitySecret
	}
	return out
}
