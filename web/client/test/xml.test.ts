import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventOf, problemIn } from "../src/portrait.ts";
import { all, child, escape, parse, text } from "../src/xml.ts";

const golden = join(process.env["CTILINK_ROOT"]!, "runtime/server/portrait/testdata");
const read = (file: string) => parse(readFileSync(join(golden, file), "utf8"));
const own = { dn: "1001", agentId: "4001" };

test("a document is elements and texts", () => {
  const of = parse('<?xml version="1.0" encoding="UTF-8"?>\n<A>\n  <B> 1 &lt;2&gt; &amp; &#8364;&#x20AC;&#9; </B>\n  <B/>\n  <C><D>x</D></C>\n</A>\n');
  assert.deepEqual(all(of, "B").map((b) => b.text), [" 1 <2> & €€\t ", ""]);
  assert.equal(text(child(of, "C"), "D"), "x");
  assert.equal(text(of, "E"), undefined);
  assert.equal(escape("<a & b>"), "&lt;a &amp; b&gt;");
});

test("what is no document is refused", () => {
  for (const wrong of ["", "x", "<A>", "<A></B>", "</A>", "<A/><B/>", "<A b='c'/>", "<!DOCTYPE x><A/>", "<A>", "<A><B></A></B>", "<html><br></html>"])
    assert.throws(() => parse(wrong), SyntaxError, wrong);
});

test("every event of the server's tests is one of the API", () => {
  const types = new Set<string>();
  for (const file of readdirSync(golden).filter((f) => f.endsWith(".event.xml"))) {
    const event = eventOf(child(read(file), "EVENTS")!.children[0]!, own);
    assert.equal(event.id, "7-3", file);
    assert.equal(event.at, "2026-01-01T09:00:00.000Z", file);
    types.add(event.type);
  }
  assert.deepEqual([...types].sort(), ["AgentState", "CallInfo", "CallState", "LinkState", "RequestFailed", "Snapshot"]);
});

test("nothing of an event gets lost", () => {
  const of = (name: string) => eventOf(child(read(`${name}.event.xml`), "EVENTS")!.children[0]!, own);
  const at = "2026-01-01T08:59:00.000Z";
  assert.deepEqual(of("AGENTSTATECHANGED").agent, {
    state: "Unavailable", reasonCode: "2", pendingState: "AfterCallWork", pendingReasonCode: "3", nativeState: "AUX",
    queues: [{ name: "support" }, { name: "sales", state: "Available" }], cause: "Supervisor", since: at, wrapUpEndsAt: at,
  });
  assert.deepEqual(of("AGENTSTATECHANGED").activities, ["LogoutAgent", "SetAgentReady"]);
  assert.deepEqual(of("INCOMINGCALL").call!.treatment, {
    rule: "gold", answer: "AfterDelay", delaySeconds: 3, claimed: false, screenPop: { url: "https://crm.example/?a=1&b=2" },
  });
  assert.deepEqual(of("INCOMINGCALL").call!.variables, { customerId: "4711", a: "<&> ü" });
  const { call, capabilities } = of("ESTABLISHCALL");
  assert.deepEqual([call!.muted, call!.networkReached, call!.startedAt, call!.answeredAt], [true, true, at, at]);
  assert.deepEqual(capabilities, { c0: [], c2: ["UnmuteCall"] });
  assert.deepEqual(of("REQUESTFAILED").failed, {
    activity: "MakeCall", requestId: "r-1", error: { code: "DestinationBusy", message: "busy", retryable: true },
  });
  const { snapshot } = of("STATENOW");
  assert.deepEqual(snapshot!.reasonCodes, { unavailable: [{ code: "1", label: "Lunch" }], logout: [{ code: "9" }], required: ["Unavailable", "Logout"] });
  assert.deepEqual([snapshot!.pool, snapshot!.openedAt, snapshot!.activities], ["sales", at, ["MakeCall", "SetAgentNotReady"]]);
  assert.deepEqual(of("CALLSTATECHANGED").previousCallIds, ["c1"]);
  assert.equal(of("CALLRELEASED").ended, true);
});

test("an error is a problem of the API", () => {
  const problem = problemIn(read("error.response.xml"))!;
  assert.deepEqual([problem.code, problem.retryable, problem.status, problem.detail], ["DestinationBusy", true, 503, "5 <busy>"]);
  assert.equal(problemIn(read("GETEVENTS.response.xml")), undefined);
});
