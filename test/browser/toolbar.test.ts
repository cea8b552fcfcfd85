// What a toolbar does on good and bad days, in real Chromium.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { World, type Options } from "../../web/test/world.ts";
import { Agent, launch } from "./browser.ts";

let browser: Browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const limit = { timeout: 60_000 };
const customer = "+4930123456";

interface Context {
  after(run: () => unknown): void;
}

async function begin(t: Context, options: Options = {}): Promise<World> {
  const world = await World.start(options);
  t.after(() => world.stop());
  return world;
}

/** An agent who is logged in and available. */
async function available(t: Context, world: World, agentId = "4001"): Promise<Agent> {
  const agent = await Agent.arrive(browser, world, agentId);
  t.after(() => agent.context.close());
  await agent.logIn();
  await agent.press("Available");
  await agent.state("Available");
  return agent;
}

test("the runtime is killed in mid-call: the toolbar is right again without a reload", limit, async (t) => {
  const world = await begin(t);
  const agent = await available(t, world);
  await agent.page.evaluate(() => ((window as any).sameDocument = true));
  await world.customerCalls(customer, { customerId: "4711" });
  await agent.callIs(customer, "Ringing");
  await agent.press("Answer");
  await agent.callIs(customer, "Talking");
  await world.killRuntime();
  await agent.page.getByText("Connection lost.").waitFor();
  assert.equal(await agent.button("Hold").isDisabled(), true, "nothing can be asked for while nobody hears");
  await world.phone("1001", "hold"); // meanwhile, at the telephone
  await world.startRuntime();
  const card = await agent.callIs(customer, "On hold");
  await card.getByText("4711").waitFor();
  await agent.page.getByText("Connected", { exact: true }).waitFor();
  await agent.press("Resume");
  await agent.callIs(customer, "Talking");
  await agent.press("Hang up");
  await agent.noCalls();
  assert.equal(await agent.page.evaluate(() => (window as any).sameDocument), true);
  assert.deepEqual(agent.complaints, []);
});

test("a reload goes on with the session, and keeps no password", limit, async (t) => {
  const world = await begin(t);
  const agent = await available(t, world);
  await world.customerCalls(customer);
  await agent.press("Answer");
  await agent.callIs(customer, "Talking");
  await agent.page.reload();
  await agent.callIs(customer, "Talking");
  const kept = await agent.page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
  assert.ok(!kept.includes("secret"), kept);
  assert.equal(JSON.parse(kept)[1] && Object.keys(JSON.parse(kept)[1]).length, 0, "nothing outlives the tab");
});

test("several tabs of one agent stay in step, and only one opens the page of a call", limit, async (t) => {
  const callTreatment = [{ name: "crm", screenPop: { url: "https://crm.example/find?phone={call.ani}" } }];
  const world = await begin(t, { callTreatment });
  const agent = await available(t, world);
  const opened: string[] = [];
  agent.context.on("page", (page) => opened.push(page.url()));
  await agent.context.route("https://crm.example/**", (route) => route.fulfill({ body: "the customer" }));
  const second = await agent.context.newPage();
  await second.goto(`${world.url}/toolbar/`);
  await second.locator("cti-agent .state strong", { hasText: "Available" }).waitFor(); // without a log-in of its own
  opened.length = 0;

  const popped = agent.context.waitForEvent("page");
  await world.customerCalls(customer);
  const page = await popped;
  await page.waitForURL("https://crm.example/find?phone=%2B4930123456");
  for (const tab of [agent.page, second]) await tab.locator("cti-call .badge", { hasText: "Ringing" }).waitFor();
  await second.getByRole("button", { name: "Answer" }).click();
  for (const tab of [agent.page, second]) await tab.locator("cti-call .badge", { hasText: "Talking" }).waitFor();
  await agent.page.bringToFront();
  await agent.press("Hang up");
  for (const tab of [agent.page, second]) await tab.locator("cti-call").waitFor({ state: "detached" });
  assert.equal(opened.length, 1, `pages: ${opened}`);

  await second.bringToFront();
  await second.getByRole("button", { name: "More" }).click();
  await second.getByRole("button", { name: "Leave this desk" }).click();
  await agent.page.getByText("You were logged out in another tab or at another desk.").waitFor();
});

test("the agent moves to another desk and takes over", limit, async (t) => {
  const world = await begin(t);
  const first = await Agent.arrive(browser, world, "4006");
  await first.logIn({ Telephone: "1006" });
  await first.state("Unavailable");
  const second = await Agent.arrive(browser, world, "4006");
  t.after(() => Promise.all([first.context.close(), second.context.close()]));
  await second.logIn({ Telephone: "1007" });
  await second.page.getByText("Somebody is working at this telephone, or you are working at another one.").waitFor();
  await second.press("Take over");
  await second.page.getByText("Telephone 1007").waitFor();
  await second.state("Unavailable");
  await first.page.getByText("Your session goes on at another desk.").waitFor();
});

