import { Link, type CtilinkError, type PoolSession, type PoolState, type PoolWatch, type QueueStatistics } from "@ctilink/client";
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Keep } from "./keep.ts";
import { speak, texts } from "./language.ts";
import { hour, Series, step } from "./series.ts";
import { spark } from "./spark.ts";
import { shared, tokens } from "./style.ts";
import { look } from "./team.css.ts";
import { minute, since, span } from "./time.ts";
import { explain } from "./words.ts";

type Order = "agent" | "state" | "time";
const states = ["Available", "Busy", "AfterCallWork", "Unavailable"] as const;
const rank = (s: PoolSession) => ["Busy", "AfterCallWork", "Available", "Unavailable", "LoggedIn", "Unknown", "LoggedOut"].indexOf(s.agent.state);

/**
 * A pool's agents and queues, as they are now, for supervisors.
 *
 * @fires cti-change the state has changed; detail is the PoolState, undefined when none is shown
 */
export class Team extends LitElement {
  static override properties = {
    url: { type: String }, pool: { type: String }, token: { attribute: false }, theme: { type: String, reflect: true },
    now: { state: true }, state: { state: true }, pools: { state: true }, error: { state: true },
    order: { state: true }, wanted: { state: true }, filter: { state: true },
  };
  static override styles = [tokens, shared, look];

  /** The link's address; the page's own when empty. */
  declare url: string;
  /** The AgentPool; chosen on the page when empty. */
  declare pool: string;
  /** Gives the desktop token, where the page knows it. */
  declare token?: string | (() => string | undefined);
  declare theme: string;
  /** "en" or "de"; as the browser has it when absent. It is read when the view comes into a page. */
  declare lang: string;
  declare now: number;
  declare state?: PoolState;
  declare pools?: string[];
  declare error?: { title: string; todo: string; detail: string };
  declare order: Order;
  /** The state that is shown alone. */
  declare wanted?: string;
  declare filter: string;

  private watch?: PoolWatch;
  private entered?: string;
  private ticker?: ReturnType<typeof setInterval>;
  private series = new Map<string, Series>();
  private keep!: Keep;

  constructor() {
    super();
    this.url = this.pool = this.filter = "";
    this.now = 0;
    this.order = "agent";
  }

