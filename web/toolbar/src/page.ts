// The page around the toolbar or the team view.
import type { Team } from "./team.ts";
import type { Toolbar } from "./toolbar.ts";

const settings = ["agent", "dn", "queue", "pool", "theme", "lang"];
const element = document.querySelector<Toolbar | Team>("cti-toolbar, cti-team")!;
for (const [name, value] of new URLSearchParams(location.search)) {
  if (name === "theme") document.documentElement.style.colorScheme = value; // set by script, which the policy allows
  if (settings.includes(name)) element.setAttribute(name, value);
}

/** The page has the element's language, and a title that tells what happens while nobody looks. */
function name() {
  document.documentElement.lang = element.lang;
  document.title = element.headline;
}
void customElements.whenDefined(element.localName).then(name);
addEventListener("cti-change", name);
