// Events through the Portrait front, against a real runtime and a simulated switch.
import assert from "node:assert/strict";
import { createServer, request as send, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test, type TestContext } from "node:test";
import { Link, placeOf, type Event, type Session, type State, type Way } from "../src/index.ts";
import { token, World } from "../../test/world.ts";

let world: World;
before(async () => {
  // An old client's names are not ours; the package does not mind.
  const portrait = { names: { GETEVENTS: "GetEvents", CLIENTID: "Client", STATENOW: "Now" } };
  world = await World.start({ switch: ["--wrap-up-time", "1s"], desktop: { portrait } });
});
after(() => world?.stop());

const limit = { timeout: 40_000 };
const by = (events: Way, url = world.url) => new Link({ url, token, events });
const live = (s: State) => s.connection === "live";
const inState = (state: string) => (s: State) => live(s) && s.agent.state === state;
const callIs = (state: string) => (s: State) => live(s) && s.calls.some((c) => c.state === state);

/** An agent who is logged in and read by polls; the session is closed with the test. */
async function agent(t: TestContext, link = by("poll"), agentId = "4001"): Promise<Session> {
  const session = await link.open({ agentId, login: { password: "secret" } });
  t.after(() => session.close({ logout: true }).catch(() => session.stop()));
  await session.until(live);
  return session;
}

async function ready(session: Session) {
  await session.perform("SetAgentReady");
  await session.until(inState("Available"));
}

/** All events from now on. */
function heard(session: Session): Event[] {
  const events: Event[] = [];
  session.subscribe((_, event) => event && events.push(event));
  return events;
}

/** The same in the API's words: times to the millisecond, lists of what is possible in one order. */
function plain(value: any): any {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value)) return Date.parse(value);
  if (Array.isArray(value)) return value.every((v) => typeof v === "string") ? [...value].sort() : value.map(plain);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  return value;
}

/** None is missing and none came twice: the numbers of each epoch have no gaps. */
function assertWhole(events: Event[]) {
  for (const [i, event] of events.entries()) {
    const [last, now] = [placeOf(events[i - 1]?.id ?? event.id), placeOf(event.id)];
    if (i === 0) continue;
    if (event.type === "Snapshot") assert.ok(now.epoch !== last.epoch || now.sequence > last.sequence, `${event.id} after ${events[i - 1]!.id}`);
    else assert.deepEqual(now, { epoch: last.epoch, sequence: last.sequence + 1 }, `${event.id} after ${events[i - 1]!.id}`);
  }
}

/** What the server says is what the client knows. */
async function assertRight(session: Session) {
  const fresh = by("stream").restore(session.savedState);
  const server = await fresh.until(live);
  fresh.stop();
  const mine = await session.until((s) => s.lastEventId === server.lastEventId && live(s));
  for (const field of ["agent", "calls", "link", "activities", "reasonCodes", "session", "pool", "dn", "agentId", "mode", "doNotDisturb", "openedAt"] as const)
    assert.deepEqual(plain(mine[field]), plain(server[field]), field);
}

test("a day by polls is the day of the stream, event for event", limit, async (t) => {
  const session = await agent(t);
  const streamed = by("stream").restore(session.savedState);
  t.after(() => streamed.stop());
  await streamed.until(live);
  const [polls, stream] = [heard(session), heard(streamed)];
  await ready(session);
  await world.customerCalls("+4930123456", { customerId: " <4711> & €", empty: "" });
  await session.until(callIs("Offering"));
  await session.perform("AnswerCall");
  const { callId } = (await session.until(callIs("Established"))).calls[0]!;
  await session.perform("MuteCall", { callId });
  await session.until((s) => s.calls[0]?.muted === true);
  await session.perform("UnmuteCall", { callId });
  await session.until((s) => !s.calls[0]?.muted);
  await session.perform("AttachData", { callId, variables: { topic: "two\nlines" } });
  await session.until((s) => s.calls[0]?.variables?.["topic"] === "two\nlines");
  await session.perform("ConferenceInitiate", { callId, destinationNumber: "1009" });
  await session.until((s) => live(s) && s.calls.length === 2);
  await assertRight(session);
  await session.perform("CancelConference");
  await session.until((s) => s.calls.length === 1 && s.calls[0]!.state === "Established");
  await session.perform("HangUpCall");
  await session.until(inState("AfterCallWork"));
  await session.until(inState("Available"));
  await assertRight(session);
  await streamed.until((s) => s.lastEventId === session.state.lastEventId);
  assert.ok(polls.length > 12, `${polls.length} events`);
  assertWhole(polls);
  assert.deepEqual(polls.map(plain), stream.map(plain));
});

