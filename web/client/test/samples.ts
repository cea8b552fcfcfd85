// Builders of what the API sends.
import type { Call, Event, Snapshot } from "../src/index.ts";

const at = "2025-01-01T10:00:00Z";

export const call = (with_: Partial<Call>): Call => ({
  callId: "1", interactionId: "1", state: "Established", callType: "INBOUND", capabilities: ["HoldCall", "HangUpCall"],
  since: at, startedAt: at, ...with_,
});

export const snapshot = (with_: Partial<Snapshot>): Snapshot => ({
  session: "4001", dn: "1001", agentId: "4001", lastEventId: "9-5", mode: "Full", link: "LinkUp",
  agent: { state: "Unavailable", since: at }, doNotDisturb: false, calls: [], activities: [],
  reasonCodes: { unavailable: [], logout: [], required: [] }, openedAt: at, ...with_,
});

export const event = (with_: Partial<Event>): Event => ({ id: "9-6", type: "CallState", name: "Established", at, ...with_ });
