package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// CTISlotSpec is the slot document: everything that a runtime pod needs to know,
// resolved. Only the operator writes it.
type CTISlotSpec struct {
	// linkName names the CTILink that the slot belongs to.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	LinkName string `json:"linkName"`

	// phase says what the slot is for: Active, to serve sessions, or Closing, to
	// close them because the link is being deleted. Active when absent.
	// +optional
	Phase SlotPhase `json:"phase,omitempty"`

	// class names the implementation class, for people.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Class string `json:"class"`

	// driver names the driver.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Driver string `json:"driver"`

	// config is the class's defaults overridden by the link's config. Keys of
	// Secrets and ConfigMaps are mounted and win over it.
	// +optional
	// +kubebuilder:validation:MaxProperties=256
	Config map[string]string `json:"config,omitempty"`

	// rules are the effective event rules: the class's, its parents' and the link's.
	// Absent: the driver's own.
	// +optional
	Rules *EventRules `json:"rules,omitempty"`

	// activities that the class offers. Absent: all that the driver can.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	Activities []string `json:"activities,omitempty"`

	// eventSink takes every event by POST.
	// +optional
	EventSink *EventSink `json:"eventSink,omitempty"`

	// portrait is for clients of Portrait Foundation.
	// +optional
	Portrait *PortraitFront `json:"portrait,omitempty"`

	// pools are the policies of the agents' pools, by name.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	Pools []SlotPool `json:"pools,omitempty"`

	// agents of the slot, by id. Atomic, since the operator alone writes them:
	// field ownership per agent would outgrow the list itself.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	Agents []SlotAgent `json:"agents,omitempty"`
}

// SlotPhase says what a slot is for.
// +kubebuilder:validation:Enum=Active;Closing
type SlotPhase string

// The slot phases.
const (
	// SlotActive: sessions are served.
	SlotActive SlotPhase = "Active"
	// SlotClosing: the holder closes every session, logs out by the pool's policy,
	// stops its monitors, disconnects, opens nothing again, and then sets the
	// condition Closed. The agents stay in the document until the link is gone.
	SlotClosing SlotPhase = "Closing"
)

// SlotPool is a pool's policy.
type SlotPool struct {
	// name of the AgentPool.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name       string `json:"name"`
	PoolPolicy `json:",inline"`
}

// SlotAgent is an agent with the pool that brings it.
type SlotAgent struct {
	Agent `json:",inline"`
	// pool names the AgentPool.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Pool string `json:"pool"`
}

// ConnectionState is the state of a slot's connection to the CTI server.
// +kubebuilder:validation:Enum=Connecting;Connected;Disconnected
type ConnectionState string

// The connection states.
const (
	ConnectionConnecting   ConnectionState = "Connecting"
	ConnectionConnected    ConnectionState = "Connected"
	ConnectionDisconnected ConnectionState = "Disconnected"
)

// CTISlotStatus is written by the pod that holds the slot.
type CTISlotStatus struct {
	// conditions: Ready (applied and connected), Applied, Connected, EventSink where the
	// link has one, and Closed
	// once the sessions of a slot in phase Closing are closed.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// observedGeneration is the generation of the document in force.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// holder is the pod that holds the slot.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Holder string `json:"holder,omitempty"`
	// epoch of the holder's acquisition.
	// +optional
	Epoch int64 `json:"epoch,omitempty"`
	// connection to the CTI server.
	// +optional
	Connection ConnectionState `json:"connection,omitempty"`
	// sessions that are open; counted at most every 30 seconds.
	// +optional
	Sessions int32 `json:"sessions,omitempty"`
	// sessionsByPool counts them by pool.
	// +optional
	// +listType=map
	// +listMapKey=pool
	// +kubebuilder:validation:MaxItems=1000
	SessionsByPool []PoolSessions `json:"sessionsByPool,omitempty"`
}

// PoolSessions counts the sessions of a pool.
type PoolSessions struct {
	// pool names the AgentPool.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Pool string `json:"pool"`
	// sessions that are open.
	// +required
	Sessions int32 `json:"sessions"`
}

// CTISlot is one slot of a link: its document, its holder, its connection. The
// operator makes it; people and pods read it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=ctislot,categories=cti
// +kubebuilder:printcolumn:name="Link",type=string,JSONPath=`.spec.linkName`
// +kubebuilder:printcolumn:name="Holder",type=string,JSONPath=`.status.holder`
// +kubebuilder:printcolumn:name="Connection",type=string,JSONPath=`.status.connection`
// +kubebuilder:printcolumn:name="Sessions",type=integer,JSONPath=`.status.sessions`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type CTISlot struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is written by the operator.
	// +required
	Spec CTISlotSpec `json:"spec"`
	// status is written by the holder.
	// +optional
	// +kubebuilder:default={conditions: {{type: "Ready", status: "Unknown", reason: "Pending", message: "Waiting for a pod to take the slot", lastTransitionTime: "1970-01-01T00:00:00Z"}}}
	Status CTISlotStatus `json:"status,omitempty"`
}

// CTISlotList is a list of CTISlot.
//
// +kubebuilder:object:root=true
type CTISlotList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []CTISlot `json:"items"`
}
