package v1alpha1

// HasStandby says whether a second pod waits to take over.
func (r RuntimeSpec) HasStandby() bool { return r.Standby != StandbyDisabled }

// IsRequired says whether a link must set the key.
func (p Parameter) IsRequired() bool { return p.Presence == PresenceRequired }

// IsSecret says whether the value must come from a Secret.
func (p Parameter) IsSecret() bool { return p.Sensitivity == SensitivitySecret }
