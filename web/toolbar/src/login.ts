import { css, html } from "lit";
import type { Desk, Entry } from "./desk.ts";
import { texts } from "./language.ts";
import { Part } from "./part.ts";
import { shared } from "./style.ts";

/** Where an agent logs in. */
export class LoginPart extends Part {
  static override properties = { ...Part.properties, needsToken: { attribute: false } };
  static override styles = [shared, css`
    .card { max-width: 26rem; margin: 0 auto; padding: 20px; }
    h1 { font-size: 18px; margin: 0 0 4px; }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
    button { min-height: 40px; }
    .small { font-size: 12px; grid-column: 1 / -1; margin-top: -6px; }
    .token { -webkit-text-security: disc; }
  `];

  declare needsToken: boolean;
  declare desk: Desk;

  private submit(event: SubmitEvent) {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const entered = [...new FormData(form)].map(([name, value]) => [name, name === "password" ? value : String(value).trim()]);
    void this.desk.open(Object.fromEntries(entered) as Entry).then(() => this.correct());
  }

  /** Puts the cursor where something is wrong. */
  private correct() {
    const { field } = this.desk.notice ?? {};
    if (field) this.renderRoot.querySelector<HTMLInputElement>(`input[name=${field}]`)?.select();
  }

  /** A field; the token looks like a password and is none, so that browsers do not save it as one. */
  private field(name: keyof Entry, label: string, more: { required?: boolean; autocomplete?: string } = {}) {
    const value = name === "password" ? "" : (this.desk.remembered[name] ?? "");
    return html`<label><span>${label}</span>
      <input name=${name} .value=${value} type=${name === "password" ? "password" : "text"} class=${name} ?required=${more.required}
        autocomplete=${more.autocomplete ?? "off"} autocapitalize="off" spellcheck="false">
    </label>`;
  }

  override render() {
    return html`<form class="card form" @submit=${this.submit} aria-labelledby="title">
      <div>
        <h1 id="title">${texts.logIn}</h1>
        <p class="muted">${texts.logInTo}</p>
      </div>
      <div class="pair">
        ${this.field("agentId", texts.agent, { autocomplete: "username" })}
        ${this.field("password", texts.password, { autocomplete: "current-password" })}
      </div>
      <div class="pair">
        ${this.field("dn", texts.telephone)} ${this.field("queue", texts.queue)}
        <p class="muted small">${texts.usual}</p>
      </div>
      ${this.needsToken ? this.field("token", texts.accessToken, { required: true }) : ""}
      <button class="main" aria-busy=${this.desk.opening}>
        ${this.desk.opening ? texts.loggingIn : texts.logIn}
      </button>
    </form>`;
  }
}
