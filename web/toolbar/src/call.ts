import type { Activity, Call, Party } from "@ctilink/client";
import { css, html, nothing, type TemplateResult } from "lit";
import { icons } from "./icons.ts";
import { keypad } from "./keypad.ts";
import { texts } from "./language.ts";
import { dialled } from "./number.ts";
import { Part } from "./part.ts";
import { safe } from "./pop.ts";
import { shared } from "./style.ts";
import { since, span } from "./time.ts";
import { kind, other, others } from "./words.ts";

type Panel = "keypad" | "consult" | "data";

/** A call, with exactly the buttons that are possible on it now. */
export class CallPart extends Part {
  static override properties = { ...Part.properties, call: { attribute: false }, panel: { state: true }, digits: { state: true } };
  static override styles = [shared, css`
    .card { border-color: color-mix(in srgb, var(--ink) 50%, var(--cti-line)); --ink: var(--cti-off); --ground: var(--cti-off-ground); }
    .Offering { --ink: var(--cti-ok); --ground: var(--cti-ok-ground); }
    .Offering { background: color-mix(in srgb, var(--ground) 55%, var(--cti-surface)); border-color: var(--ink); box-shadow: 0 0 0 1px var(--ink), var(--cti-shadow); }
    .Established { --ink: var(--cti-busy); --ground: var(--cti-busy-ground); }
    .Held { --ink: var(--cti-warn); --ground: var(--cti-warn-ground); }
    .Failed { --ink: var(--cti-bad); --ground: var(--cti-bad-ground); }
    header { display: flex; align-items: center; gap: 8px; font-size: 12px; }
    .badge { background: var(--ground); color: var(--ink); font-weight: 600; padding: 2px 9px; border-radius: 99px; white-space: nowrap; }
    .Offering .badge { animation: ring 1.2s ease-in-out infinite; }
    @keyframes ring { 50% { box-shadow: 0 0 0 4px var(--ground); } }
    header .time { margin-left: auto; font-size: 15px; font-weight: 550; }
    h3 { margin: 8px 0 0; font-size: 20px; line-height: 1.25; overflow-wrap: anywhere; }
    dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 12px; margin-top: 10px; font-size: 13px; max-height: 12em; overflow: auto; }
    dt { color: var(--cti-muted); overflow-wrap: anywhere; max-width: 9em; }
    dd { overflow-wrap: anywhere; }
    .actions { margin-top: 14px; display: grid; grid-template-columns: repeat(auto-fill, minmax(80px, 1fr)); gap: 6px; }
    .actions > button { flex-direction: column; gap: 3px; font-size: 12px; line-height: 1.25; padding: 7px 4px; min-height: 50px; background: var(--cti-raised); border-color: transparent; }
    .actions > button:hover { border-color: var(--cti-edge); }
    .actions > button[aria-expanded="true"] { border-color: var(--cti-text); }
    .actions > .wide { grid-column: 1 / -1; flex-direction: row; font-size: 14px; min-height: 40px; gap: 8px; }
    .actions > .main { background: var(--cti-accent-fill); }
    .actions > .go { background: var(--cti-ok-fill); }
    .actions > .end { background: var(--cti-bad-fill); }
    .actions > button:disabled { background: var(--cti-raised); }
    .Offering .actions > :not(.go) { background: var(--cti-surface); border-color: var(--cti-edge); }
    .Offering .actions { grid-template-columns: repeat(5, 1fr); }
    .Offering .actions > .go { grid-column: span 3; }
    .Offering .actions > .go:only-child { grid-column: 1 / -1; }
    .Offering .actions > .decline { grid-column: span 2; }
    .ways { display: flex; flex-wrap: wrap; gap: 6px; }
    .ways button { flex: 1 1 auto; white-space: nowrap; }
    .parties { margin-top: 10px; display: grid; gap: 2px; }
    .parties li { display: flex; align-items: center; gap: 8px; min-height: 36px; border-bottom: 1px solid var(--cti-line); }
    .parties li > span:first-child { overflow-wrap: anywhere; }
    .parties .muted { font-size: 12px; margin-left: auto; }
    .pop { display: inline-flex; gap: 6px; align-items: center; margin-top: 10px; font-weight: 550; }
    .told { margin-top: 8px; font-size: 13px; }
    .keys { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; }
    .keys button { font-size: 16px; min-height: 40px; }
    .digits { min-height: 1.5em; letter-spacing: .12em; text-align: center; margin-bottom: 8px; overflow-wrap: anywhere; }
  `];

