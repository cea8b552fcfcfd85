import type { Activity, AgentState, Call, ErrorCode } from "@ctilink/client";

/** What went wrong, and what to do about it. */
const errors: Record<ErrorCode, [what: string, todo: string]> = {
  NotLoggedIn: ["You are not logged in to the telephone system.", "Log in first."],
  AlreadyLoggedIn: ["You are logged in already.", "Nothing needs to be done."],
  DeviceInUse: ["Somebody is working at this telephone, or you are working at another one.", "Take over to work here; the other desk is then closed."],
  SessionTakenOver: ["Your session goes on at another desk, or a colleague has taken over this telephone.", "Log in here to take it back."],
  UnknownDevice: ["The telephone system does not know this telephone.", "Check the number of the telephone."],
  DeviceOutOfService: ["Your telephone is out of service.", "Check that it is plugged in and registered, then try again."],
  NoAlertingCall: ["No call is ringing.", "The caller may have hung up."],
  NoActiveCall: ["There is no call to hang up.", "It may have ended already."],
  NoHeldCall: ["There is no call on hold.", "It may have ended already."],
  NoSuchCall: ["This call is over.", "Nothing needs to be done."],
  InvalidState: ["This is not possible at the moment.", "Look at the state of your call and try again."],
  SameState: ["It is so already.", "Nothing needs to be done."],
  InvalidDestination: ["This number cannot be called.", "Check the number."],
  DestinationBusy: ["The line is busy.", "Try again in a moment."],
  InvalidQueue: ["There is no such queue for you.", "Check the name of the queue, or leave it out."],
  ReasonCodeRequired: ["A reason is needed.", "Choose a reason."],
  InvalidReasonCode: ["The telephone system does not know this reason.", "Choose another reason."],
  ConferenceFull: ["The conference is full.", "Somebody has to leave before you can add anyone."],
  InvalidRequest: ["This was not understood.", "Check what you entered."],
  NotPermittedInMode: ["This is not part of your desktop.", "Use your telephone for it."],
  NotSupportedByClass: ["Your telephone system cannot do this.", "Use your telephone for it."],
  NotCapable: ["The telephone system cannot do this here.", "Use your telephone for it."],
  Forbidden: ["You may not do this.", "Ask your supervisor if you should be able to."],
  LicenceExhausted: ["All licences of the telephone system are in use.", "Try again later, and tell your supervisor."],
  Overloaded: ["The telephone system is overloaded.", "Try again in a moment."],
  LinkDown: ["The telephone system cannot be reached.", "Use your telephone until it is back; this page comes back by itself."],
  Timeout: ["The telephone system did not answer in time.", "Look at your call before you try again."],
  OutcomeUnknown: ["The connection broke while this was being done.", "What you see now is right. Try again if it was not done."],
  IdempotencyConflict: ["This was asked for twice in different ways.", "Try again."],
  AuthenticationFailed: ["Your password or access token was not accepted.", "Check both and try again."],
  Rejected: ["The telephone system refused.", "The details say why."],
};

/** What can be done, as the buttons say it. */
const activities: Record<Activity, string> = {
  LoginAgent: "Log in", LogoutAgent: "Log out", SetAgentReady: "Available", SetAgentNotReady: "Unavailable",
  AcceptInteraction: "Accept", AnswerCall: "Answer", HoldCall: "Hold", RetrieveCall: "Resume", MakeCall: "Call",
  HangUpCall: "Hang up", SendDTMF: "Keypad", TransferInitiate: "Ask first", TransferCall: "Complete transfer",
  CancelTransfer: "Back to caller", BlindTransfer: "Transfer now", ConferenceInitiate: "Add to call",
  ConferenceCall: "Join all", CancelConference: "Back to caller", DropParty: "Remove", Resync: "Refresh",
  AttachData: "Add data", AlternateCall: "Switch", DeclineCall: "Decline", MuteCall: "Mute", UnmuteCall: "Unmute",
  SetDoNotDisturb: "Do not disturb", GetStatistics: "Statistics",
};

