package v1alpha1

// Condition types.
const (
	// ConditionReady: the object does what its spec says (kstatus).
	ConditionReady = "Ready"
	// ConditionReconciling: work is under way (kstatus).
	ConditionReconciling = "Reconciling"
	// ConditionStalled: nothing will happen until a person mends something (kstatus).
	ConditionStalled = "Stalled"
	// ConditionAccepted: the spec is valid and what it refers to exists.
	ConditionAccepted = "Accepted"
	// ConditionProgrammed: the children are applied.
	ConditionProgrammed = "Programmed"
	// ConditionConnected: the adapter of every slot is connected to the CTI server.
	ConditionConnected = "Connected"
	// ConditionApplied: the holder has put the newest slot document in force.
	ConditionApplied = "Applied"
	// ConditionClosed: the holder has closed the sessions of a slot whose phase is
	// Closing.
	ConditionClosed = "Closed"
	// ConditionEventSink: the event sink takes the events; there is none without a sink.
	// Ready does not depend on it: desktops work all the same.
	ConditionEventSink = "EventSink"
	// ConditionPaused: reconciling has stopped; there is none while it has not.
	ConditionPaused = "Paused"
)

// Condition reasons.
const (
	ReasonPending       = "Pending"
	ReasonReady         = "Ready"
	ReasonAccepted      = "Accepted"
	ReasonProgrammed    = "Programmed"
	ReasonConnected     = "Connected"
	ReasonConnecting    = "Connecting"
	ReasonApplied       = "Applied"
	ReasonProgressing   = "Progressing"
	ReasonNotStalled    = "NotStalled"
	ReasonClassNotFound = "ClassNotFound"
	ReasonClassNotReady = "ClassNotReady"
	ReasonParentMissing = "ParentNotFound"
	ReasonExtendsLoop   = "ExtendsLoop"
	ReasonInvalidConfig = "InvalidConfig"
	ReasonLinkNotFound  = "LinkNotFound"
	ReasonLinkNotReady  = "LinkNotReady"
	ReasonAgentConflict = "AgentConflict"
	ReasonDisconnected  = "Disconnected"
	ReasonAuthFailed    = "AuthenticationFailed"
	ReasonForbidden     = "Forbidden"
	ReasonLicence       = "LicenceExhausted"
	ReasonUnknownDriver = "UnknownDriver"
	ReasonApplyFailed   = "ApplyFailed"
	// ReasonInvalidParameters: the parameters of a class contradict themselves.
	ReasonInvalidParameters = "InvalidParameters"
	// ReasonInvalidActivities: a class claims activities that its parent lacks.
	ReasonInvalidActivities = "InvalidActivities"
	// ReasonInvalidRules: an event rule of a class or a link is wrong.
	ReasonInvalidRules = "InvalidRules"
	// ReasonInvalidTreatment: the call treatment of a pool is wrong.
	ReasonInvalidTreatment = "InvalidTreatment"
	// ReasonTooManyAgents: the pools of a link bring more agents than it can hold.
	ReasonTooManyAgents = "TooManyAgents"
	// ReasonNameTaken: an object with a child's name belongs to somebody else.
	ReasonNameTaken = "NameTaken"
	// ReasonNoHolder: no pod holds the slot.
	ReasonNoHolder = "NoHolder"
	// ReasonReconnecting: the newest document needs a new connection.
	ReasonReconnecting = "Reconnecting"
	// ReasonRollingOut: pods are being replaced.
	ReasonRollingOut = "RollingOut"
	// ReasonPaused: a person has stopped reconciling.
	ReasonPaused = "Paused"
	// ReasonDelivering: the event sink took the last event, or there was none yet.
	ReasonDelivering = "Delivering"
	// Why an event sink does not take events.
	ReasonSinkInvalid       = "InvalidSink"
	ReasonSinkUnreachable   = "SinkUnreachable"
	ReasonSinkAddress       = "SinkAddressRefused"
	ReasonSinkUntrusted     = "SinkUntrusted"
	ReasonSinkTimedOut      = "SinkTimedOut"
	ReasonSinkCredentials   = "SinkCredentialsUnreadable"
	ReasonSinkUnauthorized  = "SinkUnauthorized"
	ReasonSinkNotFound      = "SinkNotFound"
	ReasonSinkUnavailable   = "SinkUnavailable"
	ReasonSinkEventsRefused = "SinkRefusesEvents"
	// ReasonClosing: the object is being deleted and closes its sessions first.
	ReasonClosing = "Closing"
	// ReasonClosed: sessions are closed, monitors are stopped.
	ReasonClosed = "Closed"
	// ReasonCloseIncomplete: a link went before its sessions were closed.
	ReasonCloseIncomplete = "CloseIncomplete"
)

// Keys of labels, annotations and finalizers.
const (
	// AnnotationPaused on a CTILink or AgentPool: "true" stops reconciling it. What
	// is in force stays in force; deleting it goes on.
	AnnotationPaused = "ctilink.io/paused"
	// FinalizerClosing on a CTILink: sessions are closed before it goes.
	FinalizerClosing = "ctilink.io/closing"
	// LabelLink names the link that a child belongs to.
	LabelLink = "ctilink.io/link"
	// LabelSlot numbers the slot that a child belongs to.
	LabelSlot = "ctilink.io/slot"
	// AnnotationEpoch on a Lease: the epoch of the acquisition in force, in
	// milliseconds.
	AnnotationEpoch = "ctilink.io/epoch"
	// AnnotationAddress on a Lease: host:port of the holder's peer port.
	AnnotationAddress = "ctilink.io/address"
	// AnnotationHolderPod on a Lease: the name of the holder's pod.
	AnnotationHolderPod = "ctilink.io/pod"
)
