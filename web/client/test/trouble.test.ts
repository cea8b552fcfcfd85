// What the client makes of answers that a runtime in good health does not give.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Link, OutcomeUnknown, type Session, type State } from "../src/index.ts";
import { silence } from "../src/stream.ts";
import { call, event, snapshot } from "./samples.ts";

type Answer = (request: { method: string; headers: Record<string, string>; signal?: AbortSignal }) => Response;

/** A server that answers each path with the next of its answers, and then with the last one again. */
function server(answers: Record<string, Answer[]>) {
  const asked: string[] = [];
  const fetch = (async (url: string, init: any) => {
    const path = `${init.method} ${url}`;
    asked.push(path);
    const list = answers[path] ?? [() => problem(404, "InvalidRequest")];
    init.signal?.throwIfAborted();
    return (list.length > 1 ? list.shift()! : list[0]!)(init);
  }) as typeof globalThis.fetch;
  return { asked, fetch };
}

const json = (status: number, body: object, type = "application/json") =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": type } });
const problemOf = (status: number, code: string) => ({ code, message: code, status, retryable: status >= 500, severity: "Fail", title: "", type: "" });
const problem = (status: number, code: string) => json(status, problemOf(status, code), "application/problem+json");
const proxyPage = (status: number) => new Response("<h1>nginx</h1>", { status, headers: { "Content-Type": "text/html" } });

/** A stream that says what it is given, and then nothing more until it is cut. */
const stream = (...events: object[]): Answer => ({ signal }) => {
  const text = "retry: 1\n\n" + events.map((e) => `event: ${"code" in e ? "End" : "any"}\ndata: ${JSON.stringify(e)}\n\n`).join("");
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      signal?.addEventListener("abort", () => controller.error(signal.reason));
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
};

const begin = stream(event({ id: "9-5", type: "Snapshot", name: "Snapshot", snapshot: snapshot({}) }));
const saved = { session: "4001", sessionToken: "old", dn: "1001", agentId: "4001" };
const events = "GET /v1/sessions/4001/events";
const limit = { timeout: 20_000 };

function restore(t: { after(f: () => void): void }, fetch: typeof globalThis.fetch, token: string | (() => string) = "t"): Session {
  const session = new Link({ fetch, token }).restore(saved);
  t.after(() => session.stop());
  return session;
}

const live = (s: State) => s.connection === "live";
const over = (s: State) => s.connection === "ended" || s.connection === "unauthorized";

test("who cannot be reached is named, with the reason where there is one", async () => {
  const failing = (cause: unknown) => (async () => { throw new TypeError("fetch failed", { cause }); }) as unknown as typeof globalThis.fetch;
  const untrusted = failing(new Error("self-signed certificate"));
  const cases: [{ url?: string; fetch: typeof globalThis.fetch }, string][] = [
    [{ url: "https://cti.example", fetch: untrusted }, "the server cannot be reached at https://cti.example: self-signed certificate"],
    [{ url: "https://cti.example", fetch: failing(undefined) }, "the server cannot be reached at https://cti.example"],
    [{ fetch: failing(undefined) }, "the server cannot be reached"],
    [{ url: "cti.example:8443", fetch: failing(undefined) }, "the server cannot be reached: url must begin with https:// or http://"],
  ];
  for (const [options, message] of cases) await assert.rejects(new Link(options).info(), { name: "Unreachable", message });
});

test("what passes is waited for", limit, async (t) => {
  const cases: [string, Answer][] = [
    ["no pod", () => problem(503, "LinkDown")],
    ["too many", () => problem(429, "Overloaded")],
    ["a proxy that knows no pod", () => proxyPage(502)],
    ["a proxy that knows no path", () => proxyPage(404)],
    ["no network", () => { throw new TypeError("fetch failed"); }],
  ];
  for (const [name, answer] of cases) {
    const { fetch, asked } = server({ [events]: [begin, answer, begin] });
    const session = restore(t, fetch);
    await session.until(live);
    session.stop();
    session.start();
    await session.until((s) => s.connection === "reconnecting");
    session.retryNow();
    await session.until(live);
    assert.equal(asked.length, 3, name);
    session.stop();
  }
});

test("what does not pass ends the session, and says why", limit, async (t) => {
  const cases: [number, string, [State["connection"], State["endReason"]]][] = [
    [401, "AuthenticationFailed", ["unauthorized", undefined]],
    [404, "InvalidRequest", ["ended", "closedElsewhere"]],
    [404, "UnknownDevice", ["ended", "refused"]],
    [409, "DeviceInUse", ["ended", "takenOver"]],
    [410, "SessionTakenOver", ["ended", "takenOver"]],
  ];
  for (const [status, code, want] of cases) {
    const { fetch } = server({ [events]: [() => problem(status, code)] });
    const state = await restore(t, fetch).until(over);
    assert.deepEqual([state.connection, state.endReason, state.trouble?.code], [...want, code], `${status} ${code}`);
  }
});

