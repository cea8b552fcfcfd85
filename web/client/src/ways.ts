import { CtilinkError, Unreachable } from "./errors.js";
import type { Http } from "./http.js";
import { Poll } from "./poll.js";
import { Mute, readStream, type StreamHandlers } from "./stream.js";

/**
 * How a session's events come. `stream`: server-sent events. `poll`: GETEVENTS of the
 * Portrait front, which waits for events; for proxies that keep a stream back until it ends.
 * `auto`: a stream, and polls where no word of it gets through.
 */
export type Way = "auto" | "stream" | "poll";

/** Where reading begins. */
export interface From {
  path: string;
  sessionToken: string;
  /** The last event that is known; absent: it begins with a Snapshot. */
  lastEventId?: string;
}

/** Reads the events of one session. */
export interface Reader {
  /** Reads until life ends; rejects when the events could not be had or broke off. */
  read(from: From, life: AbortSignal, handlers: StreamHandlers): Promise<void>;
}

export function readerOf(way: Way, http: Http): Reader {
  if (way === "poll") return new Poll(http);
  return way === "stream" ? new Stream(http) : new Auto(new Stream(http, firstWord), new Poll(http));
}

/**
 * How long a stream's first word may take, in milliseconds. A server says it at once, or after
 * 8 s that no pod holds the slot.
 */
export const firstWord = 10_000;

class Stream implements Reader {
  constructor(private readonly http: Http, private readonly patience?: number) {}

  read({ path, sessionToken, lastEventId }: From, life: AbortSignal, handlers: StreamHandlers): Promise<void> {
    const headers: Record<string, string> = { "Ctilink-Session": sessionToken };
    if (lastEventId) headers["Last-Event-ID"] = lastEventId;
    return readStream(this.http, path, headers, life, handlers, this.patience);
  }
}

/** Polls once a stream was mute, for as long as polls work. */
class Auto implements Reader {
  private mute = false;

  constructor(private readonly stream: Reader, private readonly poll: Reader) {}

  async read(from: From, life: AbortSignal, handlers: StreamHandlers): Promise<void> {
    if (!this.mute) {
      try {
        return await this.stream.read(from, life, handlers);
      } catch (error) {
        if (!(error instanceof Mute)) throw error;
      }
    }
    this.mute = false; // unless polls are answered
    const opened = (resume: string | null) => ((this.mute = true), handlers.opened(resume));
    try {
      await this.poll.read(from, life, { ...handlers, opened });
    } catch (cause) {
      if (this.mute) throw cause;
      const why = cause as CtilinkError; // what it means, the stream will tell
      throw new Unreachable(`neither a stream nor polls get through: ${why.message}`, why.status, { cause });
    }
  }
}
