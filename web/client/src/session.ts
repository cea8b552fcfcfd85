import type { Accepted, Activity, ActivityProperties, Event, Opened, OpenSession, Problem, Snapshot } from "./api.js";
import { Backoff, pause } from "./backoff.js";
import { CtilinkError, errorBy, OutcomeUnknown, passes, Unreachable } from "./errors.js";
import { fold, orderOf, placeOf, tidy, withTimes, type Known } from "./fold.js";
import type { Http } from "./http.js";
import { cameTrue } from "./outcome.js";
import { follow } from "./stream.js";
import { tell } from "./tell.js";
import type { Reader } from "./ways.js";

/** How the stream of events is. */
export type Connection = "connecting" | "live" | "reconnecting" | "unauthorized" | "ended";

/** Why a session is over for this desktop. */
export type EndReason =
  /** This desktop closed it. */
  | "closed"
  /** Another tab or another desk closed it. */
  | "closedElsewhere"
  /** The agent works at another device now, or another agent at this one. */
  | "takenOver"
  /** The server does not let this desktop have it any more; see trouble. */
  | "refused";

/** An activity whose answer is not there yet. */
export interface Pending {
  key: string;
  activity: Activity;
  callId?: string;
}

/** Everything that a desktop shows. Each change makes a new object. */
export interface State extends Known {
  connection: Connection;
  endReason?: EndReason;
  /** Why the connection is not live. */
  trouble?: CtilinkError;
  pending: readonly Pending[];
}

/** What a page keeps, to go on with the session after a reload. It holds no password. */
export interface Saved {
  session: string;
  sessionToken: string;
  dn: string;
  agentId?: string;
}

export interface PerformOptions {
  /** The idempotency key; made up when absent. */
  key?: string;
  /** How long to try, in milliseconds. */
  patience?: number;
}

/** @param event is absent when it was not an event that changed the state. */
export type Listener = (state: State, event?: Event) => void;

/** How long one try of an activity may take, in milliseconds; a server waits 8 s for a new holder. */
const tryTimeout = 12_000;

/** A session of a user at a device, and its stream of events. */
export class Session {
  private current: State;
  private readonly listeners = new Set<Listener>();
  private readonly backoff = new Backoff();
  private life = new AbortController();
  private wake?: () => void;
  private clock = 0;
  /** Whether the stream may go on after the last event, or must begin with a Snapshot. */
  private resumable = false;

  /** Use Link.open or Link.restore. */
  constructor(
    private readonly http: Http,
    private readonly events: Reader,
    private saved: Saved,
    snapshot?: Snapshot,
    /** Whether the session was open already. */
    readonly joined = true,
  ) {
    this.current = { ...(snapshot ? tidy(snapshot) : nothing(saved)), connection: "connecting", pending: [] };
  }

  /** What a page keeps, to restore the session. */
  get savedState(): Saved {
    return this.saved;
  }

  get state(): State {
    return this.current;
  }

  /** The time at the server: that of this machine may be wrong. */
  now(): number {
    return Date.now() + this.clock;
  }

  /** Calls the listener at each change, until the function that it gives is called. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Waits until the state is so. */
  until(condition: (state: State) => boolean, signal?: AbortSignal): Promise<State> {
    return new Promise((done, fail) => {
      const look = () => {
        if (!condition(this.current)) return;
        leave();
        signal?.removeEventListener("abort", give);
        done(this.current);
      };
      const leave = this.subscribe(look);
      const give = () => (leave(), fail(signal!.reason));
      signal?.addEventListener("abort", give);
      look();
    });
  }

  /** Begins to read events, and goes on until stop or the session's end. Link.open and restore do it. */
  start(): void {
    this.life = new AbortController();
    this.change({ connection: "connecting", trouble: undefined });
    void follow(this.life.signal, this.backoff, {
      read: (life) => this.read(life),
      curable: (error) => this.curable(error),
      waiting: (wake, trouble) => {
        this.wake = wake;
        this.change({ connection: "reconnecting", trouble });
      },
    });
  }

  /** Ends the reading. The session stays open at the server. */
  stop(): void {
    this.life.abort();
  }

  /** Tries again now, instead of when the waiting is over: the network is back. */
  retryNow(): void {
    this.wake?.();
    if (this.current.connection === "unauthorized") this.start();
  }

