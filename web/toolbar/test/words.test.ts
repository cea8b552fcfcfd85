import assert from "node:assert/strict";
import { test } from "node:test";
import { CtilinkError, OutcomeUnknown, Unreachable, type Call, type Event } from "@ctilink/client";
import { call, event } from "../../client/test/samples.ts";
import { span } from "../src/time.ts";
import { speak, texts } from "../src/language.ts";
import { de } from "../src/texts/de.ts";
import { en } from "../src/texts/en.ts";
import { explain, happened, kind, meanwhile, other } from "../src/words.ts";

const customer = "+4930123456";
const party = (dn: string | undefined, role: "Agent" | "Customer" | "Consulted" | "Observer" = "Agent") => ({ id: dn ?? "x", dn, role });

test("who is at the other end, and what kind of call it is", () => {
  const cases: [string, Partial<Call>, string, string][] = [
    ["a customer", { ani: customer, dnis: "5000", parties: [party(customer, "Customer"), party("1001")] }, customer, "Incoming call"],
    ["dialling", { callType: "OUTBOUND", ani: "1001", dnis: customer }, customer, "Outgoing call"],
    ["a withheld number", { parties: [party(undefined, "Customer"), party("1001")] }, "Number withheld", "Incoming call"],
    ["a colleague who asks", { callType: "CONSULT", offeredBy: "Consult", ani: "1002", dnis: "1001", parties: [party("1002"), party("1001")] }, "1002", "A colleague asks you"],
    ["what the colleague handed on", { callType: "CONSULT", offeredBy: "Consult", ani: "1002", dnis: "1001", parties: [party(customer), party("1001")] }, customer, "Transferred to you by 1002"],
    ["a blind transfer", { callType: "CONSULT", offeredBy: "BlindTransfer", ani: customer, parties: [party(customer), party("1001")] }, customer, "Transferred to you"],
    ["asking a colleague", { callType: "CONSULT", ani: "1001", dnis: "1002", parties: [party("1001"), party("1002", "Consulted")] }, "1002", "You ask a colleague"],
    ["a conference", { parties: [party(customer), party("1001"), party("1002")] }, "Conference of 3", "Incoming call"],
    ["a supervisor who listens", { ani: customer, parties: [party(customer), party("1001"), party("1009", "Observer")] }, customer, "Incoming call"],
  ];
  for (const [name, c, wantOther, wantKind] of cases)
    assert.deepEqual([other(call(c), "1001"), kind(call(c), "1001")], [wantOther, wantKind], name);
});

test("what just happened, in words", () => {
  const with_ = call({ ani: customer, queue: "5000" });
  const codes = { unavailable: [{ code: "1", label: "Lunch" }], logout: [], required: [] };
  const agent = { since: "2025-01-01T10:00:00Z" };
  const cases: [Partial<Event>, string | undefined][] = [
    [{ name: "Offering", call: with_ }, `${customer} is calling for 5000`],
    [{ name: "Abandoned", ended: true, call: with_ }, `${customer} hung up before the answer`],
    [{ name: "Released", ended: true, cause: "LostInResync", call: with_ }, `The call with ${customer} ended while the connection was lost`],
    [{ name: "Transferred", ended: true, call: with_ }, `${customer} was transferred`],
    [{ name: "Transferred", call: with_ }, `You are connected with ${customer}`],
    [{ type: "AgentState", agent: { ...agent, state: "Unavailable", reasonCode: "1", cause: "Supervisor" } }, "You are unavailable – Lunch (by a supervisor)"],
    [{ type: "AgentState", agent: { ...agent, state: "Unavailable", reasonCode: "77" } }, "You are unavailable – 77"],
    [{ type: "AgentState", agent: { ...agent, state: "AfterCallWork", cause: "System" } }, "You are in wrap-up"],
    [{ type: "AgentState", agent: { ...agent, state: "Busy" } }, undefined],
    [{ type: "LinkState", name: "LinkDown" }, "The telephone system cannot be reached"],
    [{ type: "CallInfo", name: "CallInfo", call: with_ }, undefined],
  ];
  for (const [e, want] of cases) assert.equal(happened(event(e), "1001", codes), want);
});

