// Two agents at the toolbar, in real Chromium, while a customer with a SIP telephone is in the
// queue of a real Asterisk. toolbar_test.go runs it; what it needs stands in the environment.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Agent, launch } from "../../../test/browser/browser.ts";

/** What toolbar_test.go knows of the world. */
const { url, token, control, queue, pictures } = JSON.parse(process.env["CTILINK_WORLD"]!) as Record<string, string>;

/** Asks what telephones and Asterisk's console show. */
async function atSwitch(path: string, body?: object): Promise<any> {
  const answer = await fetch(control + path, body && { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

interface Member {
  agentId: string;
  state: string;
  reason?: string;
}
const members = async (): Promise<Member[]> => (await atSwitch("/v1/agents")).agents;

const customer = "+4930123456";
const browser = await launch();
const desks: Agent[] = [];
async function sitsDown(agentId: string): Promise<Agent> {
  const desk = await Agent.arrive(browser, { url: url! }, agentId);
  desks.push(desk);
  await desk.logIn({ "Access token": token! });
  await desk.state("Unavailable");
  return desk;
}
const picture = async (desk: Agent | undefined, name: string) => {
  mkdirSync(pictures!, { recursive: true });
  await desk?.page.screenshot({ path: join(pictures!, `${name}.png`) });
};

try {
  const anna = await sitsDown("4001");
  const ben = await sitsDown("4002");
  await anna.press("Available");
  await anna.state("Available");
  assert.deepEqual((await members()).map((m) => `${m.agentId} ${m.state}`).sort(), ["4001 ready", "4002 notReady"]);

  // A customer comes through the queue, with a number and data on the card.
  await atSwitch("/v1/calls", { from: customer, to: queue, data: { customerId: "4711" } });
  const ringing = await anna.callIs(customer, "Ringing");
  await ringing.getByText("4711", { exact: true }).waitFor();
  await picture(anna, "ringing");
  await anna.press("Answer");
  await anna.callIs(customer, "Talking");
  await anna.press("Hold");
  await anna.callIs(customer, "On hold");
  await anna.press("Resume");
  await anna.callIs(customer, "Talking");

  // Anna asks Ben, who sees for whom; she hands the customer over.
  await anna.press("Transfer");
  await anna.page.getByLabel("Number, agent or queue").fill("1002");
  await anna.press("Ask first");
  await anna.callIs(customer, "On hold");
  await ben.callIs("1001", "Ringing");
  await ben.page.locator("cti-call").getByText("4711", { exact: true }).waitFor();
  await ben.press("Answer");
  await anna.callIs("1002", "Talking");
  await picture(anna, "consult");
  await anna.press("Complete transfer");
  await anna.noCalls();
  await ben.callIs(customer, "Talking");
  await picture(ben, "transferred");
  await ben.press("Hang up");
  await ben.noCalls();

  // A break with a reason, which Asterisk knows; then home.
  await anna.state("Available"); // after-call work is over
  await anna.press("Unavailable");
  await anna.press("Lunch");
  await anna.state("Unavailable – Lunch");
  const paused = (await members()).find((m) => m.agentId === "4001");
  assert.equal(`${paused?.state} ${paused?.reason}`, "notReady 1");
  for (const desk of desks) {
    await desk.press("More");
    await desk.press("Log out");
    await desk.page.getByRole("heading", { name: "Log in" }).waitFor();
    assert.deepEqual(desk.complaints, []);
  }
  assert.deepEqual(await members(), [], "nobody is a member of the queue");
} catch (error) {
  for (const desk of desks) await picture(desk, `failed-${desk.agentId}`);
  throw error;
} finally {
  await browser.close();
}
