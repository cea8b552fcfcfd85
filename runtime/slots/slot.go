package slots

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
)

// Slot is this pod's CTISlot: its document comes from the operator, its status goes
// to it. It is safe for concurrent use.
type Slot struct {
	client    rest.Interface
	namespace string
	name      string
	log       *slog.Logger
}

// NewSlot makes the client of one CTISlot.
func NewSlot(config *rest.Config, namespace, name string, log *slog.Logger) (*Slot, error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	c := rest.CopyConfig(config)
	c.GroupVersion = &v1alpha1.GroupVersion
	c.APIPath = "/apis"
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.RESTClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("client for CTISlots: %w", err)
	}
	return &Slot{client, namespace, name, log}, nil
}

// Watch calls changed with the slot whenever it changes, one call at a time, until
// the context ends. A slot that is deleted is not told: its pods go too.
func (s *Slot) Watch(ctx context.Context, changed func(*v1alpha1.CTISlot)) {
	tell := func(o any) {
		if slot, ok := o.(*v1alpha1.CTISlot); ok {
			changed(slot)
		}
	}
	_, controller := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(s.client, "ctislots", s.namespace, fields.OneTermEqualSelector("metadata.name", s.name)),
		ObjectType:    &v1alpha1.CTISlot{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    tell,
			UpdateFunc: func(_, o any) { tell(o) },
		},
	})
	controller.RunWithContext(ctx)
}

// WriteStatus puts the status in force if it differs from what was last written or
// read, which the caller passes and keeps. Times of unchanged conditions stay.
func (s *Slot) WriteStatus(ctx context.Context, old, want v1alpha1.CTISlotStatus) (v1alpha1.CTISlotStatus, error) {
	want.Conditions = keepTimes(old.Conditions, want.Conditions)
	if equality.Semantic.DeepEqual(old, want) {
		return old, nil
	}
	patch, err := json.Marshal(map[string]any{"status": whole(want)})
	if err != nil {
		return old, fmt.Errorf("encode status: %w", err)
	}
	err = s.client.Patch(types.MergePatchType).Namespace(s.namespace).Resource("ctislots").Name(s.name).
		SubResource("status").Body(patch).Do(ctx).Error()
	if err != nil {
		return old, fmt.Errorf("write the slot's status: %w", err)
	}
	return want, nil
}

// whole names every field, so that a merge patch also removes what is empty now.
func whole(st v1alpha1.CTISlotStatus) map[string]any {
	return map[string]any{
		"conditions": st.Conditions, "observedGeneration": st.ObservedGeneration, "holder": st.Holder, "epoch": st.Epoch,
		"connection": st.Connection, "sessions": st.Sessions, "sessionsByPool": st.SessionsByPool,
	}
}

// keepTimes gives each condition that did not change its status the time of its
// last change, and now to the others.
func keepTimes(old, want []metav1.Condition) []metav1.Condition {
	now := metav1.Now().Rfc3339Copy()
	out := make([]metav1.Condition, 0, len(want))
	for _, c := range want {
		c.LastTransitionTime = now
		for _, o := range old {
			if o.Type == c.Type && o.Status == c.Status {
				c.LastTransitionTime = o.LastTransitionTime
			}
		}
		out = append(out, c)
	}
	return out
}
