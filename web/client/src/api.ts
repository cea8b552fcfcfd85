// Made by generate.mjs from the API's OpenAPI document. Do not edit.

export interface Accepted {
  /** The CTI server accepted; the change comes as an event. */
  accepted: boolean;
  activity: string;
  /** Events that the request causes carry it as causedBy. */
  requestId: string;
  /** The answer to GetStatistics, which causes no event. */
  statistics?: QueueStatistics;
}

export interface AgentState {
  /** Who or what changed the state, where it is known. */
  cause?: "Agent" | "Phone" | "Supervisor" | "System" | "NoAnswer";
  /** The CTI server's own name of the state. */
  nativeState?: string;
  pendingReasonCode?: string;
  /** The state that follows when the call ends. */
  pendingState?: string;
  /** The queues the agent is logged in to, where the switch tells. */
  queues?: QueueState[];
  reasonCode?: string;
  since: string;
  state: "LoggedIn" | "Available" | "Busy" | "AfterCallWork" | "Unavailable" | "LoggedOut" | "Unknown";
  workMode?: string;
  /** When after-call work ends by itself. */
  wrapUpEndsAt?: string;
}

export interface Call {
  /** The number from where the call arrived. */
  ani?: string;
  /** When the call was first established here. */
  answeredAt?: string;
  /** The switch's identifier; it may change on transfer and conference. */
  callId: string;
  callType: "INBOUND" | "OUTBOUND" | "INTERNAL" | "CONSULT" | "UNKNOWN";
  /** The activities that are possible on this call now. */
  capabilities: string[];
  /** The number where the call was connected. */
  dnis?: string;
  /** One for the life of what the customer calls "the call". */
  interactionId: string;
  /** The agent is muted on this call. */
  muted?: boolean;
  /** The call left the switch's sight: whether it was answered will not be told. */
  networkReached?: boolean;
  offeredBy?: "Direct" | "Queue" | "Consult" | "BlindTransfer" | "Transfer";
  /** What a call that was handed on was at first. */
  originalCallType?: "INBOUND" | "OUTBOUND" | "INTERNAL" | "UNKNOWN";
  /** The other devices on the call. */
  otherDns?: string[];
  parties?: Party[];
  /** The queue that offered the call. */
  queue?: string;
  /** When the call came into its state. */
  since: string;
  /** When this device first saw the call. */
  startedAt: string;
  /** Offering, Initiated, Delivered, Queued, Established, Held, Failed; in the event that ends the call: Released, Abandoned, Diverted. */
  state: string;
  /** What the pool's call treatment makes of the offered call. */
  treatment?: Treatment;
  /** The attached call data. */
  variables?: Record<string, string>;
}

export interface Event {
  /** With AgentState: what is possible now besides what the calls list. */
  activities?: string[];
  agent?: AgentState;
  agentId?: string;
  /** When the event reached the pod. */
  at: string;
  call?: Call;
  /** Of the device's other calls, where this event changed what is possible on them: callId to activities. */
  capabilities?: Record<string, string[]>;
  /** Why, in the CTI server's words. */
  cause?: string;
  /** The requestId of the request that caused this. */
  causedBy?: string;
  dn?: string;
  /** The call is over at this device; exactly one event of a call says so. */
  ended?: boolean;
  failed?: Failure;
  /** <epoch>-<sequence>; the id of the stream. */
  id: string;
  /** The event, e.g. Offering, Available, LinkDown. */
  name: string;
  /** The ids under which the call was known before. */
  previousCallIds?: string[];
  /** Of Transferred: transferring, the call is over here; remaining, it goes on with other parties. */
  role?: "transferring" | "remaining";
  snapshot?: Snapshot;
  type: "CallState" | "AgentState" | "PartyInfo" | "CallInfo" | "LinkState" | "RequestFailed" | "Snapshot";
}

export interface Failure {
  activity: string;
  error: FailureError;
  requestId: string;
}

