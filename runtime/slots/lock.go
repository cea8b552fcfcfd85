package slots

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

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

// lock is the slot's Lease as client-go's elector sees it. Besides the elector's
// record it keeps, in the same update that acquires the Lease, the epoch of the
// acquisition and the holder's address, and it measures the holder's deadline.
// It is safe for concurrent use.
type lock struct {
	client  coordination.LeaseInterface
	name    string
	me      Identity
	pod     string
	address string
	clock   func() time.Time

	mu sync.Mutex
	// lease is what the elector last read or wrote. Nobody else may set it: its
	// version is that on which the elector's next write depends.
	lease   *coordinationv1.Lease
	known   *coordinationv1.Lease // as last read or written by anybody
	renewed time.Time             // when the last successful renewal was sent
	epoch   int64                 // of our acquisition; zero when we do not hold
	before  int64                 // of the acquisition before ours
	terms   int                   // acquisitions so far
	lost    func()                // called when the Lease was read as another's
	seen    chan struct{}         // closed when the Lease was read or written
}

var _ resourcelock.Interface = (*lock)(nil)

// Get reads the Lease.
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	lease, err := l.client.Get(ctx, l.name, metav1.GetOptions{})
	if err != nil {
		return nil, nil, err
	}
	l.read(lease)
	record := resourcelock.LeaseSpecToLeaderElectionRecord(&lease.Spec)
	raw, err := json.Marshal(record)
	return record, raw, err
}

// look reads the Lease for those who only want to know the holder.
func (l *lock) look(ctx context.Context) error {
	lease, err := l.client.Get(ctx, l.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell(lease)
	return nil
}

// Create is never right: the Lease belongs to the operator, which makes and deletes
// it with the link.
func (l *lock) Create(context.Context, resourcelock.LeaderElectionRecord) error {
	return errors.New("the slot's Lease is not there; the operator makes it")
}

// Update writes the elector's record. An update that makes us the holder begins a
// new epoch: larger than the one before, and than the clock in milliseconds.
func (l *lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	l.mu.Lock()
	if l.lease == nil {
		l.mu.Unlock()
		return errors.New("the slot's Lease was not read yet")
	}
	lease, epoch := l.lease.DeepCopy(), l.epoch
	l.mu.Unlock()

	mine := record.HolderIdentity == l.Identity()
	before := epochOf(lease)
	if mine && (epoch == 0 || holderOf(lease) != l.Identity()) {
		epoch = max(before+1, l.clock().UnixMilli())
	}
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	if mine {
		lease.Annotations[v1alpha1.AnnotationEpoch] = strconv.FormatInt(epoch, 10)
		lease.Annotations[v1alpha1.AnnotationAddress] = l.address
		lease.Annotations[v1alpha1.AnnotationHolderPod] = l.pod
	} else {
		epoch = 0
	}
	lease.Spec = resourcelock.LeaderElectionRecordToLeaseSpec(&record)
	sent := l.clock()
	written, err := l.client.Update(ctx, lease, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	l.wrote(written, sent, epoch, before)
	return nil
}

// read keeps what the elector read. A Lease that has another's name is lost at once,
// however young our last renewal is.
func (l *lock) read(lease *coordinationv1.Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lease = lease
	if l.epoch != 0 && holderOf(lease) != l.Identity() {
		l.epoch = 0
		if l.lost != nil {
			l.lost()
		}
	}
	l.tell(lease)
}

// wrote keeps what the elector wrote.
func (l *lock) wrote(lease *coordinationv1.Lease, sent time.Time, epoch, before int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if epoch != 0 && epoch != l.epoch {
		l.terms++
		l.before = before
	}
	l.lease, l.renewed, l.epoch = lease, sent, epoch
	l.tell(lease)
}

// tell wakes those who wait for news of the holder. The lock is locked.
func (l *lock) tell(lease *coordinationv1.Lease) {
	l.known = lease
	close(l.seen)
	l.seen = make(chan struct{})
}

// onLoss says what to do when the Lease is read as another's.
func (l *lock) onLoss(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = do
}

func holderOf(lease *coordinationv1.Lease) string {
	if lease == nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// holder gives what the Lease says, and a channel closed when it was read again.
func (l *lock) holder() (Holder, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	identity := holderOf(l.known)
	if identity == "" {
		return Holder{}, l.seen
	}
	a := l.known.Annotations
	return Holder{identity, a[v1alpha1.AnnotationHolderPod], a[v1alpha1.AnnotationAddress], epochOf(l.known)}, l.seen
}

// acquired gives the epoch of our acquisition; zero when we do not hold the Lease.
func (l *lock) acquired() int64 { return l.term().Epoch }

// term gives our acquisition.
func (l *lock) term() Term {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Term{l.epoch, l.before}
}

// acquisitions counts how often this process acquired the Lease.
func (l *lock) acquisitions() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.terms
}

// sinceRenewal is the age of the last successful renewal, counted from before it
// was sent, on the monotonic clock.
func (l *lock) sinceRenewal() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.clock().Sub(l.renewed)
}

// lapse says that we no longer hold the Lease, whatever it says.
func (l *lock) lapse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch = 0
}

func epochOf(lease *coordinationv1.Lease) int64 {
	n, err := strconv.ParseInt(lease.Annotations[v1alpha1.AnnotationEpoch], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// RecordEvent implements resourcelock.Interface; people read CTISlot.status instead.
func (l *lock) RecordEvent(string) {}

// Identity implements resourcelock.Interface.
func (l *lock) Identity() string { return l.me.String() }

// Describe implements resourcelock.Interface.
func (l *lock) Describe() string { return "slot " + l.name }
