package messages

import "github.com/ctilink/ctilink-operator/api/v1alpha1"

const (
	yes = "True"
	no  = "False"

	accepted    = v1alpha1.ConditionAccepted
	programmed  = v1alpha1.ConditionProgrammed
	connected   = v1alpha1.ConditionConnected
	ready       = v1alpha1.ConditionReady
	reconciling = v1alpha1.ConditionReconciling
	stalled     = v1alpha1.ConditionStalled
	paused      = v1alpha1.ConditionPaused
	sink        = v1alpha1.ConditionEventSink
	event       = "Event"
)

// A class.
var (
	ClassReady = add(Message{Object: Class, Condition: ready, Status: yes, Reason: v1alpha1.ReasonReady,
		Text: "Links can use the class."})
	ClassAccepted = add(Message{Object: Class, Condition: accepted, Status: yes, Reason: v1alpha1.ReasonAccepted,
		Text: "The class and its parents are valid."})
	ExtendsLoop = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonExtendsLoop, Stalled: true,
		Text: "spec.extends makes a loop ({classes}); let one of these classes extend another, or none.",
		Do:   "Edit spec.extends of one of the classes that the message lists; the others follow by themselves."})
	ExtendsTooDeep = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonExtendsLoop, Stalled: true,
		Text: "spec.extends leads up more than {max} classes; extend a class nearer to the driver.",
		Do:   "Point spec.extends to a class further up."})
	ParentNotFound = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonParentMissing, Stalled: true,
		Text: "spec.extends of class \"{class}\" names \"{parent}\", which does not exist; apply that ImplementationClass or extend another.",
		Do:   "`kubectl get implementationclasses` lists what there is."})
	ParameterType = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidParameters, Stalled: true,
		Text: "spec.parameters gives \"{key}\" the type {type}, but the parent class says {parentType}; use the parent's type.",
		Do:   "A class may change a parameter's default, presence and sensitivity, not its type."})
	ClassRules = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidRules, Stalled: true,
		Text: "Class \"{class}\", spec.rules.{where}: {problem}",
		Do:   "Correct it; [rules.md](rules.md) teaches the language, and `runtime rules check FILE` finds mistakes before `kubectl apply`. The rules that were accepted last stay in force."})
	RulesWithoutParent = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidRules, Stalled: true,
		Text: "spec.rules of class \"{class}\" override nothing: the rules of driver \"{driver}\" stand in the class of that name; set spec.extends to it.",
		Do:   "A class with a driver of its own and no parent starts from nothing. Extend the driver's class instead."})
	TooManyRules = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidRules, Stalled: true,
		Text: "Class \"{class}\" has more than {identify} identify or {filter} filter rules together with its parents; use fewer.",
		Do:   "Override rules of the parents instead of adding to them."})
	ActivityNotInherited = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidActivities, Stalled: true,
		Text: "spec.activities of class \"{class}\" lists \"{activity}\", which its parent does not have; a class may leave activities out and add none.",
		Do:   "What can be done is the driver's business. Remove the activity from the list, or the list."})
	NoDriver = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidParameters, Stalled: true,
		Text: "Neither the class nor its parents name a driver; set spec.driver.",
		Do:   "Set spec.driver in the class at the top of the family."})
	TooManyParameters = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidParameters, Stalled: true,
		Text: "The class has more than {max} parameters together with its parents; declare fewer.",
		Do:   "Remove parameters from the class or its parents."})
	SecretDefault = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidParameters, Stalled: true,
		Text: "Parameter \"{key}\" is a secret and cannot have a default; leave it to the links.",
		Do:   "Remove the default; classes can be read by everybody."})
	BadDefault = add(Message{Object: Class, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidParameters, Stalled: true,
		Text: "The default of parameter \"{key}\" {problem}.",
		Do:   "Correct spec.parameters[].default."})
)

