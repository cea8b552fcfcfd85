import type { Opened, OpenSession, LinkOutputBody } from "./api.ts";
import { Http, type Options } from "./http.ts";
import { savedOf, Session, type Saved } from "./session.ts";

/** A link's API: where sessions are opened. */
export class Link {
  private readonly http: Http;

  constructor(options: Options) {
    this.http = new Http(options);
  }

  /** The link: its class, its state, what it can do. */
  info(): Promise<LinkOutputBody> {
    return this.http.json<LinkOutputBody>("/v1/link");
  }

  /**
   * Opens a session, or joins the one that the agent has at this device, and begins to read
   * its events. With `login` the agent is logged in as well; with `takeOver` the session that
   * stands in the way is ended.
   */
  async open(request: OpenSession): Promise<Session> {
    const opened = await this.http.json<Opened>("/v1/sessions", { method: "POST", body: request }, 35_000);
    const session = new Session(this.http, savedOf(opened), opened.snapshot, opened.joined);
    session.start();
    return session;
  }

  /** Goes on with a session that was open, after a reload of the page. */
  restore(saved: Saved): Session {
    const session = new Session(this.http, saved);
    session.start();
    return session;
  }
}
