// Chromium for tests, and what an agent does at a toolbar.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import { token } from "../../web/test/world.ts";

const flags = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export interface Machine {
  /** The user's home, where the authorities stand that this user trusts. */
  home?: string;
  flags?: string[];
}

export function launch({ home, flags: more = [] }: Machine = {}): Promise<Browser> {
  const env = { ...process.env, ...(home && { HOME: home }) } as Record<string, string>;
  return chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", chromiumSandbox: false, args: [...flags, ...more], env });
}

/** A home whose user trusts an authority, as an admin sets it up at a desk. */
export function homeThatTrusts(ca: string): string {
  const home = mkdtempSync(join(tmpdir(), "ctilink-home-"));
  const database = ["-d", `sql:${join(home, ".pki/nssdb")}`];
  mkdirSync(join(home, ".pki/nssdb"), { recursive: true });
  execFileSync("certutil", [...database, "-N", "--empty-password"]);
  execFileSync("certutil", [...database, "-A", "-n", "link", "-t", "C,,", "-i", ca]);
  return home;
}

/** An agent before a toolbar, in a browser of their own. */
export class Agent {
  /** What the page said that it should not have. */
  readonly complaints: string[] = [];

  private constructor(readonly context: BrowserContext, readonly page: Page, readonly agentId: string) {
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (m) => /Content Security Policy|Trusted/i.test(m.text()) && this.complaints.push(m.text()));
  }

  static async arrive(browser: Browser, world: { url: string }, agentId: string, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Agent> {
    const context = await browser.newContext({ viewport: { width: 360, height: 800 }, ...options });
    const agent = new Agent(context, await context.newPage(), agentId);
    await agent.page.goto(`${world.url}/toolbar/`);
    return agent;
  }

  async logIn(more: Record<string, string> = {}): Promise<void> {
    const fields = { Agent: this.agentId, Password: "secret", "Access token": token, ...more };
    for (const [label, value] of Object.entries(fields)) await this.page.getByLabel(label).fill(value);
    await this.press("Log in");
  }

  /** The button of that name. */
  button(name: string, within: Page | Locator = this.page): Locator {
    return within.getByRole("button", { name, exact: true });
  }

  press(name: string): Promise<void> {
    return this.button(name).click();
  }

  /** Waits until the agent's state is shown so. */
  state(name: string): Promise<void> {
    return this.page.locator("cti-agent .state strong", { hasText: name }).waitFor();
  }

  /** The card of the call with that somebody. */
  call(who: string): Locator {
    return this.page.locator("cti-call").filter({ has: this.page.getByRole("heading", { name: who }) });
  }

  /** Waits until the card says so. */
  async callIs(who: string, state: string): Promise<Locator> {
    const card = this.call(who);
    await card.locator(".badge", { hasText: state }).waitFor();
    return card;
  }

  async noCalls(): Promise<void> {
    await this.page.locator("cti-call").first().waitFor({ state: "detached" });
  }
}

const axe = readFileSync(new URL(import.meta.resolve("axe-core")), "utf8");

/** What is serious for people with disabilities, in light and in dark. */
export async function barriers(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => (window as any).axe.run());
    for (const v of violations.filter((v: any) => ["serious", "critical"].includes(v.impact)))
      found.push(`${colorScheme}: ${v.id}: ${v.nodes.map((n: any) => `${n.target} ${n.failureSummary}`).join("; ")}`);
  }
  return found;
}

/** Whether the page is as wide as the window, and nothing stands out. */
export const fits = (page: Page): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
