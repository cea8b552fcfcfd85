// The page of docs/toolbar.md, pasted: a CRM that passes the link's paths on.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { after, before, test } from "node:test";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { token, World } from "../../web/test/world.ts";
import { launch } from "./browser.ts";

const docs = readFileSync(join(process.env["CTILINK_ROOT"]!, "docs/toolbar.md"), "utf8");
const page = /```html\n(.*?)```/s.exec(docs)![1]!;

let world: World;
let browser: Browser;
let crm: Server;
before(async () => {
  const callTreatment = [{ name: "crm", screenPop: { interaction: "Customer call" } }];
  [world, browser] = await Promise.all([World.start({ callTreatment }), launch()]);
  crm = await serve(world.url);
});
after(() => {
  crm?.closeAllConnections();
  crm?.close();
  return Promise.all([browser?.close(), world?.stop()]);
});

/** Serves the page, and passes the link's paths on as the documented proxy does. */
function serve(upstream: string): Promise<Server> {
  const server = createServer((from, to) => {
    if (!/^\/(toolbar|v1)\//.test(from.url!)) return to.writeHead(200, { "Content-Type": "text/html" }).end(page);
    const onward = request(upstream + from.url, { method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(to);
    });
    onward.on("error", () => to.destroy());
    to.on("close", () => onward.destroy());
    from.pipe(onward);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

test("the documented CRM page shows the customer of a call, and dials its numbers", { timeout: 60_000 }, async () => {
  const tab = await browser.newPage({ viewport: { width: 1100, height: 700 } });
  tab.setDefaultTimeout(15_000);
  await tab.goto(`http://127.0.0.1:${(crm.address() as { port: number }).port}/`);
  const press = (name: string) => tab.getByRole("button", { name, exact: true }).click();
  for (const [label, value] of [["Agent", "4001"], ["Password", "secret"], ["Access token", token]] as const) await tab.getByLabel(label).fill(value);
  await press("Log in");
  await press("Available");
  await world.customerCalls("+4930123456", { customerId: "4711" });
  await tab.getByRole("heading", { name: "Customer 4711" }).waitFor();
  await press("Answer");
  await tab.locator("cti-call .badge", { hasText: "Talking" }).waitFor();
  await press("Hang up");
  await tab.locator("cti-call").waitFor({ state: "detached" });
  await tab.getByRole("link", { name: "+49 30 123456" }).click();
  await tab.getByText("Outgoing call").waitFor();
  assert.equal(tab.context().pages().length, 1, "the page shows it; nothing else was opened");
});
