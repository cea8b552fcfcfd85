package slots

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/util/retry"

	"github.com/ctilink/ctilink-operator/runtime/opencti"
)

// Times of the Lease. A standby waits until it has seen no renewal for
// LeaseDuration; the holder stops Deadline after its last one.
const (
	LeaseDuration = 15 * time.Second
	Deadline      = 10 * time.Second
	retryPeriod   = 2 * time.Second
	freeTimeout   = 2 * time.Second
)

// Ownership is this process's claim to its slot. It is safe for concurrent use.
type Ownership struct {
	lock *lock
	log  *slog.Logger
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
	return &Ownership{log: log, lock: &lock{
		client: client, name: slot, me: Identity{pod.UID, rand.Text()[:8]}, pod: pod.Name, address: pod.PeerAddress,
		clock: time.Now, seen: make(chan struct{}),
	}}
}

// Identity is ours in the Lease.
func (o *Ownership) Identity() string { return o.lock.Identity() }

// Holder is what the Lease said when it was last read, and a channel that is closed
// at the next reading.
func (o *Ownership) Holder() (Holder, <-chan struct{}) { return o.lock.holder() }

// Refresh reads the Lease now, for a router that found the holder gone.
func (o *Ownership) Refresh(ctx context.Context) error { return o.lock.look(ctx) }

// MayAct refuses once the slot is not ours, or may not be ours any more because the
// last renewal is older than the deadline. Everything that is sent to the CTI
// server or a desktop asks first.
func (o *Ownership) MayAct() error {
	if o.lock.acquired() == 0 || o.lock.sinceRenewal() >= Deadline {
		return opencti.Errorf(opencti.LinkDown, "this pod does not hold the slot any more; try again")
	}
	return nil
}

// Run competes for the slot until the context ends. While it is held, work runs
// with a context that ends when the slot is lost or ctx ends; the slot is given
// back only after work has returned. Then it competes anew.
func (o *Ownership) Run(ctx context.Context, work func(context.Context, Term)) error {
	o.takeBack(ctx)
	for ctx.Err() == nil {
		if err := o.term(ctx, work); err != nil {
			return err
		}
	}
	return nil
}

// takeBack makes a Lease that this pod's dead process still holds free, so that we
// need not wait for it to expire: the container runtime has only one process of
// this container at a time.
func (o *Ownership) takeBack(ctx context.Context) {
	freed, err := o.free(ctx, o.lock.me.samePod)
	if err != nil {
		o.log.Warn("Cannot take the slot back from this pod's former process", "error", err)
	}
	if freed {
		o.log.Info("Took the slot back from this pod's former process")
	}
}

// free takes the holder's name out of the Lease when it is one of ours. A renewal
// that was cut off may still arrive, so a conflict is tried again.
func (o *Ownership) free(ctx context.Context, ours func(holder string) bool) (freed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, freeTimeout)
	defer cancel()
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		record, _, err := o.lock.Get(ctx)
		if err != nil || !ours(record.HolderIdentity) {
			return err
		}
		record.HolderIdentity, record.LeaseDurationSeconds = "", 1
		err = o.lock.Update(ctx, *record)
		freed = err == nil
		return err
	})
	return freed, err
}

// term is one election: until the slot was held and lost, or ctx ends.
func (o *Ownership) term(ctx context.Context, work func(context.Context, Term)) error {
	// The work must end before the Lease stops being renewed and is given back, so
	// the elector has a context of its own, and we give back ourselves.
	electing, stopElecting := context.WithCancel(context.WithoutCancel(ctx))
	defer stopElecting()
	worked := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: o.lock, LeaseDuration: LeaseDuration, RenewDeadline: Deadline, RetryPeriod: retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(lost context.Context) {
				defer close(worked)
				o.work(ctx, lost, work)
				stopElecting()
			},
			OnStoppedLeading: o.lock.lapse,
		},
	})
	if err != nil {
		return fmt.Errorf("slot election: %w", err)
	}
	stop := context.AfterFunc(ctx, func() {
		if o.lock.acquired() == 0 {
			stopElecting()
		}
	})
	defer stop()
	o.lock.onLoss(stopElecting)
	before := o.lock.acquisitions()
	elector.Run(electing)
	if o.lock.acquisitions() > before {
		<-worked
	}
	mine := func(holder string) bool { return holder == o.Identity() }
	if _, err := o.free(context.WithoutCancel(ctx), mine); err != nil {
		o.log.Warn("Cannot give the slot back; the next holder waits for it to expire", "error", err)
	}
	return nil
}

// work runs what the slot is held for, until the slot is lost or ctx ends.
func (o *Ownership) work(ctx, lost context.Context, work func(context.Context, Term)) {
	working, stop := context.WithCancel(lost)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	term := o.lock.term()
	o.log.Info("Holding the slot", "epoch", term.Epoch)
	work(working, term)
	o.log.Info("Letting go of the slot", "epoch", term.Epoch)
}
