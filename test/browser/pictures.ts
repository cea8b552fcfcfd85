// Takes the pictures of docs/toolbar.md: npm run pictures, in web.
import { join } from "node:path";
import type { Page } from "playwright-core";
import { Link } from "../../web/client/src/index.ts";
import { token, World } from "../../web/test/world.ts";
import { Agent, launch } from "./browser.ts";

const customer = "+49 30 123456";
const data = { customer: "Anna Musterfrau", contract: "Broadband 250", number: "4711" };
const agents = Array.from({ length: 10 }, (_, i) => ({ id: String(4001 + i), dns: [String(1001 + i)], queues: ["5000"] }));

const take = (page: Page, name: string) => page.screenshot({ path: join("../docs/images", `${name}.png`) });

async function toolbar(world: World, browser: Awaited<ReturnType<typeof launch>>) {
  const anna = await Agent.arrive(browser, world, "4001", { viewport: { width: 340, height: 620 }, deviceScaleFactor: 1.5, colorScheme: "light" });
  const ben = await Agent.arrive(browser, world, "4002");
  await ben.logIn();
  await anna.logIn();
  await anna.press("Available");
  await anna.state("Available");
  await world.customerCalls(customer, data);
  await anna.callIs(customer, "Ringing");
  await take(anna.page, "toolbar-ringing");
  await anna.press("Answer");
  await anna.press("Transfer");
  await anna.page.getByLabel("Number, agent or queue").fill("1002");
  await anna.press("Ask first");
  await ben.press("Answer");
  await anna.callIs("1002", "Talking");
  await anna.page.setViewportSize({ width: 1080, height: 560 });
  await anna.page.emulateMedia({ colorScheme: "dark" });
  await take(anna.page, "toolbar-consult");
  for (const agent of [anna, ben]) await agent.context.close();
}

async function team(world: World, browser: Awaited<ReturnType<typeof launch>>) {
  const link = new Link({ url: world.url, token });
  const sessions = await Promise.all(agents.slice(2).map(({ id }) => link.open({ agentId: id, login: { password: "secret" } })));
  for (const session of sessions.slice(0, 5)) await session.perform("SetAgentReady");
  for (let i = 0; i < 5; i++) await world.customerCalls(`+49 30 2000${i}`);
  for (const session of sessions.slice(0, 4)) {
    await session.until((s) => s.calls.length > 0);
    await session.perform("AnswerCall");
  }
  await sessions[0]!.perform("HangUpCall");
  for (let i = 0; i < 3; i++) await world.customerCalls(`+49 30 3000${i}`);
  const page = await browser.newPage({ viewport: { width: 1000, height: 640 }, deviceScaleFactor: 1.5, colorScheme: "light" });
  await page.goto(`${world.url}/toolbar/team?pool=support-agents`);
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText(/longest 0:0[1-9]/).waitFor();
  await page.locator("cti-team").evaluate((team: any) => { // an hour has gone by
    for (let i = 1; i < 120; i++) {
      const callsWaiting = Math.max(0, Math.round(3 * Math.sin(i / 9) + 2 * Math.sin(i / 23) + 1));
      team.seriesOf("5000").add({ at: new Date(Date.now() - i * 30_000).toISOString(), callsWaiting });
    }
    team.requestUpdate();
  });
  await page.getByText("last hour:").waitFor();
  await take(page, "team");
  for (const session of sessions) session.stop();
}

const [world, browser] = await Promise.all([World.start({ agents, switch: ["--wrap-up-time", "60s"] }), launch()]);
try {
  await toolbar(world, browser);
  await team(world, browser);
} finally {
  await Promise.all([browser.close(), world.stop()]);
}