  declare call: Call;
  declare panel?: Panel;
  declare digits: string;

  constructor() {
    super();
    this.digits = "";
  }

  private has(activity: Activity): boolean {
    return this.call.capabilities.includes(activity);
  }

  /** A button for an activity on this call; nothing when it is not possible now. */
  private button(activity: Activity, icon: TemplateResult, look = "", run = () => void this.desk.perform(activity, { callId: this.call.callId } as never), keys?: string) {
    if (!this.has(activity)) return nothing;
    const waits = this.desk.waits(activity, this.call.callId);
    return html`<button class=${look} ?disabled=${!this.ready} aria-busy=${waits} aria-keyshortcuts=${keys ?? nothing} @click=${run}>${icon}${texts.activities[activity]}</button>`;
  }

  private toggle(panel: Panel, label: string, icon: TemplateResult, possible: boolean) {
    if (!possible) return nothing;
    const run = () => {
      this.panel = this.panel === panel ? undefined : panel;
      if (this.panel) void this.focusOn(".inset input, .inset button");
    };
    return html`<button class=${panel} ?disabled=${!this.ready} aria-expanded=${this.panel === panel} @click=${run}>${icon}${label}</button>`;
  }

  private get consults() {
    return (["TransferInitiate", "BlindTransfer", "ConferenceInitiate"] as const).some((a) => this.has(a));
  }

  /** Activities of two calls stand at the one that is not on hold. */
  private pair(activity: Activity, icon: TemplateResult, look = "") {
    if (this.call.state === "Held") return nothing;
    const held = this.state.calls.filter((c) => c.state === "Held" && c.capabilities.includes(activity));
    const first = held.find((c) => c.interactionId === this.call.interactionId) ?? held[0];
    const run = () => void this.desk.perform(activity, { callId: this.call.callId, heldCallId: first?.callId } as never);
    return this.button(activity, icon, look, run);
  }

  /** Whether the call asks somebody about the one on hold; two customers are nobody's to connect by mistake. */
  private get asks() {
    return this.call.callType === "CONSULT" || this.state.calls.some((c) => c !== this.call && c.interactionId === this.call.interactionId);
  }

  private pairActions() {
    const purpose = this.asks ? this.desk.purpose : undefined;
    const failed = this.call.state === "Failed";
    const look = (p: typeof purpose) => (purpose === p ? "wide main" : "");
    const transfer = this.pair("TransferCall", icons.transfer, look("transfer"));
    const join = this.pair("ConferenceCall", icons.join, look("conference"));
    const back = this.pair(this.has("CancelTransfer") ? "CancelTransfer" : "CancelConference", icons.back, failed ? "wide main" : "");
    const alternate = this.pair("AlternateCall", icons.alternate);
    if (!this.asks) return html`${failed ? back : nothing} ${alternate} ${join} ${transfer}`;
    return html`${purpose === "transfer" ? [transfer, join] : [join, transfer]} ${alternate} ${back}`;
  }

