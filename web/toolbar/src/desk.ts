import { CtilinkError, Link, type Activity, type ActivityProperties, type Event, type QueueStatistics, type Saved, type Session, type State } from "@ctilink/client";
import { Keep, type Kept } from "./keep.ts";
import { texts } from "./language.ts";
import { Pops, type Pop } from "./pop.ts";
import { Tabs } from "./tabs.ts";
import { explain, happened, meanwhile } from "./words.ts";

/** What an agent enters to begin. */
export interface Entry {
  agentId?: string;
  dn?: string;
  password?: string;
  queue?: string;
  token?: string;
}

/** Something that the agent must know. */
export interface Notice {
  title: string;
  todo?: string;
  detail?: string;
  /** Nothing failed. */
  calm?: boolean;
  /** The field of the log-in that is wrong. */
  field?: keyof Entry;
  /** The agent may take over from the other desk. */
  takeOver?: () => void;
}

/** Something that just happened. */
export interface Happening {
  at: string;
  text: string;
}

export interface Settings {
  url: string;
  /** The page's own token; the agent need not enter one. */
  token?: () => string | undefined;
  /** What the log-in is filled with. */
  defaults: Entry;
  /** Opens a screen pop; false when the browser forbade it. */
  open(pop: Pop): boolean;
}

const kept = 40;

/** An agent's desk: the session, what is asked of it, and what is told of it. Without a face. */
export class Desk {
  private readonly keep: Keep;
  private readonly tabs: Tabs;
  private readonly listeners = new Set<() => void>();
  private readonly pops = new Pops((callId) => this.claim(callId), (pop) => this.pop(pop));
  private leave = () => {};
  private last?: Kept;
  /** The calls at the last change. */
  private calls: State["calls"] = [];

  session?: Session;
  /** What the last consult was begun for. */
  purpose: "transfer" | "conference" = "transfer";
  /** Whether a session is being opened. */
  opening = false;
  /** Whether it is not known yet if there is a session to go on with. */
  looking = true;
  notice?: Notice;
  happened: Happening[] = [];
  /** A screen pop that the browser did not let open, by callId. */
  blocked = new Set<string>();

  constructor(private readonly settings: Settings) {
    const name = `ctilink ${new URL(settings.url || ".", location.href).href}`;
    this.keep = new Keep(name);
    this.tabs = new Tabs(name, () => (this.session ? this.last : undefined));
  }