export interface FailureError {
  code: string;
  /** The CTI server's own code and text. */
  detail?: string;
  /** For the agent. */
  message: string;
  /** The same request may succeed a little later. */
  retryable: boolean;
}

export interface Ingested {
  /** One for each event, in the order of the request. */
  events: IngestedEvent[];
}

export interface IngestedEvent {
  /** The id was there before; nothing was done again. */
  duplicate?: boolean;
  id?: string;
  /** How many sessions it concerned; what they make of it is the rules' business. */
  sessions: number;
}

export interface InvalidMember {
  /** Where, e.g. body.agentId. */
  location: string;
  /** What is wrong with it. */
  message: string;
}

export interface LinkInfo {
  /** The activities that the class supports. */
  activities: string[];
  /** The implementation class. */
  class: string;
  /** The driver behind the class. */
  driver: string;
  /** What a desktop has in each telephony mode. The pool decides the mode; a session's is in its snapshot. */
  modes: ModeInfo[];
  name: string;
  /** What began as TransferInitiate cannot end in ConferenceCall, nor the other way round. */
  purposeBound: boolean;
  /** How many sessions are open. */
  sessions: number;
  /** The connection to the CTI server. */
  state: "Connecting" | "Connected" | "Disconnected";
  statistics: LinkStatistics;
}

export interface LinkStatistics {
  /** Sessions with an agent, by the agent's state. */
  agents: Record<string, number>;
  /** Calls at the devices, by state. A call between two of them is counted at each. */
  calls: Record<string, number>;
  /** The queues for which the pools' agents work. */
  queues: string[];
  /** Open sessions by pool; those without a pool under the empty name. */
  sessionsByPool: Record<string, number>;
}

export interface Login {
  /** The agent's password at the ACD. */
  password?: string;
  /** The queue to log in to; absent: those the ACD gives. */
  queue?: string;
  workMode?: string;
}

export interface ModeInfo {
  /** The activities that the mode permits and the class supports. */
  activities: string[];
  /** The events that a desktop sees; of calls in a simple mode only while they are offered. */
  events: string[];
  mode: "Simple" | "SimpleWithAgentState" | "Full";
}

export interface OpenSession {
  /** The agent at the ACD; absent for a session of a device alone. */
  agentId?: string;
  /** The desktop's own name for itself; the event sink tells it with each event. */
  clientHandle?: string;
  /** The device; may be absent when the pool gives the agent just one. */
  dn?: string;
  /** Event types that this desktop cannot show. */
  hiddenEvents?: ("PartyInfo" | "CallInfo" | "AgentState" | "CallState" | "LinkState")[];
  /** Logs the agent in as well, unless it is logged in. */
  login?: Login;
  /** Ends the session that stands in the way: the agent's at another device, another agent's at this device. Its agent is logged out there first. */
  takeOver?: boolean;
  /** The user's workstation; the event sink tells it with each event. */
  workstation?: string;
}

export interface Opened {
  /** Whether the session was open already. */
  joined: boolean;
  /** The session's name in URLs. */
  session: string;
  /** Keep it: with it any pod restores the session. */
  sessionToken: string;
  snapshot: Snapshot;
}

export interface Party {
  /** Device or number; absent when withheld. */
  dn?: string;
  /** Identifies the party within the call. */
  id: string;
  role?: "Agent" | "Customer" | "Consulted" | "Observer";
  /** State of this party's connection: Delivered, Established, Held, Queued … */
  state?: string;
}

export interface PoolCall {
  answeredAt?: string;
  callId: string;
  callType: "INBOUND" | "OUTBOUND" | "INTERNAL" | "CONSULT" | "UNKNOWN";
  /** One for the life of the call, at every device that it comes to. */
  interactionId: string;
  queue?: string;
  /** When the call came into its state. */
  since: string;
  startedAt: string;
  state: string;
}