  private actions() {
    const accepts = this.call.treatment?.answer === "OnInteraction" && !this.call.treatment.claimed && this.call.state === "Offering";
    return html`<div class="actions" role="group" aria-label=${texts.whatYouCanDo}>
      ${accepts ? this.button("AcceptInteraction", icons.answer, "wide go", () => void this.desk.accept(this.call.callId), "Alt+Shift+A") : nothing}
      ${this.button("AnswerCall", icons.answer, "wide go", undefined, "Alt+Shift+A")}
      ${this.button("DeclineCall", icons.close, "wide decline")}
      ${this.pairActions()}
      ${this.button("HoldCall", icons.hold, "", undefined, "Alt+Shift+H")}
      ${this.button("RetrieveCall", icons.resume, "wide main", undefined, "Alt+Shift+H")}
      ${this.button("MuteCall", icons.mute, "", undefined, "Alt+Shift+M")}
      ${this.button("UnmuteCall", icons.unmute, "main", undefined, "Alt+Shift+M")}
      ${this.toggle("keypad", texts.keypad, icons.keypad, this.has("SendDTMF"))}
      ${this.toggle("consult", texts.transfer, icons.transfer, this.consults)}
      ${this.toggle("data", texts.activities.AttachData, icons.note, this.has("AttachData") && this.call.state !== "Offering")}
      ${this.button("HangUpCall", icons.hangUp, "end", undefined, "Alt+Shift+E")}
    </div>`;
  }