// A link's manifest.
var (
	LinkReady = add(Message{Object: Link, Condition: ready, Status: yes, Reason: v1alpha1.ReasonReady,
		Text: "Every slot has applied the newest document and is connected."})
	LinkAccepted = add(Message{Object: Link, Condition: accepted, Status: yes, Reason: v1alpha1.ReasonAccepted,
		Text: "The class is known and the configuration is valid."})
	ClassNotFound = add(Message{Object: Link, Condition: accepted, Status: no, Reason: v1alpha1.ReasonClassNotFound, Stalled: true,
		Text: "spec.implementationClass names \"{class}\", which does not exist; apply that ImplementationClass or name another.",
		Do:   "`kubectl get implementationclasses` lists what there is."})
	ClassNotReady = add(Message{Object: Link, Condition: accepted, Status: no, Reason: v1alpha1.ReasonClassNotReady, Stalled: true,
		Text: "ImplementationClass \"{class}\" cannot be used: {problem}",
		Do:   "Mend the class; the link follows by itself."})
	SecretInConfig = add(Message{Object: Link, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidConfig, Stalled: true,
		Text: "spec.config.{key} is a secret; put it into a Secret and name that in spec.configFrom.",
		Do:   "Move the value and change it: whoever may read the link has seen it."})
	BadConfig = add(Message{Object: Link, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidConfig, Stalled: true,
		Text: "spec.config.{key} {problem}.",
		Do:   "Correct the key; `kubectl get implementationclass NAME -o yaml` lists all keys with their types in status.parameters."})
	PortraitName = add(Message{Object: Link, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidConfig, Stalled: true,
		Text: "spec.desktop.portrait.names.{name} {problem}.",
		Do:   "[portrait.md](portrait.md#names-of-your-own) says what can be renamed. What was accepted before stays in force."})
	LinkRules = add(Message{Object: Link, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidRules, Stalled: true,
		Text: "spec.rules.{where}: {problem}",
		Do:   "Correct it; [rules.md](rules.md) teaches the language, and `runtime rules check FILE` finds mistakes before `kubectl apply`. The rules that were accepted last stay in force."})
	NothingToOverride = add(Message{Object: Link, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidRules, Stalled: true,
		Text: "spec.rules override nothing: ImplementationClass \"{class}\" has no event rules; let that class extend the class of its driver.",
		Do:   "Set spec.extends of the class to the built-in class of its driver, or apply the built-in classes of this version."})
	TooManyLinkRules = add(Message{Object: Link, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidRules, Stalled: true,
		Text: "The link has more than {identify} identify or {filter} filter rules together with its class; use fewer.",
		Do:   "Override rules of the class instead of adding to them."})
	LinkPaused = add(Message{Object: Link, Condition: paused, Status: yes, Reason: v1alpha1.ReasonPaused,
		Text: "Annotation ctilink.io/paused stops reconciling: what is in force stays, the other conditions are as they were then; remove the annotation to go on.",
		Do:   "`kubectl annotate ctilink NAME ctilink.io/paused-` when you are done. Deleting the link works all the same."})
)

// A link's children.
var (
	LinkProgrammed = add(Message{Object: Link, Condition: programmed, Status: yes, Reason: v1alpha1.ReasonProgrammed,
		Text: "Every object of the link is applied."})
	StaysInForce = add(Message{Object: Link, Condition: programmed, Status: no, Reason: "(as Accepted)", Stalled: true,
		Text: "What was accepted before stays in force until the manifest is mended; see Accepted.",
		Do:   "Mend what Accepted names."})
	PredecessorLeaves = add(Message{Object: Link, Condition: programmed, Status: no, Reason: v1alpha1.ReasonProgressing,
		Text: "The objects of a deleted link of the same name are not all gone yet.",
		Do:   "Nothing; the garbage collector is at work. If it lasts, look for finalizers on the children."})
	NameTaken = add(Message{Object: Link, Condition: programmed, Status: no, Reason: v1alpha1.ReasonNameTaken, Stalled: true,
		Text: "{kind} \"{name}\" exists and does not belong to this link; remove it, or give the link another name.",
		Do:   "It is looked at again every 30 seconds."})
	ApplyFailed = add(Message{Object: Link, Condition: programmed, Status: no, Reason: v1alpha1.ReasonApplyFailed,
		Text: "An object of the link could not be written and is tried again; the operator's log says why.",
		Do:   "`kubectl logs -n ctilink-system deploy/ctilink-operator`. Often a quota, an admission policy, or a missing role."})
)

