// The page around the toolbar: it tells by its title what happens while nobody looks.
import type { State } from "@ctilink/client";
import { other } from "./words.ts";

const title = document.title;
const toolbar = document.querySelector("cti-toolbar")!;
for (const [name, value] of new URLSearchParams(location.search)) {
  if (name === "theme") document.documentElement.style.colorScheme = value; // set by script, which the policy allows
  if (["agent", "dn", "queue", "theme"].includes(name)) toolbar.setAttribute(name, value);
}

addEventListener("cti-change", (event) => {
  const state = (event as CustomEvent<State | undefined>).detail;
  const ringing = state?.calls.find((c) => c.state === "Offering");
  document.title = ringing ? `☎ ${other(ringing, state!.dn)}` : title;
});