test("what fails is told in words", limit, async (t) => {
  const world = await begin(t);
  const agent = await Agent.arrive(browser, world, "4001");
  t.after(() => agent.context.close());
  const told = (text: string) => agent.page.getByRole("alert").getByText(text).waitFor();
  await agent.logIn({ Agent: "" });
  await told("Who are you?");
  await agent.logIn({ Agent: "9999" });
  await told("This agent or telephone is not part of this desktop.");
  await agent.logIn({ "Access token": "wrong" });
  await told("Your access token was not accepted.");
  await agent.logIn({ Password: "wrong" });
  await told("Your password was not accepted.");
  await agent.page.waitForFunction(() => document.querySelector("cti-toolbar")!.shadowRoot!.querySelector("cti-login")!.shadowRoot!.activeElement?.getAttribute("name") === "password");
  world.proxy.refuse();
  await agent.logIn();
  await told("The server cannot be reached.");
  world.proxy.admit();
  await agent.logIn();
  await agent.state("Unavailable");
  await agent.page.getByLabel("Number to call").fill("12");
  await agent.press("Call");
  await agent.callIs("12", "Not connected").catch(() => told("This number cannot be called."));
});

test("the address of the page fills the log-in, and says light or dark", limit, async (t) => {
  const world = await begin(t);
  const agent = await Agent.arrive(browser, world, "4006");
  t.after(() => agent.context.close());
  await agent.page.goto(`${world.url}/toolbar/?agent=4006&dn=1006&queue=5000&theme=dark`);
  const filled = (label: string) => agent.page.getByLabel(label, { exact: true }).inputValue();
  assert.deepEqual(await Promise.all(["Agent", "Telephone", "Queue"].map(filled)), ["4006", "1006", "5000"]);
  assert.equal(await agent.page.locator("cti-toolbar").evaluate((e) => getComputedStyle(e).colorScheme), "dark");
  assert.deepEqual(agent.complaints, []);
});

test("the switch goes away and comes back", limit, async (t) => {
  const world = await begin(t);
  const agent = await available(t, world);
  await world.control("/v1/faults", { refuseLogin: true });
  await world.control("/v1/faults", { dropConnections: true });
  await agent.page.getByText("The telephone system cannot be reached.").first().waitFor();
  assert.equal(await agent.button("Available").isDisabled(), true);
  await world.control("/v1/faults", { refuseLogin: false });
  await agent.page.getByText("Connected", { exact: true }).waitFor();
});

test("everything by keyboard, and by shortcuts", limit, async (t) => {
  const world = await begin(t);
  const agent = await Agent.arrive(browser, world, "4001");
  t.after(() => agent.context.close());
  const { keyboard } = agent.page;
  await agent.page.getByLabel("Agent").focus();
  for (const text of ["4001", "secret", "", "", "a-token-for-tests"]) {
    await keyboard.type(text);
    await keyboard.press("Tab");
  }
  await keyboard.press("Enter");
  await agent.state("Unavailable");
  await keyboard.press("Alt+Shift+KeyR");
  await agent.state("Available");
  await world.customerCalls(customer);
  await agent.callIs(customer, "Ringing");
  await keyboard.press("Alt+Shift+KeyA");
  await agent.callIs(customer, "Talking");
  await keyboard.press("Alt+Shift+KeyH");
  await agent.callIs(customer, "On hold");
  await agent.button("Resume").focus();
  await keyboard.press("Enter");
  await agent.callIs(customer, "Talking");
  const focused = await agent.page.evaluate(() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at?.textContent?.trim();
  });
  assert.ok(focused && focused.length < 20, `the keyboard stays at the call, at ${focused}`);
  await keyboard.press("Alt+Shift+KeyE");
  await agent.noCalls();
  await keyboard.press("Alt+Shift+KeyD");
  await keyboard.type("1002");
  await keyboard.press("Enter");
  await agent.page.locator("cti-call").waitFor();
});

test("the mode Simple: calls are shown, and answered at the telephone", limit, async (t) => {
  const callTreatment = [{ name: "crm", screenPop: { interaction: "Customer call" }, attachData: {} }];
  const world = await begin(t, { telephonyMode: "Simple", callTreatment });
  const agent = await Agent.arrive(browser, world, "4001");
  t.after(() => agent.context.close());
  await agent.logIn();
  await agent.page.getByText("Calls for you are shown here while they ring.").waitFor();
  await world.control("/v1/calls", { from: customer, to: "1001" });
  const card = await agent.callIs(customer, "Ringing");
  await card.getByText("Answer at your telephone.").waitFor();
  await card.getByText("Customer call").waitFor();
  for (const name of ["Answer", "Hang up", "Available", "Call"]) assert.equal(await agent.button(name).count(), 0, name);
  await world.phone("1001", "answer");
  await agent.noCalls();
});