  /** Asks for the state now. */
  async refresh(): Promise<State> {
    const snapshot = await this.http.json<Snapshot>(this.path(), { headers: this.headers() });
    this.adopt(snapshot);
    return this.current;
  }

  /**
   * Asks for an activity. It is done when the CTI server has accepted it; the change itself
   * comes as an event. What is interrupted is sent again with the same idempotency key, as
   * long as the same holder answers; it never acts twice.
   *
   * @throws OutcomeUnknown when nobody knows whether it was done and the state does not show it;
   *   CtilinkError else.
   */
  async perform<A extends Activity>(activity: A, properties: ActivityProperties[A] = {} as ActivityProperties[A], options: PerformOptions = {}): Promise<Accepted> {
    const key = options.key ?? newKey();
    const { callId } = properties as { callId?: string };
    this.change({ pending: [...this.current.pending, { key, activity, callId }] });
    try {
      return await this.insist(activity, properties, key, Date.now() + (options.patience ?? 40_000));
    } catch (error) {
      this.lose(error as CtilinkError);
      throw error;
    } finally {
      this.change({ pending: this.current.pending.filter((p) => p.key !== key) });
    }
  }

  private async insist<A extends Activity>(activity: A, properties: ActivityProperties[A], key: string, deadline: number): Promise<Accepted> {
    const { epoch } = placeOf(this.current.lastEventId);
    const backoff = new Backoff();
    for (;;) {
      try {
        return await this.http.json<Accepted>(
          `${this.path()}/activities/${activity}`,
          { method: "POST", body: { requestId: key, ...properties }, headers: { ...this.headers(), "Idempotency-Key": key } },
          tryTimeout,
        );
      } catch (error) {
        if (error instanceof OutcomeUnknown) await this.lookAfter(error);
        else if (!(error instanceof Unreachable)) throw error;
        else if (await this.sameHolder(epoch, backoff, deadline)) continue;
        return this.settle(activity, properties, key, error);
      }
    }
  }

  /** Whether the key is still known: where another process answers, a retry might act twice. */
  private async sameHolder(epoch: string, backoff: Backoff, deadline: number): Promise<boolean> {
    while (Date.now() < deadline && !this.life.signal.aborted) {
      await pause(Math.min(backoff.next(), 2000), this.life.signal);
      try {
        await this.refresh();
        return placeOf(this.current.lastEventId).epoch === epoch;
      } catch (error) {
        if (!(error instanceof Unreachable)) return false;
      }
    }
    return false;
  }

  private async lookAfter(error: OutcomeUnknown) {
    if (error.problem?.snapshot) this.adopt(error.problem.snapshot);
    else await this.refresh().catch(() => undefined);
  }

  /** What nobody was told of may be seen: then it was accepted. */
  private settle<A extends Activity>(activity: A, properties: ActivityProperties[A], key: string, why: CtilinkError): Accepted {
    if (cameTrue(activity, properties, this.current)) return { requestId: key, activity, accepted: true };
    throw why instanceof OutcomeUnknown ? why : new OutcomeUnknown(why.message, why.status, why.problem);
  }

  /** Closes the session; with logout the agent is logged out first. */
  async close(options: { logout?: boolean; reasonCode?: string } = {}): Promise<void> {
    const query = new URLSearchParams();
    if (options.logout) query.set("logout", "true");
    if (options.reasonCode) query.set("reasonCode", options.reasonCode);
    try {
      await this.http.json<void>(`${this.path()}?${query}`, { method: "DELETE", headers: this.headers() });
    } catch (error) {
      if (!(error instanceof CtilinkError) || !error.problem) throw error;
      if (!this.lose(error) && error.status !== 404) throw error; // else closed already
    }
    this.end("closed");
  }

  private path() {
    return `/v1/sessions/${encodeURIComponent(this.saved.session)}`;
  }

  private headers(): Record<string, string> {
    return { "Ctilink-Session": this.saved.sessionToken };
  }

  private read(life: AbortSignal): Promise<void> {
    const lastEventId = this.resumable ? this.current.lastEventId : undefined;
    return this.events.read({ path: `${this.path()}/events`, sessionToken: this.saved.sessionToken, lastEventId }, life, {
      retry: (milliseconds) => (this.backoff.retry = milliseconds),
      event: (event, type) => (type === "End" ? this.lose(errorBy(event as Problem)) : this.take(event as Event)),
      opened: (resume) => {
        this.backoff.reset();
        if (resume === "replayed") this.change({ connection: "live", trouble: undefined });
      },
    });
  }

