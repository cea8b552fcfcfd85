package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AgentPoolSpec says who uses a link.
type AgentPoolSpec struct {
	// linkRef names the CTILink of this namespace.
	// +required
	LinkRef LocalObjectReference `json:"linkRef"`

	// agents lists agents one by one.
	// +optional
	// +listType=map
	// +listMapKey=id
	// +kubebuilder:validation:MaxItems=5000
	Agents []Agent `json:"agents,omitempty"`

	// agentRanges lists agents with consecutive numbers.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	AgentRanges []AgentRange `json:"agentRanges,omitempty"`

	PoolPolicy `json:",inline"`
}

// Agent is one agent of the ACD.
type Agent struct {
	// id is the agent's id at the ACD.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	ID string `json:"id"`
	// dns are the devices where the agent may sit. Empty: free seating, the
	// device is given when the session opens.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	DNs []string `json:"dns,omitempty"`
	// queues that the agent works for: LoginAgent without a queue logs in to all of
	// them. Empty: those that the CTI server gives.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	Queues []string `json:"queues,omitempty"`
}

// AgentRange is a run of agents with consecutive ids.
// +kubebuilder:validation:XValidation:rule="size(self.first) == size(self.last) && self.first <= self.last",message="first and last must have the same number of digits, and last must not be before first"
type AgentRange struct {
	// first id of the range.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:validation:Pattern=`^[0-9]+$`
	First string `json:"first"`
	// last id of the range.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:validation:Pattern=`^[0-9]+$`
	Last string `json:"last"`
	// firstDn is the device of the first agent; the others follow. Empty: free
	// seating.
	// +optional
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:validation:Pattern=`^[0-9]+$`
	FirstDN string `json:"firstDn,omitempty"`
	// queues that each agent of the range works for, as spec.agents[].queues.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	Queues []string `json:"queues,omitempty"`
}

// AgentPoolStatus is what the operator knows of the pool.
type AgentPoolStatus struct {
	// conditions: Ready, Reconciling, Stalled, Accepted; Paused while reconciling is
	// stopped.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// agents is the number of agents in the pool.
	// +optional
	Agents *int32 `json:"agents,omitempty"`
	// sessions is the number of open sessions of the pool's agents.
	// +optional
	Sessions *int32 `json:"sessions,omitempty"`
	// telephonyMode in force.
	// +optional
	TelephonyMode TelephonyMode `json:"telephonyMode,omitempty"`
}

// AgentPool gives agents and devices a link.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=agentpool,categories=cti
// +kubebuilder:printcolumn:name="Link",type=string,JSONPath=`.spec.linkRef.name`
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.status.telephonyMode`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Agents",type=integer,JSONPath=`.status.agents`
// +kubebuilder:printcolumn:name="Sessions",type=integer,JSONPath=`.status.sessions`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:validation:XValidation:rule="has(self.spec.agents) && size(self.spec.agents) > 0 || has(self.spec.agentRanges) && size(self.spec.agentRanges) > 0",message="spec needs agents or agentRanges"
type AgentPool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the admin wants.
	// +required
	Spec AgentPoolSpec `json:"spec"`
	// status is written by the operator.
	// +optional
	// +kubebuilder:default={conditions: {{type: "Ready", status: "Unknown", reason: "Pending", message: "Waiting for the operator", lastTransitionTime: "1970-01-01T00:00:00Z"}, {type: "Reconciling", status: "Unknown", reason: "Pending", message: "Waiting for the operator", lastTransitionTime: "1970-01-01T00:00:00Z"}}}
	Status AgentPoolStatus `json:"status,omitempty"`
}

// AgentPoolList is a list of AgentPool.
//
// +kubebuilder:object:root=true
type AgentPoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AgentPool `json:"items"`
}