test("a call that the interaction answers, and one that answers itself", limit, async (t) => {
  const callTreatment = [
    { name: "vip", when: 'call.variables["vip"] == "yes"', answer: "AfterDelay", delaySeconds: 2 },
    { name: "others", screenPop: { interaction: "Customer call" }, answer: "OnInteraction" },
  ];
  const world = await begin(t, { callTreatment, switch: ["--wrap-up-time", "0"] });
  const agent = await available(t, world);
  await world.customerCalls(customer);
  const card = await agent.callIs(customer, "Ringing");
  await card.getByText("Customer call").waitFor();
  await agent.press("Accept");
  await agent.callIs(customer, "Talking");
  await agent.press("Hang up");
  await agent.noCalls();
  await agent.state("Available");
  await world.customerCalls(customer, { vip: "yes" });
  await agent.page.getByText(/Answers by itself in 0:0[12]/).waitFor();
  await agent.callIs(customer, "Talking");
});

test("what fails after it was accepted is told", limit, async (t) => {
  const world = await begin(t);
  const agent = await available(t, world);
  await world.customerCalls(customer);
  await agent.press("Answer");
  await agent.callIs(customer, "Talking");
  await world.control("/v1/behaviours/acceptThenFail", { request: "HoldCall", delay: 0.1 });
  await agent.press("Hold");
  const alert = agent.page.getByRole("alert").filter({ hasText: "Hold:" });
  await alert.waitFor();
  assert.doesNotMatch(await alert.innerText(), /server cannot be reached/, "the server answered");
  await agent.callIs(customer, "Talking");
});

test("two customers: shortcuts mean the one in hand, and nothing invites to connect them", limit, async (t) => {
  const world = await begin(t);
  const agent = await available(t, world);
  await world.customerCalls(customer);
  await agent.press("Answer");
  await agent.press("Hold");
  await agent.callIs(customer, "On hold");
  await world.control("/v1/calls", { from: "+4930222222", to: "1001" });
  await agent.press("Answer");
  const second = await agent.callIs("+4930222222", "Talking");
  assert.doesNotMatch((await agent.button("Complete transfer", second).getAttribute("class"))!, /main/);
  assert.equal(await agent.button("Back to caller", second).count(), 0, "it would end the call");
  await agent.page.keyboard.press("Alt+Shift+KeyE");
  await agent.call("+4930222222").waitFor({ state: "detached" });
  await agent.callIs(customer, "On hold");
  await agent.page.keyboard.press("Alt+Shift+KeyH");
  await agent.callIs(customer, "Talking");
});

test("a number is dialled as people write it; one that nobody has leaves a way back", limit, async (t) => {
  const world = await begin(t);
  const agent = await available(t, world);
  await agent.page.getByLabel("Number to call").fill("+49 (0)30 / 222-333");
  await agent.page.keyboard.press("Enter");
  await agent.callIs("+4930222333", "Calling");
  await agent.press("Hang up");
  await agent.noCalls();
  await world.control("/v1/calls", { from: customer, to: "1001" });
  await agent.press("Answer");
  await agent.press("Transfer");
  await agent.page.getByLabel("Number, agent or queue").fill("99999");
  await agent.press("Ask first");
  await agent.callIs("99999", "Not connected");
  await agent.press("Back to caller");
  await agent.callIs(customer, "Talking");
  await agent.press("More");
  await agent.button("Refresh").focus();
  await agent.page.keyboard.press("Escape");
  await agent.button("Refresh").waitFor({ state: "detached" });
});

test("the mode SimpleWithAgentState: the agent's state, and no call control", limit, async (t) => {
  const world = await begin(t, { telephonyMode: "SimpleWithAgentState" });
  const agent = await available(t, world);
  await world.customerCalls(customer);
  await agent.callIs(customer, "Ringing");
  assert.equal(await agent.button("Answer").count(), 0);
  await world.phone("1001", "answer");
  await agent.noCalls();
  await agent.state("On a call");
  await agent.press("Unavailable");
  await agent.page.getByText("Then unavailable").waitFor();
});

test("mute, tones, data, do not disturb, decline", limit, async (t) => {
  const world = await begin(t);
  const agent = await available(t, world);
  await world.customerCalls(customer);
  await agent.press("Answer");
  const card = await agent.callIs(customer, "Talking");
  await agent.press("Mute");
  await card.getByText("you are muted").waitFor();
  await agent.press("Unmute");
  await card.getByText("you are muted").waitFor({ state: "detached" });
  await card.getByRole("button", { name: "Keypad" }).click();
  for (const key of ["4", "2", "hash"]) await card.getByRole("button", { name: key, exact: true }).click();
  await card.locator(".digits", { hasText: "42#" }).waitFor();
  await agent.press("Add data");
  await card.getByLabel("Name").fill("note");
  await card.getByLabel("Value").fill("will call back");
  await agent.press("Add to this call");
  await card.getByText("will call back").waitFor();
  await agent.press("Hang up");
  await agent.noCalls();
  await agent.page.getByText("Queues: 5000").click();
  await agent.page.getByText("5000: nobody waiting; ").waitFor();
  await agent.press("More");
  await agent.press("Do not disturb");
  await agent.page.getByText("Do not disturb is on").waitFor();
  await agent.press("More");
  await agent.press("Calls may ring again");
  await agent.page.getByText("Do not disturb is on").waitFor({ state: "detached" });
  await world.control("/v1/calls", { from: "1005", to: "1001" });
  await agent.callIs("1005", "Ringing");
  await agent.press("Decline");
  await agent.noCalls();
});
