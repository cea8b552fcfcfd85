// Builds what the runtime serves under /toolbar/ into dist, or into the folder that is named.
import { build } from "esbuild";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

const web = new URL(".", import.meta.url).pathname;
const out = process.argv[2] ?? join(web, "dist");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: {
    toolbar: join(web, "toolbar/src/index.ts"),
    team: join(web, "toolbar/src/team.ts"),
    page: join(web, "toolbar/src/page.ts"),
    client: join(web, "client/src/index.ts"),
  },
  outdir: out,
  bundle: true, minify: true, format: "esm", target: ["es2022", "chrome123", "firefox120", "safari17.5"],
  alias: { "@ctilink/client": join(web, "client/src/index.ts") },
  legalComments: "eof", logLevel: "warning",
});
for (const file of ["index.html", "team.html", "page.css", "icon.svg"]) await copyFile(join(web, "toolbar", file), join(out, file));
