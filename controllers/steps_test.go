package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers"
	"github.com/ctilink/ctilink-operator/controllers/agentpool"
	"github.com/ctilink/ctilink-operator/controllers/certs"
	"github.com/ctilink/ctilink-operator/controllers/ctilink"
	"github.com/ctilink/ctilink-operator/controllers/index"
)

// stepper runs an operator one reconcile at a time against the API server, with its
// own rights, and disturbs it: writes that fail from the n-th on, reads that lag.
type stepper struct {
	t         *testing.T
	namespace string
	clock     *clocktesting.FakePassiveClock
	recorder  *events.FakeRecorder
	client    client.Client
	index     fieldIndex

	link, pool reconcile.Reconciler

	mu     sync.Mutex
	writes int
	// done counts the writes that succeeded: "already exists" is none.
	done int
	// cut is the number of writes that succeed; negative: all.
	cut int
	// answerOnly lets the first write beyond the cut reach the API server, and
	// loses its answer.
	answerOnly bool
	// seen holds what the reads returned, while they lag.
	seen map[string]answer
}

type answer struct {
	object runtime.Object
	err    error
}

var errCut = errors.New("the operator was killed here")

// operatorClient has the operator's rights and no cache.
var operatorClient = sync.OnceValues(func() (client.WithWatch, error) {
	scheme, err := controllers.NewScheme()
	if err != nil {
		return nil, err
	}
	return client.NewWithWatch(operatorConfig, client.Options{Scheme: scheme})
})

func newStepper(t *testing.T, namespace string) *stepper {
	t.Helper()
	s := &stepper{t: t, namespace: namespace, cut: -1, clock: clocktesting.NewFakePassiveClock(time.Now()),
		index: fieldIndex{}, recorder: events.NewFakeRecorder(1000)}
	if err := index.Register(t.Context(), s.index); err != nil {
		t.Fatal(err)
	}
	base, err := operatorClient()
	if err != nil {
		t.Fatal(err)
	}
	s.client = interceptor.NewClient(base, s.disturb())
	s.restart()
	return s
}

// restart is a new process: it remembers nothing and nothing disturbs it.
func (s *stepper) restart() {
	s.cut, s.seen = -1, nil
	s.link = ctilink.New(ctilink.Options{
		Client: s.client, Direct: s.client, Clock: s.clock, Recorder: s.recorder, Image: runtimeImage,
		Certs: &certs.Store{Client: s.client, Namespace: operatorNamespace, Clock: s.clock},
	})
	s.pool = agentpool.New(agentpool.Options{Client: s.client, Recorder: s.recorder})
}

// step reconciles the link and the pool once and counts the writes.
func (s *stepper) step() (int, error) {
	before := s.writes
	_, linkErr := s.reconcile(s.link, "support")
	_, poolErr := s.reconcile(s.pool, "day")
	return s.writes - before, errors.Join(linkErr, poolErr)
}

func (s *stepper) reconcile(r reconcile.Reconciler, name string) (ctrl.Result, error) {
	return r.Reconcile(s.t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: s.namespace, Name: name}})
}

// settle steps until nothing is written any more.
func (s *stepper) settle() {
	s.t.Helper()
	var last error
	for range 10 {
		before := s.done
		_, err := s.step()
		if s.done == before && err == nil {
			return
		}
		last = err
	}
	s.t.Fatalf("the operator still writes after ten reconciles: %v", last)
}

// lag freezes what the operator reads at what it is when first read.
func (s *stepper) lag() { s.seen = map[string]answer{} }

// write lets a write by or cuts it.
func (s *stepper) write(do func() error) error {
	s.mu.Lock()
	s.writes++
	cut := s.cut >= 0 && s.writes > s.cut
	last := s.writes == s.cut+1
	s.mu.Unlock()
	if !cut {
		err := do()
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil {
			s.done++
		}
		return err
	}
	if last && s.answerOnly {
		return errors.Join(errCut, do())
	}
	return errCut
}

func (s *stepper) disturb() interceptor.Funcs {
	return interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			return s.read(fmt.Sprintf("%T %s %s", o, o.GetObjectKind().GroupVersionKind(), key), o, func() error { return c.Get(ctx, key, o, opts...) })
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			return s.read(fmt.Sprintf("%T %v", list, opts), list, func() error { return s.index.list(ctx, c, list, opts...) })
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			return s.write(func() error { return c.Create(ctx, o, opts...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			return s.write(func() error { return c.Patch(ctx, o, p, opts...) })
		},
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			return s.write(func() error { return c.Apply(ctx, o, opts...) })
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			return s.write(func() error { return c.SubResource(sub).Patch(ctx, o, p, opts...) })
		},
	}
}

// read answers as before while reads lag.
func (s *stepper) read(what string, into runtime.Object, do func() error) error {
	if s.seen == nil {
		return do()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.seen[what]; ok {
		if a.err == nil {
			copyInto(a.object, into)
		}
		return a.err
	}
	err := do()
	s.seen[what] = answer{into.DeepCopyObject(), err}
	return err
}

func copyInto(from, into runtime.Object) {
	u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(from)
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(u, into)
	}
	if err != nil {
		panic(err)
	}
}

// fieldIndex lists by fields as a cache does, from what the operator registers.
type fieldIndex map[string]client.IndexerFunc

// IndexField implements client.FieldIndexer.
func (f fieldIndex) IndexField(_ context.Context, _ client.Object, field string, extract client.IndexerFunc) error {
	f[field] = extract
	return nil
}

func (f fieldIndex) list(ctx context.Context, c client.Client, list client.ObjectList, opts ...client.ListOption) error {
	o := (&client.ListOptions{}).ApplyOptions(opts)
	selector := o.FieldSelector
	o.FieldSelector = nil
	if err := c.List(ctx, list, o); err != nil || selector == nil {
		return err
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return err
	}
	var out []runtime.Object
	for _, item := range items {
		if f.matches(item.(client.Object), selector) {
			out = append(out, item)
		}
	}
	return meta.SetList(list, out)
}

func (f fieldIndex) matches(o client.Object, selector fields.Selector) bool {
	for _, r := range selector.Requirements() {
		if values := f[r.Field](o); len(values) != 1 || values[0] != r.Value {
			return false
		}
	}
	return true
}

// serveSlot plays the pods of the slot once: ready, connected, up to date.
func (s *stepper) serveSlot() {
	s.t.Helper()
	s.settle()
	readyPods(s.t, s.namespace, "support-0", 2)
	report(s.t, s.namespace, "support-0", metav1.ConditionTrue, v1alpha1.ReasonConnected)
	s.settle()
}
