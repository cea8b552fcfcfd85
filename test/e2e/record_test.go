//go:build e2e

package e2e

import (
	"context"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	toolswatch "k8s.io/client-go/tools/watch"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/slots"
	"github.com/ctilink/ctilink-operator/test/desktop"
	"github.com/ctilink/ctilink-operator/test/owners"
)

// recording is what the slot's Lease said and what reached the switch, from its start.
type recording struct {
	mu       sync.Mutex
	versions []owners.Version
	acts     []owners.Act
}

// record starts a recording and judges it at the test's end.
func record(t *testing.T, sw desktop.Switch) *recording {
	t.Helper()
	r := &recording{}
	ctx, stop := context.WithCancel(t.Context())
	leases := r.leases(ctx, t)
	var running sync.WaitGroup
	running.Go(func() {
		for e := range leases {
			if lease, ok := e.Object.(*coordinationv1.Lease); ok {
				r.lease(lease)
			}
		}
	})
	running.Go(func() { r.requests(ctx, sw) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		r.judge(t)
	})
	return r
}

// leases follows the Lease without a gap, also when the API server goes away for a while.
func (r *recording) leases(ctx context.Context, t *testing.T) <-chan watch.Event {
	t.Helper()
	client, err := kubernetes.NewForConfig(h.Config)
	must(t, err)
	api := client.CoordinationV1().Leases(namespace)
	first, err := api.Get(ctx, slotName, metav1.GetOptions{})
	must(t, err)
	r.lease(first)
	w, err := toolswatch.NewRetryWatcherWithContext(ctx, first.ResourceVersion, &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = fields.OneTermEqualSelector("metadata.name", slotName).String()
			return api.Watch(ctx, o)
		},
	})
	must(t, err)
	return w.ResultChan()
}

func (r *recording) lease(l *coordinationv1.Lease) {
	v := owners.Version{}
	if l.Spec.HolderIdentity != nil {
		v.Holder = *l.Spec.HolderIdentity
	}
	if l.Spec.RenewTime != nil {
		v.Renewed = l.Spec.RenewTime.Time
	}
	v.Address, _, _ = net.SplitHostPort(l.Annotations[v1alpha1.AnnotationAddress])
	v.Epoch, _ = strconv.ParseInt(l.Annotations[v1alpha1.AnnotationEpoch], 10, 64)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions = append(r.versions, v)
}

// requests asks the switch again and again, and once more at the end.
func (r *recording) requests(ctx context.Context, sw desktop.Switch) {
	asked := journal{recording: r, sw: sw}
	for ctx.Err() == nil {
		asked.more(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	asked.more(context.WithoutCancel(ctx)) // the way to the switch has a time-out of its own
}

// journal is how far the switch's was read.
type journal struct {
	*recording
	sw          desktop.Switch
	since       time.Time
	last        uint64 // request
	connections uint64 // of all switches
	before      uint64 // connections before this switch was started
}

// more reads what is new. A switch that cannot be asked now is asked later; one that
// was restarted counts anew.
func (j *journal) more(ctx context.Context) {
	started, got, err := j.sw.Requests(ctx, j.last)
	if err == nil && !started.Equal(j.since) {
		j.since, j.last, j.before = started, 0, j.connections
		started, got, err = j.sw.Requests(ctx, 0)
	}
	if err != nil || !started.Equal(j.since) {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, q := range got {
		connection := j.before + q.Connection
		j.last, j.connections = q.Number, max(j.connections, connection)
		j.acts = append(j.acts, owners.Act{At: q.At, Connection: connection, Peer: q.Peer, Name: q.Name})
	}
}

func (r *recording) judge(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	rules := owners.Rules{Deadline: slots.Deadline, Lease: slots.LeaseDuration, Travel: 2 * time.Second}
	if err := owners.Check(rules, r.versions, r.acts); err != nil {
		t.Errorf("the slot's history is wrong:\n%v", err)
	}
	judged := slices.DeleteFunc(slices.Clone(r.acts), func(a owners.Act) bool { return a.At.Before(r.versions[0].Renewed) })
	t.Logf("Judged: %d acquisitions of the slot, %d versions of its Lease, %d requests at the switch",
		len(owners.Terms(r.versions)), len(r.versions), len(judged))
}

// takeover gives the newest acquisition of another process than that one, and the
// last renewal before it.
func (r *recording) takeover(holder string) (taken, lastRenewal time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range r.versions {
		switch v.Holder {
		case holder:
			lastRenewal, ok = v.Renewed, false
		case "":
		default:
			if !ok {
				taken, ok = v.Renewed, !lastRenewal.IsZero()
			}
		}
	}
	return taken, lastRenewal, ok
}

// holder is the process that the newest version of the Lease names.
func (r *recording) holder() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.versions[len(r.versions)-1].Holder
}
