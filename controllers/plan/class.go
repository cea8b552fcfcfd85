package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// MaxAncestors bounds how far up a class is followed.
const MaxAncestors = 8

// Lookup finds an ImplementationClass by name; nil when there is none.
type Lookup func(name string) *v1alpha1.ImplementationClass

// Class is what an ImplementationClass comes to with its parents.
type Class struct {
	Name       string
	Driver     string
	Parameters []v1alpha1.Parameter
	Activities []string
	Handover   v1alpha1.Handover
}

// ResolveClass folds a class into its parents, as an OpenCTI class inherits from
// its parent: what a class declares wins, the rest is the parent's.
func ResolveClass(class *v1alpha1.ImplementationClass, classes Lookup) (Class, *Problem) {
	chain, problem := ancestry(class, classes)
	if problem != nil {
		return Class{}, problem
	}
	out := Class{Name: class.Name}
	for _, c := range slices.Backward(chain) {
		if problem := out.inherit(c.Spec); problem != nil {
			return Class{}, problem
		}
	}
	return out, out.check()
}

// ancestry lists the class, its parent, and so on up to the root.
func ancestry(class *v1alpha1.ImplementationClass, classes Lookup) ([]*v1alpha1.ImplementationClass, *Problem) {
	chain := []*v1alpha1.ImplementationClass{class}
	names := []string{class.Name}
	for c := class; c.Spec.Extends != ""; {
		parent := c.Spec.Extends
		if slices.Contains(names, parent) {
			return nil, problemf(v1alpha1.ReasonExtendsLoop,
				"spec.extends makes a loop (%s); let one of these classes extend another", strings.Join(append(names, parent), ", "))
		}
		if len(chain) > MaxAncestors {
			return nil, problemf(v1alpha1.ReasonExtendsLoop,
				"spec.extends leads up more than %d classes; extend a class nearer to the driver", MaxAncestors)
		}
		if c = classes(parent); c == nil {
			return nil, problemf(v1alpha1.ReasonParentMissing,
				"spec.extends of class %q names %q, which does not exist; apply that ImplementationClass or extend another", names[len(names)-1], parent)
		}
		chain, names = append(chain, c), append(names, parent)
	}
	return chain, nil
}

// inherit lays a class over its parents.
func (c *Class) inherit(spec v1alpha1.ImplementationClassSpec) *Problem {
	c.Driver = cmp.Or(spec.Driver, c.Driver)
	c.Handover = cmp.Or(spec.Handover, c.Handover)
	if len(spec.Activities) > 0 {
		c.Activities = slices.Clone(spec.Activities)
	}
	for _, p := range spec.Parameters {
		i := slices.IndexFunc(c.Parameters, func(q v1alpha1.Parameter) bool { return q.Name == p.Name })
		if i < 0 {
			c.Parameters = append(c.Parameters, *p.DeepCopy())
			continue
		}
		if p.Type != c.Parameters[i].Type {
			return problemf(v1alpha1.ReasonInvalidParameters,
				"spec.parameters gives %q the type %s, but the parent class says %s; use the parent's type", p.Name, p.Type, c.Parameters[i].Type)
		}
		c.Parameters[i] = override(c.Parameters[i], p)
	}
	return nil
}

// override lays a parameter over the parent's. What the child leaves out stays, so
// that a new default does not make a secret public by the way.
func override(parent, child v1alpha1.Parameter) v1alpha1.Parameter {
	out := *parent.DeepCopy()
	out.Description = cmp.Or(child.Description, parent.Description)
	out.Presence = cmp.Or(child.Presence, parent.Presence)
	out.Default = cmp.Or(child.Default, parent.Default)
	out.Sensitivity = cmp.Or(child.Sensitivity, parent.Sensitivity)
	if len(child.Enum) > 0 {
		out.Enum = slices.Clone(child.Enum)
	}
	return out
}

// check judges what only the whole chain can tell.
func (c *Class) check() *Problem {
	if c.Driver == "" {
		return problemf(v1alpha1.ReasonInvalidParameters, "neither the class nor its parents name a driver; set spec.driver")
	}
	if len(c.Parameters) > maxParameters {
		return problemf(v1alpha1.ReasonInvalidParameters,
			"the class has more than %d parameters together with its parents; declare fewer", maxParameters)
	}
	for _, p := range c.Parameters {
		if p.IsSecret() && p.Default != "" {
			return problemf(v1alpha1.ReasonInvalidParameters,
				"parameter %q is a secret and cannot have a default; leave it to the links", p.Name)
		}
	}
	if err := checkDefaults(c.Parameters); err != nil {
		return problemf(v1alpha1.ReasonInvalidParameters, "the default of parameter %q %s", err.Key, err.Problem)
	}
	return nil
}

// maxParameters is what ImplementationClass.status may list.
const maxParameters = 128
