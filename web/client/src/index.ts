/**
 * The client of a CTILink: sessions, activities, events. It has no dependency and runs in
 * browsers and in Node 20 or later.
 */
export { Link } from "./link.ts";
export { Session } from "./session.ts";
export type { Connection, EndReason, Listener, Pending, PerformOptions, Saved, State } from "./session.ts";
export { foldPool, PoolWatch } from "./pool.ts";
export type { PoolListener, PoolState } from "./pool.ts";
export { CtilinkError, OutcomeUnknown, Unreachable } from "./errors.ts";
export type { Options } from "./http.ts";
export { fold, orderOf, placeOf } from "./fold.ts";
export type { ErrorCode, EventName } from "./names.ts";
export type * from "./api.ts";