// A link's slots.
var (
	LinkConnected = add(Message{Object: Link, Condition: connected, Status: yes, Reason: v1alpha1.ReasonConnected,
		Text: "Every slot is connected to the CTI server."})
	NoSlot = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonNoHolder,
		Text: "No pod has taken a slot yet.",
		Do:   "Mend what Accepted or Programmed names; without them there are no pods."})
	NoHolder = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonNoHolder,
		Text: "No pod of slot {slot} is ready; see kubectl describe pods -l ctilink.io/link={link}.",
		Do:   "The pods' events say why: image not found, no room on the nodes, a Secret that cannot be mounted."})
	Connecting = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonConnecting,
		Text: "Slot {slot} is connecting to the CTI server."})
	Disconnected = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonDisconnected,
		Text: "The CTI server does not answer slot {slot}, which keeps trying; check host and port in spec.config, that the server runs, and the network between.",
		Do:   "From a pod of the same namespace, reach the address in spec.config. Sessions stay open meanwhile, desktops see LinkDown."})
	AuthFailed = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonAuthFailed, Stalled: true,
		Text: "The CTI server refuses the login of slot {slot}; correct user and password in {sources}.",
		Do:   "A corrected Secret reaches the pods within a minute or so, without a restart. Mind lock-outs at the switch."})
	NotPermitted = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonForbidden, Stalled: true,
		Text: "The CTI server lets the user of slot {slot} in, but not do what class \"{class}\" needs; give the user these rights there.",
		Do:   "The class's page lists the rights, and the log of the slot's pods says which are missing. The slot tries again by itself."})
	Licence = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonLicence, Stalled: true,
		Text: "The CTI server has no licence left for slot {slot}; free one or add licences there.",
		Do:   "Look for stale connections at the switch; the slot tries again by itself."})
	KeyMissing = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonInvalidConfig, Stalled: true,
		Text: "Config key \"{key}\" is missing: {sources} does not exist or lacks it; add the key there.",
		Do:   "`kubectl get secret NAME -o yaml` shows the keys. The operator cannot look itself: it may not read Secrets; the pod of the slot found out."})
	KeyMalformed = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonInvalidConfig, Stalled: true,
		Text: "Config key \"{key}\" is malformed: class \"{class}\" wants type {type}; correct it in {sources}.",
		Do:   "Mind line ends and blanks in the Secret: `kubectl create secret --from-file` keeps them."})
	KeyDoesNotFit = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonInvalidConfig, Stalled: true,
		Text: "Config key \"{key}\" does not fit the CTI server that slot {slot} met; CTISlot {slot} says how, correct it in spec.config or in {sources}.",
		Do:   "Of certificates: `tlsCA` is who signed the server's, `tlsServerName` the name in it. The slot tries again by itself."})
	KeyUnknown = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonInvalidConfig, Stalled: true,
		Text: "Class \"{class}\" does not take a key that {sources} has; CTISlot {slot} names the key, remove it.",
		Do:   "`kubectl describe ctislot NAME` names the key."})
	DriverLacksKey = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonInvalidConfig, Stalled: true,
		Text: "Class \"{class}\" declares parameter \"{key}\", which its driver \"{driver}\" does not know; remove it from spec.parameters of the class, or use an image whose driver has it.",
		Do:   "`kubectl get implementationclass CLASS -o yaml` shows where it is declared; the built-in class of the driver lists what the driver knows."})
	ImageRefusesRules = add(Message{Object: Link, Condition: ready, Status: no, Reason: v1alpha1.ReasonInvalidRules, Stalled: true,
		Text: "The runtime image of slot {slot} cannot run a rule that the operator takes for good; use an operator and a runtime image of one version. CTISlot {slot} names the rule.",
		Do:   "`kubectl describe ctislot NAME` names the rule. The image is the operator's flag --runtime-image, value runtimeImage of the chart."})
	UnknownDriver = add(Message{Object: Link, Condition: connected, Status: no, Reason: v1alpha1.ReasonUnknownDriver, Stalled: true,
		Text: "The runtime image has no driver of the name that class \"{class}\" asks for; correct spec.driver of the class, or use an image that has it.",
		Do:   "The image is the operator's flag --runtime-image, value runtimeImage of the chart."})
	NotApplied = add(Message{Object: Link, Condition: ready, Status: no, Reason: v1alpha1.ReasonProgressing,
		Text: "Slot {slot} has yet to apply the newest document."})
	LinkClosing = add(Message{Object: Link, Condition: ready, Status: no, Reason: v1alpha1.ReasonClosing,
		Text: "The link is being deleted; its sessions are closed first, for at most {seconds} seconds.",
		Do:   "Nothing; it goes by itself, whatever the CTI server does."})
	CloseIncomplete = add(Message{Object: Link, Condition: event, Reason: v1alpha1.ReasonCloseIncomplete,
		Text: "The link went before slot {slot} had closed its sessions: {cause}. Agents may still be logged in at the CTI server.",
		Do:   "Log agents out at the switch if the policy asks for it; the switch itself drops monitors of a lost connection."})
)