test("a lost connection, and answers that are lost: no event is missed or comes twice", limit, async (t) => {
  const session = await agent(t);
  const events = heard(session);
  await ready(session);
  world.proxy.refuse();
  await session.until((s) => s.connection === "reconnecting");
  await world.customerCalls("+4930777", { customerId: "1" });
  await world.phone("1001", "answer");
  await world.phone("1001", "hold");
  world.proxy.admit();
  session.retryNow();
  await session.until(callIs("Held"));
  world.proxy.hold(); // the answer is on its way, and does not arrive
  await world.phone("1001", "retrieve");
  await until(async () => (await world.control("/v1/calls")).calls.length === 1);
  world.proxy.cut();
  world.proxy.release();
  await session.until(callIs("Established"));
  await assertRight(session);
  assertWhole(events);
  for (const name of ["Offering", "Held", "Retrieved"]) assert.equal(events.filter((e) => e.name === name).length, 1, name);
  assert.ok(!events.slice(1).some((e) => e.type === "Snapshot"), "it went on where it was");
  await session.perform("HangUpCall");
});

async function until(condition: () => Promise<boolean>) {
  while (!(await condition())) await new Promise((done) => setTimeout(done, 20));
}

test("the runtime is killed in mid-call and comes again", limit, async (t) => {
  const session = await agent(t);
  const events = heard(session);
  await ready(session);
  await world.customerCalls("+4930888", { customerId: "2" });
  await session.until(callIs("Offering"));
  await session.perform("AnswerCall");
  const { lastEventId } = await session.until(callIs("Established"));
  await world.killRuntime();
  await session.until((s) => s.connection === "reconnecting");
  await world.phone("1001", "hold");
  await world.startRuntime();
  await session.until(callIs("Held"));
  assert.notEqual(placeOf(session.state.lastEventId).epoch, placeOf(lastEventId).epoch);
  assert.deepEqual(session.state.calls[0]!.variables, { customerId: "2" });
  const { callId } = session.state.calls[0]!;
  await session.perform("RetrieveCall", { callId });
  await session.until(callIs("Established"));
  await session.perform("HangUpCall", { callId });
  await session.until((s) => s.calls.length === 0);
  await assertRight(session);
  assertWhole(events);
});

test("many events at once are no reason to be refused", limit, async (t) => {
  const session = await agent(t);
  const events = heard(session);
  const connections = new Set<string>();
  session.subscribe((s) => connections.add(s.connection));
  for (let i = 0; i < 150; i++) {
    await world.customerCalls(`+49301${i}`, {}, { queue: undefined, to: "1001" });
    const { callId } = (await world.control("/v1/calls")).calls.at(-1);
    await world.control(`/v1/calls/${callId}/hangup`, {});
  }
  await session.until((s) => s.calls.length === 0 && events.filter((e) => e.ended).length === 150);
  assert.deepEqual([...connections], ["live"]);
  assertWhole(events);
  assert.equal(events.filter((e) => e.name === "Offering").length, 150);
});

test("who closes a session or takes it over is told", limit, async (t) => {
  const session = await agent(t, by("poll"), "4002");
  const other = await by("stream").open({ agentId: "4002" });
  await other.close({ logout: true });
  assert.equal((await session.until((s) => s.connection === "ended")).endReason, "closedElsewhere");
  const moved = await by("poll").open({ agentId: "4006", dn: "1006" });
  await moved.until(live);
  const desk = await by("poll").open({ agentId: "4006", dn: "1007", takeOver: true });
  t.after(() => desk.close());
  assert.equal((await moved.until((s) => s.connection === "ended")).endReason, "takenOver");
});

test("a wrong token is told", limit, async (t) => {
  const session = await agent(t);
  const stranger = new Link({ url: world.url, token: "wrong", events: "poll" }).restore(session.savedState);
  assert.equal((await stranger.until((s) => s.connection === "unauthorized")).trouble?.code, "AuthenticationFailed");
});

/** A proxy as there are many: an answer goes on when all of it is there. */
async function buffering(): Promise<{ url: string; server: Server }> {
  const server = createServer((from, to) => {
    const passed = send(world.url + from.url, { method: from.method, headers: from.headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => to.writeHead(answer.statusCode!, answer.headers).end(Buffer.concat(pieces)));
    });
    passed.on("error", () => to.destroy());
    to.on("close", () => passed.destroy());
    from.pipe(passed);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

test("behind a proxy that keeps streams back polls take their place", limit, async (t) => {
  const { url, server } = await buffering();
  const session = await agent(t, by("auto", url)); // live after ten seconds without a word
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const events = heard(session);
  await ready(session);
  await world.customerCalls("+4930999");
  await session.until(callIs("Offering"));
  await session.perform("AnswerCall");
  await session.until(callIs("Established"));
  await assertRight(session);
  assertWhole(events);
  await session.perform("HangUpCall");
});