test("a take-over ends the session, whatever tells of it first", limit, async (t) => {
  const taken = () => problem(410, "SessionTakenOver");
  const path = "/v1/sessions/4001";
  const cases: [string, Record<string, Answer[]>, (session: Session) => Promise<unknown>][] = [
    ["the stream", { [events]: [stream(event({ id: "9-5", type: "Snapshot", name: "Snapshot", snapshot: snapshot({}) }), problemOf(410, "SessionTakenOver"))] }, (s) => s.until(over)],
    ["a request", { [events]: [begin], [`POST ${path}/activities/HoldCall`]: [taken] }, (s) => assert.rejects(s.perform("HoldCall", { callId: "1" }), { code: "SessionTakenOver", status: 410 })],
    ["closing", { [events]: [begin], [`DELETE ${path}?`]: [taken] }, (s) => s.close()],
  ];
  for (const [name, answers, happens] of cases) {
    const { fetch, asked } = server(answers);
    const session = restore(t, fetch);
    if (name !== "the stream") await session.until(live);
    await happens(session);
    assert.deepEqual([session.state.connection, session.state.endReason, session.state.trouble?.code], ["ended", "takenOver", "SessionTakenOver"], name);
    assert.equal(asked.filter((asked) => asked === events).length, 1, name);
    assert.deepEqual(session.state.pending, [], name);
  }
});

test("a page that came without TLS asks for activities like any other", limit, async (t) => {
  t.mock.method(crypto, "randomUUID", () => assert.fail("such a page has none"));
  const { fetch, asked } = server({ [events]: [begin], "POST /v1/sessions/4001/activities/HoldCall": [() => json(202, { requestId: "r", activity: "HoldCall", accepted: true })] });
  const session = restore(t, fetch);
  await session.until(live);
  assert.equal((await session.perform("HoldCall", { callId: "1" })).accepted, true);
  assert.equal(asked.length, 2);
});

test("a session token that is too old: the session is opened anew, nobody is logged in", limit, async (t) => {
  const opened = { session: "4001", sessionToken: "new", joined: false, snapshot: snapshot({}) };
  const { fetch, asked } = server({ [events]: [() => problem(403, "Forbidden"), begin], "POST /v1/sessions": [() => json(201, opened)] });
  const session = restore(t, fetch);
  await session.until(live);
  assert.equal(session.savedState.sessionToken, "new");
  assert.deepEqual(asked, [events, "POST /v1/sessions", events]);
});

test("a token that has changed is asked for once more", limit, async (t) => {
  const tokens = ["old", "new"];
  const needsNew: Answer = ({ headers, ...rest }) => (headers["Authorization"] === "Bearer new" ? begin({ headers, ...rest }) : problem(401, "AuthenticationFailed"));
  const { fetch } = server({ [events]: [needsNew] });
  await restore(t, fetch, () => tokens.shift() ?? "new").until(live);
});

test("a token that cannot be one is refused before it is sent", limit, async () => {
  const { fetch, asked } = server({});
  await assert.rejects(new Link({ fetch, token: "abc…" }).info(), { code: "AuthenticationFailed", status: 401 });
  assert.deepEqual(asked, []);
});

test("an outcome that nobody knows is looked up in the state", limit, async (t) => {
  const hold = "POST /v1/sessions/4001/activities/HoldCall";
  for (const state of ["Held", "Established"]) {
    const now = snapshot({ lastEventId: "9-6", calls: [call({ state })] });
    const body = { code: "OutcomeUnknown", message: "?", status: 409, retryable: false, severity: "Fail", title: "", type: "", snapshot: now };
    const { fetch, asked } = server({ [events]: [begin], [hold]: [() => json(409, body, "application/problem+json")] });
    const session = restore(t, fetch);
    await session.until(live);
    const asking = session.perform("HoldCall", { callId: "1" });
    if (state === "Held") assert.equal((await asking).accepted, true);
    else await assert.rejects(asking, OutcomeUnknown);
    assert.equal(session.state.calls[0]!.state, state);
    assert.equal(asked.filter((path) => path === hold).length, 1);
  }
});

test("an event that is missing makes the stream begin anew", limit, async (t) => {
  const lost = stream(event({ id: "9-5", type: "Snapshot", name: "Snapshot", snapshot: snapshot({}) }), event({ id: "9-7", type: "LinkState", name: "LinkDown" }));
  const lastIds: (string | undefined)[] = [];
  const noting = (answer: Answer): Answer => (request) => (lastIds.push(request.headers["Last-Event-ID"]), answer(request));
  const { fetch } = server({ [events]: [noting(lost), noting(begin)] });
  const session = restore(t, fetch);
  await session.until((s) => s.connection === "reconnecting");
  session.retryNow();
  await session.until(live);
  assert.deepEqual(lastIds, [undefined, undefined]);
  assert.equal(session.state.link, "LinkUp");
});

test("a stream that falls silent is left", limit, async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { fetch, asked } = server({ [events]: [begin] });
  const session = restore(t, fetch);
  await session.until(live);
  t.mock.timers.tick(silence);
  await session.until((s) => s.connection === "reconnecting");
  session.retryNow();
  await session.until(live);
  assert.equal(asked.length, 2);
});

test("a mistake in a listener is not the stream's", limit, async (t) => {
  const { fetch } = server({ [events]: [begin] });
  const thrown = t.mock.method(globalThis, "queueMicrotask", () => undefined).mock;
  const session = restore(t, fetch);
  session.subscribe(() => {
    throw new Error("mine");
  });
  await session.until(live);
  assert.throws(thrown.calls[0]!.arguments[0]!, /mine/);
});