  /** Takes one event of the stream. */
  private take(event: Event) {
    if (event.snapshot) {
      if (this.isOfAnother(event.snapshot)) return this.end("takenOver");
      this.clock = Date.parse(event.at) - Date.now();
    }
    const order = orderOf(this.resumable ? this.current : undefined, event);
    this.resumable = order !== "gap";
    if (order === "gap") throw new Unreachable("an event was missing");
    const live = { connection: "live", trouble: undefined } as const;
    if (order === "next") this.change({ ...fold(this.current, event), ...live }, event);
    else if (this.current.connection !== "live") this.change(live);
  }

  /** The session of this name may be that of another desk by now. */
  private isOfAnother(snapshot: Snapshot) {
    return snapshot.dn !== this.saved.dn || (snapshot.agentId ?? "") !== (this.saved.agentId ?? "");
  }

  /** Takes over a snapshot that was asked for. */
  private adopt(snapshot: Snapshot) {
    if (this.current.connection === "ended") return;
    if (this.isOfAnother(snapshot)) return this.end("takenOver");
    const [last, now] = [placeOf(this.current.lastEventId), placeOf(snapshot.lastEventId)];
    if (last.epoch === now.epoch && now.sequence < last.sequence) return; // the stream was faster
    this.change(withTimes(this.current, tidy(snapshot)));
  }

  /** Ends the session when the error says that another desk has it now. */
  private lose(error: CtilinkError): boolean {
    if (error.code !== "SessionTakenOver") return false;
    this.end("takenOver", error);
    return true;
  }

  /** Says whether coming back may help, and does what it needs. */
  private async curable(error: CtilinkError): Promise<boolean> {
    const { status } = error;
    if (passes(error)) return true;
    if (this.lose(error)) return false;
    if (status === 400) return this.beginAnew();
    if (status === 401) return this.change({ connection: "unauthorized", trouble: error }), false;
    if (status === 403) return this.reopen();
    if (status === 404 && error.code === "InvalidRequest") return this.end("closedElsewhere", error), false;
    return this.end(error.code === "DeviceInUse" ? "takenOver" : "refused", error), false;
  }

  /** The server does not like the Last-Event-ID. */
  private beginAnew(): boolean {
    const again = this.resumable;
    this.resumable = false;
    if (!again) this.end("refused");
    return again;
  }

  /** The session token is too old, or its key was changed: opens the session anew. */
  private async reopen(): Promise<boolean> {
    const body: OpenSession = { dn: this.saved.dn, agentId: this.saved.agentId };
    try {
      const opened = await this.http.json<Opened>("/v1/sessions", { method: "POST", body, signal: this.life.signal });
      this.saved = savedOf(opened);
      this.resumable = false;
      return true;
    } catch (error) {
      const e = error as CtilinkError;
      if (e.status === 403) return this.end("refused", e), false;
      return this.curable(e);
    }
  }

  private end(endReason: EndReason, trouble?: CtilinkError) {
    this.stop();
    if (this.current.connection !== "ended") this.change({ connection: "ended", endReason, trouble });
  }

  private change(to: Partial<State>, event?: Event) {
    this.current = { ...this.current, ...to };
    tell(this.listeners, this.current, event);
  }
}

/**
 * A key that nobody else has; pages that came without TLS have no randomUUID. What acts has one, also
 * when it is sent once: a browser sends it again by itself when a connection that it kept breaks.
 */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** What is known before the first Snapshot. */
function nothing(saved: Saved): Known {
  return {
    session: saved.session, dn: saved.dn, agentId: saved.agentId, lastEventId: "-0", link: "LinkDown", mode: "Full",
    agent: { state: "Unknown", since: new Date().toISOString() }, doNotDisturb: false, calls: [], activities: [],
    reasonCodes: { unavailable: [], logout: [], required: [] }, openedAt: new Date().toISOString(),
  };
}

/** What to keep of an answer to POST /v1/sessions. */
export function savedOf(opened: Opened): Saved {
  return {
    session: opened.session, sessionToken: opened.sessionToken,
    dn: opened.snapshot.dn, agentId: opened.snapshot.agentId,
  };
}