export interface PoolEvent {
  at: string;
  /** The call that began, came into another state, or ended; its last known state then. */
  call?: PoolCall;
  /** With PoolSnapshot: the last hour of the pool's queues, as far as this holder of the slot has seen it. */
  history?: QueueHistory[];
  pool: string;
  /** The session that the event is of, as it is now. */
  session?: PoolSession;
  /** With PoolSnapshot: all of them. They replace what was known. */
  sessions?: PoolSession[];
  statistics?: QueueStatistics;
  type: "PoolSnapshot" | "SessionOpened" | "SessionClosed" | "LinkState" | "AgentState" | "CallStarted" | "CallState" | "CallEnded" | "QueueStatistics";
}

export interface PoolSession {
  agent: AgentState;
  agentId?: string;
  calls: PoolCall[];
  dn: string;
  /** Whether the CTI server tells of this device now. */
  link: "LinkUp" | "LinkDown";
  openedAt: string;
  /** The pool's label of the agent's reasonCode. */
  reason?: string;
  /** The session's name in URLs. */
  session: string;
}

export interface PostedEvent {
  /** Whose event it is: an agent. */
  agentId?: string;
  /** Whose event it is: a device. dn or agentId must be there. */
  dn?: string;
  /** What the rules read as event: texts, booleans, whole numbers, lists and objects of these. */
  fields?: Record<string, unknown>;
  /** Marks the event: a second one with the same id does nothing. */
  id?: string;
  /** The CTI server's name of the event, with which the rules' on compares. */
  name: string;
}

export interface Problem {
  /** The activity that failed. */
  activity?: string;
  /** The code, of a closed set. */
  code: string;
  /** The CTI server's own code and text. */
  detail?: string;
  /** What is wrong with the request, member by member. */
  errors?: InvalidMember[];
  /** What went wrong and how to mend it, for people. */
  message: string;
  /** Whether the same request may succeed a little later. */
  retryable: boolean;
  severity: "Fail";
  /** With OutcomeUnknown: the session's state, which shows whether it was done. */
  snapshot?: Snapshot;
  /** The HTTP status. */
  status: number;
  /** The HTTP status in words. */
  title: string;
  /** Identifies the kind of problem; ends in the code. */
  type: string;
}

export interface QueueHistory {
  queue: string;
  /** Oldest first. Of half minutes that are absent nothing is known. */
  samples: QueueSample[];
}

export interface QueueReport {
  queues: QueueStatistics[];
  /** Queues of the pools that could not be asked for. */
  unavailable?: UnavailableQueue[];
}

export interface QueueSample {
  /** When the half minute began. */
  at: string;
  callsWaiting: number;
}

export interface QueueState {
  name: string;
  state?: "LoggedIn" | "Available" | "Busy" | "AfterCallWork" | "Unavailable";
}

export interface QueueStatistics {
  agentsAvailable: number;
  /** On a call or in after-call work. */
  agentsBusy: number;
  agentsLoggedIn: number;
  agentsUnavailable: number;
  at: string;
  /** Calls that wait for an agent. */
  callsWaiting: number;
  /** How long the call at the head has waited, in seconds; 0 when none waits. */
  longestWaitSeconds: number;
  queue: string;
}

export interface Reason {
  code: string;
  /** For people. */
  label?: string;
}

export interface ReasonCodes {
  /** For LogoutAgent; empty: any code. */
  logout: Reason[];
  /** Where a reason must be given. */
  required: ("Unavailable" | "Logout")[];
  /** For SetAgentNotReady; empty: any code. */
  unavailable: Reason[];
}

export interface ScreenPop {
  /** What the desktop starts. */
  interaction?: string;
  /** Address to open. */
  url?: string;
}

