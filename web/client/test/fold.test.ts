import assert from "node:assert/strict";
import { test } from "node:test";
import { fold, orderOf, type Call, type Event, type Snapshot } from "../src/index.ts";
import { call, event, snapshot } from "./samples.ts";

test("the order of events", () => {
  const known = snapshot({ lastEventId: "9-5" });
  const cases: [string, Snapshot | undefined, Partial<Event>, string][] = [
    ["nothing is known yet", undefined, { id: "9-6" }, "gap"],
    ["the first Snapshot", undefined, { id: "9-6", type: "Snapshot" }, "next"],
    ["the next", known, { id: "9-6" }, "next"],
    ["an old one", known, { id: "9-4" }, "seen"],
    ["the last again", known, { id: "9-5" }, "seen"],
    ["one too far", known, { id: "9-7" }, "gap"],
    ["another epoch", known, { id: "10-6" }, "gap"],
    ["a Snapshot of another epoch", known, { id: "10-1", type: "Snapshot" }, "next"],
    ["a Snapshot for who fell behind", known, { id: "9-300", type: "Snapshot" }, "next"],
    ["a Snapshot of before", known, { id: "9-3", type: "Snapshot" }, "seen"],
  ];
  for (const [name, state, e, want] of cases) assert.equal(orderOf(state, event(e)), want, name);
});

const ids = (calls: Call[]) => calls.map((c) => `${c.callId}:${c.state}`);

test("calls follow their events", () => {
  const first = call({ callId: "1", startedAt: "2025-01-01T10:00:00Z" });
  const second = call({ callId: "2", startedAt: "2025-01-01T10:00:05Z" });
  const known = snapshot({ calls: [first, second] });
  const cases: [string, Partial<Event>, string[]][] = [
    ["a new call comes last", { call: call({ callId: "3", startedAt: "2025-01-01T10:01:00Z" }) }, ["1:Established", "2:Established", "3:Established"]],
    ["a call is replaced where it stands", { call: { ...first, state: "Held" } }, ["1:Held", "2:Established"]],
    ["an ended call goes", { ended: true, name: "Released", call: { ...first, state: "Released" } }, ["2:Established"]],
    ["a merged call has its new id", { name: "Conferenced", previousCallIds: ["1", "2"], call: { ...first, callId: "4" } }, ["4:Established"]],
    ["call data changes", { type: "CallInfo", call: { ...second, variables: { a: "b" } } }, ["1:Established", "2:Established"]],
  ];
  for (const [name, e, want] of cases) {
    const before = structuredClone(known);
    assert.deepEqual(ids(fold(known, event(e)).calls), want, name);
    assert.deepEqual(known, before, `${name}: what was known is not changed`);
  }
});

test("simple telephony modes follow a call while it is offered", () => {
  for (const mode of ["Simple", "SimpleWithAgentState"] as const) {
    const known = fold(snapshot({ mode }), event({ name: "Offering", call: call({ state: "Offering" }) }));
    assert.deepEqual(ids(known.calls), ["1:Offering"]);
    assert.deepEqual(fold(known, event({ call: call({ state: "Established" }) })).calls, []);
  }
});

test("an event tells what has become possible on the other calls, and for the agent", () => {
  const held = call({ callId: "1", state: "Held", capabilities: ["RetrieveCall"] });
  const consult = call({ callId: "2", callType: "CONSULT", state: "Delivered", startedAt: "2025-01-01T10:00:05Z" });
  const known = fold(snapshot({ calls: [held] }), event({ call: consult, capabilities: { "1": ["TransferCall"] } }));
  assert.deepEqual(known.calls.map((c) => c.capabilities), [["TransferCall"], consult.capabilities]);
  const agent = { state: "Available", since: "2025-01-01T10:00:00Z" } as const;
  assert.deepEqual(fold(known, event({ type: "AgentState", agent, activities: ["LogoutAgent"] })).activities, ["LogoutAgent"]);
  assert.deepEqual(fold(snapshot({ activities: ["MakeCall"] }), event({ type: "AgentState", agent })).activities, ["MakeCall"]);
});

test("agent, link and Snapshot replace what was known", () => {
  const known = snapshot({ calls: [call({})] });
  const agent = { state: "Available", since: "2025-01-01T10:00:00Z" } as const;
  assert.deepEqual(fold(known, event({ type: "AgentState", name: "Available", agent })).agent, agent);
  assert.equal(fold(known, event({ type: "LinkState", name: "LinkDown" })).link, "LinkDown");
  const next = fold(known, event({ id: "12-1", type: "Snapshot", snapshot: snapshot({ dn: "1002", calls: null as never }) }));
  assert.deepEqual([next.dn, next.calls, next.lastEventId], ["1002", [], "12-1"]);
});

test("times that were known stay when a new holder of the slot tells later ones", () => {
  const before = { agent: "2025-01-01T09:00:00Z", began: "2025-01-01T10:00:00Z", answered: "2025-01-01T10:00:05Z", held: "2025-01-01T10:01:00Z" };
  const now = "2025-01-01T11:00:00Z";
  const busy = { state: "Busy", since: before.agent } as const;
  const of = (c: Partial<Call>) => call({ interactionId: "i", startedAt: now, since: now, ...c });
  const known = snapshot({ agent: busy, calls: [of({ state: "Held", startedAt: before.began, answeredAt: before.answered, since: before.held })] });
  const told = (c: Partial<Call>, agent: Partial<Snapshot["agent"]> = {}) =>
    fold(known, event({ id: "12-1", type: "Snapshot", snapshot: snapshot({ agent: { ...busy, since: now, ...agent }, calls: [of(c)] }) }));
  const timesOf = ({ agent, calls: [c] }: Snapshot) => [agent.since, c!.startedAt, c!.answeredAt, c!.since];
  const cases: [string, Snapshot, (string | undefined)[]][] = [
    ["the same", told({ state: "Held", answeredAt: now }), [before.agent, before.began, before.answered, before.held]],
    ["another state", told({ state: "Established", answeredAt: now }, { state: "AfterCallWork" }), [now, before.began, before.answered, now]],
    ["another call of that id", told({ state: "Held", interactionId: "j", answeredAt: now }), [before.agent, now, now, now]],
  ];
  for (const [name, state, want] of cases) assert.deepEqual(timesOf(state), want, name);
});