  private close = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !this.panel) return;
    const selector = `button.${this.panel}`;
    this.panel = undefined;
    void this.focusOn(selector);
  };

  private openPanel() {
    if (this.panel === "keypad" && this.has("SendDTMF")) return this.keypad();
    if (this.panel === "consult" && this.consults) return this.consult();
    if (this.panel === "data" && this.has("AttachData")) return this.data();
    return nothing;
  }

  private keypad() {
    const press = (digit: string) => {
      this.digits += digit;
      void this.desk.perform("SendDTMF", { callId: this.call.callId, digits: digit });
    };
    const type = (event: KeyboardEvent) => {
      if (!/^[0-9*#]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      press(event.key);
    };
    return html`<div class="inset" @keydown=${type}>
      <p class="digits time" aria-live="polite">${this.digits}</p>
      ${keypad(press, !this.ready)}
    </div>`;
  }

  private consult() {
    const run = async (event: SubmitEvent) => {
      event.preventDefault();
      const form = event.target as HTMLFormElement;
      const activity = ((event.submitter as HTMLButtonElement | null)?.value ?? "TransferInitiate") as "TransferInitiate" | "BlindTransfer" | "ConferenceInitiate";
      const destinationNumber = dialled(new FormData(form).get("number") as string);
      this.desk.purpose = activity === "ConferenceInitiate" ? "conference" : "transfer";
      if (await this.desk.perform(activity, { callId: this.call.callId, destinationNumber })) this.panel = undefined;
    };
    const way = (activity: Activity, look = "") =>
      this.has(activity) ? html`<button class=${look} value=${activity} ?disabled=${!this.ready} aria-busy=${this.desk.waits(activity)}>${texts.activities[activity]}</button>` : nothing;
    return html`<form class="inset form" @submit=${run}>
      <label><span>${texts.destination}</span><input name="number" type="tel" required autocomplete="off" maxlength="64"></label>
      <div class="ways">
        ${way("TransferInitiate", "main")} ${way("BlindTransfer")} ${way("ConferenceInitiate")}
      </div>
    </form>`;
  }

  private data() {
    const run = async (event: SubmitEvent) => {
      event.preventDefault();
      const form = event.target as HTMLFormElement;
      const { name, value } = Object.fromEntries(new FormData(form)) as Record<string, string>;
      if (await this.desk.perform("AttachData", { callId: this.call.callId, variables: { [name!.trim()]: value! } })) this.panel = undefined;
    };
    return html`<form class="inset form" @submit=${run}>
      <label><span>${texts.name}</span><input name="name" required maxlength="64" autocomplete="off"></label>
      <label><span>${texts.value}</span><input name="value" required maxlength="256" autocomplete="off"></label>
      <button class="main" ?disabled=${!this.ready}>${texts.addToCall}</button>
    </form>`;
  }

  private time() {
    const { state, answeredAt, since: began, startedAt } = this.call;
    const from = state === "Held" || state === "Offering" ? began : (answeredAt ?? startedAt);
    return html`<span class="time" role="timer" aria-label=${state === "Held" ? texts.onHoldFor : texts.duration}>${since(from, this.now)}</span>`;
  }

  private parties() {
    const list = others(this.call, this.state.dn);
    if (list.length < 2) return nothing;
    return html`<ul class="parties" aria-label=${texts.inThisCall}>${list.map((p) => this.party(p))}</ul>`;
  }

  private party(p: Party) {
    const name = p.dn || texts.withheld;
    const drop = () => void this.desk.perform("DropParty", { callId: this.call.callId, party: p.id });
    return html`<li><span>${name}</span><span class="muted">${texts.callStates[p.state ?? ""] ?? ""}</span>
      ${this.has("DropParty") ? html`<button class="quiet" aria-label=${texts.remove(name)} ?disabled=${!this.ready} @click=${drop}>${icons.close}</button>` : nothing}</li>`;
  }

  private treatment() {
    const { treatment, state, startedAt } = this.call;
    if (!treatment) return nothing;
    const { screenPop, answer, delaySeconds } = treatment;
    const url = safe(screenPop?.url);
    const blocked = this.desk.blocked.has(this.call.callId);
    const left = Date.parse(startedAt) + (delaySeconds ?? 0) * 1000 - this.now;
    return html`
      ${url ? html`<a class="pop" href=${url} target="_blank" rel="noopener noreferrer">${icons.open}${blocked ? texts.pageBlocked : texts.openPage}</a>` : nothing}
      ${screenPop?.interaction ? html`<p class="told">${texts.interaction} <strong>${screenPop.interaction}</strong></p>` : nothing}
      ${answer === "AfterDelay" && state === "Offering" && left > 0 ? html`<p class="told muted">${texts.answersIn(span(left + 999))}</p>` : nothing}`;
  }

  private told() {
    const { queue, muted, state, networkReached, capabilities, dnis } = this.call;
    const facts = [
      kind(this.call, this.state.dn), queue && texts.forQueue(queue), !queue && this.call.callType === "INBOUND" && dnis && texts.toNumber(dnis),
      muted && texts.youAreMuted, networkReached && state === "Delivered" && texts.outside,
    ].filter(Boolean);
    return html`<p class="muted">${facts.join(" · ")}</p>
      ${state === "Offering" && !capabilities.includes("AnswerCall") ? html`<p class="told">${texts.answerAtTelephone}</p>` : nothing}`;
  }

  /** A consult shows what is its own; the data is that of the call which it is about. */
  private get inherits() {
    const { callType, offeredBy, interactionId } = this.call;
    return callType === "CONSULT" && !offeredBy && this.state.calls.some((c) => c !== this.call && c.interactionId === interactionId);
  }

  override render() {
    const { state, variables } = this.call;
    const who = other(this.call, this.state.dn);
    return html`<article class="card ${state}" aria-label="${texts.callStates[state] ?? state}: ${who}" @keydown=${this.close}>
      <header><span class="badge">${texts.callStates[state] ?? state}</span>${this.time()}</header>
      <h3>${who}</h3>
      ${this.told()} ${this.treatment()} ${this.parties()}
      ${variables && Object.keys(variables).length && !this.inherits ? html`<dl tabindex="0" aria-label=${texts.dataOfCall}>${Object.entries(variables).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>` : nothing}
      ${this.actions()} ${this.openPanel()}
    </article>`;
  }

  /** A button that was used and is gone must not take the keyboard with it. */
  protected override willUpdate() {
    this.focused = this.renderRoot instanceof ShadowRoot && this.renderRoot.activeElement !== null;
  }

  protected override updated() {
    if (!this.focused || !(this.renderRoot instanceof ShadowRoot) || this.renderRoot.activeElement) return;
    this.renderRoot.querySelector<HTMLElement>(".actions button:not(:disabled)")?.focus();
  }

  private focused = false;
}
