// What polls make of answers that a runtime in good health does not give.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Link, type Session, type State, type Way } from "../src/index.ts";
import { firstWord } from "../src/ways.ts";

type Answer = string | number | Error | Promise<string>;

const saved = { session: "4001", sessionToken: "T", dn: "1001", agentId: "4001" };
const limit = { timeout: 20_000 };
const live = (s: State) => s.connection === "live";

const answer = (inner: string, status = "OK") => `<?xml version="1.0" encoding="UTF-8"?>\n<RESPONSE><STATUS>${status}</STATUS>${inner}</RESPONSE>`;
const snapshot = "<SNAPSHOT><LINKSTATE>LinkUp</LINKSTATE><DN>1001</DN><AGENTID>4001</AGENTID><MODE>Full</MODE></SNAPSHOT>";
const known = (id: string) => answer(`<CLIENTID>${id}</CLIENTID>${snapshot}<LAST>0</LAST>`);
const events = (last: string, inner = "") => answer(`<EVENTS>${inner}</EVENTS><LAST>${last}</LAST>`);
const now = (id: string) => events(id, `<STATENOW><EVENTID>${id}</EVENTID><EVENT>Snapshot</EVENT>${snapshot}</STATENOW>`);
const refused = (code: string, first = "", retryable = false) =>
  answer(`<ERROR><CODE>${code}</CODE><RETRYABLE>${retryable}</RETRYABLE><MESSAGE>${code}</MESSAGE>${first && `<SENDFIRST>${first}</SENDFIRST>`}</ERROR>`, "FAIL");

/** An answer that does not come. */
const never = new Promise<string>(() => undefined);

/** A stream of which no word gets through. */
const mute = (signal: AbortSignal) =>
  new Response(new ReadableStream({ start: (c) => signal.addEventListener("abort", () => c.error(signal.reason)) }), {
    headers: { "Content-Type": "text/event-stream" },
  });

/** A server that answers by a script, and keeps what it was asked. After the script nothing comes. */
function script(...answers: Answer[]) {
  const asked: string[] = [];
  const fetch = (async (url: string, init: RequestInit) => {
    if (!url.startsWith("/portrait")) return mute(init.signal!);
    asked.push(String(init.body).replace(/<\/\w+>/g, "").replace(/</g, " ").trim());
    const next = answers.shift() ?? never;
    if (next instanceof Error) throw next;
    if (typeof next === "number") return new Response("<h1>a proxy</h1>", { status: next, headers: { "Content-Type": "text/html" } });
    const gone = new Promise<never>((_, fail) => init.signal!.addEventListener("abort", () => fail(init.signal!.reason)));
    return new Response(await Promise.race([next, gone]), { headers: { "Content-Type": "text/xml; charset=UTF-8" } });
  }) as typeof globalThis.fetch;
  return { asked, fetch };
}

function restore(t: TestContext, fetch: typeof globalThis.fetch, way: Way = "poll"): Session {
  const session = new Link({ fetch, token: "t", events: way }).restore(saved);
  t.after(() => session.stop());
  return session;
}

/** Waits until so many requests were made. */
async function until(asked: string[], requests: number) {
  while (asked.length < requests) await new Promise((done) => setImmediate(done));
}

const join = "CTICLIENTINITIALIZE> SESSIONTOKEN>T EXTRAEVENTS>true";
const poll = (id: string, wait: number, ack: string) => `GETEVENTS> CLIENTID>${id} WAIT>${wait} ACK>${ack}`;
const down = new TypeError("fetch failed");

test("an answer that was lost is asked for again, with the same ACK", limit, async (t) => {
  const { fetch, asked } = script(known("A"), now("9-5"), down, events("9-5"));
  const session = restore(t, fetch);
  await session.until((s) => s.connection === "reconnecting");
  session.retryNow();
  await until(asked, 5);
  assert.deepEqual(asked, [join, poll("A", 0, "0"), poll("A", 20, "9-5"), poll("A", 0, "9-5"), poll("A", 20, "9-5")]);
  assert.ok(live(session.state));
});

test("however much happens, a session is not asked more often than it may be", limit, async (t) => {
  const { fetch, asked } = script(known("A"), ...Array.from({ length: 8 }, (_, i) => now(`9-${i + 1}`)));
  const begun = Date.now();
  restore(t, fetch);
  await until(asked, 9);
  assert.ok(Date.now() - begun > 7 * 50, "20 polls a second are too many: activities need some");
});

test("after down time it reconnects", limit, async (t) => {
  const { fetch, asked } = script(known("A"), now("9-5"), refused("InvalidState", "CTICLIENTRECONNECT"), known("B"), now("10-1"));
  const session = restore(t, fetch);
  await session.until((s) => s.lastEventId === "10-1");
  await until(asked, 6);
  assert.deepEqual(asked.slice(3), ["CTICLIENTRECONNECT> CLIENTID>A", poll("B", 0, "0"), poll("B", 20, "10-1")]);
});

test("while the CTI server is away it is known all the same", limit, async (t) => {
  const { fetch, asked } = script(
    known("A"), now("9-5"), refused("InvalidState", "CTICLIENTRECONNECT"), refused("LinkDown", "", true), known("B"), now("10-1"),
  );
  await restore(t, fetch).until((s) => s.lastEventId === "10-1");
  assert.deepEqual(asked.slice(3, 5), ["CTICLIENTRECONNECT> CLIENTID>A", join]);
});

test("an ACK that is not known there: everything comes again", limit, async (t) => {
  const { fetch, asked } = script(known("A"), now("9-5"), refused("InvalidRequest"), now("9-7"));
  await restore(t, fetch).until((s) => s.lastEventId === "9-7");
  assert.equal(asked[3], poll("A", 0, "0"));
});

test("a refusal that does not end is no hurry", limit, async (t) => {
  const no = refused("InvalidState", "CTICLIENTINITIALIZE");
  const { fetch, asked } = script(known("A"), no, known("B"), no);
  const session = restore(t, fetch);
  assert.equal((await session.until((s) => s.connection === "ended")).endReason, "closedElsewhere");
  assert.equal(asked.length, 4);
});

test("polls only as long as they work: what is wrong the stream says", limit, async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { fetch, asked } = script(404, known("A"), now("9-5"), down);
  const session = restore(t, fetch, "auto");
  const silent = async () => {
    await new Promise((done) => setImmediate(done));
    t.mock.timers.tick(firstWord);
  };
  await silent();
  await session.until((s) => s.connection === "reconnecting");
  assert.match(session.state.trouble!.message, /neither a stream nor polls get through/);
  session.retryNow();
  await silent();
  await session.until(live);
  await silent(); // until the next poll
  await session.until((s) => s.connection === "reconnecting" && s.lastEventId === "9-5");
  session.retryNow();
  await until(asked, 5); // by polls at once: they have worked
  assert.equal(asked[4], poll("A", 0, "9-5"));
});
