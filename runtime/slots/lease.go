package slots

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// Identity of a holder: pod UID and a nonce per process, so that a restarted
// container knows its own pod's Lease, and that its predecessor is dead.
type Identity struct {
	PodUID string
	Nonce  string
}

// String is the Lease's holderIdentity.
func (i Identity) String() string { return i.PodUID + "/" + i.Nonce }

// samePod says whether a holderIdentity is of this pod, whatever its process.
func (i Identity) samePod(holder string) bool { return strings.HasPrefix(holder, i.PodUID+"/") }

// Holder is what the Lease says of the slot's holder.
type Holder struct {
	Identity string
	Pod      string
	// Address is host:port of the peer port.
	Address string
	Epoch   int64
}

// lease is the slot's Lease as this process has seen it. What is older than what was
// seen already is not believed. It is safe for concurrent use.
type lease struct {
	client coordination.LeaseInterface
	name   string

	mu sync.Mutex
	// known is the newest that was seen, and changed when its holder or the time of its
	// renewal was first seen as it is: never before it was written.
	known   *coordinationv1.Lease
	changed time.Time
	seen    chan struct{} // closed at the next reading or writing
}

func newLease(client coordination.LeaseInterface, name string) *lease {
	return &lease{client: client, name: name, seen: make(chan struct{})}
}

// get reads the Lease.
func (l *lease) get(ctx context.Context) (*coordinationv1.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	read, err := l.client.Get(ctx, l.name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	l.observe(read)
	return read, nil
}

// update writes the Lease on top of the version that it has.
func (l *lease) update(ctx context.Context, want *coordinationv1.Lease) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	written, err := l.client.Update(ctx, want, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	l.observe(written)
	return nil
}

// observe takes over what was read or written, and wakes those who wait for news.
func (l *lease) observe(read *coordinationv1.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil || newer(read, l.known) {
		if l.known == nil || !sameTerm(read, l.known) {
			l.changed = time.Now()
		}
		l.known = read
	}
	close(l.seen)
	l.seen = make(chan struct{})
}

// newer says whether a Lease is of a later version. What cannot be compared counts as
// newer: it only makes us wait longer.
func newer(a, b *coordinationv1.Lease) bool {
	order, err := resourceversion.CompareResourceVersion(a.ResourceVersion, b.ResourceVersion)
	return err != nil || order > 0
}

// sameTerm says whether nobody took or renewed the Lease between two readings.
func sameTerm(a, b *coordinationv1.Lease) bool {
	return holderOf(a) == holderOf(b) && a.Spec.RenewTime.Equal(b.Spec.RenewTime)
}

// last gives the newest Lease that was seen, nil before the first, how long nobody has
// renewed it as far as we know, and a channel that is closed at the next reading.
func (l *lease) last() (*coordinationv1.Lease, time.Duration, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known, time.Since(l.changed), l.seen
}

// holder gives what the Lease says, and a channel closed when it was read again.
func (l *lease) holder() (Holder, <-chan struct{}) {
	known, _, seen := l.last()
	identity := holderOf(known)
	if identity == "" {
		return Holder{}, seen
	}
	a := known.Annotations
	return Holder{identity, a[v1alpha1.AnnotationHolderPod], a[v1alpha1.AnnotationAddress], epochOf(known)}, seen
}

// watch observes the Lease until the context ends. While the API server cannot be
// reached, nothing is seen.
func (l *lease) watch(ctx context.Context) {
	for ctx.Err() == nil {
		if read, err := l.get(ctx); err == nil {
			l.follow(ctx, read.ResourceVersion)
		}
		pause(ctx, nil, retryPeriod)
	}
}

// follow observes every change after a version, until the API server ends the watch.
func (l *lease) follow(ctx context.Context, version string) {
	w, err := l.client.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + l.name, ResourceVersion: version})
	if err != nil {
		return
	}
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.ResultChan():
			read, is := e.Object.(*coordinationv1.Lease)
			if !ok || !is {
				return
			}
			l.observe(read)
		}
	}
}

// pause waits; something that happens cuts it short.
func pause(ctx context.Context, happens <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-happens:
	case <-t.C:
	}
}

func holderOf(l *coordinationv1.Lease) string {
	if l == nil || l.Spec.HolderIdentity == nil {
		return ""
	}
	return *l.Spec.HolderIdentity
}

func epochOf(l *coordinationv1.Lease) int64 {
	if l == nil {
		return 0
	}
	n, err := strconv.ParseInt(l.Annotations[v1alpha1.AnnotationEpoch], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
