// What supervisors see of a pool, live.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { Link } from "../../web/client/src/index.ts";
import { token, World } from "../../web/test/world.ts";
import { barriers, fits, launch } from "./browser.ts";

let world: World;
let browser: Browser;
before(async () => {
  const agents = ["4001", "4002"].map((id, i) => ({ id, dns: [`100${i + 1}`], queues: ["5000"] }));
  [world, browser] = await Promise.all([World.start({ agents, switch: ["--wrap-up-time", "30s"], reasonCodes: { unavailable: [{ code: "1", label: "Lunch" }] } }), launch()]);
});
after(() => Promise.all([browser?.close(), world?.stop()]));

async function supervisor(): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 700 } });
  page.setDefaultTimeout(15_000);
  await page.goto(`${world.url}/toolbar/team?pool=support-agents`);
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByRole("heading", { name: "support-agents" }).waitFor();
  return page;
}

test("a supervisor sees agents and queues as they change", { timeout: 60_000 }, async (t) => {
  const link = new Link({ url: world.url, token });
  const page = await supervisor();
  await page.getByText("Nobody is here.").waitFor();
  assert.equal(await page.title(), "Team – support-agents");
  const [anna, ben] = await Promise.all(["4001", "4002"].map((agentId) => link.open({ agentId, login: { password: "secret" } })));
  t.after(() => [anna, ben].forEach((session) => session!.stop()));
  const row = (agent: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: agent }) });
  await row("4001").getByText("Unavailable").waitFor();
  await ben!.perform("SetAgentNotReady", { reasonCode: "1" });
  await row("4002").getByText("Lunch").waitFor();
  await anna!.perform("SetAgentReady");
  await row("4001").getByText("Available").waitFor();
  await world.customerCalls("+4930123456");
  await row("4001").getByText("Call ringing").waitFor();
  await anna!.perform("AnswerCall");
  await row("4001").getByText("Talking").waitFor();
  const waiting = await world.customerCalls("+4930222222"); // Ben is unavailable: it waits
  const queueAt = (page: Page) => page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "5000" }) });
  const queue = queueAt(page);
  await queue.filter({ hasText: "1 waiting" }).waitFor();
  await queue.getByRole("img", { name: /^Calls waiting, since \d\d:\d\d: 1 at most$/ }).waitFor();
  assert.deepEqual(await barriers(page), []);

  await world.control(`/v1/calls/${waiting}/hangup`, {});
  await queue.getByText("nobody waits").waitFor();
  const late = await supervisor(); // who comes now sees what was before
  await queueAt(late).getByText(/^since \d\d:\d\d: 1 at most$/).waitFor();
  await late.close();

  await page.getByRole("button", { name: "On a call" }).click();
  await row("4002").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "On a call" }).click();
  await page.getByLabel("Find an agent").fill("4002");
  await row("4001").waitFor({ state: "detached" });
  await page.getByLabel("Find an agent").fill("");

  await world.killRuntime();
  await page.getByText("Connection lost.").waitFor();
  await world.startRuntime();
  await page.getByText("Connection lost.").waitFor({ state: "detached" });
  await row("4001").getByText("Talking").waitFor();
  await ben!.until((s) => s.connection === "live");
  await ben!.close({ logout: true });
  await row("4002").waitFor({ state: "detached" });
  await page.setViewportSize({ width: 360, height: 700 });
  assert.ok(await fits(page), "it stands out at 360 pixels");
});

test("a wrong token and a wrong pool are told in words", { timeout: 60_000 }, async () => {
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(`${world.url}/toolbar/team?pool=no-such-pool`);
  await page.getByLabel("Access token").fill("wrong");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("Your access token was not accepted.").waitFor();
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("this link has no such AgentPool").waitFor();
});
