import { pause, type Backoff } from "./backoff.js";
import { CtilinkError, Unreachable } from "./errors.js";
import type { Http } from "./http.js";
import { readEvents } from "./sse.js";

/** A server says something every 15 s; who hears nothing for this long, in milliseconds, is cut off. */
export const silence = 30_000;

/** Not a word of a stream has come: something on the way keeps it back. */
export class Mute extends Unreachable {
  override name = "Mute";
}

export interface StreamHandlers {
  /** The stream has begun; resume is what the server said of it. */
  opened(resume: string | null): void;
  event(event: unknown, type: string): void;
  retry(milliseconds: number): void;
}

/**
 * Reads a stream of events until it ends; rejects when it could not be had, broke off or fell
 * silent, with Mute when its first word did not come within patience, in milliseconds.
 */
export async function readStream(http: Http, path: string, headers: Record<string, string>, life: AbortSignal, handlers: StreamHandlers, patience = silence): Promise<void> {
  const cut = new AbortController();
  const end = () => cut.abort();
  let timer = setTimeout(end, patience);
  let mute = true;
  const alive = () => {
    mute = false;
    clearTimeout(timer);
    timer = setTimeout(end, silence);
  };
  life.addEventListener("abort", end);
  if (life.aborted) end();
  try {
    const answer = await http.send(path, { headers: { Accept: "text/event-stream", ...headers }, signal: cut.signal });
    handlers.opened(answer.headers.get("Ctilink-Resume"));
    await readEvents(answer.body!, {
      alive,
      retry: handlers.retry,
      message: ({ data, event }) => life.aborted || handlers.event(JSON.parse(data), event),
    });
  } catch (cause) {
    if (life.aborted) return;
    if (mute && cut.signal.aborted) throw new Mute("the stream says nothing", 0, { cause });
    throw cause instanceof CtilinkError ? cause : new Unreachable("the connection is lost", 0, { cause });
  } finally {
    clearTimeout(timer);
    life.removeEventListener("abort", end);
    cut.abort();
  }
}

export interface Follower {
  /** Reads one stream to its end. */
  read(life: AbortSignal): Promise<void>;
  /** Says whether coming back may help, and does what it needs. */
  curable(error: CtilinkError): Promise<boolean>;
  /** The stream has ended; wake ends the waiting. */
  waiting(wake: () => void, trouble?: CtilinkError): void;
}

/** Reads a stream, and comes back whenever it ends, until life does. */
export async function follow(life: AbortSignal, backoff: Backoff, follower: Follower): Promise<void> {
  while (!life.aborted) {
    let trouble: CtilinkError | undefined;
    try {
      await follower.read(life);
    } catch (error) {
      trouble = error as CtilinkError;
      if (!(await follower.curable(trouble))) return;
    }
    if (life.aborted) return;
    const awake = new AbortController();
    follower.waiting(() => awake.abort(), trouble);
    await pause(backoff.next(), life, awake.signal);
  }
}
