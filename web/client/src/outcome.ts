import type { Activity, ActivityProperties, Call, Snapshot } from "./api.js";

type Wish = (state: Snapshot, properties: Record<string, any>) => boolean;

const call = (state: Snapshot, id: unknown): Call | undefined => state.calls.find((c) => c.callId === id);
const callIs = (wanted: string): Wish => (state, { callId }) => callId !== undefined && call(state, callId)?.state === wanted;
const loggedIn = (state: Snapshot) => !["LoggedOut", "Unknown"].includes(state.agent.state);

/** What can be seen when an activity was done. Those that are not here leave no trace that is only theirs. */
const wishes: Partial<Record<Activity, Wish>> = {
  LoginAgent: (state, { queue }) => loggedIn(state) && !queue,
  LogoutAgent: (state, { queue }) => state.agent.state === "LoggedOut" && !queue,
  SetAgentReady: (state, { queue }) => !queue && [state.agent.state, state.agent.pendingState].includes("Available"),
  SetAgentNotReady: (state, { queue, workMode, reasonCode }) =>
    !queue && (workMode ? state.agent.state === "AfterCallWork" : unavailable(state, reasonCode)),
  AnswerCall: callIs("Established"),
  HoldCall: callIs("Held"),
  RetrieveCall: callIs("Established"),
  HangUpCall: (state, { callId }) => callId !== undefined && !call(state, callId),
  MuteCall: (state, { callId }) => call(state, callId)?.muted === true,
  UnmuteCall: (state, { callId }) => call(state, callId) !== undefined && !call(state, callId)?.muted,
  SetDoNotDisturb: (state, { enabled }) => state.doNotDisturb === enabled,
  AttachData: (state, { callId, variables }) =>
    Object.entries(variables as Record<string, string>).every(([name, value]) => call(state, callId)?.variables?.[name] === value),
};

function unavailable({ agent }: Snapshot, reason?: string) {
  const now = agent.state === "Unavailable" && (!reason || agent.reasonCode === reason);
  return now || (agent.pendingState === "Unavailable" && (!reason || agent.pendingReasonCode === reason));
}

/** Whether the state shows what the activity was to do. */
export function cameTrue<A extends Activity>(activity: A, properties: ActivityProperties[A], state: Snapshot): boolean {
  return state.link === "LinkUp" && (wishes[activity]?.(state, properties) ?? false);
}
