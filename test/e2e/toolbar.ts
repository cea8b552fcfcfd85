// An agent at the toolbar of a real link, in real Chromium, while the pod behind the page
// is killed. The end-to-end tests run it; what it needs stands in the environment.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { Agent, homeThatTrusts, launch } from "../browser/browser.ts";

/** What toolbar_test.go knows of the world. */
const { url, address, ca, token, control, agent: agentId, dn, password, queue, process: pid, kubectl, namespace, holder, pictures } =
  JSON.parse(process.env["CTILINK_WORLD"]!) as Record<string, string>;

/** Asks the switch's control port, which plays the customers. */
async function atSwitch(path: string, body: object = {}): Promise<any> {
  const answer = await fetch(control + path, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}
const calls = (from: string, to: string, data: object = {}): Promise<{ callId: string; from: string }> => atSwitch("/v1/calls", { from, to, data });

/** The process says no goodbye, and its pod does not come back. */
function killPod() {
  process.kill(Number(pid), "SIGKILL");
  execFileSync(kubectl!, ["-n", namespace!, "delete", "pod", holder!, "--grace-period=0", "--force", "--wait=false"], { stdio: "ignore" });
}

const began = Date.now();
const say = (text: string) => console.log(`[${((Date.now() - began) / 1000).toFixed(1)}s] ${text}`);

/** The seconds that a timer shows. */
async function seconds(card: Locator): Promise<number> {
  const [minutes, rest] = (await card.getByRole("timer").innerText()).split(":").map(Number);
  return minutes! * 60 + rest!;
}

const host = new URL(url!).hostname;
const browser = await launch({
  home: homeThatTrusts(ca!), // nothing else makes the certificate good
  flags: [`--host-resolver-rules=MAP ${host} ${address!.split(":")[0]}`], // a desk has DNS for it
});
let desk: Agent | undefined;
const picture = async (name: string) => {
  mkdirSync(pictures!, { recursive: true });
  await desk?.page.screenshot({ path: join(pictures!, `${name}.png`) });
};
try {
  desk = await Agent.arrive(browser, { url: url! }, agentId!);
  const { page } = desk;
  await page.evaluate(() => ((window as any).sameDocument = true));
  await desk.logIn({ Password: password!, "Access token": token!, Telephone: dn! });
  await desk.press("Available");
  await desk.state("Available");
  const waiting = await calls("+49301111", queue!, { customer: "11" });
  await desk.callIs(waiting.from, "Ringing");
  await desk.press("Answer");
  await desk.callIs(waiting.from, "Talking");
  await desk.press("Hold");
  await desk.callIs(waiting.from, "On hold");
  const talking = await calls("+49302222", dn!, { customer: "22" });
  await desk.callIs(talking.from, "Ringing");
  await desk.press("Answer");
  const card = await desk.callIs(talking.from, "Talking");
  await picture("before");

  const [shown, struck] = [await seconds(card), Date.now()];
  killPod();
  say("The pod behind the page is killed");
  await page.getByText("Connection lost.").waitFor();
  say("The page says so");
  await page.getByText("Your calls go on; this page comes back by itself.").waitFor();
  await page.getByText("Not connected", { exact: true }).waitFor();
  await desk.callIs(talking.from, "Talking"); // what was known stays
  for (const button of await desk.button("Hang up").all()) assert.ok(await button.isDisabled(), "nothing can be asked for while nobody hears");
  await picture("during");
  await atSwitch(`/v1/calls/${waiting.callId}/hangup`); // meanwhile one customer gives up
  const phone = (action: string, which: object = {}) => atSwitch(`/v1/phones/${dn}/${action}`, which);
  await phone("hold"); // and another one calls, whom the agent asks to wait, at the telephone
  const coming = await calls("+49303333", dn!, { customer: "33" });
  await phone("answer");
  await phone("hold");
  await phone("retrieve", { callId: talking.callId });

  await page.getByText("Connected", { exact: true }).waitFor({ timeout: 40_000 });
  say(`Right again ${((Date.now() - struck) / 1000).toFixed(1)}s after the strike`);
  await page.getByText("Connection lost.").waitFor({ state: "detached" });
  await desk.callIs(talking.from, "Talking");
  await desk.callIs(coming.from, "On hold");
  await desk.call(waiting.from).waitFor({ state: "detached" });
  const late = (await seconds(card)) - shown - (Date.now() - struck) / 1000;
  assert.ok(Math.abs(late) < 3, `the timer goes on: it is wrong by ${late.toFixed(1)} s`);
  await card.getByText("22", { exact: true }).waitFor();
  const happened = page.getByRole("region", { name: "What just happened" });
  await happened.getByText(`The call with ${waiting.from} ended while the connection was lost`).waitFor();
  await picture("after");

  const press = (name: string, call: { from: string }) => desk!.button(name, desk!.call(call.from)).click();
  await press("Hold", talking);
  await desk.callIs(talking.from, "On hold");
  await press("Resume", coming);
  await desk.callIs(coming.from, "Talking");
  await press("Hang up", coming);
  await desk.call(coming.from).waitFor({ state: "detached" });
  await press("Resume", talking);
  await desk.callIs(talking.from, "Talking");
  await press("Hang up", talking);
  await desk.noCalls();
  await desk.press("More");
  await desk.press("Log out");
  assert.ok(await page.evaluate(() => (window as any).sameDocument), "the page was loaded again");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  assert.deepEqual(desk.complaints, []);
  say("Every button acts; the agent is logged out");
} catch (error) {
  await picture("failed");
  throw error;
} finally {
  await browser.close();
}
