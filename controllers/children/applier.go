// Package children applies what a plan says must exist, by server-side apply, and
// only when something is to be done: a child whose intent and whose object in the
// cache are those of the last apply is left alone.
package children

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FieldOwner is the manager of all fields that the operator applies.
const FieldOwner = client.FieldOwner("ctilink-operator")

// NameTakenError says that an object of a child's name belongs to somebody else.
// It is left alone: a link named like an existing Service must not take it over.
type NameTakenError struct {
	Kind string
	Name string
	// Leaving: the object is a deleted predecessor's, and the garbage collector
	// is on its way.
	Leaving bool
}

// Error implements error.
func (e *NameTakenError) Error() string {
	return fmt.Sprintf("%s %q exists and does not belong to this link", e.Kind, e.Name)
}

// Applier applies children. It is safe for concurrent use.
type Applier struct {
	// Cached reads what the watches know, by metadata unless Typed.
	Cached client.Client
	// Direct asks the API server about objects that the label-limited caches
	// cannot hold.
	Direct client.Reader
	// Typed are the kinds whose caches hold whole objects.
	Typed map[schema.GroupKind]func() client.Object

	mu      sync.Mutex
	applied map[key]record
}

type key struct {
	kind schema.GroupKind
	name client.ObjectKey
}

// record is what was applied last and what came of it.
type record struct {
	intent  [sha256.Size]byte
	version string

	uid        types.UID
	generation int64
}

// Apply makes a child be as intended and returns its metadata.
func (a *Applier) Apply(ctx context.Context, owner client.Object, child runtime.ApplyConfiguration) (metav1.Object, error) {
	body, err := json.Marshal(child)
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(body, &u.Object); err != nil {
		return nil, err
	}
	k := key{u.GroupVersionKind().GroupKind(), client.ObjectKeyFromObject(u)}
	last, known := a.recall(k)

	found, err := a.find(ctx, u.GroupVersionKind(), k.name, known)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", k.kind.Kind, k.name, err)
	}
	intent := sha256.Sum256(body)
	if found != nil {
		if !metav1.IsControlledBy(found, owner) {
			return nil, &NameTakenError{Kind: k.kind.Kind, Name: k.name.Name, Leaving: leaving(found, owner)}
		}
		if known && last.intent == intent && last.version == version(k, found) {
			return found, nil
		}
	}
	if err := a.Cached.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), FieldOwner, client.ForceOwnership); err != nil {
		return nil, fmt.Errorf("apply %s %s: %w", k.kind.Kind, k.name, err)
	}
	a.remember(k, record{intent, version(k, u), u.GetUID(), u.GetGeneration()})
	return u, nil
}

// leaving says whether an object belongs to an owner of the same name that was
// deleted.
func leaving(o metav1.Object, owner client.Object) bool {
	ref := metav1.GetControllerOf(o)
	return ref != nil && ref.Name == owner.GetName() && ref.Kind == reflect.TypeOf(owner).Elem().Name()
}

// find looks a child up in the cache. What is not there may exist all the same,
// without our label; unless we made it ourselves, the API server is asked.
func (a *Applier) find(ctx context.Context, gvk schema.GroupVersionKind, name client.ObjectKey, ours bool) (client.Object, error) {
	o := a.empty(gvk)
	err := a.Cached.Get(ctx, name, o)
	if apierrors.IsNotFound(err) && !ours {
		m := &metav1.PartialObjectMetadata{}
		m.SetGroupVersionKind(gvk)
		o, err = m, a.Direct.Get(ctx, name, m)
	}
	if err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return o, nil
}

func (a *Applier) empty(gvk schema.GroupVersionKind) client.Object {
	if make, ok := a.Typed[gvk.GroupKind()]; ok {
		return make()
	}
	m := &metav1.PartialObjectMetadata{}
	m.SetGroupVersionKind(gvk)
	return m
}

// version is what changes when somebody else changes what we applied. A status is
// nobody's drift, and a Lease changes with every renewal.
func version(k key, o metav1.Object) string {
	switch {
	case k.kind.Kind == "Lease":
		return string(o.GetUID())
	case o.GetGeneration() != 0:
		return fmt.Sprintf("%s/%d", o.GetUID(), o.GetGeneration())
	default:
		return string(o.GetUID()) + "/" + o.GetResourceVersion()
	}
}

// Fresh says whether a child from the cache is at least what was applied last.
func (a *Applier) Fresh(o client.Object) bool {
	gvk, err := a.Cached.GroupVersionKindFor(o)
	if err != nil {
		return false
	}
	k := key{gvk.GroupKind(), client.ObjectKeyFromObject(o)}
	last, known := a.recall(k)
	return !known || last.uid != o.GetUID() || o.GetGeneration() >= last.generation
}

func (a *Applier) recall(k key) (record, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.applied[k]
	return r, ok
}

func (a *Applier) remember(k key, r record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.applied == nil {
		a.applied = map[key]record{}
	}
	a.applied[k] = r
}

// Forget drops what is known of the children of an owner that is gone; all of them
// are named after it.
func (a *Applier) Forget(namespace, owner string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k := range a.applied {
		if k.name.Namespace == namespace && (k.name.Name == owner || strings.HasPrefix(k.name.Name, owner+"-")) {
			delete(a.applied, k)
		}
	}
}
