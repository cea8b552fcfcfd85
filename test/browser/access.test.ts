// The toolbar for people with disabilities, and in narrow and wide windows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { World } from "../../web/test/world.ts";
import { Agent, barriers, fits, launch } from "./browser.ts";

let world: World;
let browser: Browser;
before(async () => {
  const callTreatment = [{ name: "crm", screenPop: { interaction: "Customer call" } }];
  const reasonCodes = { unavailable: [{ code: "1", label: "Lunch" }, { code: "2", label: "A meeting with a rather long name" }] };
  [world, browser] = await Promise.all([World.start({ switch: ["--wrap-up-time", "20s"], callTreatment, reasonCodes }), launch()]);
});
after(() => Promise.all([browser?.close(), world?.stop()]));

const customer = "+4930123456";
const data = { customerId: "4711", address: "Donaudampfschifffahrtsgesellschaftskapitaensstrasse17", note: "x".repeat(300) };

test("no face of the toolbar has serious barriers, nor stands out of a panel of 320 pixels", { timeout: 120_000 }, async () => {
  const agent = await Agent.arrive(browser, world, "4001", { viewport: { width: 320, height: 720 } });
  const ben = await Agent.arrive(browser, world, "4002");
  await ben.logIn();
  const faces: [string, () => Promise<unknown>][] = [
    ["log in", () => agent.button("Log in").waitFor()],
    ["refused", async () => {
      await agent.logIn({ Password: "wrong" });
      await agent.page.getByText("Details").click();
    }],
    ["unavailable", async () => {
      await agent.logIn();
      await agent.state("Unavailable");
    }],
    ["reasons", () => agent.press("Unavailable")],
    ["more", () => agent.press("More")],
    ["ringing", async () => {
      await agent.press("More");
      await agent.press("Available");
      await agent.state("Available");
      await world.customerCalls(customer, data);
      await agent.callIs(customer, "Ringing");
    }],
    ["talking", async () => {
      await agent.press("Answer");
      await agent.callIs(customer, "Talking");
    }],
    ["keypad", () => agent.call(customer).getByRole("button", { name: "Keypad" }).click()],
    ["transfer", () => agent.press("Transfer")],
    ["consulting", async () => {
      await agent.page.getByLabel("Number, agent or queue").fill("1002");
      await agent.press("Ask first");
      await ben.press("Answer");
      await agent.callIs("1002", "Talking");
    }],
    ["conference", async () => {
      await agent.press("Join all");
      await agent.callIs("Conference of 3", "Talking");
    }],
    ["wrap-up", async () => {
      await agent.press("Hang up");
      await agent.state("Wrap-up");
    }],
  ];
  for (const [name, come] of faces) {
    await come();
    assert.deepEqual(await barriers(agent.page), [], name);
    assert.ok(await fits(agent.page), `${name} stands out at 320 pixels`);
  }
  await agent.page.setViewportSize({ width: 1200, height: 700 });
  assert.deepEqual(await barriers(agent.page), [], "wide");
});

test("it speaks the browser's language, or the one that the page asks for", { timeout: 60_000 }, async () => {
  const agent = await Agent.arrive(browser, world, "4004", { locale: "de-AT", viewport: { width: 320, height: 720 } });
  const german = { Agent: "4004", Kennwort: "secret", Zugangsschlüssel: "a-token-for-tests" };
  for (const [label, value] of Object.entries(german)) await agent.page.getByLabel(label, { exact: true }).fill(value);
  await agent.press("Anmelden");
  await agent.state("Nicht bereit");
  const languages = () => agent.page.evaluate(() => [document.documentElement.lang, document.querySelector<HTMLElement>("cti-toolbar")!.lang, document.title]);
  assert.deepEqual(await languages(), ["de", "de", "Telefon"]);
  await world.control("/v1/calls", { from: customer, to: "1004" });
  await agent.callIs(customer, "Klingelt");
  assert.ok(await fits(agent.page), "German stands out at 320 pixels");
  await agent.press("Abheben");
  await agent.callIs(customer, "Im Gespräch");
  assert.deepEqual(await barriers(agent.page), []);
  assert.ok(await fits(agent.page), "German stands out at 320 pixels");
  await agent.page.goto(`${world.url}/toolbar/?lang=en`);
  await agent.callIs(customer, "Talking");
  assert.deepEqual(await languages(), ["en", "en", "Telephone"]);
  await agent.press("Hang up");
  await agent.context.close();
});

test("the check for barriers finds one", { timeout: 60_000 }, async () => {
  const agent = await Agent.arrive(browser, world, "4001");
  await agent.button("Log in").waitFor();
  await agent.page.locator("cti-login").evaluate((login) => void login.shadowRoot!.append(document.createElement("button")));
  assert.match((await barriers(agent.page)).join(), /light: button-name.*dark: button-name/s);
});

test("a screen reader is told of a call and of what happens", { timeout: 60_000 }, async () => {
  const agent = await Agent.arrive(browser, world, "4003");
  await agent.logIn();
  await world.control("/v1/calls", { from: customer, to: "1003" });
  await agent.page.getByRole("alert").filter({ hasText: `Incoming call: ${customer}` }).waitFor({ state: "attached" });
  await agent.press("Answer");
  await agent.page.getByRole("status").filter({ hasText: `Talking with ${customer}` }).waitFor({ state: "attached" });
});
