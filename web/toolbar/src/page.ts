// The page around the toolbar: it tells by its title what happens while nobody looks.
import type { State } from "@ctilink/client";
import { other } from "./words.ts";

const title = document.title;

addEventListener("cti-change", (event) => {
  const state = (event as CustomEvent<State | undefined>).detail;
  const ringing = state?.calls.find((c) => c.state === "Offering");
  document.title = ringing ? `☎ ${other(ringing, state!.dn)}` : title;
});
