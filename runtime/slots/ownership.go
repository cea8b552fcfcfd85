package slots

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Times of the Lease. A standby waits until it has seen no renewal for
// LeaseDuration; the holder stops Deadline after its last one.
const (
	LeaseDuration = 15 * time.Second
	Deadline      = 10 * time.Second
	// renewPeriod is the time between two renewals, retryPeriod that after one that
	// failed.
	renewPeriod = 5 * time.Second
	retryPeriod = time.Second
	// requestTimeout bounds one request, so that another can be tried in time.
	requestTimeout = 3 * time.Second
	freeTimeout    = 2 * time.Second
)

// Ownership is this process's claim to its slot. It is safe for concurrent use.
type Ownership struct {
	lease   *lease
	me      Identity
	pod     string
	address string
	log     *slog.Logger

	mu      sync.Mutex
	term    Term      // zero while we do not hold the slot
	renewed time.Time // when the last successful renewal was sent
}

// Pod says who we are.
type Pod struct {
	Name string
	UID  string
	// PeerAddress is host:port where other pods of the link reach us.
	PeerAddress string
}

// Term is one acquisition of the slot.
type Term struct {
	// Epoch is larger than every one before.
	Epoch int64
	// Before is the epoch of the acquisition before it, of whatever process; 0: none.
	Before int64
}

// NewOwnership prepares the claim to the slot with that name.
func NewOwnership(client coordination.LeaseInterface, slot string, pod Pod, log *slog.Logger) *Ownership {
	return &Ownership{
		lease: newLease(client, slot), me: Identity{pod.UID, rand.Text()[:8]}, pod: pod.Name, address: pod.PeerAddress, log: log,
	}
}

// Identity is ours in the Lease.
func (o *Ownership) Identity() string { return o.me.String() }

// Holder is what the Lease said when it was last read, and a channel that is closed
// at the next reading.
func (o *Ownership) Holder() (Holder, <-chan struct{}) { return o.lease.holder() }

// Refresh reads the Lease now, for a router that found the holder gone.
func (o *Ownership) Refresh(ctx context.Context) error {
	_, err := o.lease.get(ctx)
	return err
}

// MayAct refuses once the slot is not ours, or may not be ours any more because the
// last renewal is older than the deadline. Everything that is sent to the CTI
// server or a desktop asks first.
func (o *Ownership) MayAct() error {
	if o.left() <= 0 {
		return opencti.Errorf(opencti.LinkDown, "this pod does not hold the slot any more; try again")
	}
	return nil
}

// left is the time until the deadline, on the monotonic clock; none while we do not
// hold the slot.
func (o *Ownership) left() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.term.Epoch == 0 {
		return 0
	}
	return Deadline - time.Since(o.renewed)
}

func (o *Ownership) set(term Term, renewed time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.term, o.renewed = term, renewed
}

// Run competes for the slot until the context ends. While it is held, work runs
// with a context that ends when the slot is lost or ctx ends; the slot is given
// back only after work has returned. Then it competes anew.
func (o *Ownership) Run(ctx context.Context, work func(context.Context, Term)) error {
	// What is seen of the Lease counts to the very end, so that it is given back.
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	var watch sync.WaitGroup
	watch.Go(func() { o.lease.watch(watching) })
	defer watch.Wait()
	defer stop()
	for ctx.Err() == nil {
		if term, ok := o.acquire(ctx); ok {
			o.hold(ctx, term, work)
		}
	}
	return nil
}

// acquire waits until the Lease is free, and takes it; false when ctx ends.
func (o *Ownership) acquire(ctx context.Context) (Term, bool) {
	for ctx.Err() == nil {
		known, unrenewed, seen := o.lease.last()
		wait := retryPeriod
		if known != nil {
			wait = o.wait(known, unrenewed)
		}
		if wait > 0 {
			pause(ctx, seen, wait)
			continue
		}
		term, err := o.take(ctx, known)
		if err == nil {
			return term, true
		}
		o.lookAgain(ctx, err)
	}
	return Term{}, false
}

// wait says how long the Lease must not be renewed until we may take it. Nobody need
// wait for one that was given back, nor for a dead process of this pod: the container
// runtime has only one at a time.
func (o *Ownership) wait(known *coordinationv1.Lease, unrenewed time.Duration) time.Duration {
	if holder := holderOf(known); holder == "" || o.me.samePod(holder) {
		return 0
	}
	return LeaseDuration - unrenewed
}

// lookAgain reads the Lease after a write that failed because somebody else was faster.
// After any other failure the watch does: ours may have been done and its answer lost.
func (o *Ownership) lookAgain(ctx context.Context, failed error) {
	if apierrors.IsConflict(failed) {
		if _, err := o.lease.get(ctx); err == nil {
			return
		}
	}
	if ctx.Err() != nil {
		return
	}
	o.log.Warn("Cannot take the slot yet", "error", failed)
	pause(ctx, nil, retryPeriod)
}

