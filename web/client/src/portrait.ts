// What the Portrait front tells, in the API's own words. docs/portrait.md has the elements.
import type { Activity, AgentState, Call, Event, Failure, Problem, QueueState, Reason, Snapshot, Treatment } from "./api.js";
import { all, child, text, type Element } from "./xml.js";

/** The activity behind each request that stands for one alone. */
const activityOf: Record<string, Activity> = {
  AGENTINITIALIZE: "LoginAgent", AGENTUNINITIALIZE: "LogoutAgent", CTICLIENTRECONNECT: "Resync",
  MAKECALL: "MakeCall", ACCEPTCALL: "AnswerCall", DECLINECALL: "DeclineCall", RELEASECALL: "HangUpCall",
  HOLDCALL: "HoldCall", RETRIEVECALL: "RetrieveCall", ALTERNATECALL: "AlternateCall", SENDDTMF: "SendDTMF",
  INITIATETRANSFER: "TransferInitiate", COMPLETETRANSFER: "TransferCall", CANCELTRANSFER: "CancelTransfer", BLINDTRANSFER: "BlindTransfer",
  INITIATECONFERENCE: "ConferenceInitiate", COMPLETECONFERENCE: "ConferenceCall", CANCELCONFERENCE: "CancelConference", DROPPARTY: "DropParty",
  ATTACHDATA: "AttachData", ACCEPTINTERACTION: "AcceptInteraction", DONOTDISTURB: "SetDoNotDisturb", GETSTATISTICS: "GetStatistics",
};

/** Values of MAYBECOME. */
const stateOf: Record<string, Activity> = { AVAILABLE: "SetAgentReady", UNAVAILABLE: "SetAgentNotReady" };

const texts = (of: Element, name: string) => all(of, name).map((e) => e.text);
const many = <T>(list: T[]): T[] | undefined => (list.length > 0 ? list : undefined);
const is = (of: Element, name: string) => text(of, name) === "true" || undefined;