test("who comes into a conference and who leaves it", () => {
  const [me, anna, ben] = [party("1001"), party(customer, "Customer"), party("1002")];
  const cases: [string, Call["parties"], Call["parties"], string | undefined][] = [
    ["one leaves", [me, anna, ben], [me, anna], "1002 has left the conference"],
    ["one comes", [me, anna], [me, anna, ben], "1002 is in the conference now"],
    ["a party's state changes", [me, anna], [me, anna], undefined],
    ["the other end becomes known", [me], [me, anna], undefined],
  ];
  for (const [name, before, now, want] of cases)
    assert.equal(happened(event({ type: "PartyInfo", name: "PartyInfo", call: call({ parties: now }) }), "1001", undefined, [call({ parties: before })]), want, name);
});

test("an error says what was tried, what happened and what to do; the details say the rest", () => {
  const cases: [CtilinkError, string | undefined, string][] = [
    [new CtilinkError("DestinationBusy", "busy", 409), "MakeCall", "Call: The line is busy."],
    [new CtilinkError("AuthenticationFailed", "no", 401), undefined, "Your access token was not accepted."],
    [new CtilinkError("AuthenticationFailed", "no", 403), "LoginAgent", "Log in: Your password was not accepted."],
    [new CtilinkError("Forbidden", "no", 403), undefined, "You may not do this."],
    [new Unreachable("no"), undefined, "The server cannot be reached."],
    [new Unreachable("no", 502), undefined, "The server cannot be reached."],
    [new CtilinkError("Timeout", "what failed after it was accepted has no status"), "HoldCall", "Hold: The telephone system did not answer in time."],
    [new OutcomeUnknown("broke"), "HoldCall", "Hold: The connection broke while this was being done."],
    [new CtilinkError("NoSuchCode" as never, "what?", 418), undefined, "Something went wrong."],
  ];
  for (const [error, activity, title] of cases) assert.equal(explain(error, activity).title, title);
  assert.match(explain(cases[0]![0]).detail, /DestinationBusy · busy/);
});

test("what happened while nothing was told: calls that ended and calls that ring, none that goes on", () => {
  const a = call({ callId: "a", interactionId: "1", ani: "+491", state: "Established" });
  const b = call({ callId: "b", interactionId: "2", ani: "+492", state: "Held" });
  const moved = call({ callId: "c", interactionId: "1", ani: "+491", state: "Established" });
  const rings = call({ callId: "d", interactionId: "3", ani: "+493", queue: "5000", state: "Offering" });
  const cases: [string, Call[], Call[], string[]][] = [
    ["nothing", [a, b], [a, b], []],
    ["one ended", [a, b], [a], ["The call with +492 ended while the connection was lost"]],
    ["one began", [a], [a, rings], ["+493 is calling for 5000"]],
    ["one was transferred", [a], [moved], []],
    ["one began and was answered elsewhere at the desk", [], [a], []],
  ];
  for (const [name, before, now, want] of cases) assert.deepEqual(meanwhile(before, now, "1001"), want, name);
});

test("the first wanted language that is known is spoken, else English", () => {
  const cases: [string[], string][] = [[["de-AT", "en"], "de"], [["fr", "en-GB", "de"], "en"], [["", "xx"], "en"], [["EN"], "en"], [["constructor"], "en"]];
  for (const [wanted, want] of cases) {
    assert.equal(speak(wanted), want);
    assert.equal(texts, want === "de" ? de : en);
  }
});

test("every text is translated, with the same things in it", () => {
  const same = ["agent", "team", "name", "agentOf"]; // the same in German
  const walk = (english: any, german: any, path: string) => {
    for (const key of Object.keys({ ...english, ...german })) {
      const [one, other] = [english[key], german[key]];
      assert.equal(typeof one, typeof other, `${path}${key}`);
      if (typeof one === "object") walk(one, other, `${path}${key}.`);
      else if (typeof one === "string") assert.ok(one !== other || same.includes(key), `${path}${key} is not translated`);
      else {
        const filled = Array.from({ length: one.length }, (_, i) => `<${i}>`); // each argument stands in the text
        for (const part of filled) assert.equal(other(...filled).includes(part), one(...filled).includes(part), `${path}${key}: ${other(...filled)}`);
      }
    }
  };
  walk(en, de, "");
});

test("spans of time", () => {
  for (const [ms, want] of [[-5, "0:00"], [7_900, "0:07"], [754_000, "12:34"], [3_723_000, "1:02:03"]] as const) assert.equal(span(ms), want);
});
