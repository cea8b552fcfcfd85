import type { Problem, Snapshot } from "./api.js";
import type { ErrorCode } from "./names.js";
import { problemIn } from "./portrait.js";
import { parse } from "./xml.js";

/** What went wrong, by a code of the closed set. */
export class CtilinkError extends Error {
  override name = "CtilinkError";

  /** @param status the HTTP status; 0 when there was no answer. */
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly status = 0,
    readonly problem?: Problem,
  ) {
    super(message);
  }

  /** The same request may succeed a little later. */
  get retryable(): boolean {
    return this.problem?.retryable ?? this.status === 0;
  }

  /** The CTI server's own words. */
  get detail(): string | undefined {
    return this.problem?.detail;
  }
}

/**
 * Nobody knows whether the request was done: the connection or the pod was lost before the
 * answer. The session's state is up to date again when this is thrown; look at it.
 */
export class OutcomeUnknown extends CtilinkError {
  override name = "OutcomeUnknown";

  constructor(message: string, status = 0, problem?: Problem) {
    super("OutcomeUnknown", message, status, problem);
  }
}

/** There was no answer of the API: the network, a proxy on the way, a pod that has gone. */
export class Unreachable extends CtilinkError {
  override name = "Unreachable";

  constructor(message: string, status = 0, options?: ErrorOptions) {
    super("LinkDown", message, status);
    if (options?.cause) this.cause = options.cause;
  }

  override get retryable() {
    return true;
  }
}

/** Whether coming back later may help, because it was not the API that said no. */
export const passes = ({ status, problem }: CtilinkError): boolean => status === 0 || status >= 500 || status === 429 || !problem;

/** Makes an error of an answer that is none of success. */
export async function errorOf(answer: Response): Promise<CtilinkError> {
  const problem = await problemOf(answer);
  if (!problem) return new Unreachable(`the server answered ${answer.status} ${answer.statusText}`.trim(), answer.status);
  return errorBy(problem);
}

/** Makes an error of a problem document. */
export function errorBy(problem: Problem): CtilinkError {
  if (problem.code === "OutcomeUnknown") return new OutcomeUnknown(problem.message, problem.status, problem);
  return new CtilinkError(problem.code as ErrorCode, problem.message, problem.status, problem);
}

/** The problem document; undefined when a proxy on the way answered and not the API. */
async function problemOf(answer: Response): Promise<(Problem & { snapshot?: Snapshot }) | undefined> {
  const type = answer.headers.get("content-type") ?? "";
  try {
    if (type.includes("text/xml")) return problemIn(parse(await answer.text()), answer.status);
    return type.includes("problem+json") ? ((await answer.json()) as Problem) : undefined;
  } catch {
    return undefined;
  }
}
