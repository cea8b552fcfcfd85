import { pause } from "./backoff.js";
import { CtilinkError, errorBy, Unreachable } from "./errors.js";
import type { Http } from "./http.js";
import { eventOf, problemIn } from "./portrait.js";
import type { StreamHandlers } from "./stream.js";
import type { From, Reader } from "./ways.js";
import { child, escape, text, type Element } from "./xml.js";

/** How long the server may wait for an event, in seconds. Proxies give up after 30 or 60. */
const wait = 20;
/** How long an answer may take beyond that, in milliseconds; a server waits 8 s for a new holder. */
const patience = 12_000;
/** The least time between two polls, in milliseconds: a session may ask 20 times a second, activities among them. */
const pace = 75;
/** The ACK of who has nothing yet. */
const fromTheStart = "0";

/** The front refused a request; `first` is the one that must come before. */
class Refused extends Error {
  constructor(readonly why: CtilinkError, readonly first: string | undefined) {
    super(why.message);
  }
}

/**
 * Reads a session through the Portrait front (docs/portrait.md). An answer counts when its
 * events were taken: only then the next GETEVENTS acknowledges it. So none is lost and none
 * comes twice, whatever happens to answers on the way.
 */
export class Poll implements Reader {
  private client?: { id: string; token: string; dn: string | undefined; agentId: string | undefined };
  private last = fromTheStart;

  constructor(private readonly http: Http) {}

  async read({ sessionToken, lastEventId }: From, life: AbortSignal, handlers: StreamHandlers): Promise<void> {
    try {
      if (this.client?.token !== sessionToken) await this.join(sessionToken, life);
      if (!lastEventId) this.last = fromTheStart;
      for (let first = true; !life.aborted; first = false) {
        const begun = Date.now();
        const answer = await this.events(first ? 0 : wait, life);
        for (const told of child(answer, "EVENTS")?.children ?? []) {
          const event = eventOf(told, this.client!);
          if (!life.aborted) handlers.event(event, event.type);
        }
        this.last = text(answer, "LAST") ?? this.last;
        if (first) handlers.opened("replayed");
        await pause(begun + pace - Date.now(), life);
      }
    } catch (cause) {
      if (life.aborted) return;
      if (cause instanceof Refused) throw cause.why;
      throw cause instanceof CtilinkError ? cause : new Unreachable("the connection is lost", 0, { cause });
    }
  }

  /** What the client does not have yet. Who is not known there any more makes itself known. */
  private async events(seconds: number, life: AbortSignal): Promise<Element> {
    try {
      return await this.poll(seconds, life);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.first) await this.again(error.first, life);
      else if (this.last !== fromTheStart) this.last = fromTheStart; // it does not know this ACK
      else throw error;
      return this.poll(0, life);
    }
  }

  private poll(seconds: number, life: AbortSignal) {
    return this.ask("GETEVENTS", { CLIENTID: this.client!.id, WAIT: String(seconds), ACK: this.last }, life, seconds * 1000 + patience);
  }

  /** After down time: another pod, or silence that was too long. */
  private async again(first: string, life: AbortSignal) {
    const { id, token } = this.client!;
    if (first === "CTICLIENTRECONNECT") {
      try {
        return this.take(await this.ask("CTICLIENTRECONNECT", { CLIENTID: id }, life), token);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        // The CTI server is away, perhaps: that can be told to who is known.
      }
    }
    return this.join(token, life);
  }

  private async join(token: string, life: AbortSignal) {
    this.take(await this.ask("CTICLIENTINITIALIZE", { SESSIONTOKEN: token, EXTRAEVENTS: "true" }, life), token);
  }

  private take(answer: Element, token: string) {
    const snapshot = child(answer, "SNAPSHOT");
    this.client = { id: text(answer, "CLIENTID")!, token, dn: text(snapshot, "DN"), agentId: text(snapshot, "AGENTID") };
    this.last = fromTheStart;
  }

  private async ask(request: string, elements: Record<string, string>, life: AbortSignal, timeout = patience): Promise<Element> {
    const body = Object.entries(elements).map(([name, value]) => `<${name}>${escape(value)}</${name}>`).join("");
    const answer = await this.http.xml("/portrait?names=standard", `<${request}>${body}</${request}>`, life, timeout);
    const problem = problemIn(answer);
    if (problem) throw new Refused(errorBy(problem), text(child(answer, "ERROR"), "SENDFIRST"));
    return answer;
  }
}
