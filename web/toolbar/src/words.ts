// What is said of calls, agents, queues and errors.
import { Unreachable, type Activity, type AgentState, type Call, type CtilinkError, type Event, type Party, type QueueStatistics, type ReasonCodes } from "@ctilink/client";
import { texts } from "./language.ts";
import { span } from "./time.ts";

/** The name of a reason code. */
export function reason(code: string | undefined, codes?: ReasonCodes): string {
  if (!code) return "";
  const known = [...(codes?.unavailable ?? []), ...(codes?.logout ?? [])].find((r) => r.code === code);
  return known?.label || code;
}

/** An agent's state in words; Busy without a call is a reserved agent. */
export function agentState(agent: AgentState, codes?: ReasonCodes): string {
  const why = reason(agent.reasonCode, codes);
  return texts.agentStates[agent.state] + (why && agent.state === "Unavailable" ? ` – ${why}` : "");
}

/** Who takes part besides this telephone; observers do not talk. */
export const others = (call: Call, dn: string): Party[] => (call.parties ?? []).filter((p) => p.dn !== dn && p.role !== "Observer");

/** Who is at the other end now. */
export function other(call: Call, dn: string): string {
  const there = others(call, dn);
  if (there.length > 1) return texts.conferenceOf(there.length + 1);
  const dialled = call.callType === "OUTBOUND" || call.ani === dn;
  return there[0]?.dn || call.otherDns?.[0] || (dialled ? call.dnis : call.ani) || texts.withheld;
}

/** What kind of call it is. */
export function kind(call: Call, dn: string): string {
  const handedOn = call.offeredBy === "Transfer" || call.offeredBy === "BlindTransfer";
  const asked = call.offeredBy === "Consult";
  const colleagueGone = asked && !others(call, dn).some((p) => p.dn === call.ani);
  if (handedOn || colleagueGone) return texts.transferredToYou(call.ani && call.ani !== other(call, dn) ? call.ani : undefined);
  return asked ? texts.colleagueAsks : texts.kinds[call.callType];
}

/** Where the HTTP status says more than the code. */
function refusal({ status, code }: CtilinkError): [what: string, todo: string] | undefined {
  if (status === 401) return texts.tokenRefused;
  if (status === 403 && code === "AuthenticationFailed") return texts.passwordRefused;
  return status === 429 ? texts.tooOften : undefined;
}

/** An error in words; the details are for whoever helps. */
export function explain(error: CtilinkError, activity?: string): { title: string; todo: string; detail: string } {
  const [what, todo] = refusal(error) ?? (error instanceof Unreachable ? texts.unreachable : texts.errors[error.code]) ?? texts.somethingWrong;
  const name = texts.activities[(activity ?? error.problem?.activity) as Activity];
  return {
    title: name ? `${name}: ${what}` : what, todo,
    detail: [error.code, error.message, error.detail].filter(Boolean).join(" · "),
  };
}

/**
 * What just happened, for the list and for screen readers; nothing for what nobody needs to be told.
 *
 * @param before the calls before the event
 */
export function happened(event: Event, dn: string, codes?: ReasonCodes, before: readonly Call[] = []): string | undefined {
  switch (event.type) {
    case "PartyInfo":
      return event.call && partyChange(before.find((c) => c.callId === event.call!.callId), event.call, dn);
    case "CallState":
      return event.call && callChange(event, event.call, dn);
    case "AgentState":
      return event.agent && agentChange(event.agent, codes);
    case "LinkState":
      return event.name === "LinkUp" ? texts.linkUp : texts.linkDown;
    case "RequestFailed":
      return texts.failedLater;
  }
  return undefined;
}

function callChange({ name, ended, cause }: Event, call: Call, dn: string): string | undefined {
  const who = other(call, dn);
  if (name === "Released" && cause === "LostInResync") return texts.calls.LostInResync(who);
  if (name === "Released" && others(call, dn).length > 1) return texts.calls.ConferenceEnded();
  if (name === "Transferred" && ended) return texts.calls.TransferredAway(who);
  return texts.calls[name as keyof typeof texts.calls]?.(who, call.queue);
}

/** Who came into a conference, or left it. */
function partyChange(before: Call | undefined, call: Call, dn: string): string | undefined {
  if (!before) return undefined;
  const [was, is] = [others(before, dn), others(call, dn)];
  const missing = (from: Party[], among: Party[]) => from.find((p) => p.dn && !among.some((q) => q.dn === p.dn))?.dn;
  if (is.length > was.length && was.length > 0) return texts.joined(missing(is, was) ?? texts.withheld);
  return was.length > is.length && is.length > 0 ? texts.left(missing(was, is) ?? texts.withheld) : undefined;
}

function agentChange(agent: AgentState, codes?: ReasonCodes): string | undefined {
  if (agent.state === "Busy") return undefined; // the calls tell
  const usual = agent.state === "AfterCallWork" && agent.cause === "System";
  const by = agent.cause && !usual && texts.byOthers[agent.cause];
  const why = agent.state === "Unavailable" && reason(agent.reasonCode, codes);
  return texts.youAre[agent.state] + (why ? ` – ${why}` : "") + (by ? ` (${by})` : "");
}

/**
 * What happened while nothing was told: calls that are over, and calls that ring. A call that
 * was transferred has another callId and the same interaction.
 */
export function meanwhile(before: readonly Call[], now: readonly Call[], dn: string): string[] {
  const fresh = now.filter((c) => !before.some((b) => b.callId === c.callId));
  const goesOn = (b: Call) => now.some((c) => c.callId === b.callId) || fresh.some((c) => c.interactionId === b.interactionId);
  return [
    ...before.filter((b) => !goesOn(b)).map((c) => texts.calls.LostInResync(other(c, dn))),
    ...fresh.filter((c) => c.state === "Offering").map((c) => texts.calls.Offering(other(c, dn), c.queue)),
  ];
}

/** A queue in one line. */
export const queueLine = ({ queue, callsWaiting, longestWaitSeconds, agentsAvailable, agentsLoggedIn }: QueueStatistics): string =>
  texts.queueLine(queue, callsWaiting, span(longestWaitSeconds * 1000), agentsAvailable, agentsLoggedIn);
