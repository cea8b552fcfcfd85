import type { Call, Event, Snapshot } from "./api.js";

/** What is known of a session: its last Snapshot and what events have changed since. */
export type Known = Snapshot;

/** An event's place: <epoch>-<sequence>. Epochs are not to be compared. */
export function placeOf(id: string): { epoch: string; sequence: number } {
  const at = id.lastIndexOf("-");
  return { epoch: id.slice(0, at), sequence: Number(id.slice(at + 1)) };
}

/** How an event follows on what is known. */
export type Order = "next" | "seen" | "gap";

/** A Snapshot may come at any time; the numbers of one epoch have no gaps. */
export function orderOf(known: Known | undefined, event: Event): Order {
  if (!known) return event.type === "Snapshot" ? "next" : "gap";
  const [last, now] = [placeOf(known.lastEventId), placeOf(event.id)];
  if (last.epoch !== now.epoch) return event.type === "Snapshot" ? "next" : "gap";
  if (now.sequence === last.sequence + 1) return "next";
  if (event.type === "Snapshot") return now.sequence < last.sequence ? "seen" : "next";
  return now.sequence <= last.sequence ? "seen" : "gap";
}

/** What is known after the event. Nothing that was known is changed. */
export function fold(known: Known, event: Event): Known {
  const next = { ...known, lastEventId: event.id };
  switch (event.type) {
    case "Snapshot":
      return { ...withTimes(known, tidy(event.snapshot!)), lastEventId: event.id };
    case "AgentState":
      return { ...next, agent: event.agent ?? known.agent, activities: event.activities ?? known.activities };
    case "LinkState":
      return { ...next, link: event.name as Known["link"] };
    case "CallState":
    case "PartyInfo":
    case "CallInfo":
      return { ...next, calls: callsAfter(known, event) };
  }
  return next;
}

/** The event brings its call whole, and what has become possible or impossible on the others. */
function callsAfter({ calls, mode }: Known, event: Event): Call[] {
  const gone = new Set([event.call?.callId, ...(event.previousCallIds ?? [])]);
  const others = calls
    .filter((c) => !gone.has(c.callId))
    .map((c) => ({ ...c, capabilities: event.capabilities?.[c.callId] ?? c.capabilities }));
  const { call } = event;
  const over = !call || event.ended || (mode !== "Full" && call.state !== "Offering"); // simple modes follow offers alone
  return over ? others : [...others, tidyCall(call)].sort(byStart);
}

const byStart = (a: Call, b: Call) =>
  Date.parse(a.startedAt) - Date.parse(b.startedAt) || (a.callId < b.callId ? -1 : 1);

/** Puts empty lists where none were told. */
export function tidy(snapshot: Snapshot): Snapshot {
  return { ...snapshot, calls: (snapshot.calls ?? []).map(tidyCall), activities: snapshot.activities ?? [] };
}

/**
 * Puts times that were known where the snapshot has later ones: a holder of the slot that was told
 * nothing by the one before learns from the CTI server what there is, but not since when.
 */
export function withTimes(known: Known, snapshot: Snapshot): Snapshot {
  const calls = snapshot.calls.map((call) => {
    const before = known.calls.find((c) => c.callId === call.callId && c.interactionId === call.interactionId);
    return before ? { ...call, ...times(before, call) } : call;
  });
  const { agent } = snapshot;
  const same = known.dn === snapshot.dn && known.agent.state === agent.state && known.agent.reasonCode === agent.reasonCode;
  return { ...snapshot, calls, agent: same ? { ...agent, since: earlier(known.agent.since, agent.since)! } : agent };
}

const times = (before: Call, now: Call): Partial<Call> => ({
  startedAt: earlier(before.startedAt, now.startedAt)!,
  ...(now.answeredAt && { answeredAt: earlier(before.answeredAt, now.answeredAt) }),
  ...(before.state === now.state && { since: earlier(before.since, now.since) }),
});

const earlier = (a: string | undefined, b: string) => (a && Date.parse(a) < Date.parse(b) ? a : b);

const tidyCall = (call: Call): Call => ({ ...call, capabilities: call.capabilities ?? [] });