export interface Snapshot {
  /** What is possible now besides what the calls list. */
  activities: string[];
  /** In the mode Simple LoggedIn, LoggedOut or Unknown, and no more. */
  agent: AgentState;
  agentId?: string;
  /** In the modes Simple and SimpleWithAgentState those that are offered and not yet answered. */
  calls: Call[];
  dn: string;
  /** The device takes no calls. */
  doNotDisturb: boolean;
  /** The snapshot contains all events up to this one. */
  lastEventId: string;
  /** Whether the CTI server can be reached now. */
  link: "LinkUp" | "LinkDown";
  /** Decides which activities and events this desktop has. */
  mode: "Simple" | "SimpleWithAgentState" | "Full";
  openedAt: string;
  /** The pool that brought the agent. */
  pool?: string;
  reasonCodes: ReasonCodes;
  /** The session's name in the URL. */
  session: string;
}

export interface Treatment {
  answer: "Manual" | "OnOffer" | "AfterDelay" | "OnInteraction";
  /** A tab has started the interaction. */
  claimed: boolean;
  delaySeconds?: number;
  /** The rule of the pool's call treatment. */
  rule: string;
  /** What to open. One tab does it: the one whose AcceptInteraction is accepted. */
  screenPop?: ScreenPop;
}

export interface UnavailableQueue {
  code: string;
  message: string;
  queue: string;
}

