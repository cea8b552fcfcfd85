import { AgentPart } from "./agent.ts";
import { CallPart } from "./call.ts";
import { LoginPart } from "./login.ts";
import { Toolbar } from "./toolbar.ts";

const elements = { "cti-toolbar": Toolbar, "cti-login": LoginPart, "cti-agent": AgentPart, "cti-call": CallPart };
for (const [name, element] of Object.entries(elements)) if (!customElements.get(name)) customElements.define(name, element);

export { Toolbar };
