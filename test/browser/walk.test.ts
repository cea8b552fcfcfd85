// Two agents on two toolbars, in real Chromium, against a real runtime and ctisim.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { World } from "../../web/test/world.ts";
import { Agent, launch } from "./browser.ts";

let world: World;
let browser: Browser;
before(async () => {
  [world, browser] = await Promise.all([
    World.start({
      switch: ["--wrap-up-time", "2s"],
      reasonCodes: { unavailable: [{ code: "1", label: "Lunch" }, { code: "2", label: "Training" }], required: ["Unavailable"] },
    }),
    launch(),
  ]);
});
after(() => Promise.all([browser?.close(), world?.stop()]));

const customer = "+4930123456";

test("two agents take a call, hold, consult, transfer, conference, wrap up and log out", { timeout: 90_000 }, async () => {
  const [anna, ben] = await Promise.all(["4001", "4002"].map((id) => Agent.arrive(browser, world, id)));
  await anna!.logIn();
  await ben!.logIn();
  await anna!.press("Available");
  await anna!.state("Available");

  // A call with data rings, is answered, held and resumed.
  await world.customerCalls(customer, { customerId: "4711" });
  const ringing = await anna!.callIs(customer, "Ringing");
  await ringing.getByText("4711").waitFor();
  await anna!.state("Call ringing");
  await anna!.press("Answer");
  await anna!.callIs(customer, "Talking");
  await anna!.press("Hold");
  await anna!.callIs(customer, "On hold");
  await anna!.press("Resume");
  await anna!.callIs(customer, "Talking");

  // Anna asks Ben; he sees the data. She transfers.
  await anna!.press("Transfer");
  await anna!.page.getByLabel("Number, agent or queue").fill("1002");
  await anna!.press("Ask first");
  await anna!.callIs(customer, "On hold");
  await ben!.page.locator(".badge", { hasText: "Ringing" }).waitFor();
  await ben!.page.locator("cti-call").getByText("4711").waitFor();
  await ben!.press("Answer");
  await anna!.callIs("1002", "Talking");
  await anna!.press("Switch");
  await anna!.callIs("1002", "On hold");
  await anna!.callIs(customer, "Talking");
  await anna!.press("Switch");
  await anna!.callIs("1002", "Talking");
  await anna!.press("Complete transfer");
  await anna!.noCalls();
  await anna!.state("Wrap-up");
  await anna!.page.getByRole("progressbar", { name: "Time left for wrap-up" }).waitFor();
  await ben!.callIs(customer, "Talking");

  // Ben adds Anna: a conference. He drops out of it by removing her.
  await anna!.state("Available");
  await ben!.press("Transfer");
  await ben!.page.getByLabel("Number, agent or queue").fill("1001");
  await ben!.press("Add to call");
  await anna!.press("Answer");
  await ben!.callIs("1001", "Talking");
  await ben!.press("Join all");
  await Promise.all([anna!, ben!].map((a) => a.callIs("Conference of 3", "Talking")));
  await ben!.press("Remove 1001");
  await anna!.noCalls();
  await ben!.callIs(customer, "Talking");
  await ben!.press("Hang up");
  await ben!.noCalls();

  // A colleague is asked in vain; then the call goes on without a word.
  await world.customerCalls(customer);
  await anna!.callIs(customer, "Ringing");
  await anna!.press("Answer");
  await anna!.press("Transfer");
  await anna!.page.getByLabel("Number, agent or queue").fill("1002");
  await anna!.press("Ask first");
  await ben!.callIs("1001", "Ringing");
  await anna!.press("Back to caller");
  await anna!.callIs(customer, "Talking");
  await ben!.noCalls();
  await anna!.press("Transfer");
  await anna!.page.getByLabel("Number, agent or queue").fill("1002");
  await anna!.press("Transfer now");
  await anna!.noCalls();
  await ben!.callIs(customer, "Ringing");
  await ben!.page.getByText("Transferred to you", { exact: true }).waitFor();
  await ben!.press("Answer");
  await ben!.callIs(customer, "Talking");
  await ben!.press("Hang up");
  await ben!.noCalls();

  // Lunch, and home.
  await anna!.press("Unavailable");
  await anna!.press("Lunch");
  await anna!.state("Unavailable – Lunch");
  for (const agent of [anna!, ben!]) {
    await agent.press("More");
    await agent.press("Log out");
    await agent.page.getByRole("heading", { name: "Log in" }).waitFor();
    assert.deepEqual(agent.complaints, []);
  }
  assert.deepEqual((await world.control("/v1/agents")).agents, [], "nobody is logged in at the switch");
});
