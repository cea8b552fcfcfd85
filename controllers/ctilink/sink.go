package ctilink

import (
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/ctilink/ctilink-operator/api/v1alpha1"
	"github.com/ctilink/ctilink-operator/controllers/messages"
)

// sinkMessages are what a slot's reason means to the link.
var sinkMessages = map[string]messages.Message{
	v1alpha1.ReasonSinkInvalid:       messages.SinkInvalid,
	v1alpha1.ReasonSinkUnreachable:   messages.SinkUnreachable,
	v1alpha1.ReasonSinkAddress:       messages.SinkAddress,
	v1alpha1.ReasonSinkUntrusted:     messages.SinkUntrusted,
	v1alpha1.ReasonSinkTimedOut:      messages.SinkTimedOut,
	v1alpha1.ReasonSinkCredentials:   messages.SinkCredentials,
	v1alpha1.ReasonSinkUnauthorized:  messages.SinkUnauthorized,
	v1alpha1.ReasonSinkNotFound:      messages.SinkNotFound,
	v1alpha1.ReasonSinkUnavailable:   messages.SinkUnavailable,
	v1alpha1.ReasonSinkEventsRefused: messages.SinkRefuses,
}

// sink says whether the event sink takes the events of every slot. A link without one,
// and one whose pods have not yet spoken of it, has no such condition.
func (s *scope) sink() {
	var worst *finding
	for _, slot := range s.observed {
		c := meta.FindStatusCondition(slot.Status.Conditions, v1alpha1.ConditionEventSink)
		if c == nil || s.link.Spec.Desktop.EventSink == nil {
			continue
		}
		f := yes(messages.SinkDelivers.Say())
		if m, failing := sinkMessages[c.Reason]; failing {
			f = no(m.Say("slot", slot.Name))
		}
		if worst == nil || worst.yes {
			worst = &f
		}
	}
	if worst == nil {
		meta.RemoveStatusCondition(&s.link.Status.Conditions, v1alpha1.ConditionEventSink)
		return
	}
	s.set(v1alpha1.ConditionEventSink, *worst)
}
