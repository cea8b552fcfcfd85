/** The events of a call, an agent and the rest: a closed set. */
export type EventName =
  | "Offering" | "Initiated" | "Delivered" | "Queued" | "Established" | "Held" | "Retrieved"
  | "Conferenced" | "Transferred" | "Diverted" | "Failed" | "Abandoned" | "Released"
  | "LoggedIn" | "Available" | "Busy" | "AfterCallWork" | "Unavailable" | "LoggedOut" | "Unknown"
  | "PartyInfo" | "CallInfo" | "LinkUp" | "LinkDown" | "RequestFailed" | "Snapshot";

/** Why a request was not done: a closed set. Decide by it, not by messages. */
export type ErrorCode =
  | "NotLoggedIn" | "AlreadyLoggedIn" | "DeviceInUse" | "SessionTakenOver" | "UnknownDevice" | "DeviceOutOfService"
  | "NoAlertingCall" | "NoActiveCall" | "NoHeldCall" | "NoSuchCall" | "InvalidState" | "SameState"
  | "InvalidDestination" | "DestinationBusy" | "InvalidQueue" | "ReasonCodeRequired" | "InvalidReasonCode"
  | "ConferenceFull" | "InvalidRequest" | "NotPermittedInMode" | "NotSupportedByClass" | "NotCapable"
  | "Forbidden" | "LicenceExhausted" | "Overloaded" | "LinkDown" | "Timeout" | "OutcomeUnknown"
  | "IdempotencyConflict" | "AuthenticationFailed" | "Rejected";
