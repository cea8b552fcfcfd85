package v1alpha1

// EventRules are HandleEvent's decision tree, filters and data transforms, in CEL.
// A class inherits its parent's and a link its class's; what is named alike is
// overridden, what is new is asked first.
type EventRules struct {
	// callId gives the call that a raw event is about.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	CallID string `json:"callId,omitempty"`

	// setEventType decides alone which event a raw event is: an expression that gives
	// the event's name, or an empty text to drop it. identify is not asked then.
	// +optional
	// +kubebuilder:validation:MaxLength=8192
	SetEventType string `json:"setEventType,omitempty"`

	// identify says which event a raw event is; the first rule that matches decides.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Identify []IdentifyRule `json:"identify,omitempty"`

	// filter drops events.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Filter []FilterRule `json:"filter,omitempty"`

	// populate fills an event's fields, by event type: field to expression.
	// +optional
	// +kubebuilder:validation:MaxProperties=8
	// +kubebuilder:validation:XValidation:rule="self.all(t, t in ['CallState', 'CallInfo', 'PartyInfo', 'AgentState', 'Snapshot'])",message="event types with fields are CallState, CallInfo, PartyInfo, AgentState and Snapshot"
	Populate map[string]PopulateRules `json:"populate,omitempty"`
}

// PopulateRules are the expressions of an event type's fields.
// +kubebuilder:validation:MaxProperties=64
type PopulateRules map[string]Expression

// Expression is written in CEL.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=4096
type Expression string

// IdentifyRule says which event a raw event is.
type IdentifyRule struct {
	// name makes the rule overridable.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
	// raw is the raw event's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Raw string `json:"raw"`
	// when is a CEL expression. Always when absent.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	When string `json:"when,omitempty"`
	// then is the event.
	// +required
	Then EventName `json:"then"`
}

// EventName is one of the events that a rule may give.
// +kubebuilder:validation:Enum=Offering;Initiated;Delivered;Queued;Established;Held;Retrieved;Conferenced;Transferred;Diverted;Failed;Abandoned;Released;LoggedIn;Available;Busy;AfterCallWork;Unavailable;LoggedOut;Unknown;PartyInfo;CallInfo;Snapshot
type EventName string

// FilterRule drops events.
type FilterRule struct {
	// name makes the filter overridable.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
	// when is a CEL expression: where it holds, the event is dropped.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	When string `json:"when"`
}
