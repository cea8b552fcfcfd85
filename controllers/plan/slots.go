package plan

import (
	"cmp"
	"slices"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
)

// Slot is one slot of a link: the name of its CTISlot and its document.
type Slot struct {
	Index int
	Name  string
	Spec  v1alpha1.CTISlotSpec
}

// Documents is what a link and its pools come to.
type Documents struct {
	Class Class
	Slots []Slot
	Pools []Pool
}

// Agents counts the agents that got a place.
func (d Documents) Agents() int {
	n := 0
	for _, p := range d.Pools {
		n += len(p.Agents)
	}
	return n
}

// Slots resolves a link into its slot documents. The pools are those of the link,
// in any order. A Problem means that the link as a whole cannot be put in force:
// then there are no slots, but Pools is still complete. A pool's own Problem stands
// with the pool and does not keep the others from working.
func Slots(link *v1alpha1.CTILink, pools []v1alpha1.AgentPool, classes Lookup) (Documents, *Problem) {
	d := Documents{Pools: ExpandPools(pools)}
	class, problem := classOf(link, classes)
	if problem != nil {
		return d, problem
	}
	d.Class = class
	config, problem := resolveConfig(class, link)
	if problem != nil {
		return d, problem
	}
	effective, problem := EffectiveRules(class, link)
	if problem != nil {
		return d, problem
	}
	if problem := checkPortrait(link.Spec.Desktop.Portrait); problem != nil {
		return d, problem
	}
	d.Slots = []Slot{{
		Index: 0,
		Name:  SlotName(link.Name, 0),
		Spec: v1alpha1.CTISlotSpec{
			LinkName:   link.Name,
			Class:      class.Name,
			Driver:     class.Driver,
			Config:     config,
			Rules:      effective,
			EventSink:  link.Spec.Desktop.EventSink,
			Portrait:   link.Spec.Desktop.Portrait,
			Activities: class.Activities,
			Pools:      policies(d.Pools),
			Agents:     byID(d.Pools),
		},
	}}
	return d, nil
}

func classOf(link *v1alpha1.CTILink, classes Lookup) (Class, *Problem) {
	name := link.Spec.ImplementationClass
	c := classes(name)
	if c == nil {
		return Class{}, refuse(messages.ClassNotFound, "class", name)
	}
	class, broken := ResolveClass(c, classes)
	if broken != nil {
		return Class{}, refuse(messages.ClassNotReady, "class", name, "problem", broken.Message)
	}
	return class, nil
}

// policies lists those of the pools that bring agents, by name.
func policies(pools []Pool) []v1alpha1.SlotPool {
	var out []v1alpha1.SlotPool
	for _, p := range pools {
		if len(p.Agents) > 0 {
			out = append(out, v1alpha1.SlotPool{Name: p.Name, PoolPolicy: p.Policy})
		}
	}
	slices.SortFunc(out, func(a, b v1alpha1.SlotPool) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// byID orders the agents by id, so that moving one between pools moves no others.
func byID(pools []Pool) []v1alpha1.SlotAgent {
	var out []v1alpha1.SlotAgent
	for _, p := range pools {
		out = append(out, p.Agents...)
	}
	slices.SortFunc(out, func(a, b v1alpha1.SlotAgent) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