// A link's event sink. The slot's pod says which it is.
var (
	SinkDelivers = add(Message{Object: Link, Condition: sink, Status: yes, Reason: v1alpha1.ReasonDelivering,
		Text: "The event sink takes the events."})
	SinkInvalid = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkInvalid,
		Text: "spec.desktop.eventSink cannot be used by slot {slot}; CTISlot {slot} says what to mend.",
		Do:   "A url without TLS needs plainHTTP: Allowed; a certificate needs its key."})
	SinkUnreachable = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkUnreachable,
		Text: "Slot {slot} cannot reach the server of spec.desktop.eventSink.url; check the address, that it runs, and the network between.",
		Do:   "Events are tried again for half a minute each; after that a Snapshot stands for what was lost."})
	SinkAddress = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkAddress,
		Text: "The name in spec.desktop.eventSink.url leads to an address where events must not go (loopback, link-local, metadata or the API server); name another server.",
		Do:   "Look the name up from a pod of the same namespace."})
	SinkUntrusted = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkUntrusted,
		Text: "The certificate of the event sink's server is not trusted, or it does not trust ours; put the authority into key ca.crt of the Secret in spec.desktop.eventSink.secretRef.",
		Do:   "`openssl s_client -connect HOST:PORT` shows the certificate and who signed it."})
	SinkTimedOut = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkTimedOut,
		Text: "The event sink did not answer slot {slot} within ten seconds; look at its load.",
		Do:   "Take the event, answer, and work on it later."})
	SinkCredentials = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkCredentials,
		Text: "The credentials of the event sink cannot be read: the Secret in spec.desktop.eventSink.secretRef does not exist or lacks key token, or username and password.",
		Do:   "`kubectl get secret NAME -o yaml` shows the keys."})
	SinkUnauthorized = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkUnauthorized,
		Text: "The event sink refuses the credentials; correct the Secret in spec.desktop.eventSink.secretRef.",
		Do:   "A corrected Secret reaches the pods within a minute or so, without a restart."})
	SinkNotFound = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkNotFound,
		Text: "Nothing takes events at spec.desktop.eventSink.url; correct its path.",
		Do:   "Redirects are not followed: name the place itself."})
	SinkUnavailable = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkUnavailable,
		Text: "The event sink says that it cannot take events now; slot {slot} tries again.",
		Do:   "Look at the server's own log."})
	SinkRefuses = add(Message{Object: Link, Condition: sink, Status: no, Reason: v1alpha1.ReasonSinkEventsRefused,
		Text: "The event sink refused an event of slot {slot}; check that spec.desktop.eventSink.format is what it expects.",
		Do:   "The server's own log says why; the event was given up, the next ones are sent."})
)

// Work under way.
var (
	HotChange = add(Message{Object: Link, Condition: reconciling, Status: yes, Reason: v1alpha1.ReasonProgressing,
		Text: "Slot {slot} takes over a change while it works: {why}."})
	ReconnectChange = add(Message{Object: Link, Condition: reconciling, Status: yes, Reason: v1alpha1.ReasonReconnecting,
		Text: "Slot {slot} connects to the CTI server anew: {why}."})
	RollingOut = add(Message{Object: Link, Condition: reconciling, Status: yes, Reason: v1alpha1.ReasonRollingOut,
		Text: "{new} of {all} pods of slot {slot} are new: {why}.",
		Do:   "Nothing. If it lasts, `kubectl describe pods -l ctilink.io/link=NAME`; the old pods serve until new ones are ready."})
	RollChange = add(Message{Object: Link, Condition: event, Reason: v1alpha1.ReasonRollingOut,
		Text: "The pods of slot {slot} are replaced one by one: {why}."})
)

