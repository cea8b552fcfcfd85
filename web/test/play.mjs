// Runs a script: bundles it, because Node 20 reads no TypeScript.
import { build } from "esbuild";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const web = new URL("..", import.meta.url).pathname;
const [script] = process.argv.slice(2);
const outfile = join(web, "node_modules/.cache/plays", basename(script, ".ts") + ".mjs");
await build({
  entryPoints: [script], outfile,
  bundle: true, platform: "node", format: "esm", target: "node20", sourcemap: "inline",
  alias: { "@ctilink/client": join(web, "client/src/index.ts") },
  external: ["playwright-core", "axe-core", "esbuild"], logLevel: "warning",
});
await import(pathToFileURL(outfile));
