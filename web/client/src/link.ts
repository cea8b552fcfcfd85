import type { LinkInfo, Opened, OpenSession, QueueReport } from "./api.js";
import { Http, type Options } from "./http.js";
import { PoolWatch } from "./pool.js";
import { newKey, savedOf, Session, type Saved } from "./session.js";
import { readerOf, type Reader } from "./ways.js";

/** A link's API: where sessions are opened. */
export class Link {
  private readonly http: Http;

  constructor(private readonly options: Options) {
    this.http = new Http(options);
  }

  private reader(): Reader {
    return readerOf(this.options.events ?? "auto", this.http);
  }

  /** The link: its class, its state, what it can do. */
  info(): Promise<LinkInfo> {
    return this.http.json<LinkInfo>("/v1/link");
  }

  /**
   * Opens a session, or joins the one that the agent has at this device, and begins to read
   * its events. With `login` the agent is logged in as well; with `takeOver` the session that
   * stands in the way is ended.
   */
  async open(request: OpenSession): Promise<Session> {
    const opened = await this.http.json<Opened>("/v1/sessions", { method: "POST", body: request }, 35_000);
    const session = new Session(this.http, this.reader(), savedOf(opened), opened.snapshot, opened.joined);
    session.start();
    return session;
  }

  /**
   * Logs an agent out at the device where the agent's session is now. `open` with `takeOver`
   * does so by itself.
   */
  async logoutAgent(agentId: string, reasonCode?: string): Promise<void> {
    const path = `/v1/sessions/${encodeURIComponent(agentId)}/activities/LogoutAgent`;
    await this.http.json(path, { method: "POST", body: { reasonCode }, headers: { "Idempotency-Key": newKey() } });
  }

  /** Goes on with a session that was open, after a reload of the page. */
  restore(saved: Saved): Session {
    const session = new Session(this.http, this.reader(), saved);
    session.start();
    return session;
  }

  /** Queues at this moment; without names all that the pools' agents work for. */
  statistics(...queues: string[]): Promise<QueueReport> {
    const query = new URLSearchParams(queues.map((queue) => ["queue", queue]));
    return this.http.json<QueueReport>(`/v1/statistics?${query}`);
  }

  /** Watches a pool as supervisors do: its agents and its queues. */
  watch(pool: string): PoolWatch {
    return new PoolWatch(this.http, pool);
  }
}