/** Leaves out what is not there, as JSON does. */
const told = <T extends object>(of: { [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as T;

/** MUTECALL is two activities, of which one is possible. */
function capabilities(of: Element, muted?: boolean): string[] {
  return texts(of, "CAN").flatMap((request) => (request === "MUTECALL" ? [muted ? "UnmuteCall" : "MuteCall"] : (activityOf[request] ?? [])));
}

function activities(of: Element): string[] {
  const agent = texts(of, "MAYBECOME").flatMap((state) => stateOf[state] ?? []);
  return [...texts(of, "MAY").flatMap((request) => activityOf[request] ?? []), ...agent];
}

const data = (of: Element | undefined): Record<string, string> | undefined =>
  of && Object.fromEntries(all(of, "ITEM").map((item) => [text(item, "NAME")!, text(item, "VALUE")!]));

function treatment(of: Element | undefined): Treatment | undefined {
  if (!of) return undefined;
  const pop = child(of, "SCREENPOP");
  const delay = text(of, "DELAY");
  return told<Treatment>({
    rule: text(of, "RULE") ?? "", answer: text(of, "ANSWER") as Treatment["answer"], claimed: text(of, "CLAIMED") === "true",
    delaySeconds: delay === undefined ? undefined : Number(delay),
    screenPop: pop && told({ url: text(pop, "URL"), interaction: text(pop, "INTERACTION") }),
  });
}

function call(of: Element): Call {
  const muted = is(of, "MUTED");
  return told<Call>({
    callId: text(of, "CALLID")!, interactionId: text(of, "INTERACTIONID") ?? "", state: text(of, "CALLSTATE")!,
    callType: text(of, "CALLTYPE") as Call["callType"], originalCallType: text(of, "ORIGINALCALLTYPE") as Call["originalCallType"],
    offeredBy: text(of, "OFFEREDBY") as Call["offeredBy"], ani: text(of, "ANI"), dnis: text(of, "DNIS"), queue: text(of, "QUEUE"),
    otherDns: many(texts(of, "OTHERDN")), variables: data(child(of, "CALLDATA")), muted, networkReached: is(of, "NETWORKREACHED"),
    parties: many(all(of, "PARTY").map((p) => told({ id: text(p, "PARTYID")!, dn: text(p, "PARTYDN"), state: text(p, "PARTYSTATE"), role: text(p, "ROLE") as never }))),
    treatment: treatment(child(of, "TREATMENT")), capabilities: capabilities(of, muted),
    since: text(of, "SINCE") ?? "", startedAt: text(of, "STARTEDAT") ?? "", answeredAt: text(of, "ANSWEREDAT"),
  });
}

function agent(of: Element): AgentState {
  const states = new Map(all(of, "QUEUESTATE").map((q) => [text(q, "QUEUE")!, text(q, "AGENTSTATE") as QueueState["state"]]));
  return told<AgentState>({
    state: text(of, "AGENTSTATE") as AgentState["state"], workMode: text(of, "WORKMODE"), reasonCode: text(of, "REASONCODE"),
    pendingState: text(of, "PENDINGSTATE"), pendingReasonCode: text(of, "PENDINGREASONCODE"), nativeState: text(of, "NATIVESTATE"),
    queues: many(texts(of, "QUEUE").map((name) => told<QueueState>({ name, state: states.get(name) }))),
    cause: text(of, "CAUSE") as AgentState["cause"], since: text(of, "SINCE") ?? "", wrapUpEndsAt: text(of, "WRAPUPENDSAT"),
  });
}

function reasons(of: Element, request: string): Reason[] {
  return all(of, "REASON")
    .filter((r) => text(r, "REQUEST") === request)
    .map((r) => told<Reason>({ code: text(r, "REASONCODE")!, label: text(r, "LABEL") }));
}

const needsReason = { SETAGENTSTATE: "Unavailable", AGENTUNINITIALIZE: "Logout" } as const;

function snapshot(of: Element, lastEventId: string): Snapshot {
  const [dn, agentId, openedAt] = [text(of, "DN") ?? "", text(of, "AGENTID"), text(of, "OPENEDAT") ?? ""];
  const own = child(of, "AGENT");
  return told<Snapshot>({
    session: agentId ?? dn, dn, agentId, pool: text(of, "POOL"), lastEventId, openedAt,
    link: text(of, "LINKSTATE") as Snapshot["link"], mode: text(of, "MODE") as Snapshot["mode"],
    agent: own ? agent(own) : { state: "Unknown", since: openedAt }, doNotDisturb: text(of, "DONOTDISTURBED") === "true",
    calls: all(of, "CALL").map(call), activities: activities(of),
    reasonCodes: {
      unavailable: reasons(of, "SETAGENTSTATE"), logout: reasons(of, "AGENTUNINITIALIZE"),
      required: texts(of, "REASONREQUIRED").map((request) => needsReason[request as keyof typeof needsReason]),
    },
  });
}

function failure(of: Element): Failure | undefined {
  const error = child(of, "ERROR");
  return error && {
    activity: text(of, "ACTIVITY") ?? "", requestId: text(of, "CAUSEDBY") ?? "",
    error: told({ code: text(error, "CODE")!, message: text(error, "MESSAGE")!, detail: text(error, "DETAIL"), retryable: text(error, "RETRYABLE") === "true" }),
  };
}

/** The type of those events that are not of a call's state. */
const typeOf: Record<string, Event["type"]> = {
  STATENOW: "Snapshot", AGENTSTATECHANGED: "AgentState", LINKSTATECHANGED: "LinkState", REQUESTFAILED: "RequestFailed", CALLDATACHANGED: "CallInfo",
};

/** One event of GETEVENTS. Those that follow a STATENOW and tell of what it has, have its id. */
export function eventOf(of: Element, { dn, agentId }: { dn: string | undefined; agentId: string | undefined }): Event {
  const [id, name, state, own] = [text(of, "EVENTID")!, text(of, "EVENT")!, child(of, "SNAPSHOT"), child(of, "CALL")];
  const mine = own && call(own);
  const others = all(of, "OTHERCALL");
  return told<Event>({
    id, name, type: name === "PartyInfo" ? "PartyInfo" : (typeOf[of.name] ?? "CallState"), at: text(of, "TIME") ?? "",
    cause: text(of, "CAUSE"), causedBy: text(of, "CAUSEDBY"), role: text(of, "TRANSFERROLE") as Event["role"],
    previousCallIds: many(texts(of, "PREVIOUSCALLID")), ended: is(of, "ENDED"), call: mine, agent: child(of, "AGENT") && agent(child(of, "AGENT")!),
    capabilities: others.length > 0 ? Object.fromEntries(others.map((o) => [text(o, "CALLID")!, capabilities(o, is(o, "MUTED"))])) : undefined,
    activities: many(activities(of)), failed: failure(of), snapshot: state && snapshot(state, id), dn, agentId,
  });
}

/** The HTTP status that the API has for what the front says within a document. */
function statusOf(code: string, retryable: boolean, first: string | undefined): number {
  if (retryable) return 503;
  if (code === "SessionTakenOver") return 410;
  if (code === "InvalidState" && first === "CTICLIENTINITIALIZE") return 404; // the session was closed
  return code === "Forbidden" ? 403 : 409;
}

/** The problem that an answer of the front tells; undefined when it tells none. */
export function problemIn(answer: Element, httpStatus?: number): Problem | undefined {
  const error = child(answer, "ERROR");
  if (!error) return undefined;
  const [code, retryable, detail] = [text(error, "CODE") ?? "Rejected", text(error, "RETRYABLE") === "true", text(error, "DETAIL")];
  const status = httpStatus ?? statusOf(code, retryable, text(error, "SENDFIRST"));
  return {
    code: status === 404 ? "InvalidRequest" : code, message: text(error, "MESSAGE") ?? code, retryable, status,
    severity: "Fail", title: "", type: "", ...(detail !== undefined && { detail }),
  };
}