/** The properties that each activity takes. */
export interface ActivityProperties {
  /** Says that the desktop has started the interaction of an offered call. The first to say so has it: for every other tab it is SameState. */
  AcceptInteraction: {
    /** The call, by its callId. */
    callId: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Holds the active call and retrieves the held one. */
  AlternateCall: {
    /** The call, by its callId. */
    callId?: string;
    /** The consult call, of an activity with two calls. */
    consultCallId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** The call on hold, of an activity with two calls; HoldCall accepts it for the guide's sake. */
    heldCallId?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Answers the call; without callId (or with -1) the one that is alerting. */
  AnswerCall: {
    /** The call, by its callId. */
    callId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Attaches data to a call. */
  AttachData: {
    /** The call, by its callId. */
    callId: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
    /** Call data to attach. */
    variables: Record<string, string>;
  };
  /** Sends the call to a number without a consult. */
  BlindTransfer: {
    /** The call, by its callId. */
    callId: string;
    /** A number, an agent or a queue to call. */
    destinationNumber: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
    /** Call data to attach. */
    variables?: Record<string, string>;
  };
  /** Ends the consult and retrieves the first call. */
  CancelConference: {
    /** The call, by its callId. */
    callId?: string;
    /** The consult call, of an activity with two calls. */
    consultCallId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** The call on hold, of an activity with two calls; HoldCall accepts it for the guide's sake. */
    heldCallId?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Ends the consult and retrieves the first call. */
  CancelTransfer: {
    /** The call, by its callId. */
    callId?: string;
    /** The consult call, of an activity with two calls. */
    consultCallId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** The call on hold, of an activity with two calls; HoldCall accepts it for the guide's sake. */
    heldCallId?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Makes one call of the held call and the consult. With one such pair no call needs to be named; else name both, in any order. */
  ConferenceCall: {
    /** The call, by its callId. */
    callId?: string;
    /** The consult call, of an activity with two calls. */
    consultCallId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** The call on hold, of an activity with two calls; HoldCall accepts it for the guide's sake. */
    heldCallId?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Holds the call and consults who is to join it. The consult inherits the call's data. */
  ConferenceInitiate: {
    /** The call, by its callId. */
    callId: string;
    /** A number, an agent or a queue to call. */
    destinationNumber: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
    /** Call data to attach. */
    variables?: Record<string, string>;
  };
  /** Refuses the call that is alerting, which the switch then takes elsewhere. */
  DeclineCall: {
    /** The call, by its callId. */
    callId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Takes a party out of a call. */
  DropParty: {
    /** The call, by its callId. */
    callId: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** The party, by its id or its dn. */
    party: string;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Gives the statistics of a queue: who waits, how long, which agents are there. */
  GetStatistics: {
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** The queue; absent: those of the agent, or those the ACD gives. */
    queue: string;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Hangs up a call; without callId the active one, never a held or ringing one. */
  HangUpCall: {
    /** The call, by its callId. */
    callId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Puts an established call on hold. */
  HoldCall: {
    /** The call, by its callId. */
    callId: string;
    /** The device; only that of the session. */
    dn?: string;
    /** The call on hold, of an activity with two calls; HoldCall accepts it for the guide's sake. */
    heldCallId?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Logs the agent in to the ACD, on the session's device; with queue, in to that queue. */
  LoginAgent: {
    /** The agent; only that of the session. */
    agentId?: string;
    /** The agent's password at the ACD. */
    agentPassword?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** The queue; absent: those of the agent, or those the ACD gives. */
    queue?: string;
    /** Marks the request; made up when absent. */
    requestId?: string;
    /** The work mode; AFTER_CALL_WORK of SetAgentNotReady starts after-call work. */
    workMode?: string;
  };
  /** Logs the agent out, with queue out of that queue alone; the session and its event stream stay open. */
  LogoutAgent: {
    /** The agent; only that of the session. */
    agentId?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** The queue; absent: those of the agent, or those the ACD gives. */
    queue?: string;
    /** The reason code, one of those in the Snapshot; required where the pool says so. */
    reasonCode?: string;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Dials a number from the session's device. */
  MakeCall: {
    /** A number, an agent or a queue to call. */
    destinationNumber: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
    /** Call data to attach. */
    variables?: Record<string, string>;
  };
  /** Mutes the agent on a call. */
  MuteCall: {
    /** The call, by its callId. */
    callId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Asks the CTI server anew for everything; a Snapshot follows. */
  Resync: {
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Takes a call back from hold. */
  RetrieveCall: {
    /** The call, by its callId. */
    callId: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Sends tones on a call. */
  SendDTMF: {
    /** The call, by its callId. */
    callId: string;
    /** The tones: 0-9, *, #, A-D. */
    digits: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Makes the agent unavailable, with a reason, or starts after-call work (workMode AFTER_CALL_WORK). */
  SetAgentNotReady: {
    /** The agent; only that of the session. */
    agentId?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** The queue; absent: those of the agent, or those the ACD gives. */
    queue?: string;
    /** The reason code, one of those in the Snapshot; required where the pool says so. */
    reasonCode?: string;
    /** Marks the request; made up when absent. */
    requestId?: string;
    /** The work mode; AFTER_CALL_WORK of SetAgentNotReady starts after-call work. */
    workMode?: string;
  };
  /** Makes the agent available for calls of the queues. */
  SetAgentReady: {
    /** The agent; only that of the session. */
    agentId?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** The queue; absent: those of the agent, or those the ACD gives. */
    queue?: string;
    /** Marks the request; made up when absent. */
    requestId?: string;
    /** The work mode; AFTER_CALL_WORK of SetAgentNotReady starts after-call work. */
    workMode?: string;
  };
  /** Sets or ends do-not-disturb at the device. */
  SetDoNotDisturb: {
    /** The device; only that of the session. */
    dn?: string;
    /** Whether it is to be so. */
    enabled: boolean;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Connects the held call with the consulted party, and leaves. With one such pair no call needs to be named; else name both, in any order. */
  TransferCall: {
    /** The call, by its callId. */
    callId?: string;
    /** The consult call, of an activity with two calls. */
    consultCallId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** The call on hold, of an activity with two calls; HoldCall accepts it for the guide's sake. */
    heldCallId?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
  /** Holds the call and consults a number, an agent or a queue. The consult inherits the call's data. */
  TransferInitiate: {
    /** The call, by its callId. */
    callId: string;
    /** A number, an agent or a queue to call. */
    destinationNumber: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
    /** Call data to attach. */
    variables?: Record<string, string>;
  };
  /** Ends the muting. */
  UnmuteCall: {
    /** The call, by its callId. */
    callId?: string;
    /** The device; only that of the session. */
    dn?: string;
    /** What the class knows beyond this table. */
    options?: Record<string, string>;
    /** Marks the request; made up when absent. */
    requestId?: string;
  };
}

/** The name of an activity. */
export type Activity = keyof ActivityProperties;
