package slots

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/klog/v2"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard()) // also: no flush daemon in a test's bubble
	code := m.Run()
	if err := goleak.Find(goleak.IgnoreTopFunction("k8s.io/klog/v2.(*flushDaemon).run.func1")); err != nil && code == 0 {
		slog.Error(err.Error())
		code = 1
	}
	os.Exit(code)
}

var discard = slog.New(slog.DiscardHandler)

const slotName = "main-0"

// write is one successful update of the Lease.
type write struct {
	at      time.Time
	holder  string
	epoch   int64
	address string
	pod     string
}

// api is an API server with one Lease. Updates are compared and swapped.
type api struct {
	mu       sync.Mutex
	lease    coordinationv1.Lease
	version  int
	writes   []write
	watchers map[*watcher]bool
}

// watcher is one watch of the Lease: an event for each change, in order.
type watcher struct {
	events chan watch.Event
	stop   context.CancelFunc
}

func (w *watcher) ResultChan() <-chan watch.Event { return w.events }
func (w *watcher) Stop()                          { w.stop() }

func newAPI() *api {
	return &api{watchers: map[*watcher]bool{}, lease: coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: slotName, ResourceVersion: "0"}}}
}

// hold makes the Lease somebody's.
func (a *api) hold(holder string, epoch int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now, duration := metav1.NowMicro(), int32(LeaseDuration/time.Second)
	a.lease.Spec = coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &duration, RenewTime: &now, AcquireTime: &now}
	a.lease.Annotations = map[string]string{v1alpha1.AnnotationEpoch: strconv.FormatInt(epoch, 10)}
	a.bump()
}

func (a *api) bump() {
	a.version++
	a.lease.ResourceVersion = strconv.Itoa(a.version)
	for w := range a.watchers {
		w.events <- watch.Event{Type: watch.Modified, Object: a.lease.DeepCopy()}
	}
}

// watch tells of every change from now on; what changed since a version is told first.
func (a *api) watch(version string) *watcher {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := &watcher{events: make(chan watch.Event, 10_000)}
	a.watchers[w] = true
	if version != a.lease.ResourceVersion {
		w.events <- watch.Event{Type: watch.Modified, Object: a.lease.DeepCopy()}
	}
	return w
}

func (a *api) unwatch(w *watcher) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.watchers, w)
}

func (a *api) get() *coordinationv1.Lease {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lease.DeepCopy()
}

func (a *api) update(l *coordinationv1.Lease) (*coordinationv1.Lease, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l.ResourceVersion != a.lease.ResourceVersion {
		return nil, apierrors.NewConflict(schema.GroupResource{Resource: "leases"}, slotName, errors.New("the object has been modified"))
	}
	a.lease = *l.DeepCopy()
	a.bump()
	a.writes = append(a.writes, write{time.Now(), holderOf(l), epochOf(l), l.Annotations[v1alpha1.AnnotationAddress], l.Annotations[v1alpha1.AnnotationHolderPod]})
	return a.lease.DeepCopy(), nil
}

func (a *api) history() []write {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]write(nil), a.writes...)
}

// client is one pod's way to the API server, with its faults.
type client struct {
	coordination.LeaseInterface
	api *api

	mu sync.Mutex
	// before and after are asked around each request; an error is the answer. An
	// error of after means that the request was done and its answer lost.
	before, after func(ctx context.Context, verb string) error
}

func (c *client) faults(ctx context.Context, f func() func(context.Context, string) error, verb string) error {
	c.mu.Lock()
	do := f()
	c.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx, verb)
}

func (c *client) do(ctx context.Context, verb string, request func() (*coordinationv1.Lease, error)) (*coordinationv1.Lease, error) {
	if err := c.faults(ctx, func() func(context.Context, string) error { return c.before }, verb); err != nil {
		return nil, err
	}
	lease, err := request()
	if lost := c.faults(ctx, func() func(context.Context, string) error { return c.after }, verb); lost != nil {
		return nil, lost
	}
	return lease, err
}

func (c *client) Get(ctx context.Context, _ string, _ metav1.GetOptions) (*coordinationv1.Lease, error) {
	return c.do(ctx, "get", func() (*coordinationv1.Lease, error) { return c.api.get(), nil })
}

func (c *client) Update(ctx context.Context, l *coordinationv1.Lease, _ metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	return c.do(ctx, "update", func() (*coordinationv1.Lease, error) { return c.api.update(l) })
}

var errCut = errors.New("no route to the API server")

// Watch passes events on until the way to the API server has a fault.
func (c *client) Watch(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	failed := func() error {
		return c.faults(ctx, func() func(context.Context, string) error { return c.before }, "watch")
	}
	if err := failed(); err != nil {
		return nil, err
	}
	from := c.api.watch(o.ResourceVersion)
	ctx, stop := context.WithCancel(ctx)
	to := &watcher{events: make(chan watch.Event), stop: stop}
	go func() {
		defer close(to.events)
		defer c.api.unwatch(from)
		for {
			select {
			case <-ctx.Done():
				return
			case e := <-from.events:
				if failed() != nil {
					return
				}
				select {
				case to.events <- e:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return to, nil
}

// cut loses the API server, or brings it back.
func (c *client) cut(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = nil
	if yes {
		c.before = func(context.Context, string) error { return errCut }
	}
}

// term is one time that a process held the slot.
type term struct {
	epoch      int64
	start, end time.Time
}

// process is a runtime process that competes for the slot.
type process struct {
	*Ownership
	client *client
	stop   func()

	mu      sync.Mutex
	terms   []term
	working bool
	linger  time.Duration
}

// run starts a process of a pod; it runs until stop.
func run(t *testing.T, a *api, pod string) *process {
	p := &process{client: &client{api: a}}
	p.Ownership = NewOwnership(p.client, slotName, Pod{Name: pod, UID: "uid-" + pod, PeerAddress: pod + ":9443"}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		if err := p.Run(ctx, p.work); err != nil {
			t.Error(err)
		}
	}()
	p.stop = func() { cancel(); <-ran }
	t.Cleanup(p.stop)
	return p
}

func (p *process) work(ctx context.Context, t Term) {
	p.mu.Lock()
	p.terms = append(p.terms, term{epoch: t.Epoch, start: time.Now()})
	p.working = true
	p.mu.Unlock()
	<-ctx.Done()
	p.mu.Lock()
	linger := p.linger
	p.mu.Unlock()
	time.Sleep(linger)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.working = false
	p.terms[len(p.terms)-1].end = time.Now()
}

// lingers says how long the work takes to end.
func (p *process) lingers(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.linger = d
}

func (p *process) held() []term {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]term(nil), p.terms...)
}

func (p *process) isWorking() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.working
}

// mayAct says whether it works and would send something now.
func (p *process) mayAct() bool { return p.isWorking() && p.MayAct() == nil }