const agentStates: Record<AgentState["state"], string> = {
  LoggedIn: "Logged in", Available: "Available", Busy: "On a call", AfterCallWork: "Wrap-up",
  Unavailable: "Unavailable", LoggedOut: "Logged out", Unknown: "Unknown",
};

const callStates: Record<string, string> = {
  Offering: "Ringing", Initiated: "Dialling", Delivered: "Calling", Queued: "Waiting in queue", Established: "Talking",
  Held: "On hold", Failed: "Not connected",
};

const kinds: Record<Call["callType"], string> = {
  INBOUND: "Incoming call", OUTBOUND: "Outgoing call", INTERNAL: "Internal call", CONSULT: "You ask a colleague", UNKNOWN: "Call",
};

/** What is said of who changed an agent's state, where it was not the agent. */
const byOthers: Partial<Record<NonNullable<AgentState["cause"]>, string>> = {
  Phone: "at the telephone", Supervisor: "by a supervisor", System: "by the telephone system", NoAnswer: "a call was not answered",
};

/** An agent's state within a sentence: "You are unavailable". */
const youAre: Record<AgentState["state"], string> = {
  LoggedIn: "You are logged in", Available: "You are available", Busy: "You are on a call", AfterCallWork: "You are in wrap-up",
  Unavailable: "You are unavailable", LoggedOut: "You are logged out", Unknown: "Your state is unknown",
};

/** What happens to a call, by the event. */
const calls = {
  Offering: (who: string, queue?: string) => `${who} is calling${queue ? ` for ${queue}` : ""}`,
  Initiated: () => "Dialling",
  Delivered: (who: string) => `It rings at ${who}`,
  Queued: (who: string) => `Waiting in the queue ${who}`,
  Established: (who: string) => `Talking with ${who}`,
  Held: (who: string) => `${who} is on hold`,
  Retrieved: (who: string) => `Talking with ${who} again`,
  Conferenced: () => "The conference has begun",
  TransferredAway: (who: string) => `${who} was transferred`,
  Transferred: (who: string) => `You are connected with ${who}`,
  Diverted: (who: string) => `The call from ${who} went elsewhere`,
  Failed: (who: string) => `${who} could not be reached`,
  Abandoned: (who: string) => `${who} hung up before the answer`,
  Released: (who: string) => `The call with ${who} ended`,
  ConferenceEnded: () => "The conference ended",
  LostInResync: (who: string) => `The call with ${who} ended while the connection was lost`,
};

