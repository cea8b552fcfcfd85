// Runs tests: bundles each file, because Node 20 reads no TypeScript, and gives them to
// node --test. Arguments are parts of file names; without them all run.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

const web = new URL("..", import.meta.url).pathname;
const folders = ["client/test", "toolbar/test", "../test/browser"].map((folder) => join(web, folder));
const wanted = process.argv.slice(2);
const files = folders
  .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
  .filter((file) => file.endsWith(".test.ts") && (wanted.length === 0 || wanted.some((part) => file.includes(part))));

const out = join(web, "node_modules/.cache/tests");
rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: files.map((file) => ({ in: file, out: basename(file, ".ts") })),
  outdir: out, outExtension: { ".js": ".mjs" },
  bundle: true, platform: "node", format: "esm", target: "node20", sourcemap: "inline",
  alias: { "@ctilink/client": join(web, "client/src/index.ts") },
  external: ["playwright-core", "axe-core", "esbuild"],
});
const tests = readdirSync(out).map((file) => join(out, file));
const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-concurrency=1", "--test-reporter=spec", ...tests], {
  cwd: web, stdio: "inherit", env: { ...process.env, CTILINK_ROOT: join(web, "..") },
});
process.exit(status ?? 1);
