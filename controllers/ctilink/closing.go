package ctilink

import (
	"context"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/children"
	"github.com/ctilink/ctilink-operator/controllers/conditions"
	"github.com/ctilink/ctilink-operator/controllers/index"
	"github.com/ctilink/ctilink-operator/controllers/messages"
)

const (
	// closingTime bounds how long a deleted link may take to close its sessions.
	closingTime = 60 * time.Second
	// closingRetry: while a link closes, patience must not grow beyond its bound.
	closingRetry = 2 * time.Second
)

// hold puts the finalizer on a link before it gets children: from then on there may
// be sessions to close.
func (r *Reconciler) hold(ctx context.Context, s *scope) (ctrl.Result, error) {
	if !s.applicable() || controllerutil.ContainsFinalizer(s.link, v1alpha1.FinalizerClosing) {
		return ctrl.Result{}, nil
	}
	s.failed = r.finalizer(ctx, s.link, controllerutil.AddFinalizer)
	s.before = s.link.DeepCopy()
	if apierrors.IsConflict(s.failed) {
		return ctrl.Result{RequeueAfter: conditions.StaleDelay}, nil
	}
	return ctrl.Result{}, s.failed
}

// finalizer changes the link's finalizers and nothing that somebody else did since
// it was read.
func (r *Reconciler) finalizer(ctx context.Context, link *v1alpha1.CTILink, change func(client.Object, string) bool) error {
	changed := link.DeepCopy()
	change(changed, v1alpha1.FinalizerClosing)
	err := r.Client.Patch(ctx, changed, client.MergeFromWithOptions(link, client.MergeFromWithOptimisticLock{}))
	if err != nil {
		return err
	}
	r.status.Note(changed)
	changed.DeepCopyInto(link)
	return nil
}

// close lets the pods of a deleted link close their sessions, for a bounded time,
// and then lets the link go. It needs no class, no valid manifest and no CTI server,
// and it makes nothing: the namespace may be going too.
func (r *Reconciler) close(ctx context.Context, link *v1alpha1.CTILink) (ctrl.Result, error) {
	if !controllerutil.ContainsFinalizer(link, v1alpha1.FinalizerClosing) {
		return ctrl.Result{}, nil // the garbage collector takes the children
	}
	left := min(closingTime, closingTime-r.Clock.Since(link.DeletionTimestamp.Time))
	open, lost, err := r.closeSlots(ctx, link)
	if left > 0 && (err != nil || len(open) > 0) {
		if err != nil {
			log.FromContext(ctx).Error(err, "Cannot close the slots of a deleted link; trying again")
			left = min(left, closingRetry)
		}
		return ctrl.Result{RequeueAfter: left}, r.showClosing(ctx, link)
	}
	if err := r.finalizer(ctx, link, controllerutil.RemoveFinalizer); err != nil {
		if apierrors.IsConflict(err) {
			return ctrl.Result{RequeueAfter: conditions.StaleDelay}, nil
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	for _, slot := range open {
		r.incomplete(link, slot, "they took longer than "+closingTime.String())
	}
	for _, slot := range lost {
		r.incomplete(link, slot, "none of its pods was ready")
	}
	return ctrl.Result{}, nil
}

// closeSlots asks every slot to close, and lists those that are at it and those
// that cannot because no pod is there.
func (r *Reconciler) closeSlots(ctx context.Context, link *v1alpha1.CTILink) (open, lost []string, err error) {
	slots, err := index.Slots(ctx, r.Client, client.ObjectKeyFromObject(link))
	if err != nil {
		return nil, nil, err
	}
	for i := range slots {
		slot := &slots[i]
		if !metav1.IsControlledBy(slot, link) {
			continue
		}
		if err := r.closeSlot(ctx, slot); err != nil {
			return nil, nil, err
		}
		pods, err := r.readyPods(ctx, slot)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case meta.IsStatusConditionTrue(slot.Status.Conditions, v1alpha1.ConditionClosed):
		case pods > 0:
			open = append(open, slot.Name)
		case slot.Status.Epoch > 0: // it has been held, so there may be sessions
			lost = append(lost, slot.Name)
		}
	}
	return open, lost, nil
}

// closeSlot changes the phase and leaves the rest of the document alone.
func (r *Reconciler) closeSlot(ctx context.Context, slot *v1alpha1.CTISlot) error {
	if slot.Spec.IsClosing() || !slot.DeletionTimestamp.IsZero() {
		return nil
	}
	before := slot.DeepCopy()
	slot.Spec.Phase = v1alpha1.SlotClosing
	return client.IgnoreNotFound(r.Client.Patch(ctx, slot, client.MergeFrom(before), children.FieldOwner))
}

func (r *Reconciler) readyPods(ctx context.Context, slot *v1alpha1.CTISlot) (int32, error) {
	d := &appsv1.Deployment{}
	err := r.Client.Get(ctx, client.ObjectKeyFromObject(slot), d)
	return d.Status.ReadyReplicas, client.IgnoreNotFound(err)
}

// showClosing says what is going on.
func (r *Reconciler) showClosing(ctx context.Context, link *v1alpha1.CTILink) error {
	before := link.DeepCopy()
	link.Status.ObservedGeneration = link.Generation
	conditions.Resume(&link.Status.Conditions)
	conditions.Summarize(&link.Status.Conditions, link.Generation, conditions.Verdict{
		Why: messages.LinkClosing.Say("seconds", strconv.Itoa(int(closingTime.Seconds()))),
	})
	return r.status.Patch(ctx, before, link)
}

func (r *Reconciler) incomplete(link *v1alpha1.CTILink, slot, cause string) {
	said := messages.CloseIncomplete.Say("slot", slot, "cause", cause)
	r.Recorder.Eventf(link, nil, corev1.EventTypeWarning, said.Reason, "Close", "%s", said.Text)
}
