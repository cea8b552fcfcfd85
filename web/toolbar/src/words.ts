// Everything that the toolbar says. Short sentences that say what happened and what to do.
import type { Activity, AgentState, Call, CtilinkError, ErrorCode, Event, Party, QueueStatistics, ReasonCodes } from "@ctilink/client";
import { span } from "./time.ts";

/** What went wrong, and what to do about it. */
export const errors: Record<ErrorCode, [what: string, todo: string]> = {
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

/** What was tried. */
export const activities: Record<Activity, string> = {
  LoginAgent: "Log in", LogoutAgent: "Log out", SetAgentReady: "Available", SetAgentNotReady: "Unavailable",
  AcceptInteraction: "Accept", AnswerCall: "Answer", HoldCall: "Hold", RetrieveCall: "Resume", MakeCall: "Call",
  HangUpCall: "Hang up", SendDTMF: "Keypad", TransferInitiate: "Ask first", TransferCall: "Complete transfer",
  CancelTransfer: "Back to caller", BlindTransfer: "Transfer now", ConferenceInitiate: "Add to call",
  ConferenceCall: "Join all", CancelConference: "Back to caller", DropParty: "Remove", Resync: "Refresh",
  AttachData: "Add data", AlternateCall: "Switch", DeclineCall: "Decline", MuteCall: "Mute", UnmuteCall: "Unmute",
  SetDoNotDisturb: "Do not disturb", GetStatistics: "Statistics",
};

/** An agent's states. */
export const agentStates: Record<AgentState["state"], string> = {
  LoggedIn: "Logged in", Available: "Available", Busy: "On a call", AfterCallWork: "Wrap-up",
  Unavailable: "Unavailable", LoggedOut: "Logged out", Unknown: "Unknown",
};

/** A call's states. */
export const callStates: Record<string, string> = {
  Offering: "Ringing", Initiated: "Dialling", Delivered: "Calling", Queued: "Waiting in queue", Established: "Talking",
  Held: "On hold", Failed: "Not connected",
};

/** The name of a reason code. */
export function reason(code: string | undefined, codes?: ReasonCodes): string {
  if (!code) return "";
  const known = [...(codes?.unavailable ?? []), ...(codes?.logout ?? [])].find((r) => r.code === code);
  return known?.label || code;
}

/** An agent's state in words; Busy without a call is a reserved agent. */
export function agentState(agent: AgentState, codes?: ReasonCodes): string {
  const why = reason(agent.reasonCode, codes);
  return agentStates[agent.state] + (why && agent.state === "Unavailable" ? ` – ${why}` : "");
}

/** Who takes part besides this telephone; observers do not talk. */
export const others = (call: Call, dn: string): Party[] => (call.parties ?? []).filter((p) => p.dn !== dn && p.role !== "Observer");

/** Who is at the other end now. */
export function other(call: Call, dn: string): string {
  const there = others(call, dn);
  if (there.length > 1) return `Conference of ${there.length + 1}`;
  const dialled = call.callType === "OUTBOUND" || call.ani === dn;
  return there[0]?.dn || call.otherDns?.[0] || (dialled ? call.dnis : call.ani) || "Number withheld";
}

/** What kind of call it is. */
export function kind(call: Call, dn: string): string {
  const handedOn = call.offeredBy === "Transfer" || call.offeredBy === "BlindTransfer";
  const asked = call.offeredBy === "Consult";
  const colleagueGone = asked && !others(call, dn).some((p) => p.dn === call.ani);
  if (handedOn || colleagueGone) return `Transferred to you${call.ani && call.ani !== other(call, dn) ? ` by ${call.ani}` : ""}`;
  if (asked) return "A colleague asks you";
  return { INBOUND: "Incoming call", OUTBOUND: "Outgoing call", INTERNAL: "Internal call", CONSULT: "You ask a colleague", UNKNOWN: "Call" }[call.callType];
}

/** Where the HTTP status says more than the code. */
const refusals: Record<number, (error: CtilinkError) => [string, string] | undefined> = {
  0: () => ["The server cannot be reached.", "Check your network; try again in a moment."],
  401: () => ["Your access token was not accepted.", "Check it, or ask for a new one."],
  403: ({ code }) => (code === "AuthenticationFailed" ? ["Your password was not accepted.", "Check it and try again."] : undefined),
  429: () => ["This was asked for too often.", "Wait a moment."],
};

/** An error in words; the details are for whoever helps. */
export function explain(error: CtilinkError, activity?: string): { title: string; todo: string; detail: string } {
  const [what, todo] = refusals[error.status]?.(error) ?? errors[error.code] ?? ["Something went wrong.", "Try again."];
  const name = activities[(activity ?? error.problem?.activity) as Activity];
  return {
    title: name ? `${name}: ${what}` : what, todo,
    detail: [error.code, error.message, error.detail].filter(Boolean).join(" · "),
  };
}

const calls: Record<string, (who: string, event: Event) => string> = {
  Offering: (who, { call }) => `${who} is calling${call?.queue ? ` for ${call.queue}` : ""}`,
  Initiated: () => "Dialling",
  Delivered: (who) => `It rings at ${who}`,
  Queued: (who) => `Waiting in the queue ${who}`,
  Established: (who) => `Talking with ${who}`,
  Held: (who) => `${who} is on hold`,
  Retrieved: (who) => `Talking with ${who} again`,
  Conferenced: () => "The conference has begun",
  Transferred: (who, { ended }) => (ended ? `${who} was transferred` : `You are connected with ${who}`),
  Diverted: (who) => `The call from ${who} went elsewhere`,
  Failed: (who) => `${who} could not be reached`,
  Abandoned: (who) => `${who} hung up before the answer`,
  Released: (who, { cause }) => (cause === "LostInResync" ? `The call with ${who} ended while the connection was lost` : who.startsWith("Conference") ? "The conference ended" : `The call with ${who} ended`),
};

/** What just happened, for the list and for screen readers; nothing for what nobody needs to be told. */
export function happened(event: Event, dn: string, codes?: ReasonCodes): string | undefined {
  switch (event.type) {
    case "CallState":
      return event.call && calls[event.name]?.(other(event.call, dn), event);
    case "AgentState":
      return event.agent && agentChange(event.agent, codes);
    case "LinkState":
      return event.name === "LinkUp" ? "The telephone system is back" : "The telephone system cannot be reached";
    case "RequestFailed":
      return "The telephone system could not do what you asked";
  }
  return undefined;
}

const byOthers: Partial<Record<NonNullable<AgentState["cause"]>, string>> = {
  Phone: " (at the telephone)", Supervisor: " (by a supervisor)", System: " (by the telephone system)", NoAnswer: " (a call was not answered)",
};

function agentChange(agent: AgentState, codes?: ReasonCodes): string | undefined {
  const by = (agent.cause && byOthers[agent.cause]) ?? "";
  if (agent.state === "Busy") return undefined; // the calls tell
  if (agent.state === "AfterCallWork") return "You are in wrap-up" + (agent.cause === "System" ? "" : by);
  return `You are ${agentState(agent, codes).replace(/^./, (c) => c.toLowerCase())}${by}`;
}

/** A queue in one line. */
export function queueLine({ queue, callsWaiting, longestWaitSeconds, agentsAvailable, agentsLoggedIn }: QueueStatistics): string {
  const wait = callsWaiting ? `, the longest ${span(longestWaitSeconds * 1000)}` : "";
  return `${queue}: ${callsWaiting || "nobody"} waiting${wait}; ${agentsAvailable} of ${agentsLoggedIn} agents available`;
}