  override connectedCallback() {
    super.connectedCallback();
    this.lang = speak([this.lang, ...navigator.languages]);
    this.keep = new Keep(`ctilink team ${new URL(this.url || ".", location.href).href}`);
    this.ticker = setInterval(() => (this.now = Math.floor((this.watch?.now() ?? Date.now()) / 1000) * 1000), 250);
    this.entered = this.keep.get<{ token: string }>()?.token;
    if (this.known) void this.begin();
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticker);
    this.watch?.stop();
  }

  protected override updated(changed: Map<string, unknown>) {
    if (changed.has("state")) this.dispatchEvent(new CustomEvent("cti-change", { detail: this.state, bubbles: true, composed: true }));
  }

  /** What a page's title may say. */
  get headline(): string {
    return this.state ? `${texts.team} – ${this.state.pool}` : texts.team;
  }

  private get known() {
    return (typeof this.token === "function" ? this.token() : this.token) ?? this.entered;
  }

  private get link() {
    return new Link({ url: this.url, token: () => this.known });
  }

  /** Finds out which pools there are, and watches the only one. */
  private async begin() {
    this.error = undefined;
    try {
      const { statistics } = await this.link.info();
      if (this.entered) this.keep.set({ token: this.entered });
      this.pools = Object.keys(statistics.sessionsByPool).filter(Boolean).sort();
      const pool = this.pool || (this.pools.length === 1 && this.pools[0]);
      if (pool) this.show(pool);
    } catch (error) {
      this.refused(error as CtilinkError);
    }
  }

  private refused(error: CtilinkError) {
    if (error.status === 401) this.signOut();
    this.error = explain(error);
  }

  private signOut() {
    this.keep.set(undefined);
    this.watch?.stop();
    this.watch = this.state = this.pools = this.entered = undefined;
  }

  private show(pool: string) {
    this.watch?.stop();
    this.series.clear();
    this.watch = this.link.watch(pool);
    this.watch.subscribe((state, event) => {
      if (event?.statistics) this.seriesOf(event.statistics.queue).add(event.statistics);
      for (const { queue, samples } of event?.history ?? []) for (const sample of samples) this.seriesOf(queue).add(sample);
      if (state.connection === "unauthorized" || state.connection === "ended") {
        this.state = undefined;
        if (state.trouble) this.refused(state.trouble);
      } else this.state = state;
    });
    this.watch.start();
    this.state = this.watch.state;
  }

  private seriesOf(queue: string): Series {
    const series = this.series.get(queue) ?? new Series();
    this.series.set(queue, series);
    return series;
  }

  private entry() {
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      const { token, pool } = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as Record<string, string>;
      if (token) this.entered = token;
      if (pool) this.show(pool);
      else void this.begin();
    };
    return html`<form class="card form entry" @submit=${submit} aria-labelledby="title">
      <div><h1 id="title">${texts.team}</h1><p class="muted">${texts.teamOf}</p></div>
      ${this.known ? nothing : html`<label><span>${texts.accessToken}</span><input name="token" type="password" required autocomplete="off"></label>`}
      ${this.pools ? html`<label><span>${texts.agentPool}</span><input name="pool" required list="pools" autocomplete="off"><datalist id="pools">${this.pools.map((p) => html`<option value=${p}></option>`)}</datalist></label>` : nothing}
      <button class="main">${texts.show}</button>
    </form>`;
  }

  private summary(agents: readonly PoolSession[]) {
    return html`<ul class="summary" aria-label=${texts.agentsByState}>${states.map((state) => {
      const count = agents.filter((s) => s.agent.state === state).length;
      const choose = () => (this.wanted = this.wanted === state ? undefined : state);
      return html`<li><button class="tile ${state}" aria-pressed=${this.wanted === state} @click=${choose}><strong class="time">${count}</strong><span>${texts.agentStates[state]}</span></button></li>`;
    })}</ul>`;
  }

  private queues({ queues }: PoolState) {
    if (!queues.length) return nothing;
    return html`<section aria-labelledby="queues"><h2 id="queues">${texts.queues}</h2><ul class="queues">${repeat(queues, (q) => q.queue, (q) => this.queue(q))}</ul></section>`;
  }

  private queue(q: QueueStatistics) {
    const waited = q.callsWaiting ? q.longestWaitSeconds * 1000 + this.now - Date.parse(q.at) : 0;
    const points = this.seriesOf(q.queue).points(this.now);
    const told = this.lastHour(points);
    return html`<li class="card queue ${q.callsWaiting ? "waiting" : ""}">
      <h3>${q.queue}</h3>
      <p><strong class="time big">${q.callsWaiting}</strong> ${texts.waiting}</p>
      <p class="muted">${q.callsWaiting ? html`${texts.longest} <span class="time">${span(waited)}</span>` : texts.nobodyWaits}</p>
      ${spark(points, `${texts.callsWaiting}, ${told}`)}
      <p class="muted small">${told}</p>
      <p class="muted small">${texts.available(q.agentsAvailable, q.agentsLoggedIn)}</p>
    </li>`;
  }

  /** What a queue's line says, and from when on it is known. */
  private lastHour(points: readonly (number | undefined)[]): string {
    const most = Math.max(0, ...points.map((p) => p ?? 0));
    const first = points.findIndex((p) => p !== undefined);
    if (first === 0) return texts.sinceHour(most);
    return texts.sinceTime(minute((Math.floor(this.now / step) + 1 + Math.max(first, 0)) * step - hour), most);
  }

  private shown({ sessions }: PoolState): PoolSession[] {
    const needle = this.filter.trim().toLowerCase();
    const fits = (s: PoolSession) =>
      (!this.wanted || s.agent.state === this.wanted) && (!needle || `${s.agentId ?? ""} ${s.dn}`.toLowerCase().includes(needle));
    const list = sessions.filter(fits);
    if (this.order === "state") list.sort((a, b) => rank(a) - rank(b) || Date.parse(a.agent.since) - Date.parse(b.agent.since));
    if (this.order === "time") list.sort((a, b) => Date.parse(a.agent.since) - Date.parse(b.agent.since));
    return list;
  }

  private heading(order: Order, label: string) {
    const sort = order === this.order ? "ascending" : "none";
    return html`<th scope="col" aria-sort=${sort}><button class="quiet" @click=${() => (this.order = order)}>${label}${this.order === order ? " ↓" : ""}</button></th>`;
  }

  private agents(state: PoolState) {
    const list = this.shown(state);
    const input = (event: InputEvent) => (this.filter = (event.target as HTMLInputElement).value);
    return html`<section class="agents" aria-labelledby="agents">
      <div class="row"><h2 id="agents" class="grow">${texts.agents}</h2><input class="filter" type="search" aria-label=${texts.findAgent} placeholder=${texts.findAgent} .value=${this.filter} @input=${input}></div>
      <div class="card table" tabindex="0" role="region" aria-labelledby="agents"><table>
        <thead><tr>${this.heading("agent", texts.agent)}<th scope="col" class="phone">${texts.telephone}</th>${this.heading("state", texts.state)}${this.heading("time", texts.time)}<th scope="col">${texts.call}</th></tr></thead>
        <tbody>${repeat(list, (s) => s.session, (s) => this.agent(s))}</tbody>
      </table>${list.length ? nothing : html`<p class="muted none">${state.sessions.length ? texts.noAgentLikeThat : texts.nobodyHere}</p>`}</div>
    </section>`;
  }

  private agent(s: PoolSession) {
    const { agent } = s;
    const pending = agent.pendingState && agent.pendingState !== agent.state && texts.then(texts.agentStates[agent.pendingState as keyof typeof texts.agentStates]);
    const ringing = agent.state === "Busy" && s.calls.length > 0 && s.calls.every((c) => c.state === "Offering");
    return html`<tr>
      <th scope="row">${s.agentId ?? "–"}</th><td class="phone">${s.dn}</td>
      <td>${s.agentId ? html`<span class="pill ${agent.state}">${ringing ? texts.callRinging : texts.agentStates[agent.state]}</span> <span class="muted small">${[s.reason || agent.reasonCode, pending].filter(Boolean).join(", ")}</span>` : nothing}
        ${s.link === "LinkUp" ? nothing : html`<span class="pill lost">${texts.notConnectedPill}</span>`}</td>
      <td class="time">${s.agentId ? since(agent.since, this.now) : nothing}</td>
      <td>${s.calls.map((c) => html`<span class="call">${texts.callStates[c.state] ?? c.state}${c.queue ? html` <span class="muted">${texts.forQueue(c.queue)}</span>` : nothing} <span class="time muted">${since(c.answeredAt ?? c.startedAt, this.now)}</span></span>`)}</td>
    </tr>`;
  }

  private trouble({ connection }: PoolState) {
    if (connection !== "reconnecting") return nothing;
    return html`<div class="strip row" role="status"><span class="grow"><strong>${texts.lost}</strong> ${texts.lostMeanwhileTeam}</span><button @click=${() => this.watch!.retryNow()}>${texts.tryNow}</button></div>`;
  }

  override render() {
    const { state, error } = this;
    const failed = html`<div role="alert">${error ? html`<div class="strip bad"><strong>${error.title}</strong> ${error.todo}<p class="small">${error.detail}</p></div>` : nothing}</div>`;
    if (!state) return html`<div class="page">${failed}${this.entry()}</div>`;
    return html`<div class="page ${state.connection}">
      <header class="row"><h1 class="grow">${state.pool}</h1>
        <button class="quiet" @click=${() => this.signOut()}>${texts.close}</button></header>
      ${this.trouble(state)} ${failed}
      ${this.summary(state.sessions.filter((s) => s.agentId))} ${this.queues(state)} ${this.agents(state)}
    </div>`;
  }
}

if (!customElements.get("cti-team")) customElements.define("cti-team", Team);
