// How often a request arrives when connections break: by Node's own fetch, at a server that counts.
// Browsers send it again by themselves, which only the key makes harmless.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { Link, OutcomeUnknown, type Session } from "../src/index.ts";
import { event, snapshot } from "./samples.ts";

const limit = { timeout: 20_000 };

/** How a connection ends on which a request came. */
const breaks: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  "when its head is there": (request) => request.socket.destroy(),
  "when it is there": (request) => request.resume().on("end", () => request.socket.destroy()),
  "by a reset": (request) => request.resume().on("end", () => request.socket.resetAndDestroy()),
  "in mid-answer": (request, response) => request.resume().on("end", () => (response.socket!.write("HTTP/1.1 202 Acc"), response.socket!.destroy())),
  "in the answer's body": (request, response) =>
    request.resume().on("end", () => (response.writeHead(202, { "Content-Length": 100 }).write("{"), setImmediate(() => request.socket.destroy()))),
};

/**
 * A runtime whose stream and snapshots are as they should be, and whose first answer to an activity is
 * broken off. `then` is the epoch that snapshots are of from then on.
 */
async function server(t: TestContext, then: number, breakOff: (request: IncomingMessage, response: ServerResponse) => void) {
  const keys: unknown[] = [];
  const http = createServer((request, response) => {
    if (request.url!.endsWith("/events")) {
      const first = event({ id: "9-5", type: "Snapshot", name: "Snapshot", snapshot: snapshot({}) });
      response.writeHead(200, { "Content-Type": "text/event-stream" }).write(`event: Snapshot\ndata: ${JSON.stringify(first)}\n\n`);
    } else if (request.method === "POST") {
      if (keys.push(request.headers["idempotency-key"]) === 1) return breakOff(request, response);
      response.writeHead(202, { "Content-Type": "application/json" }).end(JSON.stringify({ requestId: "r", activity: "MakeCall", accepted: true }));
    } else {
      const epoch = keys.length > 0 ? then : 9;
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(snapshot({ lastEventId: `${epoch}-5` })));
    }
  });
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  t.after(() => (http.closeAllConnections(), http.close()));
  const link = new Link({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, token: "t" });
  const session = link.restore({ session: "4001", sessionToken: "T", dn: "1001", agentId: "4001" });
  t.after(() => session.stop());
  await session.until((s) => s.connection === "live");
  await session.refresh(); // its connection is kept for the next request
  return { keys, link, session };
}

const dial = (session: Session) => session.perform("MakeCall", { destinationNumber: "1007" });

for (const [name, breakOff] of Object.entries(breaks)) {
  test(`a connection that breaks ${name}: another process is not asked again`, limit, async (t) => {
    const { keys, session } = await server(t, 10, breakOff);
    await assert.rejects(dial(session), OutcomeUnknown);
    assert.equal(keys.length, 1);
  });

  test(`a connection that breaks ${name}: the same process is asked again with the same key`, limit, async (t) => {
    const { keys, session } = await server(t, 9, breakOff);
    await dial(session);
    assert.equal(keys.length, 2);
    assert.ok(keys[0]);
    assert.equal(keys[0], keys[1]);
  });
}

test("a log-out without a session has a key, and is sent once", limit, async (t) => {
  const { keys, link } = await server(t, 9, breaks["when it is there"]!);
  await assert.rejects(link.logoutAgent("4001"));
  assert.equal(keys.length, 1);
  assert.ok(keys[0]);
});
