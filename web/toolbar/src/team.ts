import { Link, type CtilinkError, type PoolSession, type PoolState, type PoolWatch, type QueueStatistics } from "@ctilink/client";
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { Keep } from "./keep.ts";
import { Series } from "./series.ts";
import { spark } from "./spark.ts";
import { shared, tokens } from "./style.ts";
import { look } from "./team.css.ts";
import { since, span } from "./time.ts";
import { agentStates, callStates, explain } from "./words.ts";

type History = Record<string, [number, number][]>;
type Order = "agent" | "state" | "time";
const states = ["Available", "Busy", "AfterCallWork", "Unavailable"] as const;
const rank = (s: PoolSession) => ["Busy", "AfterCallWork", "Available", "Unavailable", "LoggedIn", "Unknown", "LoggedOut"].indexOf(s.agent.state);

/** A pool's agents and queues, as they are now, for supervisors. */
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
  /** The last hour of the pool, for a reload. */
  private history?: Keep;

  constructor() {
    super();
    this.url = this.pool = this.filter = "";
    this.now = 0;
    this.order = "agent";
  }

  override connectedCallback() {
    super.connectedCallback();
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
      const pool = this.pool || new URLSearchParams(location.search).get("pool") || (this.pools.length === 1 && this.pools[0]);
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
    this.history = new Keep(`ctilink history ${pool}`);
    this.series = new Map(Object.entries(this.history.get<History>() ?? {}).map(([queue, known]) => [queue, new Series(known)]));
    this.watch = this.link.watch(pool);
    this.watch.subscribe((state, event) => {
      if (event?.statistics) this.sample(event.statistics);
      if (state.connection === "unauthorized" || state.connection === "ended") {
        this.state = undefined;
        if (state.trouble) this.refused(state.trouble);
      } else this.state = state;
    });
    this.watch.start();
    this.state = this.watch.state;
  }

  private sample(statistics: QueueStatistics) {
    const series = this.series.get(statistics.queue) ?? new Series();
    series.add(statistics);
    this.series.set(statistics.queue, series);
    this.history?.set(Object.fromEntries([...this.series].map(([queue, s]) => [queue, s.entries])) satisfies History);
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
      <div><h1 id="title">Team</h1><p class="muted">the agents of a pool and their queues, live</p></div>
      ${this.known ? nothing : html`<label><span>Access token</span><input name="token" type="password" required autocomplete="off"></label>`}
      ${this.pools ? html`<label><span>Agent pool</span><input name="pool" required list="pools" autocomplete="off"><datalist id="pools">${this.pools.map((p) => html`<option value=${p}></option>`)}</datalist></label>` : nothing}
      <button class="main">Show</button>
    </form>`;
  }

  private summary(agents: readonly PoolSession[]) {
    return html`<ul class="summary" aria-label="Agents by state">${states.map((state) => {
      const count = agents.filter((s) => s.agent.state === state).length;
      const choose = () => (this.wanted = this.wanted === state ? undefined : state);
      return html`<li><button class="tile ${state}" aria-pressed=${this.wanted === state} @click=${choose}><strong class="time">${count}</strong><span>${agentStates[state]}</span></button></li>`;
    })}</ul>`;
  }

  private queues({ queues }: PoolState) {
    if (!queues.length) return nothing;
    return html`<section aria-labelledby="queues"><h2 id="queues">Queues</h2><ul class="queues">${repeat(queues, (q) => q.queue, (q) => this.queue(q))}</ul></section>`;
  }

  private queue(q: QueueStatistics) {
    const waited = q.callsWaiting ? q.longestWaitSeconds * 1000 + this.now - Date.parse(q.at) : 0;
    const series = this.series.get(q.queue) ?? new Series();
    return html`<li class="card queue ${q.callsWaiting ? "waiting" : ""}">
      <h3>${q.queue}</h3>
      <p><strong class="time big">${q.callsWaiting}</strong> waiting</p>
      <p class="muted">${q.callsWaiting ? html`longest <span class="time">${span(waited)}</span>` : "nobody waits"}</p>
      ${spark(series, this.now)}
      <p class="muted small">${q.agentsAvailable} of ${q.agentsLoggedIn} agents available</p>
    </li>`;
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
      <div class="row"><h2 id="agents" class="grow">Agents</h2><input class="filter" type="search" aria-label="Find an agent" placeholder="Find an agent" .value=${this.filter} @input=${input}></div>
      <div class="card table" tabindex="0" role="region" aria-labelledby="agents"><table>
        <thead><tr>${this.heading("agent", "Agent")}<th scope="col" class="phone">Telephone</th>${this.heading("state", "State")}${this.heading("time", "Time")}<th scope="col">Call</th></tr></thead>
        <tbody>${repeat(list, (s) => s.session, (s) => this.agent(s))}</tbody>
      </table>${list.length ? nothing : html`<p class="muted none">${state.sessions.length ? "No agent is like that." : "Nobody is here."}</p>`}</div>
    </section>`;
  }

  private agent(s: PoolSession) {
    const { agent } = s;
    const pending = agent.pendingState && agent.pendingState !== agent.state && `then ${agentStates[agent.pendingState as keyof typeof agentStates]}`;
    const ringing = agent.state === "Busy" && s.calls.length > 0 && s.calls.every((c) => c.state === "Offering");
    return html`<tr>
      <th scope="row">${s.agentId ?? "–"}</th><td class="phone">${s.dn}</td>
      <td>${s.agentId ? html`<span class="pill ${agent.state}">${ringing ? "Call ringing" : agentStates[agent.state]}</span> <span class="muted small">${[agent.reasonCode, pending].filter(Boolean).join(", ")}</span>` : nothing}
        ${s.link === "LinkUp" ? nothing : html`<span class="pill lost">not connected</span>`}</td>
      <td class="time">${s.agentId ? since(agent.since, this.now) : nothing}</td>
      <td>${s.calls.map((c) => html`<span class="call">${callStates[c.state] ?? c.state}${c.queue ? html` <span class="muted">for ${c.queue}</span>` : nothing} <span class="time muted">${since(c.answeredAt ?? c.startedAt, this.now)}</span></span>`)}</td>
    </tr>`;
  }

  private trouble({ connection }: PoolState) {
    if (connection !== "reconnecting") return nothing;
    return html`<div class="strip row" role="status"><span class="grow"><strong>Connection lost.</strong> This is how it was; the page comes back by itself.</span><button @click=${() => this.watch!.retryNow()}>Try now</button></div>`;
  }

  override render() {
    const { state, error } = this;
    const failed = html`<div role="alert">${error ? html`<div class="strip bad"><strong>${error.title}</strong> ${error.todo}<p class="small">${error.detail}</p></div>` : nothing}</div>`;
    if (!state) return html`<div class="page">${failed}${this.entry()}</div>`;
    return html`<div class="page ${state.connection}">
      <header class="row"><h1 class="grow">${state.pool}</h1>
        <button class="quiet" @click=${() => this.signOut()}>Close</button></header>
      ${this.trouble(state)} ${failed}
      ${this.summary(state.sessions.filter((s) => s.agentId))} ${this.queues(state)} ${this.agents(state)}
    </div>`;
  }
}

if (!customElements.get("cti-team")) customElements.define("cti-team", Team);
