// The package as it is published, in plain Node.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { token, World } from "../../test/world.ts";

const client = join(process.env["CTILINK_ROOT"]!, "web/client");

test("the first program of the README runs with the package alone", { timeout: 60_000 }, async (t) => {
  const world = await World.start({ switch: ["--answer-delay", "100ms"] });
  const dir = mkdtempSync(join(tmpdir(), "ctilink-package-"));
  t.after(async () => {
    await world.stop();
    rmSync(dir, { recursive: true });
  });
  const installed = join(dir, "node_modules/@ctilink/client");
  mkdirSync(installed, { recursive: true });
  execFileSync(join(client, "../node_modules/.bin/tsc"), ["-p", client, "--outDir", join(installed, "dist")]);
  writeFileSync(join(installed, "package.json"), readFileSync(join(client, "package.json")));
  const program = [...readFileSync(join(client, "README.md"), "utf8").matchAll(/```js\n(.*?)```/gs)].map((m) => m[1]!).find((p) => p.includes("process.env"))!;
  writeFileSync(join(dir, "first.mjs"), program);

  const child = spawn(process.execPath, ["first.mjs"], { cwd: dir, env: { ...process.env, CTI: world.url, TOKEN: token, NODE_OPTIONS: "" } });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const status = await new Promise((done) => child.on("exit", done));
  assert.equal(status, 0, said);
  for (const name of ["Available", "Established", "Released"]) assert.match(said, new RegExp(`^${name} `, "m"));
});
