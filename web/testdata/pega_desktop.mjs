// A page as Pega's is: it calls what it is told on standard input, and tells what comes
// back, one JSON value a line.
import { createInterface } from "node:readline";
import "../pega_cti_desktopAPI.js";

const tell = (what) => console.log(JSON.stringify(what));
const api = globalThis.pega_cti_desktopAPI;

for await (const line of createInterface({ input: process.stdin })) {
  const { fn, args } = JSON.parse(line);
  if (fn === "configure") {
    api.configure(args[0]);
    continue;
  }
  const success = (data) => tell({ fn, success: true, data });
  const failure = (error) => tell({ fn, failure: error });
  const forwardEvent = (event) => {
    tell({ event });
    if (event.pyCallId === "breaks") throw new Error("a page with a mistake in it");
  };
  api[fn](...args, success, failure, ...(fn === "login" ? [forwardEvent] : []));
}
