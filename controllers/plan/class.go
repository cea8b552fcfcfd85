package plan

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
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
	// Rules are the effective event rules, checked.
	Rules opencti.RuleSet
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
		if problem := out.inherit(c.Name, c.Spec); problem != nil {
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
func (c *Class) inherit(name string, spec v1alpha1.ImplementationClassSpec) *Problem {
	if spec.Driver != "" && spec.Driver != c.Driver {
		c.Driver, c.Activities = spec.Driver, nil // another driver can other things
	}
	c.Handover = cmp.Or(spec.Handover, c.Handover)
	if problem := c.inheritActivities(name, spec.Activities); problem != nil {
		return problem
	}
	if problem := c.inheritParameters(spec); problem != nil {
		return problem
	}
	return c.inheritRules(name, spec)
}

// inheritActivities narrows: what a class can do is its driver's business, and a child
// may only offer less of it.
func (c *Class) inheritActivities(name string, own []string) *Problem {
	if len(own) == 0 {
		return nil
	}
	for _, a := range own {
		if len(c.Activities) > 0 && !slices.Contains(c.Activities, a) {
			return refuse(messages.ActivityNotInherited, "class", name, "activity", a)
		}
	}
	c.Activities = slices.Clone(own)
	return nil
}

func (c *Class) inheritParameters(spec v1alpha1.ImplementationClassSpec) *Problem {
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
