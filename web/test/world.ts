// A world for tests: a real runtime and a simulated switch on this machine, and what
// happens to them.
import { spawn, execFileSync, type ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Proxy } from "./proxy.ts";

/** The desktop token of every world. */
export const token = "a-token-for-tests";

/** What the pool of the world decides, as it stands in an AgentPool. */
export interface Pool {
  telephonyMode?: "Simple" | "SimpleWithAgentState" | "Full";
  reasonCodes?: { unavailable?: Reason[]; logout?: Reason[]; required?: string[] };
  callTreatment?: object[];
  agentRanges?: object[];
  agents?: object[];
}

interface Reason {
  code: string;
  label?: string;
}

export interface Options extends Pool {
  /** Flags of ctisim, e.g. ["--wrap-up-time", "2s"]. */
  switch?: string[];
  /** Origins of other pages that may use the API. */
  allowedOrigins?: string[];
  /** spec.desktop of the CTILink. */
  desktop?: object;
}

/** The folder with the programs under test. */
export function programs(): string {
  const bin = process.env["CTILINK_BIN"];
  if (bin) return bin;
  const built = join(tmpdir(), "ctilink-web-bin");
  mkdirSync(built, { recursive: true });
  execFileSync("go", ["build", "-o", built + "/", "./cmd/runtime", "./cmd/ctisim"], {
    cwd: resolve(process.env["CTILINK_ROOT"] ?? ".."),
    env: { ...process.env, CGO_ENABLED: "0" },
    stdio: "inherit",
  });
  process.env["CTILINK_BIN"] = built;
  return built;
}

export class World {
  /** Where desktops go: a proxy before the runtime that tests can cut. */
  readonly url: string;
  private runtime?: ChildProcess;
  private ctisim?: ChildProcess;
  private output = "";

  /** Agents 4001 to 4005 sit at 1001 to 1005, 4006 to 4010 anywhere; their password is "secret". */
  private constructor(
    private readonly dir: string,
    private readonly ports: number[],
    readonly proxy: Proxy,
    private readonly flags: string[],
    private readonly allowedOrigins: string[],
  ) {
    this.url = proxy.url;
  }

  static async start(options: Options = {}): Promise<World> {
    const dir = mkdtempSync(join(tmpdir(), "ctilink-web-"));
    const ports = await freePorts(4);
    const { switch: flags = [], allowedOrigins = [], desktop, ...pool } = options;
    mkdirSync(join(dir, "manifests"));
    writeFileSync(join(dir, "manifests", "support.yaml"), manifests(ports[0]!, pool, desktop));
    writeFileSync(join(dir, "token"), token);
    writeFileSync(join(dir, "key"), "a-key-for-tests-that-is-long-enough");
    const proxy = await Proxy.listen(ports[2]!);
    const world = new World(dir, ports, proxy, flags, allowedOrigins);
    await world.startSwitch();
    await world.startRuntime();
    return world;
  }

  private async startSwitch() {
    const [csta, control] = this.ports;
    this.ctisim = this.spawn("ctisim", ["--listen", `127.0.0.1:${csta}`, "--control", `127.0.0.1:${control}`, ...this.flags]);
    await this.answers(`http://127.0.0.1:${control}/healthz`, this.ctisim);
  }

  async startRuntime() {
    const [, , desktop, metrics] = this.ports;
    this.runtime = this.spawn("runtime", [
      "--manifests", join(this.dir, "manifests"), "--plain-http",
      "--desktop-address", `127.0.0.1:${desktop}`, "--metrics-address", `127.0.0.1:${metrics}`,
      "--desktop-token-file", join(this.dir, "token"), "--session-key-file", join(this.dir, "key"),
      ...this.allowedOrigins.flatMap((origin) => ["--allowed-origin", origin]),
    ]);
    await this.answers(`http://127.0.0.1:${metrics}/readyz`, this.runtime);
  }

  /** Ends the runtime as a power cut would. */
  async killRuntime() {
    await ended(this.runtime!, "SIGKILL");
  }

  async stop() {
    await this.proxy.close();
    await Promise.all([this.runtime, this.ctisim].map((p) => p && ended(p, "SIGTERM")));
    rmSync(this.dir, { recursive: true });
  }

  /** Asks the switch's control port, which plays callers and people at telephones. */
  async control(path: string, body?: object): Promise<any> {
    const answer = await fetch(`http://127.0.0.1:${this.ports[1]}${path}`, {
      method: body ? "POST" : "GET",
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** A customer calls; gives the call's id. */
  async customerCalls(from: string, data: Record<string, string> = {}, more: object = {}): Promise<string> {
    return (await this.control("/v1/calls", { from, queue: "5000", data, ...more })).callId;
  }

  /** Somebody does something at a telephone. */
  phone(dn: string, action: string, body: object = {}) {
    return this.control(`/v1/phones/${dn}/${action}`, body);
  }

  private spawn(program: string, args: string[]): ChildProcess {
    const child = spawn(join(programs(), program), args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr])
      stream!.on("data", (chunk) => (this.output = (this.output + chunk).slice(-20_000)));
    return child;
  }

  /** What the programs said last. */
  get log() {
    return this.output;
  }

  private async answers(url: string, child: ChildProcess) {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`it ended:\n${this.output}`);
      try {
        if ((await fetch(url)).ok) return;
      } catch {
        // Not yet.
      }
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.once("exit", () => done());
    child.kill(signal);
  });
}

/** Ports that nobody has now, below those that the kernel gives to whoever connects somewhere. */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((done) => {
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });
}

/** JSON is YAML, too. */
function manifests(csta: number, pool: Pool, desktop?: object): string {
  const objects = [
    {
      apiVersion: "ctilink.io/v1alpha1",
      kind: "CTILink",
      metadata: { name: "support" },
      spec: {
        implementationClass: "simulator",
        config: { address: `127.0.0.1:${csta}` },
        configFrom: [{ secretRef: { name: "switch-login" } }],
        ...(desktop && { desktop }),
      },
    },
    { apiVersion: "v1", kind: "Secret", metadata: { name: "switch-login" }, stringData: { password: "secret" } },
    {
      apiVersion: "ctilink.io/v1alpha1",
      kind: "AgentPool",
      metadata: { name: "support-agents" },
      spec: {
        linkRef: { name: "support" },
        ...(!pool.agents && { agentRanges: [{ first: "4001", last: "4005", firstDn: "1001" }, { first: "4006", last: "4010" }] }),
        ...pool,
      },
    },
  ];
  return objects.map((o) => JSON.stringify(o)).join("\n---\n");
}
