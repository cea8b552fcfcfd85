// The page of docs/toolbar.md, pasted into a CRM.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { after, before, test } from "node:test";
import { join } from "node:path";
import type { Browser, FrameLocator, Page } from "playwright-core";
import { token, World } from "../../web/test/world.ts";
import { launch } from "./browser.ts";

const docs = readFileSync(join(process.env["CTILINK_ROOT"]!, "docs/toolbar.md"), "utf8");
const page = /```html\n(.*?)```/s.exec(docs)![1]!;

let world: World;
let browser: Browser;
const servers: Server[] = [];
/** What the CRM serves by path. */
const pages: Record<string, string> = {};
let crm: string;
let stranger: string;

before(async () => {
  const callTreatment = [{ name: "crm", screenPop: { interaction: "Customer call" } }];
  [crm, stranger, browser] = await Promise.all([serve(), serve(), launch()]);
  world = await World.start({ callTreatment, allowedOrigins: [crm] });
  pages["/other-origin"] = page.replaceAll("http://127.0.0.1:8443", world.url);
  pages["/one-origin"] = page.replaceAll("http://127.0.0.1:8443", "");
  pages["/frame"] = `<!doctype html><title>CRM</title><iframe src="${world.url}/toolbar/" width="340" height="700"></iframe>`;
});
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  return Promise.all([browser?.close(), world?.stop()]);
});

/** Serves the pages, and passes the link's paths on as the documented proxy does. */
function serve(): Promise<string> {
  const server = createServer((from, to) => {
    if (!/^\/(toolbar|v1)\//.test(from.url!)) return to.writeHead(200, { "Content-Type": "text/html" }).end(pages[from.url!]);
    const onward = request(world.url + from.url, { method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(to);
    });
    onward.on("error", () => to.destroy());
    to.on("close", () => onward.destroy());
    from.pipe(onward);
  });
  servers.push(server);
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${(server.address() as { port: number }).port}`)));
}

async function visit(url: string): Promise<Page> {
  const tab = await (await browser.newContext({ viewport: { width: 1100, height: 700 } })).newPage();
  tab.setDefaultTimeout(15_000);
  await tab.goto(url);
  return tab;
}

const press = (in_: Page | FrameLocator, name: string) => in_.getByRole("button", { name, exact: true }).click();

async function logIn(in_: Page | FrameLocator) {
  for (const [label, value] of [["Agent", "4001"], ["Password", "secret"], ["Access token", token]] as const) await in_.getByLabel(label).fill(value);
  await press(in_, "Log in");
  await press(in_, "Available");
}

for (const [name, path] of [["passes the link's paths on", "/one-origin"], ["is another origin, which the link allows", "/other-origin"]] as const)
  test(`a CRM that ${name}: it shows the customer of a call, and dials its numbers`, { timeout: 60_000 }, async () => {
    const tab = await visit(crm + path);
    await logIn(tab);
    await world.customerCalls("+4930123456", { customerId: "4711" });
    await tab.getByRole("heading", { name: "Customer 4711" }).waitFor();
    await tab.getByText("Customer call for +4930123456", { exact: true }).waitFor();
    await press(tab, "Answer");
    await tab.locator("cti-call .badge", { hasText: "Talking" }).waitFor();
    await press(tab, "Hang up");
    await tab.locator("cti-call").waitFor({ state: "detached" });
    await tab.getByRole("link", { name: "+49 30 123456" }).click();
    await tab.getByText("Outgoing call").waitFor();
    await press(tab, "Hang up");
    assert.equal(tab.context().pages().length, 1, "the page shows it; nothing else was opened");
    await press(tab, "More");
    await press(tab, "Log out");
    await tab.getByRole("heading", { name: "Log in" }).waitFor();
    await tab.context().close();
  });

test("a frame in a page of an allowed origin works; in any other it stays empty", { timeout: 60_000 }, async () => {
  const tab = await visit(`${crm}/frame`);
  await logIn(tab.frameLocator("iframe"));
  await tab.frameLocator("iframe").getByText("Waiting for the next call.").waitFor();
  const other = await visit(`${stranger}/frame`);
  assert.equal(await other.frameLocator("iframe").locator("cti-toolbar").count(), 0);
  const script = await visit(`${stranger}/other-origin`);
  assert.equal(await script.evaluate(() => customElements.get("cti-toolbar") === undefined), true);
});