// take writes us into the Lease as it was last seen: with a new epoch, larger than the
// one before and than the clock in milliseconds, and our address, all in one update.
func (o *Ownership) take(ctx context.Context, known *coordinationv1.Lease) (Term, error) {
	sent := time.Now()
	term := Term{Epoch: max(epochOf(known)+1, sent.UnixMilli()), Before: epochOf(known)}
	want := known.DeepCopy()
	me, now, transitions := o.Identity(), metav1.NewMicroTime(sent), int32(1)
	if want.Spec.LeaseTransitions != nil {
		transitions += *want.Spec.LeaseTransitions
	}
	want.Spec.HolderIdentity, want.Spec.AcquireTime, want.Spec.RenewTime, want.Spec.LeaseTransitions = &me, &now, &now, &transitions
	seconds := int32(LeaseDuration / time.Second)
	want.Spec.LeaseDurationSeconds = &seconds
	if want.Annotations == nil {
		want.Annotations = map[string]string{}
	}
	want.Annotations[v1alpha1.AnnotationEpoch] = strconv.FormatInt(term.Epoch, 10)
	want.Annotations[v1alpha1.AnnotationAddress] = o.address
	want.Annotations[v1alpha1.AnnotationHolderPod] = o.pod
	if err := o.lease.update(ctx, want); err != nil {
		return Term{}, err
	}
	if was := holderOf(known); o.me.samePod(was) && was != me {
		o.log.Info("Took the slot back from this pod's former process")
	}
	o.set(term, sent)
	return term, nil
}

// hold runs the work until the slot is lost or ctx ends, and then gives the slot back.
func (o *Ownership) hold(ctx context.Context, term Term, work func(context.Context, Term)) {
	o.log.Info("Holding the slot", "epoch", term.Epoch)
	working, stop := context.WithCancel(ctx)
	defer stop()
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		work(working, term)
	}()
	// The Lease is renewed until the work has ended, so that nobody else begins before.
	renewing, stopRenewing := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRenewing()
	go func() {
		<-worked
		stopRenewing()
	}()
	o.renew(renewing)
	stop()
	<-worked
	o.set(Term{}, time.Time{})
	o.log.Info("Letting go of the slot", "epoch", term.Epoch)
	o.free(context.WithoutCancel(ctx))
}

// renew keeps the Lease ours until the context ends or it is lost: taken by another, or
// not renewed for the time of the deadline.
func (o *Ownership) renew(ctx context.Context) {
	for ctx.Err() == nil {
		known, _, seen := o.lease.last()
		if holderOf(known) != o.Identity() {
			o.log.Warn("The slot was taken away", "holder", holderOf(known))
			return
		}
		left := o.left()
		if left <= 0 {
			o.log.Warn("The slot is lost: it could not be renewed in time")
			return
		}
		due := left - (Deadline - renewPeriod)
		if due > 0 {
			pause(ctx, seen, due)
			continue
		}
		if err := o.renewOnce(ctx, known, left); err != nil && ctx.Err() == nil {
			o.log.Warn("Cannot renew the slot yet", "error", err)
			pause(ctx, nil, min(retryPeriod, max(o.left(), 0)))
		}
	}
}

// renewOnce writes a new time into the Lease, within the time that is left.
func (o *Ownership) renewOnce(ctx context.Context, known *coordinationv1.Lease, left time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	sent := time.Now()
	now := metav1.NewMicroTime(sent)
	want := known.DeepCopy()
	want.Spec.RenewTime = &now
	err := o.lease.update(ctx, want)
	if err == nil {
		o.mu.Lock()
		o.renewed = sent
		o.mu.Unlock()
		return nil
	}
	// Somebody wrote something else into it, or ours was done and its answer lost.
	if _, looked := o.lease.get(ctx); looked == nil && apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// free takes our name out of the Lease. A renewal that was cut off may still arrive, so
// a conflict is tried again.
func (o *Ownership) free(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, freeTimeout)
	defer cancel()
	for {
		known, err := o.lease.get(ctx)
		if err == nil && holderOf(known) != o.Identity() {
			return
		}
		if err == nil {
			want, nobody, second := known.DeepCopy(), "", int32(1)
			want.Spec.HolderIdentity, want.Spec.LeaseDurationSeconds = &nobody, &second
			if err = o.lease.update(ctx, want); err == nil {
				return
			}
		}
		if !apierrors.IsConflict(err) || ctx.Err() != nil {
			o.log.Warn("Cannot give the slot back; the next holder waits for it to expire", "error", err)
			return
		}
	}
}
