import type { PoolEvent, PoolSession, QueueStatistics } from "./api.js";
import { Backoff } from "./backoff.js";
import { CtilinkError, passes } from "./errors.js";
import type { Http } from "./http.js";
import type { Connection } from "./session.js";
import { follow, readStream } from "./stream.js";
import { tell } from "./tell.js";

/** A pool as supervisors see it. Each change makes a new object. */
export interface PoolState {
  pool: string;
  connection: Connection;
  /** Why the connection is not live. */
  trouble?: CtilinkError;
  /** The open sessions, by the agent or the device. */
  sessions: readonly PoolSession[];
  /** The queues, by name. */
  queues: readonly QueueStatistics[];
}

export type PoolListener = (state: PoolState, event?: PoolEvent) => void;

const bySession = (a: PoolSession, b: PoolSession) => (a.session < b.session ? -1 : 1);
const byQueue = (a: QueueStatistics, b: QueueStatistics) => (a.queue < b.queue ? -1 : 1);

/** What is known of a pool after the event. Nothing that was known is changed. */
export function foldPool(state: PoolState, event: PoolEvent): PoolState {
  if (event.type === "PoolSnapshot") return { ...state, sessions: [...(event.sessions ?? [])].sort(bySession) };
  const { statistics, session } = event;
  if (statistics) return { ...state, queues: [...state.queues.filter((q) => q.queue !== statistics.queue), statistics].sort(byQueue) };
  if (!session) return state;
  const others = state.sessions.filter((s) => s.session !== session.session);
  return { ...state, sessions: event.type === "SessionClosed" ? others : [...others, session].sort(bySession) };
}

/** Watches a pool, and comes back whenever the stream ends. */
export class PoolWatch {
  private current: PoolState;
  private readonly listeners = new Set<PoolListener>();
  private readonly backoff = new Backoff();
  private life = new AbortController();
  private wake?: () => void;
  private clock = 0;

  /** Use Link.watch. */
  constructor(private readonly http: Http, pool: string) {
    this.current = { pool, connection: "connecting", sessions: [], queues: [] };
  }

  get state(): PoolState {
    return this.current;
  }

  /** The time at the server. */
  now(): number {
    return Date.now() + this.clock;
  }

  subscribe(listener: PoolListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): this {
    this.life = new AbortController();
    void follow(this.life.signal, this.backoff, {
      read: (life) => this.read(life),
      curable: async (error) => this.curable(error),
      waiting: (wake, trouble) => {
        this.wake = wake;
        this.change({ connection: "reconnecting", trouble });
      },
    });
    return this;
  }

  stop(): void {
    this.life.abort();
  }

  /** Tries again now. */
  retryNow(): void {
    this.wake?.();
  }

  private read(life: AbortSignal): Promise<void> {
    return readStream(this.http, `/v1/pools/${encodeURIComponent(this.current.pool)}/events`, {}, life, {
      opened: () => this.backoff.reset(),
      retry: (milliseconds) => (this.backoff.retry = milliseconds),
      event: (event) => this.take(event as PoolEvent),
    });
  }

  private take(event: PoolEvent) {
    if (event.type === "PoolSnapshot") this.clock = Date.parse(event.at) - Date.now();
    this.change({ ...foldPool(this.current, event), connection: "live", trouble: undefined }, event);
  }

  private curable(error: CtilinkError): boolean {
    if (passes(error)) return true;
    this.change({ connection: error.status === 401 ? "unauthorized" : "ended", trouble: error });
    return false;
  }

  private change(to: Partial<PoolState>, event?: PoolEvent) {
    this.current = { ...this.current, ...to };
    tell(this.listeners, this.current, event);
  }
}
