package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// IsPaused says whether a person has stopped the reconciling of an object.
func IsPaused(o metav1.Object) bool { return o.GetAnnotations()[AnnotationPaused] == "true" }

// HasStandby says whether a second pod waits to take over.
func (r RuntimeSpec) HasStandby() bool { return r.Standby != StandbyDisabled }

// IsClosing says whether sessions are to be closed because the link goes.
func (s CTISlotSpec) IsClosing() bool { return s.Phase == SlotClosing }

// IsRequired says whether a link must set the key.
func (p Parameter) IsRequired() bool { return p.Presence == PresenceRequired }

// IsSecret says whether the value must come from a Secret.
func (p Parameter) IsSecret() bool { return p.Sensitivity == SensitivitySecret }

// Mode is the telephony mode in force: Full when absent.
func (p PoolPolicy) Mode() TelephonyMode {
	if p.TelephonyMode == "" {
		return ModeFull
	}
	return p.TelephonyMode
}
