package plan

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
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
			return nil, refuse(messages.ExtendsLoop, "classes", strings.Join(append(names, parent), ", "))
		}
		if len(chain) > MaxAncestors {
			return nil, refuse(messages.ExtendsTooDeep, "max", strconv.Itoa(MaxAncestors))
		}
		if c = classes(parent); c == nil {
			return nil, refuse(messages.ParentNotFound, "class", names[len(names)-1], "parent", parent)
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
			return refuse(messages.ParameterType,
				"key", p.Name, "type", string(p.Type), "parentType", string(c.Parameters[i].Type))
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
		return refuse(messages.NoDriver)
	}
	if len(c.Parameters) > maxParameters {
		return refuse(messages.TooManyParameters, "max", strconv.Itoa(maxParameters))
	}
	for _, p := range c.Parameters {
		if p.IsSecret() && p.Default != "" {
			return refuse(messages.SecretDefault, "key", p.Name)
		}
	}
	if err := checkDefaults(c.Parameters); err != nil {
		return refuse(messages.BadDefault, "key", err.Key, "problem", err.Problem)
	}
	return nil
}

// maxParameters is what ImplementationClass.status may list.
const maxParameters = 128
