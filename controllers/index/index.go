// Package index answers who refers to whom, from the caches: which links use a
// class, which pools a link, which classes extend another. Reconcilers read through
// it; their watches map events through it.
package index

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/plan"
)

// The indexed fields.
const (
	classField   = "spec.implementationClass"
	linkField    = "spec.linkRef.name"
	extendsField = "spec.extends"
	slotField    = "spec.linkName"
)

// Register tells the cache what to index.
func Register(ctx context.Context, i client.FieldIndexer) error {
	for _, f := range []struct {
		kind  client.Object
		field string
		value func(client.Object) string
	}{
		{&v1alpha1.CTILink{}, classField, func(o client.Object) string { return o.(*v1alpha1.CTILink).Spec.ImplementationClass }},
		{&v1alpha1.AgentPool{}, linkField, func(o client.Object) string { return o.(*v1alpha1.AgentPool).Spec.LinkRef.Name }},
		{&v1alpha1.ImplementationClass{}, extendsField, func(o client.Object) string { return o.(*v1alpha1.ImplementationClass).Spec.Extends }},
		{&v1alpha1.CTISlot{}, slotField, func(o client.Object) string { return o.(*v1alpha1.CTISlot).Spec.LinkName }},
	} {
		extract := func(o client.Object) []string { return []string{f.value(o)} }
		if err := i.IndexField(ctx, f.kind, f.field, extract); err != nil {
			return err
		}
	}
	return nil
}

// Pools lists the pools of a link, those being deleted excepted.
func Pools(ctx context.Context, r client.Reader, link client.ObjectKey) ([]v1alpha1.AgentPool, error) {
	var list v1alpha1.AgentPoolList
	if err := r.List(ctx, &list, client.InNamespace(link.Namespace), client.MatchingFields{linkField: link.Name}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(p v1alpha1.AgentPool) bool { return !p.DeletionTimestamp.IsZero() }), nil
}

// Slots lists the slots of a link.
func Slots(ctx context.Context, r client.Reader, link client.ObjectKey) ([]v1alpha1.CTISlot, error) {
	var list v1alpha1.CTISlotList
	err := r.List(ctx, &list, client.InNamespace(link.Namespace), client.MatchingFields{slotField: link.Name})
	return list.Items, err
}

// Links lists the links, of all namespaces, that use one of the classes.
func Links(ctx context.Context, r client.Reader, classes []string) ([]client.ObjectKey, error) {
	var out []client.ObjectKey
	for _, class := range classes {
		var list v1alpha1.CTILinkList
		if err := r.List(ctx, &list, client.MatchingFields{classField: class}); err != nil {
			return nil, err
		}
		for _, l := range list.Items {
			out = append(out, client.ObjectKeyFromObject(&l))
		}
	}
	return out, nil
}

// Family lists a class and all that extend it, directly or not.
func Family(ctx context.Context, r client.Reader, class string) ([]string, error) {
	out := []string{class}
	for i := 0; i < len(out); i++ {
		var list v1alpha1.ImplementationClassList
		if err := r.List(ctx, &list, client.MatchingFields{extendsField: out[i]}); err != nil {
			return nil, err
		}
		for _, c := range list.Items {
			if !slices.Contains(out, c.Name) { // classes may extend each other in a loop
				out = append(out, c.Name)
			}
		}
	}
	return out, nil
}

// Ancestry reads a class and those that it extends, as far as they exist.
func Ancestry(ctx context.Context, r client.Reader, class string) (plan.Lookup, error) {
	found := map[string]*v1alpha1.ImplementationClass{}
	for name := class; name != "" && found[name] == nil; {
		c := &v1alpha1.ImplementationClass{}
		if err := r.Get(ctx, client.ObjectKey{Name: name}, c); err != nil {
			if apierrors.IsNotFound(err) {
				break
			}
			return nil, err
		}
		found[name] = c
		name = c.Spec.Extends
	}
	return func(name string) *v1alpha1.ImplementationClass { return found[name] }, nil
}