  get state(): State | undefined {
    return this.session?.state;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What was entered last, without passwords. */
  get remembered(): Entry {
    return { ...this.settings.defaults, ...this.keep.get(), ...this.last };
  }

  /** Goes on with the session of before the reload, or with that of another tab. */
  async resume(): Promise<void> {
    const mine = this.keep.get();
    const kept = mine?.sessionToken ? mine : await this.tabs.ask();
    this.looking = false;
    this.changed();
    if (!kept || this.session || this.opening) return;
    this.begin(this.link(kept.token).restore(kept), kept);
  }

  /** Opens a session, and logs the agent in where the telephony mode has that. */
  async open(entry: Entry, takeOver = false): Promise<void> {
    if (this.opening) return;
    if (!entry.agentId && !entry.dn) return this.tell({ title: texts.nobody.what, todo: texts.nobody.todo, field: "agentId" });
    this.opening = true;
    this.tell(undefined);
    const { agentId, dn, queue, token, password } = entry;
    let session: Session | undefined;
    try {
      const link = this.link(token);
      session = await link.open({ agentId: agentId || undefined, dn: dn || undefined, takeOver });
      if (mustLogIn(session.state, queue)) await session.perform("LoginAgent", { agentPassword: password, queue: queue || undefined });
      this.begin(session, { ...session.savedState, token, queue });
    } catch (error) {
      if (session && !session.joined) void session.close().catch(() => undefined);
      else session?.stop();
      this.refused(error as CtilinkError, entry);
    } finally {
      this.opening = false;
      this.changed();
    }
  }

  private link(token: string | undefined): Link {
    return new Link({ url: this.settings.url, token: () => this.settings.token?.() ?? token });
  }

  private refused(error: CtilinkError, entry: Entry) {
    const takeOver = error.code === "DeviceInUse" ? () => void this.open(entry, true) : undefined;
    const [title, todo] = texts.notYours;
    this.tell({ ...explain(error), ...(error.code === "Forbidden" && { title, todo }), takeOver, field: wrongField(error) });
  }

  private begin(session: Session, kept: Kept) {
    this.session = session;
    this.last = kept;
    this.happened = [];
    this.calls = [];
    this.notice = undefined;
    this.keep.set(kept);
    this.leave = session.subscribe((state, event) => this.follow(state, event));
    this.follow(session.state);
  }

  private follow(state: State, event?: Event) {
    if (event) this.note(event, state);
    if (state.connection === "ended" || state.connection === "unauthorized") return this.over(state);
    const now: Saved = this.session!.savedState;
    if (now.sessionToken !== this.last?.sessionToken) this.keep.set((this.last = { ...this.last, ...now }));
    this.calls = state.calls;
    this.pops.look(state);
    this.changed();
  }

  private note(event: Event, state: State) {
    if (event.type === "Snapshot") for (const text of meanwhile(this.calls, state.calls, state.dn)) this.remember(event.at, text);
    this.remember(event.at, happened(event, state.dn, state.reasonCodes, this.calls));
    const failed = event.failed;
    if (failed) this.tell(explain(new CtilinkError(failed.error.code as never, failed.error.message), failed.activity));
  }

  private remember(at: string, text: string | undefined) {
    if (text && text !== this.happened[0]?.text) this.happened = [{ at, text }, ...this.happened].slice(0, kept);
  }

  /** The session is over for this tab. */
  private over({ endReason, trouble, connection }: State) {
    this.leave();
    this.session?.stop();
    this.session = undefined;
    this.blocked.clear();
    this.keep.set(undefined);
    if (connection === "unauthorized") this.tell({ title: texts.notAccepted.what, todo: texts.notAccepted.todo, detail: trouble?.message });
    else if (endReason === "takenOver") this.tell({ title: texts.takenOver.what, todo: texts.takenOver.todo, calm: true });
    else if (endReason === "closedElsewhere") this.tell({ title: texts.closedElsewhere, calm: true });
    else if (endReason === "refused" && trouble) this.tell(explain(trouble));
    this.changed();
  }

  /**
   * Asks for an activity, and tells the agent when it fails. Gives whether it was accepted. What
   * is under way is not asked for twice; its button stays where the keyboard is.
   */
  async perform<A extends Activity>(activity: A, properties?: ActivityProperties[A]): Promise<boolean> {
    if (activity !== "SendDTMF" && this.waits(activity, (properties as { callId?: string } | undefined)?.callId)) return false;
    this.tell(undefined);
    try {
      await this.session!.perform(activity, properties);
      return true;
    } catch (error) {
      this.tell(explain(error as CtilinkError, activity));
      return false;
    }
  }

  /** A queue at this moment; undefined when it cannot be had. */
  async statistics(queue: string): Promise<QueueStatistics | undefined> {
    try {
      return (await this.session!.perform("GetStatistics", { queue })).statistics;
    } catch {
      return undefined;
    }
  }

  /** Whether an activity's answer is still to come. */
  waits(activity: Activity, callId?: string): boolean {
    return this.state?.pending.some((p) => p.activity === activity && (!callId || p.callId === callId)) ?? false;
  }

  private async claim(callId: string): Promise<boolean> {
    try {
      await this.session!.perform("AcceptInteraction", { callId });
      return true;
    } catch {
      return false; // another tab has it, or the call is over
    }
  }

  private pop(pop: Pop) {
    if (!this.settings.open(pop)) this.blocked = new Set([...this.blocked, pop.call.callId]);
    this.changed();
  }

  /** The agent starts the interaction of an offered call. */
  accept(callId: string): Promise<void> {
    const call = this.state?.calls.find((c) => c.callId === callId);
    return call ? this.pops.accept(call) : Promise.resolve();
  }

  /** Logs the agent out, and closes the desk when the telephone system says that it is so. */
  async logout(reasonCode?: string): Promise<void> {
    const { session } = this;
    if (!session) return;
    if (session.state.activities.includes("LogoutAgent") && !(await this.perform("LogoutAgent", { reasonCode }))) return;
    const out = await session.until(({ agent, connection }) => connection === "ended" || ["LoggedOut", "Unknown"].includes(agent.state) || session.state.mode === "Simple");
    if (out.connection !== "ended") await this.close();
  }

  /** Closes the desk; the agent stays logged in at the telephone system. */
  async close(): Promise<void> {
    try {
      await this.session?.close();
    } catch (error) {
      this.tell(explain(error as CtilinkError));
    }
  }

  /** Says something to the agent; undefined takes it back. */
  tell(notice: Notice | undefined): void {
    this.notice = notice;
    this.changed();
  }

  /** Lets go of everything; the session stays open at the server. */
  end(): void {
    this.leave();
    this.session?.stop();
    this.tabs.close();
  }

  private changed() {
    for (const listener of this.listeners) listener();
  }
}

/** What an agent has to enter anew. */
function wrongField({ status, code }: CtilinkError): keyof Entry | undefined {
  if (status === 401) return "token";
  if (code === "AuthenticationFailed") return "password";
  return code === "Forbidden" ? "agentId" : undefined;
}

/** Who is logged in already is fine, unless another queue is asked for. */
const mustLogIn = ({ activities, agent }: State, queue?: string) =>
  activities.includes("LoginAgent") && (!!queue || ["LoggedOut", "Unknown"].includes(agent.state));