/** Everything that the toolbar and the team view say, in English. Short sentences that say what happened and what to do. */
export const en = {
  errors, activities, agentStates, callStates, kinds, byOthers, youAre, calls,

  // Who and what.
  agent: "Agent",
  agentOf: (id: string) => `Agent ${id}`,
  telephone: "Telephone",
  telephoneOf: (dn: string) => `Telephone ${dn}`,
  withheld: "Number withheld",
  conferenceOf: (people: number) => `Conference of ${people}`,
  transferredToYou: (by?: string) => `Transferred to you${by ? ` by ${by}` : ""}`,
  colleagueAsks: "A colleague asks you",
  callRinging: "Call ringing",

  // Log in.
  logIn: "Log in",
  logInTo: "to take and make calls",
  loggingIn: "Logging in …",
  password: "Password",
  queue: "Queue",
  queueOptional: "Queue (optional)",
  usual: "Leave telephone and queue empty to have your usual ones.",
  accessToken: "Access token",

  // The connection.
  connected: "Connected",
  connecting: "Connecting …",
  notConnected: "Not connected",
  lost: "Connection lost.",
  lostMeanwhile: "Your calls go on; this page comes back by itself.",
  lostMeanwhileTeam: "This is how it was; the page comes back by itself.",
  tryNow: "Try now",
  linkDown: "The telephone system cannot be reached",
  linkDownMeanwhile: "Use your telephone until it is back.",
  linkUp: "The telephone system is back",

  // What was told to an agent.
  dismiss: "Dismiss",
  details: "Details",
  takeOver: "Take over",
  notAccepted: { what: "Your access token is not accepted any more.", todo: "Log in with a new one." },
  takenOver: { what: "Your session goes on at another desk.", todo: "Log in here to take it back." },
  nobody: { what: "Who are you?", todo: "Enter your agent id, or a telephone." },
  notYours: ["This agent or telephone is not part of this desktop.", "Check agent and telephone; if they are right, ask your supervisor."] as [string, string],
  closedElsewhere: "You were logged out in another tab or at another desk.",
  unreachable: ["The server cannot be reached.", "Check your network; try again in a moment."] as [string, string],
  tokenRefused: ["Your access token was not accepted.", "Check it, or ask for a new one."] as [string, string],
  passwordRefused: ["Your password was not accepted.", "Check it and try again."] as [string, string],
  tooOften: ["This was asked for too often.", "Wait a moment."] as [string, string],
  somethingWrong: ["Something went wrong.", "Try again."] as [string, string],
  failedLater: "The telephone system could not do what you asked",
  happened: "What just happened",

  // The menu.
  more: "More",
  mayRing: "Calls may ring again",
  doNotDisturbIsOn: "Do not disturb is on: no calls ring here.",
  leave: "Leave this desk",
  leaveHint: "You stay logged in at the telephone system",
  close: "Close",
  reasonForLogout: "Reason for logging out",
  noReason: "No reason",
  reasonCode: "Reason code",

  // The agent's state.
  yourState: "Your state",
  timeInState: "Time in this state",
  changeState: "Change your state",
  reason: "Reason",
  wrapUpLeft: "Time left for wrap-up",
  stateIn: (state: string) => `${state} in`,
  then: (state: string) => `Then ${state.toLowerCase()}`,
  queues: "Queues",
  queueLine: (queue: string, waiting: number, longest: string, available: number, loggedIn: number) =>
    `${queue}: ${waiting || "nobody"} waiting${waiting ? `, the longest ${longest}` : ""}; ${available} of ${loggedIn} agents available`,

  // Calls.
  callsTitle: "Calls",
  noCalls: "No calls.",
  waitingForCall: "Waiting for the next call.",
  shownWhileRinging: "Calls for you are shown here while they ring.",
  answerAtTelephone: "Answer at your telephone.",
  forQueue: (queue: string) => `for ${queue}`,
  toNumber: (number: string) => `to ${number}`,
  youAreMuted: "you are muted",
  outside: "outside: the answer is not told",
  onHoldFor: "On hold for",
  duration: "Duration",
  inThisCall: "In this call",
  remove: (who: string) => `Remove ${who}`,
  joined: (who: string) => `${who} is in the conference now`,
  left: (who: string) => `${who} has left the conference`,
  dataOfCall: "Data of this call",
  whatYouCanDo: "What you can do with this call",
  transfer: "Transfer",
  destination: "Number, agent or queue",
  name: "Name",
  value: "Value",
  addToCall: "Add to this call",
  pageBlocked: "Your browser blocked the page: open it here",
  openPage: "Open the page of this call",
  interaction: "Interaction:",
  answersIn: (time: string) => `Answers by itself in ${time}`,

  // Dialling.
  dial: "Dial",
  numberToCall: "Number to call",
  keypad: "Keypad",
  keys: { "*": "star", "#": "hash" } as Record<string, string>,

  // The page.
  pageTitle: "Telephone",

  // The team view.
  team: "Team",
  teamOf: "the agents of a pool and their queues, live",
  agentPool: "Agent pool",
  show: "Show",
  agentsByState: "Agents by state",
  agents: "Agents",
  findAgent: "Find an agent",
  noAgentLikeThat: "No agent is like that.",
  nobodyHere: "Nobody is here.",
  state: "State",
  time: "Time",
  call: "Call",
  notConnectedPill: "not connected",
  waiting: "waiting",
  longest: "longest",
  nobodyWaits: "nobody waits",
  available: (some: number, all: number) => `${some} of ${all} agents available`,
  sinceHour: (most: number) => `last hour: ${most} at most`,
  sinceTime: (time: string, most: number) => `since ${time}: ${most} at most`,
  callsWaiting: "Calls waiting",
};

/** What a language has to say. */
export type Texts = typeof en;
