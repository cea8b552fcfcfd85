// The client against a real runtime and a simulated switch.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CtilinkError, Link, OutcomeUnknown, type Session, type State } from "../src/index.ts";
import { token, World } from "../../test/world.ts";

let world: World;
let link: Link;
before(async () => {
  world = await World.start({ switch: ["--wrap-up-time", "1s"] });
  link = new Link({ url: world.url, token });
});
after(() => world?.stop());

const limit = { timeout: 30_000 };
const inState = (state: string) => (s: State) => s.connection === "live" && s.agent.state === state;
const callIs = (state: string) => (s: State) => s.connection === "live" && s.calls.some((c) => c.state === state);

/** An agent who is logged in; the session is closed with the test. */
async function agent(t: { after(f: () => unknown): void }, agentId: string): Promise<Session> {
  const session = await link.open({ agentId, login: { password: "secret" } });
  t.after(() => session.close({ logout: true }).catch(() => undefined));
  await session.until((s) => s.connection === "live");
  return session;
}

/** What is known of times, but not which. */
const timeless = (value: unknown) => JSON.parse(JSON.stringify(value ?? null), (key, v) => (["since", "startedAt", "answeredAt"].includes(key) ? typeof v : v));

/** What the server says is what the client knows; of times it may know better than a new holder. */
async function assertRight(session: Session, as: (value: unknown) => unknown = (value) => value) {
  const fresh = link.restore(session.savedState);
  const server = await fresh.until((s) => s.connection === "live");
  fresh.stop();
  const mine = await session.until((s) => s.lastEventId === server.lastEventId && s.connection === "live");
  for (const field of ["agent", "calls", "link", "activities", "dn", "agentId", "mode", "doNotDisturb"] as const)
    assert.deepEqual(as(mine[field]), as(server[field]), field);
}

test("an agent's day", limit, async (t) => {
  const session = await agent(t, "4001");
  const names: string[] = [];
  session.subscribe((_, event) => event && names.push(event.name));
  await session.perform("SetAgentReady");
  await session.until(inState("Available"));
  await world.customerCalls("+4930123456", { customerId: "4711" });
  const ringing = (await session.until(callIs("Offering"))).calls[0]!;
  assert.equal(ringing.ani, "+4930123456");
  assert.deepEqual(ringing.variables, { customerId: "4711" });
  await session.perform("AnswerCall", { callId: ringing.callId });
  await session.until(callIs("Established"));
  await session.perform("HoldCall", { callId: ringing.callId });
  await session.until(callIs("Held"));
  await session.perform("RetrieveCall", { callId: ringing.callId });
  await session.until(callIs("Established"));
  await session.perform("HangUpCall");
  await session.until(inState("AfterCallWork"));
  await session.until(inState("Available"));
  assert.deepEqual(session.state.calls, []);
  assert.deepEqual(session.state.pending, []);
  await assertRight(session);
  for (const name of ["Available", "Offering", "Busy", "Established", "Held", "Retrieved", "Released", "AfterCallWork"])
    assert.ok(names.includes(name), `${name} in ${names}`);
});

test("what is refused tells why", limit, async (t) => {
  const session = await agent(t, "4001");
  await assert.rejects(session.perform("HoldCall", { callId: "no-such" }), { code: "NoSuchCall", status: 404, retryable: false });
  await assert.rejects(session.perform("AnswerCall"), { code: "NoAlertingCall" });
  await assert.rejects(new Link({ url: world.url, token: "wrong" }).info(), { code: "AuthenticationFailed", status: 401 });
  await assert.rejects(link.open({ agentId: "4002", login: { password: "wrong" } }), { code: "AuthenticationFailed", status: 403 });
  await assert.rejects(link.open({ agentId: "4006", dn: "1001" }), { code: "DeviceInUse" });
  await assert.rejects(link.open({ agentId: "4002", dn: "1001" }), { code: "Forbidden" });
  assert.deepEqual(session.state.pending, []);
});

test("a key acts once, also when it is used twice", limit, async (t) => {
  const session = await agent(t, "4001");
  const [first, again] = await Promise.all([1, 2].map(() => session.perform("MakeCall", { destinationNumber: "1009" }, { key: "call-1009" })));
  assert.equal(first!.requestId, again!.requestId);
  await session.until((s) => s.calls.length > 0);
  assert.equal(session.state.calls.length, 1);
  await session.perform("HangUpCall");
  await session.until((s) => s.calls.length === 0);
});

test("a second tab joins, and both end when one closes", limit, async (t) => {
  const session = await agent(t, "4001");
  const tab = await link.open({ agentId: "4001" });
  assert.equal(tab.joined, true);
  await tab.perform("SetAgentReady");
  await Promise.all([session, tab].map((s) => s.until(inState("Available"))));
  await tab.close({ logout: true });
  assert.equal(tab.state.endReason, "closed");
  await session.until((s) => s.connection === "ended");
  assert.equal(session.state.endReason, "closedElsewhere");
});

