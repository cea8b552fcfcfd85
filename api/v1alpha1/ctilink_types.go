package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CTILinkSpec is a link definition: which CTI server, through which class, with
// which configuration.
type CTILinkSpec struct {
	// description tells people which switch this is.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Description string `json:"description,omitempty"`

	// implementationClass names the ImplementationClass.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	ImplementationClass string `json:"implementationClass"`

	// config is the key-value configuration of the class.
	// +optional
	// +kubebuilder:validation:MaxProperties=128
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 63 && size(self[k]) <= 1024)",message="keys have at most 63 characters and values at most 1024"
	Config map[string]string `json:"config,omitempty"`

	// configFrom adds the keys of Secrets and ConfigMaps of this namespace; they
	// are mounted into the pods and win over config, the later ones over the
	// earlier.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	ConfigFrom []ConfigSource `json:"configFrom,omitempty"`

	// rules override the class's event rules, by name.
	// +optional
	Rules *EventRules `json:"rules,omitempty"`

	// desktop says how desktops reach the link, and where its events go.
	// +optional
	Desktop DesktopSpec `json:"desktop,omitempty,omitzero"`

	// runtime shapes the pods.
	// +optional
	Runtime RuntimeSpec `json:"runtime,omitempty,omitzero"`
}

// ConfigSource names one object whose keys are configuration.
// +kubebuilder:validation:XValidation:rule="has(self.secretRef) != has(self.configMapRef)",message="set either secretRef or configMapRef"
type ConfigSource struct {
	// secretRef names a Secret.
	// +optional
	SecretRef *LocalObjectReference `json:"secretRef,omitempty"`
	// configMapRef names a ConfigMap.
	// +optional
	ConfigMapRef *LocalObjectReference `json:"configMapRef,omitempty"`
}

// LocalObjectReference names an object of the same namespace.
type LocalObjectReference struct {
	// name of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// RuntimeSpec shapes the runtime pods with typed fields.
type RuntimeSpec struct {
	// standby says whether a second pod waits to take over. Enabled when absent.
	// +optional
	Standby Standby `json:"standby,omitempty"`
	// resources of the runtime container.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// nodeSelector of the pods.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// tolerations of the pods.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// priorityClassName of the pods.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// logLevel of the pods. info when absent.
	// +optional
	LogLevel LogLevel `json:"logLevel,omitempty"`
}

// LogLevel says how much is logged: everything of its kind and worse.
// +kubebuilder:validation:Enum=error;warn;info;debug
type LogLevel string

// Standby says whether a second pod waits to take over.
// +kubebuilder:validation:Enum=Enabled;Disabled
type Standby string

// The standbys.
const (
	StandbyEnabled  Standby = "Enabled"
	StandbyDisabled Standby = "Disabled"
)

// CTILinkStatus is what the operator and the pods know of the link.
type CTILinkStatus struct {
	// conditions: Ready, Reconciling, Stalled, Accepted, Programmed, Connected; EventSink
	// where there is one; Paused while
	// reconciling is stopped.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// slots is the number of slots. Counts are absent until they are known, so
	// that 0 is shown as 0.
	// +optional
	Slots *int32 `json:"slots,omitempty"`
	// pools is the number of agent pools that use the link.
	// +optional
	Pools *int32 `json:"pools,omitempty"`
	// agents is the number of agents in the pools.
	// +optional
	Agents *int32 `json:"agents,omitempty"`
	// sessions is the number of open sessions; it follows with up to 30 seconds delay.
	// +optional
	Sessions *int32 `json:"sessions,omitempty"`
	// endpoint is the address of the desktop port inside the cluster.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Endpoint string `json:"endpoint,omitempty"`
	// tokenSecret names the Secret that holds the desktop token, key "token".
	// +optional
	// +kubebuilder:validation:MaxLength=253
	TokenSecret string `json:"tokenSecret,omitempty"`
}

// CTILink connects a contact centre to one CTI server.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ctilink,categories=cti
// +kubebuilder:printcolumn:name="Class",type=string,JSONPath=`.spec.implementationClass`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Connected",type=string,JSONPath=`.status.conditions[?(@.type=="Connected")].status`
// +kubebuilder:printcolumn:name="Agents",type=integer,JSONPath=`.status.agents`
// +kubebuilder:printcolumn:name="Sessions",type=integer,JSONPath=`.status.sessions`
// +kubebuilder:printcolumn:name="Slots",type=integer,JSONPath=`.status.slots`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 45 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="metadata.name must be at most 45 lower-case letters, digits and '-', starting with a letter: it names Services and Deployments"
type CTILink struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the admin wants.
	// +required
	Spec CTILinkSpec `json:"spec"`
	// status is written by the operator.
	// +optional
	// +kubebuilder:default={conditions: {{type: "Ready", status: "Unknown", reason: "Pending", message: "Waiting for the operator", lastTransitionTime: "1970-01-01T00:00:00Z"}, {type: "Reconciling", status: "Unknown", reason: "Pending", message: "Waiting for the operator", lastTransitionTime: "1970-01-01T00:00:00Z"}, {type: "Connected", status: "Unknown", reason: "Pending", message: "Waiting for the operator", lastTransitionTime: "1970-01-01T00:00:00Z"}}}
	Status CTILinkStatus `json:"status,omitempty"`
}

// CTILinkList is a list of CTILink.
//
// +kubebuilder:object:root=true
type CTILinkList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []CTILink `json:"items"`
}