// A pool.
var (
	PoolReady = add(Message{Object: Pool, Condition: ready, Status: yes, Reason: v1alpha1.ReasonReady,
		Text: "The link is ready and knows the agents of the pool."})
	PoolAccepted = add(Message{Object: Pool, Condition: accepted, Status: yes, Reason: v1alpha1.ReasonAccepted,
		Text: "The link exists and every agent of the pool has a place."})
	LinkNotFound = add(Message{Object: Pool, Condition: accepted, Status: no, Reason: v1alpha1.ReasonLinkNotFound, Stalled: true,
		Text: "spec.linkRef.name names CTILink \"{link}\", which does not exist in this namespace; apply it or name another.",
		Do:   "`kubectl get ctilinks -n NAMESPACE` lists what there is; a pool and its link share a namespace."})
	AgentConflict = add(Message{Object: Pool, Condition: accepted, Status: no, Reason: v1alpha1.ReasonAgentConflict, Stalled: true,
		Text: "{field} claims an agent of the older AgentPool \"{rival}\" (agents claimed twice: {count}); list each agent in one pool only.",
		Do:   "The older pool keeps the agent; the rest of this pool works."})
	TooManyAgents = add(Message{Object: Pool, Condition: accepted, Status: no, Reason: v1alpha1.ReasonTooManyAgents, Stalled: true,
		Text: "The pools of one link may bring at most {max} agents; make this pool smaller or give it another link.",
		Do:   "None of this pool's agents are served until then."})
	PoolTreatment = add(Message{Object: Pool, Condition: accepted, Status: no, Reason: v1alpha1.ReasonInvalidTreatment, Stalled: true,
		Text: "spec.{where}: {problem}",
		Do:   "Correct it; [rules.md](rules.md#call-treatment) teaches the language, and `runtime rules check FILE` finds mistakes before `kubectl apply`. The agents and the policy of the pool that were accepted last stay in force."})
	PoolNotInSlots = add(Message{Object: Pool, Condition: ready, Status: no, Reason: v1alpha1.ReasonProgressing,
		Text: "The agents of the pool and its policy are not in force in the link's slots yet."})
	LinkNotReady = add(Message{Object: Pool, Condition: ready, Status: no, Reason: v1alpha1.ReasonLinkNotReady,
		Text: "CTILink \"{link}\" is not ready; its own conditions say why.",
		Do:   "`kubectl describe ctilink NAME`."})
	PoolPaused = add(Message{Object: Pool, Condition: paused, Status: yes, Reason: v1alpha1.ReasonPaused,
		Text: "Annotation ctilink.io/paused stops reconciling: the agents in force stay, changes wait; remove the annotation to go on.",
		Do:   "`kubectl annotate agentpool NAME ctilink.io/paused-` when you are done. Deleting the pool works all the same."})
)

// Every kind.
var (
	NothingLeft = add(Message{Object: Any, Condition: reconciling, Status: no, Reason: v1alpha1.ReasonReady,
		Text: "There is nothing left to do."})
	WaitingForPerson = add(Message{Object: Any, Condition: reconciling, Status: no, Reason: "(as Stalled)", Stalled: true,
		Text: "Waiting for a person; see Stalled.",
		Do:   "Mend what Stalled names."})
	NotStalled = add(Message{Object: Any, Condition: stalled, Status: no, Reason: v1alpha1.ReasonNotStalled,
		Text: "Nothing waits for a person."})
	Pending = add(Message{Object: Any, Condition: ready, Status: "Unknown", Reason: v1alpha1.ReasonPending,
		Text: "Waiting for the operator",
		Do:   "If it lasts: does the operator run, and does it watch this namespace?"})
)
