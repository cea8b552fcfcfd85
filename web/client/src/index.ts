/**
 * The client of a CTILink: sessions, activities, events. It has no dependency and runs in
 * browsers and in Node 20 or later.
 */
export { Link } from "./link.js";
export { Session } from "./session.js";
export type { Connection, EndReason, Listener, Pending, PerformOptions, Saved, State } from "./session.js";
export { foldPool, PoolWatch } from "./pool.js";
export type { PoolListener, PoolState } from "./pool.js";
export { CtilinkError, OutcomeUnknown, Unreachable } from "./errors.js";
export type { Options } from "./http.js";
export type { Way } from "./ways.js";
export { fold, orderOf, placeOf } from "./fold.js";
export type { ErrorCode, EventName } from "./names.js";
export type * from "./api.js";