test("another desk takes over", limit, async (t) => {
  const session = await link.open({ agentId: "4006", dn: "1006" });
  await session.until((s) => s.connection === "live");
  await assert.rejects(link.open({ agentId: "4006", dn: "1007" }), { code: "DeviceInUse" });
  const moved = await link.open({ agentId: "4006", dn: "1007", takeOver: true });
  const told = await session.until((s) => s.connection === "ended");
  assert.deepEqual([told.endReason, told.trouble?.code], ["takenOver", "SessionTakenOver"]);
  await assert.rejects(session.perform("SetAgentReady"), { code: "SessionTakenOver", status: 410 });
  const colleague = await link.open({ agentId: "4007", dn: "1007", takeOver: true });
  t.after(() => colleague.close());
  await moved.until((s) => s.connection === "ended");
  assert.equal(moved.state.endReason, "takenOver");
});

test("a lost connection: nothing is missed", limit, async (t) => {
  const session = await agent(t, "4001");
  await session.perform("SetAgentReady");
  await session.until(inState("Available"));
  world.proxy.refuse();
  await session.until((s) => s.connection === "reconnecting");
  await world.customerCalls("+4930777", { customerId: "1" });
  await world.phone("1001", "answer");
  await world.phone("1001", "hold");
  world.proxy.admit();
  session.retryNow();
  await session.until(callIs("Held"));
  await assertRight(session);
  await session.perform("RetrieveCall", { callId: session.state.calls[0]!.callId });
  await session.until(callIs("Established"));
  await session.perform("HangUpCall");
});

test("a request that is cut off is sent again and acts once", limit, async (t) => {
  const session = await agent(t, "4001");
  const before = await dialled();
  world.proxy.hold(); // it arrives, and nobody hears the answer
  const done = session.perform("MakeCall", { destinationNumber: "1008" });
  await until(async () => (await dialled()) > before);
  world.proxy.cut();
  world.proxy.release();
  await done;
  await session.until((s) => s.calls.length === 1);
  assert.equal(await dialled(), before + 1);
  await session.perform("HangUpCall");
});

/** How many calls the switch was asked to make. */
async function dialled(): Promise<number> {
  const { requests } = await world.control("/v1/requests?after=0");
  return requests.filter((r: { request: string }) => r.request === "MakeCall").length;
}

async function until(condition: () => Promise<boolean>) {
  while (!(await condition())) await new Promise((done) => setTimeout(done, 20));
}

test("the runtime is killed in mid-call and comes again", limit, async (t) => {
  const session = await agent(t, "4001");
  await session.perform("SetAgentReady");
  await session.until(inState("Available"));
  await world.customerCalls("+4930888", { customerId: "2" });
  await session.until(callIs("Offering"));
  await session.perform("AnswerCall");
  const { lastEventId } = await session.until(callIs("Established"));
  await world.killRuntime();
  await session.until((s) => s.connection === "reconnecting");
  const held = session.perform("HoldCall", { callId: session.state.calls[0]!.callId });
  await world.phone("1001", "hold"); // somebody does it at the telephone meanwhile
  await world.startRuntime();
  await session.until(callIs("Held"));
  assert.notEqual(session.state.lastEventId.split("-")[0], lastEventId.split("-")[0]);
  assert.equal(session.state.calls[0]!.ani, "+4930888");
  assert.deepEqual(session.state.calls[0]!.variables, { customerId: "2" });
  await held; // nobody knows whether it was done, but the state shows it
  await assertRight(session, timeless);
  await session.perform("HangUpCall", { callId: session.state.calls[0]!.callId }).catch(() => session.perform("RetrieveCall", { callId: session.state.calls[0]!.callId }).then(() => session.perform("HangUpCall")));
});

test("what cannot be seen after a kill is unknown, and not done twice", limit, async (t) => {
  const session = await agent(t, "4001");
  const before = await dialled();
  world.proxy.hold(); // it arrives, and nobody hears the answer
  const asked = session.perform("MakeCall", { destinationNumber: "1007" });
  const outcome = assert.rejects(asked, (error) => error instanceof OutcomeUnknown && error instanceof CtilinkError);
  await until(async () => (await dialled()) > before);
  await world.killRuntime();
  world.proxy.cut();
  world.proxy.release();
  await world.startRuntime();
  await outcome;
  assert.equal(await dialled(), before + 1);
  await session.until((s) => s.connection === "live" && s.calls.length === 1);
  await session.perform("HangUpCall");
});

test("what is asked for while nobody is there is done once, or not at all", limit, async (t) => {
  const session = await agent(t, "4001");
  await world.killRuntime();
  const before = await dialled();
  // What it could not begin to send, Node may keep until somebody is there.
  const asked = session.perform("MakeCall", { destinationNumber: "1007" }).then(() => 1, (error) => (assert.ok(error instanceof OutcomeUnknown), 0));
  await world.startRuntime();
  const done = await asked;
  assert.equal(await dialled(), before + done);
  await session.until((s) => s.connection === "live" && s.calls.length === done);
  if (done) await session.perform("HangUpCall");
});

test("a reader that was held up for hundreds of events is right again", limit, async (t) => {
  const session = await agent(t, "4001");
  world.proxy.hold();
  for (let i = 0; i < 160; i++) {
    await world.customerCalls(`+49301${i}`, { note: "x".repeat(6000) }, { queue: undefined, to: "1001" });
    const { callId } = (await world.control("/v1/calls")).calls.at(-1);
    await world.control(`/v1/calls/${callId}/hangup`, {});
  }
  await world.customerCalls("+49309999", {}, { queue: undefined, to: "1001" });
  world.proxy.release();
  await session.until((s) => s.calls.some((c) => c.ani === "+49309999"));
  await assertRight(session);
});
