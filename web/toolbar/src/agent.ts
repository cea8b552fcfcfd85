import type { ActivityProperties, AgentState, QueueStatistics } from "@ctilink/client";
import { css, html, nothing } from "lit";
import { texts } from "./language.ts";
import { Part } from "./part.ts";
import { shared } from "./style.ts";
import { since, span } from "./time.ts";
import { agentState, queueLine, reason } from "./words.ts";

type Target = "Available" | "Unavailable" | "AfterCallWork";

/** The agent's state, and the ways to change it. */
export class AgentPart extends Part {
  static override properties = { ...Part.properties, choosing: { state: true }, statistics: { state: true } };
  static override styles = [shared, css`
    .state { display: flex; align-items: baseline; gap: 10px; padding: 10px 12px; border-radius: 10px; background: var(--ground); color: var(--ink); }
    .state strong { font-size: 17px; line-height: 1.3; overflow-wrap: anywhere; }
    .state::before { content: ""; width: 10px; height: 10px; border-radius: 50%; background: currentColor; align-self: center; flex: none; }
    .state .time { margin-left: auto; font-size: 15px; font-weight: 550; }
    .state { --ground: var(--cti-off-ground); --ink: var(--cti-off); }
    .Available, .LoggedIn { --ground: var(--cti-ok-ground); --ink: var(--cti-ok); }
    .Busy { --ground: var(--cti-busy-ground); --ink: var(--cti-busy); }
    .AfterCallWork { --ground: var(--cti-warn-ground); --ink: var(--cti-warn); }
    .Unavailable { --ground: var(--cti-bad-ground); --ink: var(--cti-bad); }
    .then { margin-top: 8px; }
    progress { width: 100%; height: 6px; margin-top: 10px; accent-color: var(--cti-warn); display: block; }
    .change { display: grid; grid-template-columns: repeat(3, auto); gap: 6px; margin-top: 12px; }
    .change button { padding: 6px 2px; font-size: 13px; white-space: nowrap; }
    .reasons { display: grid; gap: 6px; }
    .reasons button { justify-content: flex-start; width: 100%; text-align: left; }
    .queues { font-size: 12px; margin-top: 10px; overflow-wrap: anywhere; }
    .queues ul { display: grid; gap: 4px; margin-top: 6px; color: var(--cti-text); }
    summary { cursor: pointer; }
  `];

  /** Whether the reasons for being unavailable are shown. */
  declare choosing: boolean;
  /** How the queues were when the agent looked. */
  declare statistics?: QueueStatistics[];

  private ask(target: Target, reasonCode?: string) {
    this.choosing = false;
    if (target === "Available") return void this.desk.perform("SetAgentReady");
    const properties: ActivityProperties["SetAgentNotReady"] = target === "AfterCallWork" ? { workMode: "AFTER_CALL_WORK" } : { reasonCode };
    void this.desk.perform("SetAgentNotReady", properties);
  }

  /** Available if the agent is not, and the other way round. */
  toggle() {
    const { agent } = this.state;
    if (agent.state === "Available" || (agent.state === "Busy" && agent.pendingState === "Available")) this.unavailable();
    else this.ask("Available");
  }

  private unavailable() {
    const { unavailable, required } = this.state.reasonCodes;
    if (unavailable?.length || required?.includes("Unavailable")) {
      this.choosing = !this.choosing;
      if (this.choosing) void this.focusOn(".reasons button, .reasons input");
    } else this.ask("Unavailable");
  }

  private button(target: Target, activity: "SetAgentReady" | "SetAgentNotReady", run: () => void) {
    const { agent } = this.state;
    const chosen = ((agent.state === "Busy" && agent.pendingState) || agent.state) === target;
    return html`<button ?disabled=${!this.ready || (!this.can(activity) && !chosen)} aria-pressed=${chosen}
      aria-expanded=${target === "Unavailable" && this.hasReasons ? this.choosing : nothing}
      aria-keyshortcuts=${target === "Available" ? "Alt+Shift+R" : nothing}
      aria-busy=${this.desk.waits(activity)} @click=${run}>${texts.agentStates[target]}</button>`;
  }

  private get hasReasons() {
    return !!this.state.reasonCodes.unavailable?.length;
  }

  private changes() {
    if (!this.can("SetAgentReady") && !this.can("SetAgentNotReady")) return nothing;
    return html`<div class="change" role="group" aria-label=${texts.changeState}>
        ${this.button("Available", "SetAgentReady", () => this.ask("Available"))}
        ${this.button("AfterCallWork", "SetAgentNotReady", () => this.ask("AfterCallWork"))}
        ${this.button("Unavailable", "SetAgentNotReady", () => this.unavailable())}
      </div>
      ${this.choosing ? this.reasons() : nothing}`;
  }

