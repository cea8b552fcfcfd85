import type { Call, State } from "@ctilink/client";
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { AgentPart } from "./agent.ts";
import { Desk } from "./desk.ts";
import { icons } from "./icons.ts";
import { keypad } from "./keypad.ts";
import { speak, texts } from "./language.ts";
import type { Pop } from "./pop.ts";
import { dialled } from "./number.ts";
import { listen } from "./shortcuts.ts";
import { shared, tokens } from "./style.ts";
import { clock } from "./time.ts";
import { kind, other } from "./words.ts";
import { layout } from "./toolbar.css.ts";

/**
 * The toolbar of an agent.
 *
 * @fires cti-change the state has changed; detail is the State, undefined when nobody is logged in
 * @fires cti-screen-pop a call wants a page opened; detail is {call, url, interaction}. What
 *   calls preventDefault opens it itself
 */
export class Toolbar extends LitElement {
  static override properties = {
    url: { type: String }, agent: { type: String }, dn: { type: String }, queue: { type: String },
    token: { attribute: false },
    shortcuts: { type: String },
    theme: { type: String, reflect: true },
    now: { state: true }, menu: { state: true }, dialling: { state: true }, number: { state: true },
  };
  static override styles = [tokens, shared, layout];

  /** The link's address; the page's own when empty. */
  declare url: string;
  /** What the log-in is filled with. */
  declare agent: string;
  declare dn: string;
  declare queue: string;
  /** Gives the desktop token, where the page knows it and the agent need not enter one. */
  declare token?: string | (() => string | undefined);
  /** "off" leaves the keyboard to the page. */
  declare shortcuts: string;
  /** "en" or "de"; as the browser has it when absent. It is read when the toolbar comes into a page. */
  declare lang: string;
  /** "light" or "dark"; as the browser has it when absent. */
  declare theme: string;
  declare now: number;
  declare menu?: "menu" | "logout";
  declare dialling: boolean;
  declare number: string;

  private desk?: Desk;
  private ticker?: ReturnType<typeof setInterval>;
  private unlisten = () => {};

  constructor() {
    super();
    this.url = this.agent = this.dn = this.queue = "";
    this.shortcuts = "on";
    this.now = 0;
    this.number = "";
    this.dialling = false;
  }

