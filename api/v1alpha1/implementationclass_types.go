package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ImplementationClassSpec says which driver speaks to the CTI server and which
// keys configure it.
type ImplementationClassSpec struct {
	// driver names a built-in driver. Without it the class uses its parent's.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Driver string `json:"driver,omitempty"`

	// extends names the parent class. Parameters are inherited and overridden by
	// name, property by property; rules by name, as a whole. Activities and the
	// hand-over are the parent's when this class declares none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Extends string `json:"extends,omitempty"`

	// description tells people what the class is for.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`

	// parameters are the keys that spec.config of a CTILink may set.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Parameters []Parameter `json:"parameters,omitempty"`

	// rules are the event rules; a child's override its parent's by name. Only the
	// class that is called like its driver can have rules without a parent.
	// +optional
	Rules *EventRules `json:"rules,omitempty"`

	// activities are what links of the class offer. Built-in classes get them from the
	// driver's own declaration; a child may leave some out and add none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	Activities []string `json:"activities,omitempty"`

	// handover says how sessions move to another pod.
	// +optional
	Handover Handover `json:"handover,omitempty"`
}

// Handover says how a session moves from one pod to the next.
// +kubebuilder:validation:Enum=Overlap;Resume;Reopen
type Handover string

// ParameterType is the type of a configuration value.
// +kubebuilder:validation:Enum=string;integer;boolean;duration;hostPort;url;enum
type ParameterType string

// Parameter is one key of the key-value configuration.
// +kubebuilder:validation:XValidation:rule="self.type != 'enum' || (has(self.enum) && size(self.enum) > 0)",message="enum must list the values when type is enum"
// +kubebuilder:validation:XValidation:rule="!has(self.sensitivity) || self.sensitivity != 'Secret' || !has(self.default)",message="a parameter with sensitivity Secret cannot have a default"
type Parameter struct {
	// name is the key.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-zA-Z][a-zA-Z0-9]*$`
	Name string `json:"name"`

	// description tells people what the key is for.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`

	// type is the type of the value.
	// +required
	Type ParameterType `json:"type"`

	// presence says whether a link must set the key. Optional when absent.
	// +optional
	Presence Presence `json:"presence,omitempty"`

	// default is the value of a key that is not set.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Default string `json:"default,omitempty"`

	// enum lists the values of type enum.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	Enum []string `json:"enum,omitempty"`

	// sensitivity is Secret for a value that must come from a Secret through
	// spec.configFrom. Public when absent.
	// +optional
	Sensitivity Sensitivity `json:"sensitivity,omitempty"`
}

// Presence says whether a key must be set.
// +kubebuilder:validation:Enum=Required;Optional
type Presence string

// The presences.
const (
	PresenceRequired Presence = "Required"
	PresenceOptional Presence = "Optional"
)

// Sensitivity says whether a value may be read by everybody.
// +kubebuilder:validation:Enum=Secret;Public
type Sensitivity string

// The sensitivities.
const (
	SensitivitySecret Sensitivity = "Secret"
	SensitivityPublic Sensitivity = "Public"
)

// ImplementationClassStatus is what the class comes to with its parents.
type ImplementationClassStatus struct {
	// conditions: Ready, Reconciling, Stalled, Accepted.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// driver is the class's own driver or the one of its nearest parent.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Driver string `json:"driver,omitempty"`

	// parameters are the effective ones.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=128
	Parameters []Parameter `json:"parameters,omitempty"`

	// activities are the effective ones.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	Activities []string `json:"activities,omitempty"`

	// handover is the effective one.
	// +optional
	Handover Handover `json:"handover,omitempty"`

	// rules names the effective event rules: what a child or a link may override.
	// +optional
	Rules *RuleNames `json:"rules,omitempty"`
}

// RuleNames names event rules.
type RuleNames struct {
	// decidedBy says what decides which event a raw event is.
	// +optional
	DecidedBy RuleDecision `json:"decidedBy,omitempty"`
	// identify rules, in the order in which they are asked.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=63
	Identify []string `json:"identify,omitempty"`
	// filter rules, in the order in which they are asked.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=128
	// +kubebuilder:validation:items:MaxLength=63
	Filter []string `json:"filter,omitempty"`
}

// RuleDecision says what decides which event a raw event is.
// +kubebuilder:validation:Enum=Identify;SetEventType
type RuleDecision string

// The decisions.
const (
	DecidedByIdentify     RuleDecision = "Identify"
	DecidedBySetEventType RuleDecision = "SetEventType"
)

// ImplementationClass says how to speak to one kind of CTI server: Pega's
// implementation class, as a resource.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=cticlass,categories=cti
// +kubebuilder:printcolumn:name="Driver",type=string,JSONPath=`.status.driver`
// +kubebuilder:printcolumn:name="Extends",type=string,JSONPath=`.spec.extends`
// +kubebuilder:printcolumn:name="Handover",type=string,JSONPath=`.status.handover`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Description",type=string,priority=1,JSONPath=`.spec.description`
// +kubebuilder:validation:XValidation:rule="has(self.spec.driver) || has(self.spec.extends)",message="spec needs a driver, or a class that it extends"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.extends) || self.spec.extends != self.metadata.name",message="spec.extends must name another class than itself"
type ImplementationClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the class says of itself.
	// +required
	Spec ImplementationClassSpec `json:"spec"`
	// status is written by the operator.
	// +optional
	// +kubebuilder:default={conditions: {{type: "Ready", status: "Unknown", reason: "Pending", message: "Waiting for the operator", lastTransitionTime: "1970-01-01T00:00:00Z"}}}
	Status ImplementationClassStatus `json:"status,omitempty"`
}

// ImplementationClassList is a list of ImplementationClass.
//
// +kubebuilder:object:root=true
type ImplementationClassList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ImplementationClass `json:"items"`
}