  private reasons() {
    const { unavailable, required } = this.state.reasonCodes;
    const leave = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      this.choosing = false;
      void this.focusOn(".change button:last-child");
    };
    if (!unavailable?.length) return this.freeReason(leave);
    return html`<div class="reasons inset" role="group" aria-label=${texts.reason} @keydown=${leave}>
      ${unavailable.map(({ code, label }) => html`<button @click=${() => this.ask("Unavailable", code)}>${label || code}</button>`)}
      ${required?.includes("Unavailable") ? nothing : html`<button class="quiet" @click=${() => this.ask("Unavailable")}>${texts.noReason}</button>`}
    </div>`;
  }

  /** Where the pool lists no codes but wants one. */
  private freeReason(leave: (event: KeyboardEvent) => void) {
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      this.ask("Unavailable", new FormData(event.target as HTMLFormElement).get("reason") as string);
    };
    return html`<form class="reasons inset" @submit=${submit} @keydown=${leave}>
      <label><span>${texts.reasonCode}</span><input name="reason" required maxlength="32"></label>
      <button class="main">${texts.agentStates.Unavailable}</button>
    </form>`;
  }

  private wrapUp({ wrapUpEndsAt, since: began, state, pendingState }: AgentState) {
    if (state !== "AfterCallWork" || !wrapUpEndsAt) return nothing;
    const left = Math.max(0, Date.parse(wrapUpEndsAt) - this.now);
    const whole = Math.max(1000, Date.parse(wrapUpEndsAt) - Date.parse(began));
    return html`<progress max=${whole} .value=${left} aria-label=${texts.wrapUpLeft}></progress>
      <p class="then muted">${texts.stateIn(texts.agentStates[(pendingState as AgentState["state"]) ?? "Available"])} <span class="time">${span(left)}</span></p>`;
  }

  private pending({ pendingState, pendingReasonCode, state, wrapUpEndsAt }: AgentState) {
    if (!pendingState || pendingState === state || (state === "AfterCallWork" && wrapUpEndsAt)) return nothing;
    const why = reason(pendingReasonCode, this.state.reasonCodes);
    return html`<p class="then muted">${texts.then(texts.agentStates[pendingState as AgentState["state"]] ?? pendingState)}${why ? ` – ${why}` : ""}</p>`;
  }

  private queues({ queues }: AgentState) {
    if (!queues?.length) return nothing;
    const names = queues.map((q) => q.name);
    if (!this.can("GetStatistics")) return html`<p class="queues muted">${texts.queues}: ${names.join(", ")}</p>`;
    return html`<details class="queues muted" @toggle=${(event: Event) => void this.count(event.target as HTMLDetailsElement, names)}>
      <summary>${texts.queues}: ${names.join(", ")}</summary>
      <ul aria-live="polite">${this.statistics?.map((s) => html`<li>${queueLine(s)}</li>`)}</ul></details>`;
  }

  /** Asks how the queues are, when the agent looks. */
  private async count(details: HTMLDetailsElement, names: string[]) {
    this.statistics = undefined;
    if (!details.open || !this.ready) return;
    const told = await Promise.all(names.map((name) => this.desk.statistics(name)));
    this.statistics = told.filter((s) => s !== undefined);
  }

  /** For an agent who has a desk and is logged out at the telephone system. */
  private login() {
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      const { password, queue } = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as Record<string, string>;
      void this.desk.perform("LoginAgent", { agentPassword: password, queue: queue || undefined });
    };
    return html`<form class="form inset" @submit=${submit}>
      <label><span>${texts.password}</span><input name="password" type="password" autocomplete="current-password"></label>
      <label><span>${texts.queueOptional}</span><input name="queue"></label>
      <button class="main" ?disabled=${!this.ready} aria-busy=${this.desk.waits("LoginAgent")}>${texts.logIn}</button>
    </form>`;
  }

  /** The agent is busy with a call that nobody has answered yet. */
  private get ringing() {
    const { agent, calls } = this.state;
    return agent.state === "Busy" && calls.length > 0 && calls.every((c) => c.state === "Offering");
  }

  override render() {
    const { agent, agentId, mode, reasonCodes } = this.state;
    if (!agentId || (mode === "Simple" && !this.can("LoginAgent") && !this.can("LogoutAgent"))) return nothing;
    return html`<section class="card" aria-label=${texts.yourState}>
      <div class="state ${agent.state}">
        <strong>${this.ringing ? texts.callRinging : agentState(agent, reasonCodes)}</strong>
        <span class="time" role="timer" aria-label=${texts.timeInState}>${since(agent.since, this.now)}</span>
      </div>
      ${this.wrapUp(agent)} ${this.pending(agent)} ${this.changes()} ${this.queues(agent)}
      ${this.can("LoginAgent") && ["LoggedOut", "Unknown"].includes(agent.state) ? this.login() : nothing}
    </section>`;
  }
}