  override connectedCallback() {
    super.connectedCallback();
    this.lang = speak([this.lang, ...navigator.languages]); // screen readers read it so
    const given = () => (typeof this.token === "function" ? this.token() : this.token);
    const defaults = { agentId: this.agent, dn: this.dn, queue: this.queue };
    const desk = (this.desk = new Desk({ url: this.url, token: given, defaults, open: (pop) => this.open(pop) }));
    desk.subscribe(() => this.changed());
    this.ticker = setInterval(() => this.tick(), 250);
    this.unlisten = listen((key) => this.shortcuts !== "off" && this.shortcut(key));
    addEventListener("online", this.online);
    void desk.resume();
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.ticker);
    this.unlisten();
    removeEventListener("online", this.online);
    this.desk?.end();
    this.desk = undefined;
  }

  private online = () => this.desk?.session?.retryNow();

  /** What is known now; undefined when nobody is logged in. */
  get state(): State | undefined {
    return this.desk?.state;
  }

  /** What a page's title may say, for those who look elsewhere: who calls. */
  get headline(): string {
    const ringing = this.state?.calls.find((c) => c.state === "Offering");
    return ringing ? `☎ ${other(ringing, this.state!.dn)}` : texts.pageTitle;
  }

  /** Dials a number, as a page does when a number in it is clicked. Gives whether it was accepted. */
  async dial(number: string, variables?: Record<string, string>): Promise<boolean> {
    return (this.desk?.session && this.desk.perform("MakeCall", { destinationNumber: dialled(number), variables })) ?? false;
  }

  private changed() {
    this.tick();
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent("cti-change", { detail: this.state, bubbles: true, composed: true }));
  }

  private tick() {
    const now = this.desk?.session?.now();
    if (now) this.now = Math.floor(now / 1000) * 1000;
  }

  private open(pop: Pop): boolean {
    const event = new CustomEvent("cti-screen-pop", { detail: pop, bubbles: true, composed: true, cancelable: true });
    if (!this.dispatchEvent(event) || !pop.url) return true;
    const page = window.open(pop.url, "_blank");
    if (page) page.opener = null;
    return page !== null;
  }

  /** Does what a shortcut stands for; false when that is not possible now. */
  private shortcut(key: string): boolean {
    const calls = inHand(this.state?.calls ?? []);
    const on = (...activities: string[]) => {
      for (const activity of activities) {
        const call = calls.find((c) => c.capabilities.includes(activity));
        if (!call) continue;
        void (activity === "AcceptInteraction" ? this.desk!.accept(call.callId) : this.desk!.perform(activity as never, { callId: call.callId } as never));
        return true;
      }
      return false;
    };
    switch (key) {
      case "A": return on(...(waitsForAgent(calls) ? ["AcceptInteraction"] : ["AnswerCall"]));
      case "E": return on("HangUpCall");
      case "H": return on("HoldCall", "RetrieveCall");
      case "M": return on("MuteCall", "UnmuteCall");
      case "R": return this.toggleState();
      case "D": return this.focusDial();
    }
    return false;
  }

  private toggleState(): boolean {
    const part = this.renderRoot.querySelector<AgentPart>("cti-agent");
    part?.toggle();
    return part !== null;
  }

  private focusDial(): boolean {
    const field = this.renderRoot.querySelector<HTMLInputElement>("#number");
    field?.focus();
    return field !== null;
  }

  private header(state: State) {
    const live = state.connection === "live" && state.link === "LinkUp";
    const toggle = () => (this.menu = this.menu ? undefined : "menu");
    return html`<div class="top">
      <div class="who"><strong>${state.agentId ? texts.agentOf(state.agentId) : texts.telephoneOf(state.dn)}</strong>
        ${state.agentId ? html`<span class="muted">${texts.telephoneOf(state.dn)}</span>` : nothing}</div>
      <span class="link ${live ? "up" : "down"}">${live ? texts.connected : state.connection === "connecting" ? texts.connecting : texts.notConnected}</span>
      <button class="quiet more" aria-label=${texts.more} aria-expanded=${!!this.menu} @click=${toggle}>${icons.more}</button>
    </div>
    ${state.doNotDisturb ? html`<p class="strip warn">${texts.doNotDisturbIsOn}</p>` : nothing}
    ${this.menu === "menu" ? this.menuItems(state) : this.menu === "logout" ? this.logoutReasons(state) : nothing}`;
  }

  private closeMenu = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    this.menu = undefined;
    this.renderRoot.querySelector<HTMLElement>(".more")?.focus();
  };

  private menuItems(state: State) {
    const desk = this.desk!;
    const item = (label: string, run: () => void, hint = "") => {
      const act = () => ((this.menu = undefined), run());
      return html`<button class="quiet" @click=${act}>${label}${hint ? html`<span class="hint">${hint}</span>` : nothing}</button>`;
    };
    const can = (a: string) => state.activities.includes(a);
    return html`<div class="menu inset" role="group" aria-label=${texts.more} @keydown=${this.closeMenu}>
      ${can("SetDoNotDisturb") ? item(state.doNotDisturb ? texts.mayRing : texts.activities.SetDoNotDisturb, () => void desk.perform("SetDoNotDisturb", { enabled: !state.doNotDisturb })) : nothing}
      ${can("Resync") ? item(texts.activities.Resync, () => void desk.perform("Resync")) : nothing}
      ${can("LogoutAgent") ? html`<button class="quiet" @click=${() => this.logout(state)}>${texts.activities.LogoutAgent}</button>` : nothing}
      ${item(can("LogoutAgent") ? texts.leave : texts.close, () => void desk.close(), can("LogoutAgent") ? texts.leaveHint : "")}
    </div>`;
  }

  private logout(state: State) {
    const { logout, required } = state.reasonCodes;
    this.menu = logout?.length || required?.includes("Logout") ? "logout" : undefined;
    if (!this.menu) void this.desk!.logout();
  }

  private logoutReasons({ reasonCodes: { logout, required } }: State) {
    const go = (code?: string) => ((this.menu = undefined), void this.desk!.logout(code));
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      go(new FormData(event.target as HTMLFormElement).get("reason") as string);
    };
    return html`<div class="menu inset" role="group" aria-label=${texts.reasonForLogout} @keydown=${this.closeMenu}>
      ${logout?.map(({ code, label }) => html`<button class="quiet" @click=${() => go(code)}>${label || code}</button>`)}
      ${required?.includes("Logout") ? nothing : html`<button class="quiet" @click=${() => go()}>${texts.noReason}</button>`}
      ${logout?.length ? nothing : html`<form class="form" @submit=${submit}><label><span>${texts.reasonCode}</span><input name="reason" required maxlength="32"></label><button class="main">${texts.activities.LogoutAgent}</button></form>`}
    </div>`;
  }

  /** What keeps the desk from working. */
  private trouble(state: State) {
    if (state.connection === "reconnecting")
      return html`<div class="strip warn row" role="status"><span class="grow"><strong>${texts.lost}</strong> ${texts.lostMeanwhile}</span>
        <button @click=${() => this.desk!.session!.retryNow()}>${texts.tryNow}</button></div>`;
    if (state.connection === "live" && state.link !== "LinkUp")
      return html`<p class="strip warn" role="status"><strong>${texts.linkDown}.</strong> ${texts.linkDownMeanwhile}</p>`;
    return nothing;
  }

  private notice() {
    const notice = this.desk?.notice;
    return html`<div role="alert">${notice
      ? html`<div class="strip ${notice.calm ? "calm" : "bad"}">
          <div class="row top-aligned"><span class="grow"><strong>${notice.title}</strong> ${notice.todo ?? ""}</span>
            <button class="quiet" aria-label=${texts.dismiss} @click=${() => this.desk!.tell(undefined)}>${icons.close}</button></div>
          ${notice.takeOver ? html`<button class="main" @click=${notice.takeOver}>${texts.takeOver}</button>` : nothing}
          ${notice.detail ? html`<details><summary>${texts.details}</summary>${notice.detail}</details>` : nothing}
        </div>`
      : nothing}</div>`;
  }

  private dialler(state: State) {
    if (!state.activities.includes("MakeCall")) return nothing;
    const ready = state.connection === "live" && state.link === "LinkUp";
    const submit = async (event: SubmitEvent) => {
      event.preventDefault();
      if (await this.dial(this.number)) {
        this.number = "";
        this.dialling = false;
      }
    };
    const input = (event: InputEvent) => (this.number = (event.target as HTMLInputElement).value);
    return html`<section class="card dial" aria-label=${texts.dial}><form @submit=${submit}>
        <input id="number" type="tel" aria-label=${texts.numberToCall} placeholder=${texts.numberToCall} required autocomplete="off" maxlength="64"
          aria-keyshortcuts="Alt+Shift+D" .value=${this.number} @input=${input}>
        <button type="button" class="quiet" aria-label=${texts.keypad} aria-expanded=${this.dialling} @click=${() => (this.dialling = !this.dialling)}>${icons.keypad}</button>
        <button class="go" ?disabled=${!ready} aria-busy=${this.desk!.waits("MakeCall")}>${icons.answer}${texts.activities.MakeCall}</button>
      </form>
      ${this.dialling ? html`<div class="inset">${keypad((digit) => (this.number += digit))}</div>` : nothing}</section>`;
  }

  private calls(state: State) {
    const ringingFirst = [...state.calls].sort((a, b) => Number(b.state === "Offering") - Number(a.state === "Offering"));
    return html`<section class="calls" aria-label=${texts.callsTitle}>
      ${repeat(ringingFirst, (c) => c.callId, (call) => html`<cti-call .desk=${this.desk!} .state=${state} .call=${call} .now=${this.now}></cti-call>`)}
      ${state.calls.length ? nothing : html`<p class="empty muted">${emptiness(state)}</p>`}
    </section>`;
  }

  private history() {
    const { happened } = this.desk!;
    if (!happened.length) return nothing;
    return html`<section class="card history" aria-labelledby="happened"><h2 id="happened">${texts.happened}</h2>
      <ol tabindex="0" aria-labelledby="happened">${happened.map(({ at, text }) => html`<li><span class="time muted">${clock(at)}</span><span>${text}</span></li>`)}</ol></section>`;
  }

  /** For screen readers: what happens, and first of all that a call is there. */
  private spoken(state: State) {
    const ringing = state.calls.find((c) => c.state === "Offering");
    return html`<p class="unseen" role="status">${this.desk!.happened[0]?.text ?? ""}</p>
      <p class="unseen" role="alert">${ringing ? `${kind(ringing, state.dn)}: ${other(ringing, state.dn)}` : ""}</p>`;
  }

  override render() {
    const { desk, state } = this;
    if (!desk || desk.looking) return nothing;
    if (!state) return html`<div class="out">${this.notice()}<cti-login .desk=${desk} .state=${state} .now=${Number(desk.opening)} .needsToken=${!this.token}></cti-login></div>`;
    return html`<div class="in">
      <div class="head">${this.header(state)} ${this.trouble(state)} ${this.notice()}</div>
      <cti-agent .desk=${desk} .state=${state} .now=${this.now}></cti-agent>
      ${this.calls(state)} ${this.dialler(state)} ${this.history()}
      ${this.spoken(state)}
    </div>`;
  }
}

const waitsForAgent = (calls: Call[]) => calls.some((c) => c.treatment?.answer === "OnInteraction" && c.capabilities.includes("AcceptInteraction"));

/** The calls as a shortcut means them: the one that the agent talks in first, the one on hold last. */
const inHand = (calls: readonly Call[]): Call[] => {
  const rank = (c: Call) => ["Established", "Delivered", "Queued", "Initiated", "Failed", "Offering", "Held"].indexOf(c.state);
  return [...calls].sort((a, b) => rank(a) - rank(b) || Date.parse(b.since) - Date.parse(a.since));
};

function emptiness({ mode, agent }: State): string {
  if (mode !== "Full") return texts.shownWhileRinging;
  return agent.state === "Available" ? texts.waitingForCall : texts.noCalls;
}
